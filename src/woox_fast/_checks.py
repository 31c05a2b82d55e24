"""Argument checks and their error messages, shared by the three backends.

A check returns the value as an exact built-in type, or raises TypeError or ValueError. The pure backend checks every
value. The compiled backends read the common types themselves and check the rest here, so every backend raises the same
error. No message contains a secret, or more than the first four characters of an API key.
"""

from __future__ import annotations

from ._hosts import is_host as is_host

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

_ADDRESS_CODES = frozenset("OPXz&")  # buffer formats with objects, pointers, functions or C strings

MAX_CLOCK_OFFSET_MS = 10**13
MAX_RECV_WINDOW_MS = 60_000
NO_API_KEY = "-"  # the module function `sign` needs no API key

# Often copied along with a secret, and seldom part of one.
_QUOTES = frozenset("\"'`\u2018\u2019\u201c\u201d")
_INVISIBLE = frozenset("\ufeff\u200b\u200c\u200d\u2060")  # byte order mark, zero-width characters

_TIMESTAMP_RULE = "timestamp must be Unix epoch milliseconds, exactly 13 digits"
_LOOKS_LIKE = {
    10: "this looks like seconds; multiply by 1000",
    16: "this looks like microseconds; divide by 1000",
    19: "this looks like nanoseconds; divide by 1_000_000",
}


def check_timestamp(timestamp: object) -> str:
    if isinstance(timestamp, int) and not isinstance(timestamp, bool):
        number = int.__add__(timestamp, 0)  # a subclass may override how it is written
        if 10**12 <= number < 10**13:
            return str(number)
        got = _quote_int(number)
        digits = len(got) if number > 0 else 0
    elif isinstance(timestamp, str):
        text = str.__str__(timestamp)
        if len(text) == 13 and text.isascii() and text.isdigit():
            return text
        got = _quote(text)
        digits = len(text) if text.isascii() and text.isdigit() else 0
    else:
        raise TypeError(
            f"timestamp must be an int or a str of Unix epoch milliseconds, got {_type_name(timestamp)}; "
            "use time.time_ns() // 1_000_000"
        )
    hint = f" ({digits} digits: {_LOOKS_LIKE[digits]})" if digits in _LOOKS_LIKE else ""
    raise ValueError(f"{_TIMESTAMP_RULE}, got {got}{hint}; use time.time_ns() // 1_000_000")


def check_method(method: object) -> str:
    if not isinstance(method, str):
        raise TypeError(f"method must be a str such as 'GET', got {_type_name(method)}")
    text = str.__str__(method)
    if text.isascii() and text.isalpha() and text.isupper():
        return text
    hint = f"; write {text.upper()!r}" if text.isascii() and text.isalpha() and len(text) < 20 else ""
    raise ValueError(f"method must be upper-case letters A-Z such as 'GET', got {_quote(text)}{hint}")


def check_path(path: object) -> str:
    if not isinstance(path, str):
        raise TypeError(f"path must be a str such as '/v3/trade/order', got {_type_name(path)}")
    text = str.__str__(path)
    if text[:1] == "/":
        return text
    is_url = "://" in text and text.partition(":")[0].isalpha()
    hint = "a full URL was given: leave out the scheme and host" if is_url else "put '/' before it"
    raise ValueError(
        f"path must begin with '/', such as '/v3/trade/order?symbol=SPOT_BTC_USDT', got {_quote(text)}; {hint}"
    )


def encode_head(timestamp: object, method: object, path: object) -> bytes:
    """Return the prehash without the body. Raise the error of the first invalid argument."""
    return f"{check_timestamp(timestamp)}{check_method(method)}".encode() + check_path(path).encode()


def check_target(path: object) -> str:
    """Return `path` as a request target: printable ASCII without spaces and '#'."""
    text = check_path(path)
    if text.isascii() and text.isprintable() and " " not in text and "#" not in text:
        return text
    at = next(at for at, character in enumerate(text) if not "!" <= character <= "~" or character == "#")
    raise path_error(text[at], at)


def path_error(got: str, at: int) -> ValueError:
    return ValueError(
        f"path must be percent-encoded ASCII to be sent as it is signed, got {got[:20]!a} at index {at}; "
        "use urllib.parse.quote, or prepare(params=...)"
    )


def check_host(host: object) -> str:
    if not isinstance(host, str):
        raise TypeError(f"host must be a str such as 'api.woox.io', got {_type_name(host)}")
    text = str.__str__(host)
    if is_host(text):
        return text
    hint = "; leave out the scheme and the path" if "/" in text else ""
    shown = "one with a user name or password" if "@" in text else _quote(text)
    raise ValueError(f"host must be a host name and maybe a port, such as 'api.woox.io:443', got {shown}{hint}")


