"""TLS over memory BIOs: a poll of the socket shows arrived data, and the result of `send` shows sent data."""

from __future__ import annotations

import ssl

_SIZE = 65536


def default_context() -> ssl.SSLContext:
    """Return a context that reports a connection cut without close_notify."""
    context = ssl.create_default_context()
    context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)  # Debian 12 sets it
    return context


class TlsStream:
    """The TLS state of the connection."""

    def __init__(self, context: ssl.SSLContext, server_name: str) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._ssl = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        self._write, self._read_outgoing = self._ssl.write, self._outgoing.read
        self._missing = 0  # bytes until the end of the current record
        self._header = b""  # a partial record header
        self.is_closed = False  # the server sent close_notify

    @property
    def is_aligned(self) -> bool:
        """True if the received bytes end with a whole record."""
        return not self._missing and not self._header

    def handshake(self, data: bytes) -> tuple[bool, bytes]:
        """Process received `data`. Return whether the handshake is complete, and the bytes to send.

        Raises ssl.SSLError; `pending_output` then has the alert.
        """
        self._feed(data)
        try:
            self._ssl.do_handshake()
        except ssl.SSLWantReadError:
            return False, self.pending_output()
        return True, self.pending_output()

    def pending_output(self) -> bytes:
        return self._read_outgoing() if self._outgoing.pending else b""

    def seal(self, request: bytes) -> bytes:
        """Encrypt `request`."""
        self._write(request)
        return self._read_outgoing()

    def unseal(self, data: bytes) -> bytes:
        """Decrypt received `data`. Return the plain text of its whole records. Raises ssl.SSLError."""
        self._feed(data)
        pieces = []
        while True:
            try:
                piece = self._ssl.read(_SIZE)
            except ssl.SSLWantReadError:  # session tickets, or a partial record
                break
            except ssl.SSLZeroReturnError:
                piece = b""
            if not piece:
                self.is_closed = True
                break
            pieces.append(piece)
            if not self._incoming.pending and not self._ssl.pending():
                break
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _feed(self, data: bytes) -> None:
        if data:
            self._incoming.write(data)
            self._count_records(data)

    def _count_records(self, data: bytes) -> None:
        """Find where the last record ends. OpenSSL does not report a buffered partial record."""
        data = self._header + data
        at, self._header = self._missing, b""
        while at + 5 <= len(data):
            at += 5 + int.from_bytes(data[at + 3 : at + 5], "big")
        if at < len(data):
            self._header = data[at:]
        self._missing = max(at - len(data), 0)
