"""The published URLs, origins, and loopback hosts."""

from __future__ import annotations

import re
from typing import Any

import pytest

from woox_fast import PRODUCTION_URL, STAGING_URL, _credentials
from woox_fast._urls import is_loopback, parse_origin


def test_published_urls_and_credentials(woox_vectors: dict[str, Any]) -> None:
    assert (PRODUCTION_URL, STAGING_URL) == ("https://api.woox.io", "https://api.staging.woox.io")
    assert woox_vectors["api_key"] == _credentials.API_KEY
    assert woox_vectors["api_secret"] == _credentials.API_SECRET
    variables = (_credentials.API_KEY_VARIABLE, _credentials.API_SECRET_VARIABLE)
    assert variables == ("WOOX_API_KEY", "WOOX_API_SECRET")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://api.woox.io", "https://api.woox.io"),
        ("https://api.woox.io/", "https://api.woox.io"),
        ("HTTP://h:8080/", "HTTP://h:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_origin_is_parsed(url: str, expected: str) -> None:
    assert parse_origin(url) == expected


RULE = "base_url must be scheme, host and maybe port, such as 'https://api.woox.io'; got "


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://api.woox.io/v3", "'https://api.woox.io/v3'"),
        ("api.woox.io", "'api.woox.io'"),
        ("ftp://h", "'ftp://h'"),
        ("", "''"),
        ("https://", "'https://'"),
        ("https://api.woox.io ", "'https://api.woox.io '"),
        ("https://api.woox.io\\.evil.example", r"'https://api.woox.io\\.evil.example'"),
        ("http://a..b", "'http://a..b'"),
        ("http://-", "'http://-'"),
        ("http://[:::::]", "'http://[:::::]'"),
        ("http://h:é", "'http://h:\\xe9'"),
        ("http://user:topsecret@h", "one with a user name or password"),
    ],
)
def test_invalid_origin_raises(url: str, shown: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(RULE + shown)}$"):
        parse_origin(url)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]", "[::1]:80", "LOCALHOST:8080"])
def test_loopback_host_is_recognized(host: str) -> None:
    assert is_loopback(f"http://{host}")


@pytest.mark.parametrize(
    "host",
    [
        "localhost.example",
        "127.0.0.1.example",
        "128.0.0.1",
        "[::2]",
        "[::ffff:127.0.0.1]",
        "192.168.0.1",
        "",
    ],
)
def test_other_host_is_not_loopback(host: str) -> None:
    assert not is_loopback(f"http://{host}")