def check_text_or_buffer(name: str, value: object) -> bytes | memoryview:
    """Return str as UTF-8, bytes unchanged, and any C-contiguous buffer as a flat view.

    Raises TypeError, BufferError for a buffer with gaps, and UnicodeEncodeError for a lone surrogate.
    """
    if isinstance(value, str):
        return str.encode(value, "utf-8")
    if type(value) is bytes:
        return value
    try:
        view = memoryview(value)  # type: ignore[arg-type]
    except TypeError as error:
        if error.__traceback__ and error.__traceback__.tb_next:
            raise  # the error of the caller's own __buffer__
        hint = "; write it with json.dumps first, or use prepare(json=...)" if isinstance(value, dict | list) else ""
        none = " or None" if name == "body" else ""
        raise TypeError(
            f"{name} must be str, bytes or another contiguous buffer{none}, got {_type_name(value)}{hint}"
        ) from None
    if view.c_contiguous and view.ndim == 1 and view.format == "B":
        return view
    with view:
        format_codes = (view.format or "").split(":")[::2]  # colons enclose the names of fields
        if not _ADDRESS_CODES.isdisjoint("".join(format_codes)):
            got = f"a {_type_name(value)} of memory addresses"
            raise TypeError(f"{name} must be a buffer of values, got {got}; write its values as bytes")
        if not view.c_contiguous:
            raise BufferError(
                f"{name} must be a contiguous buffer, got a {_type_name(value)} with gaps; pass bytes({name})"
            )
        return view.tobytes()


def check_body(body: object) -> bytes | memoryview:
    """Return a body as bytes or a flat view."""
    return b"" if body is None else check_text_or_buffer("body", body)


def check_api_key(api_key: object) -> str:
    if not isinstance(api_key, str):
        raise TypeError(f"api_key must be a str, got {_type_name(api_key)}")
    text = str.__str__(api_key)
    if not text:
        raise ValueError("api_key must not be empty; copy it from the WOO X console")
    for at, character in enumerate(text):
        if not "!" <= character <= "~":
            raise ValueError(
                f"api_key must be printable ASCII without spaces (it becomes a header), got {character!a} "
                f"at index {at} of {len(text)}; remove the characters pasted around it"
            )
    return text


def check_secret(api_secret: object, api_key: str = NO_API_KEY) -> None:
    """Raise ValueError for a str with quotes or white space at its ends, and for the API key. bytes always pass."""
    if not isinstance(api_secret, str):
        return
    try:
        if str.isalnum(api_secret) and api_secret != api_key:
            return
        got = _stray_characters(str.__getitem__(api_secret, slice(1)), str.__getitem__(api_secret, slice(-1, None)))
        if got:
            raise ValueError(
                f"api_secret must be the secret alone, got {got}; remove what does not belong to it, "
                "or pass bytes if it does"
            )
        if str.__str__(api_secret) == api_key != NO_API_KEY:
            raise ValueError(
                "api_secret must be the API secret, got the API key; copy the secret from the WOO X console"
            )
    finally:
        del api_secret, api_key  # a traceback that shows locals must not show them: both may be the secret


def _stray_characters(first: str, last: str) -> str:
    """Return a description of white space or a quote among the first and last character, or an empty str."""
    for place, character in ("start", first), ("end", last):
        if character in _QUOTES:
            return f"a quotation mark ({ascii(character)[1:-1]}) at its {place}"
        if character.isspace() or character in _INVISIBLE:
            return f"white space ({character!a}) at its {place}"
    return ""


def encode_secret(api_secret: object) -> bytes:
    """Return the HMAC key."""
    try:
        if isinstance(api_secret, str):
            surrogate = next((at for at, c in enumerate(str.__str__(api_secret)) if "\ud800" <= c <= "\udfff"), None)
            if surrogate is not None:  # the error of encode() would contain the secret
                reason = f"api_secret has a lone surrogate at index {surrogate}; read it as UTF-8"
                raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, reason)
            secret = str.encode(api_secret, "utf-8")
        elif isinstance(api_secret, bytes):
            secret = bytes.__getitem__(api_secret, slice(None))
        else:
            raise TypeError(f"api_secret must be str or bytes, got {_type_name(api_secret)}")
        if not secret:
            raise ValueError("api_secret must not be empty; is the environment variable set?")
        return secret
    finally:
        del api_secret  # a traceback that shows locals must not show it


