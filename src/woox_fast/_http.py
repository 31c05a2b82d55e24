"""Content-Type, headers and HTTP/1.1 text of signed requests."""

from __future__ import annotations

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
CONTENT_TYPES = {"POST": JSON, "PUT": JSON, "GET": FORM, "DELETE": FORM}


def choose_content_type(method: str, body_size: int) -> str:
    """Return the Content-Type in WOO X's integration guide, which has GET, DELETE, POST and PUT."""
    return CONTENT_TYPES.get(method) or (JSON if body_size else FORM)


def build_headers(
    api_key: str, timestamp: str, signature: str, recv_window: str | None, content_type: str
) -> dict[str, str]:
    """Return a signed request's headers; `recv_window` None omits its header."""
    headers = {"x-api-key": api_key, "x-api-timestamp": timestamp, "x-api-signature": signature}
    if recv_window is not None:
        headers["x-api-recvwindow"] = recv_window
    headers["Content-Type"] = content_type
    return headers


def build_request(line: str, host: str, headers: dict[str, str], body: bytes) -> bytes:
    """Return an HTTP/1.1 request; `line` is its method and target. The caller has checked every argument."""
    window = headers.get("x-api-recvwindow")
    window_line = "" if window is None else f"x-api-recvwindow: {window}\r\n"
    return (
        f"{line} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {headers['Content-Type']}\r\n"
        f"Content-Length: {len(body)}\r\nx-api-key: {headers['x-api-key']}\r\n"
        f"x-api-timestamp: {headers['x-api-timestamp']}\r\nx-api-signature: {headers['x-api-signature']}\r\n"
        f"{window_line}\r\n"
    ).encode() + body
