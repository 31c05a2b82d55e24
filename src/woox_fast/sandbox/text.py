"""The only filter for text from outside: redact the secret, escape unprintable characters, then truncate."""

from __future__ import annotations

import re

MIN_SECRET = 4  # a shorter secret would match everywhere
MAX_TEXT = 20_000
REDACTED = "<the secret>"


class TextFilter:
    """Make text from a request safe to show.

    The order matters: truncating first could leave the beginning of the secret, which redaction no longer recognizes.
    """

    def __init__(self, secret: str | bytes) -> None:
        text = decode(secret) if isinstance(secret, bytes) else secret
        self._secret = re.compile("".join(map(_any_spelling, text))) if len(text) >= MIN_SECRET else None

    def __repr__(self) -> str:  # the pattern contains the secret
        return "<TextFilter>"

    def __call__(self, text: str | bytes, limit: int = MAX_TEXT, *, ascii_only: bool = False) -> str:
        """Return at most `limit` characters, counted after escaping, and an ellipsis. Invalid UTF-8 becomes escapes."""
        text = self.redact(decode(text) if isinstance(text, bytes) else text)
        if not text.isprintable() or (ascii_only and not text.isascii()):
            text = "".join(c if c.isprintable() and (c.isascii() or not ascii_only) else ascii(c)[1:-1] for c in text)
        return text if len(text) <= limit else text[:limit] + ("..." if ascii_only else "…")

    def redact(self, text: str) -> str:
        return text if self._secret is None else self._secret.sub(REDACTED, text)


def decode(data: bytes) -> str:
    """Decode UTF-8 without loss: invalid bytes become surrogate escapes."""
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """Encode text from `decode` to the original bytes."""
    return text.encode("utf-8", "surrogateescape")


def _any_spelling(character: str) -> str:
    """Return a pattern for a character in plain text, a URL, JSON or a Python literal."""
    code = ord(character)
    percent = "".join(f"%{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))
    # No two spellings match the same text: otherwise a near miss would take exponential time.
    spellings = [rf"\\?{re.escape(character)}", f"(?i:{percent})", rf"(?i:\\u{code:04x})"]
    if code < 256:
        spellings.append(rf"(?i:\\x{code:02x})")
    if character == " ":
        spellings.append(r"\+")
    return f"(?:{'|'.join(spellings)})"