def check_clock_offset(clock_offset_ms: object) -> int:
    if not isinstance(clock_offset_ms, int) or isinstance(clock_offset_ms, bool):
        raise TypeError(f"clock_offset_ms must be an int of milliseconds, got {_type_name(clock_offset_ms)}")
    number = int.__add__(clock_offset_ms, 0)
    if not -MAX_CLOCK_OFFSET_MS < number < MAX_CLOCK_OFFSET_MS:
        raise ValueError(f"clock_offset_ms must be milliseconds between -10**13 and 10**13, got {_quote_int(number)}")
    return number


def check_recv_window(recv_window_ms: object) -> str | None:
    """Return the digits of the header, or None for no header."""
    if recv_window_ms is None:
        return None
    if not isinstance(recv_window_ms, int) or isinstance(recv_window_ms, bool):
        raise TypeError(f"recv_window_ms must be an int of milliseconds or None, got {_type_name(recv_window_ms)}")
    number = int.__add__(recv_window_ms, 0)
    if not 1 <= number <= MAX_RECV_WINDOW_MS:
        raise ValueError(f"recv_window_ms must be 1 to {MAX_RECV_WINDOW_MS} milliseconds, got {_quote_int(number)}")
    return str(number)


def lower_signature(signature: object) -> str:
    """Return the signature in lower case."""
    if not isinstance(signature, str):
        raise TypeError(f"signature must be a str of 64 hex characters, got {_type_name(signature)}")
    return str.lower(signature)


def unpack_request(request: object) -> tuple[object, object, object, object]:
    if not isinstance(request, tuple | list):
        raise TypeError(f"each request must be a tuple (timestamp, method, path, body), got {_type_name(request)}")
    fields = tuple(request)
    if len(fields) != 4:
        raise ValueError(f"each request must be (timestamp, method, path, body), got {len(fields)} fields")
    return fields


def raise_at(index: int, error: Exception) -> NoReturn:
    """Raise `error` again and begin its message with the index of the invalid request.

    Preserve notes, further arguments, cause and traceback. Raise all remaining exceptions unchanged.
    """
    where = f"requests[{index}]: "
    located: Exception
    if type(error) is UnicodeEncodeError:
        located = UnicodeEncodeError(error.encoding, error.object, error.start, error.end, where + error.reason)
    elif type(error) in (TypeError, ValueError, BufferError) and isinstance(next(iter(error.args), ""), str):
        located = type(error)(where + "".join(error.args[:1]), *error.args[1:])
    else:
        raise error
    located.__dict__.update(error.__dict__)  # the notes among them
    try:
        raise located.with_traceback(error.__traceback__) from error.__cause__
    finally:
        del located, error  # a traceback that refers to itself would live until the next garbage collection


def clear_frames(error: BaseException) -> None:
    """Delete the local variables of this package's functions that raised `error` below the calling function."""
    traceback = error.__traceback__ and error.__traceback__.tb_next
    while traceback is not None:
        if traceback.tb_frame.f_globals.get("__package__") == __package__:
            try:  # noqa: SIM105 (contextlib takes milliseconds to import)
                traceback.tb_frame.clear()
            except RuntimeError:
                pass  # Python 3.10 reports a frame that a tracer interrupted as still running
        traceback = traceback.tb_next


def refuse_pickling() -> NoReturn:
    raise TypeError(
        "a Signer holds a secret: it cannot be pickled or copied; create another from the key and the secret"
    )


def warn_wrong_sha256(name: str) -> None:
    """Warn that the SHA-256 implementation `name` failed its self-test at import."""
    import warnings

    warnings.warn(
        f"woox_fast: the {name} SHA-256 gave a wrong answer on this processor and is not used; please report it",
        RuntimeWarning,
        stacklevel=3,
    )


def refuse_sha256(name: str | None, backend: str, names: list[str]) -> NoReturn:
    """Raise ImportError for the SHA-256 implementation `name`, or for all; `backend` has only `names` here."""
    if not name:
        raise ImportError(
            f"no SHA-256 of the {backend} backend gives a right answer on this processor", name=__package__
        )
    raise ImportError(
        f"WOOX_FAST_SHA256={name} is unavailable: the {backend} backend has {', '.join(names) or 'none'} on this "
        "processor; choose one of these, or leave it unset for the fastest",
        name=__package__,
    )


def _type_name(value: object) -> str:
    return type(value).__name__


def _quote_int(number: int) -> str:
    return str(number) if abs(number) < 10**40 else f"an integer of {number.bit_length()} bits"


def _quote(text: str) -> str:
    """Return `text` quoted, in ASCII, and at most a line long."""
    return ascii(text) if len(text) <= 60 else f"{text[:60]!a}... ({len(text)} characters)"
