"""Error types and messages, the same in every backend."""

from __future__ import annotations

import re

import pytest
from helpers.oracle import KEY, NOW, SECRET, oracle

from woox_fast._checks import raise_at, refuse_sha256, warn_wrong_sha256

DIGITS = "timestamp must be Unix epoch milliseconds, exactly 13 digits, got {}; use time.time_ns() // 1_000_000"
SECONDS = " (10 digits: this looks like seconds; multiply by 1000)"
MICROSECONDS = " (16 digits: this looks like microseconds; divide by 1000)"
NANOSECONDS = " (19 digits: this looks like nanoseconds; divide by 1_000_000)"

TIMESTAMPS = [
    (value, ValueError, DIGITS.format(got))
    for value, got in [
        (1578565539, "1578565539" + SECONDS),
        ("1578565539", "'1578565539'" + SECONDS),
        (1578565539808000, "1578565539808000" + MICROSECONDS),
        ("1578565539808000000", "'1578565539808000000'" + NANOSECONDS),
        (0, "0"),
        (10**13, "10000000000000"),
        (-NOW, "-1578565539808"),
        (2**63, "9223372036854775808" + NANOSECONDS),
        (10**40 - 1, "9" * 40),
        (10**40, "an integer of 133 bits"),
        (10**5000, "an integer of 16610 bits"),
        ("", "''"),
        ("157856553980x", "'157856553980x'"),
        (" 578565539808", "' 578565539808'"),
        ("157856553980\0", "'157856553980\\x00'"),
        ("157856553980\x7f", "'157856553980\\x7f'"),
        ("\u0661" * 13, "'" + "\\u0661" * 13 + "'"),
        ("1" * 60, f"'{'1' * 60}'"),
        ("1" * 61, f"'{'1' * 60}'... (61 characters)"),
        ("\ud800" * 13, "'" + "\\ud800" * 13 + "'"),
    ]
] + [
    (value, TypeError, "timestamp must be an int or a str of Unix epoch milliseconds, got " + got)
    for value, got in [
        (True, "bool; use time.time_ns() // 1_000_000"),
        (1578565539808.0, "float; use time.time_ns() // 1_000_000"),
        (None, "NoneType; use time.time_ns() // 1_000_000"),
        (b"1578565539808", "bytes; use time.time_ns() // 1_000_000"),
        ([NOW], "list; use time.time_ns() // 1_000_000"),
    ]
]

METHODS = [
    (value, ValueError, "method must be upper-case letters A-Z such as 'GET', got " + got)
    for value, got in [
        ("get", "'get'; write 'GET'"),
        ("", "''"),
        ("GET ", "'GET '"),
        ("GET\r\n", "'GET\\r\\n'"),
        ("GET / HTTP/1.1\r\nX: y", "'GET / HTTP/1.1\\r\\nX: y'"),
        ("G@T", "'G@T'"),
        ("G\xc9T", "'G\\xc9T'"),
        ("g" * 19, f"'{'g' * 19}'; write '{'G' * 19}'"),
        ("g" * 20, f"'{'g' * 20}'"),
        ("PATCH\0", "'PATCH\\x00'"),
        ("\ud800", "'\\ud800'"),
    ]
] + [
    (b"GET", TypeError, "method must be a str such as 'GET', got bytes"),
    (None, TypeError, "method must be a str such as 'GET', got NoneType"),
]

PATHS = [
    (
        value,
        ValueError,
        f"path must begin with '/', such as '/v3/trade/order?symbol=SPOT_BTC_USDT', got {value!a}; {hint}",
    )
    for value, hint in [
        ("", "put '/' before it"),
        ("v3/trade/order", "put '/' before it"),
        ("https://api.woox.io/v3/trade/order", "a full URL was given: leave out the scheme and host"),
        ("v3/x?u=http://h", "put '/' before it"),
        ("\xe9", "put '/' before it"),
    ]
] + [
    (b"/v3", TypeError, "path must be a str such as '/v3/trade/order', got bytes"),
    (None, TypeError, "path must be a str such as '/v3/trade/order', got NoneType"),
]

BODIES = [
    (
        {"a": 1},
        TypeError,
        "body must be str, bytes or another contiguous buffer or None, got dict; "
        "write it with json.dumps first, or use prepare(json=...)",
    ),
    (5, TypeError, "body must be str, bytes or another contiguous buffer or None, got int"),
    (1.5, TypeError, "body must be str, bytes or another contiguous buffer or None, got float"),
    (True, TypeError, "body must be str, bytes or another contiguous buffer or None, got bool"),
    (
        memoryview(b"abcd")[::2],
        BufferError,
        "body must be a contiguous buffer, got a memoryview with gaps; pass bytes(body)",
    ),
]

GOOD = (NOW, "GET", "/", b"")
REQUESTS = (
    [((value, "GET", "/"), *rest) for value, *rest in TIMESTAMPS]
    + [((NOW, value, "/"), *rest) for value, *rest in METHODS]
    + [((NOW, "GET", value), *rest) for value, *rest in PATHS]
    + [((NOW, "POST", "/", value), *rest) for value, *rest in BODIES]
    # The message names the first invalid field.
    + [((None, None, None, 5), TypeError, TIMESTAMPS[-3][2]), ((NOW, "get", "x", 5), *METHODS[0][1:])]
)


def raises(error, words):
    return pytest.raises(error, match=f"^{re.escape(words)}$")


@pytest.mark.parametrize(("request_", "error", "words"), REQUESTS)
def test_invalid_request_raises(implementation, signer, request_, error, words):
    with raises(error, words) as raised:
        signer.sign(*request_)
    assert raised.type is error
    with raises(error, words):
        implementation.sign(SECRET, *request_)
    with raises(error, words):
        signer.verify("0" * 64, *request_)
    if request_[0] is not None:
        for call in signer.headers, signer.encode_request:
            with raises(error, words):
                call(*request_[1:], timestamp=request_[0])
    for index in (0, 1, 7):
        with raises(error, f"requests[{index}]: {words}") as raised:
            signer.sign_many([GOOD] * index + [(*request_, b"")[:4]] + [GOOD] * 3)
        assert raised.type is error


@pytest.mark.parametrize(
    ("requests", "error", "words"),
    [
        (5, TypeError, "'int' object is not iterable"),
        ([5], TypeError, "requests[0]: each request must be a tuple (timestamp, method, path, body), got int"),
        (["four"], TypeError, "requests[0]: each request must be a tuple (timestamp, method, path, body), got str"),
        (
            [GOOD, (NOW, "GET", "/")],
            ValueError,
            "requests[1]: each request must be (timestamp, method, path, body), got 3 fields",
        ),
        ([()], ValueError, "requests[0]: each request must be (timestamp, method, path, body), got 0 fields"),
    ],
)
def test_invalid_batch_raises(signer, requests, error, words):
    with raises(error, words):
        signer.sign_many(requests)


def test_iterator_error_is_unchanged(signer):
    def requests():
        yield GOOD
        raise ValueError("mine")

    with raises(ValueError, "mine"):
        signer.sign_many(requests())


@pytest.mark.parametrize(
    ("message", "error", "words"),
    [
        (None, TypeError, "message must be str, bytes or another contiguous buffer, got NoneType"),
        (5, TypeError, "message must be str, bytes or another contiguous buffer, got int"),
        (
            memoryview(b"abcd")[::-1],
            BufferError,
            "message must be a contiguous buffer, got a memoryview with gaps; pass bytes(message)",
        ),
    ],
)
def test_invalid_message_raises(signer, message, error, words):
    with raises(error, words):
        signer.hexdigest(message)


def test_invalid_signature_type_raises(signer):
    for signature, kind in ((b"0" * 64, "bytes"), (None, "NoneType"), (5, "int")):
        with raises(TypeError, f"signature must be a str of 64 hex characters, got {kind}"):
            signer.verify(signature, NOW, "GET", "/")


# str.encode is the oracle of the position: CPython reports all neighbours, PyPy a pair.
@pytest.mark.parametrize("text", ["\ud800", "/\ud800\udfff\udfff", "/é\U0001f600\ud800", "/" + "a" * 20_000 + "\udfff"])
def test_surrogate_error_shows_position(implementation, signer, text):
    """The position is within the argument, not within the prehash, on the fast path and on the slow path."""
    with pytest.raises(UnicodeEncodeError) as own:
        text.encode()
    start, end = own.value.start, own.value.end
    calls = [
        lambda: signer.hexdigest(text),
        lambda: signer.sign(NOW, "POST", "/v3/x", text),
        lambda: signer.sign(NOW, "POST", "/é", text),
        lambda: signer.sign(str(NOW), "PATCH", "/v3/x", text),
        lambda: implementation.sign(SECRET, NOW, "POST", "/v3/x", text),
        lambda: signer.verify("0" * 64, NOW, "POST", "/v3/x", text),
        lambda: signer.headers("POST", "/v3/x", text),
        lambda: signer.encode_request("POST", "/v3/x", text),
    ]
    if text[0] == "/":
        for body in "", "{}", b"{}", "\ud800", bytearray(5), 5:
            calls.append(lambda body=body: signer.sign(NOW, "POST", text, body))
            calls.append(lambda body=body: signer.headers("POST", text, body))
    for call in calls:
        with pytest.raises(UnicodeEncodeError) as raised:
            call()
        assert raised.value.args == ("utf-8", text, start, end, "surrogates not allowed")
        assert raised.value.__context__ is None
    for request in (NOW, "POST", "/v3/x", text), [NOW, "POST", "/é", text]:
        with pytest.raises(UnicodeEncodeError) as raised:
            signer.sign_many([GOOD, request])
        assert raised.value.args == ("utf-8", text, start, end, "requests[1]: surrogates not allowed")


@pytest.mark.parametrize("error", [KeyError("a"), MemoryError(), type("Own", (ValueError,), {})("b")])
def test_other_errors_are_unchanged(error):
    with pytest.raises(type(error)) as raised:
        raise_at(3, error)
    assert raised.value is error


def test_no_working_sha256_raises():
    with pytest.raises(ImportError, match=r"^no SHA-256 of the cython backend gives a right answer on this") as raised:
        refuse_sha256(None, "cython", [])
    assert raised.value.name == "woox_fast"  # the command line prints its message without a traceback
    with pytest.warns(RuntimeWarning, match=r"^woox_fast: the sha-ni SHA-256 gave a wrong answer on this processor"):
        warn_wrong_sha256("sha-ni")


ASCII_KEY = "api_key must be printable ASCII without spaces (it becomes a header), got {} at index {} of {}"
PASTED = "; remove the characters pasted around it"
ALONE = "api_secret must be the secret alone, got {}; remove what does not belong to it, or pass bytes if it does"


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("", SECRET), ValueError, "api_key must not be empty; copy it from the WOO X console"),
        ((None, SECRET), TypeError, "api_key must be a str, got NoneType"),
        ((b"key", SECRET), TypeError, "api_key must be a str, got bytes"),
        (("key\n", SECRET), ValueError, ASCII_KEY.format("'\\n'", 3, 4) + PASTED),
        ((" key", SECRET), ValueError, ASCII_KEY.format("' '", 0, 4) + PASTED),
        (("k\x7fy", SECRET), ValueError, ASCII_KEY.format("'\\x7f'", 1, 3) + PASTED),
        (("k\xe9", SECRET), ValueError, ASCII_KEY.format("'\\xe9'", 1, 2) + PASTED),
        ((KEY, ""), ValueError, "api_secret must not be empty; is the environment variable set?"),
        ((KEY, b""), ValueError, "api_secret must not be empty; is the environment variable set?"),
        ((KEY, None), TypeError, "api_secret must be str or bytes, got NoneType"),
        ((KEY, bytearray(b"x")), TypeError, "api_secret must be str or bytes, got bytearray"),
        (
            (KEY, "topsecret\ud800"),
            UnicodeEncodeError,
            "'utf-8' codec can't encode character '\\ud800' in position 0: "
            "api_secret has a lone surrogate at index 9; read it as UTF-8",
        ),
        ((KEY, "topsecret\n"), ValueError, ALONE.format("white space ('\\n') at its end")),
        ((KEY, " topsecret"), ValueError, ALONE.format("white space (' ') at its start")),
        ((KEY, "topsecret\xa0"), ValueError, ALONE.format("white space ('\\xa0') at its end")),
        ((KEY, "\ufefftopsecret"), ValueError, ALONE.format("white space ('\\ufeff') at its start")),
        ((KEY, "topsecret\u200b"), ValueError, ALONE.format("white space ('\\u200b') at its end")),
        ((KEY, '"topsecret"'), ValueError, ALONE.format('a quotation mark (") at its start')),
        ((KEY, "topsecret'"), ValueError, ALONE.format("a quotation mark (') at its end")),
        ((KEY, "\u201ctopsecret\u201d"), ValueError, ALONE.format("a quotation mark (\\u201c) at its start")),
        ((KEY, " "), ValueError, ALONE.format("white space (' ') at its start")),
        ((KEY, type("Text", (str,), {})("topsecret\t")), ValueError, ALONE.format("white space ('\\t') at its end")),
    ],
)
def test_invalid_credentials_raise(implementation, arguments, error, words):
    with raises(error, words) as raised:
        implementation.Signer(*arguments)
    assert "topsecret" not in repr(raised.value.__dict__) + str(raised.value.args) + repr(raised.value.__context__)
    if arguments[0] == KEY:
        with raises(error, words):
            implementation.sign(arguments[1], NOW, "GET", "/")


def test_api_key_as_secret_raises(implementation):
    words = "api_secret must be the API secret, got the API key; copy the secret from the WOO X console"
    with raises(ValueError, words):
        implementation.Signer(KEY, KEY)
    assert implementation.sign("-", NOW, "GET", "/") == oracle(b"%dGET/" % NOW, b"-")


@pytest.mark.parametrize(
    "secret",
    [
        *(b"secret\n", b" secret", b'"secret"', KEY.encode(), b"\xff"),
        *("se cret", "se\"cret'x", "s", "\u79d8\u5bc6", "=secret=="),
    ],
)
def test_unusual_secret_is_unchanged(implementation, secret):
    expected = oracle(b"%dGET/" % NOW, secret.encode() if isinstance(secret, str) else secret)
    assert implementation.Signer(KEY, secret).sign(NOW, "GET", "/") == expected
    assert implementation.sign(secret, NOW, "GET", "/") == expected


CLOCK_OFFSET = "clock_offset_ms must be milliseconds between -10**13 and 10**13, got {}"
RECV_WINDOW = "recv_window_ms must be 1 to 60000 milliseconds, got {}"


@pytest.mark.parametrize(
    ("option", "value", "error", "words"),
    [
        *(
            ("clock_offset_ms", value, TypeError, f"clock_offset_ms must be an int of milliseconds, got {kind}")
            for value, kind in [(1.5, "float"), (True, "bool"), (None, "NoneType"), ("5", "str")]
        ),
        *(
            ("clock_offset_ms", value, ValueError, CLOCK_OFFSET.format(value))
            for value in (10**13, -(10**13), -(2**64))
        ),
        *(
            ("recv_window_ms", value, TypeError, f"recv_window_ms must be an int of milliseconds or None, got {kind}")
            for value, kind in [(1.5, "float"), (True, "bool"), ("5000", "str")]
        ),
        *(("recv_window_ms", value, ValueError, RECV_WINDOW.format(value)) for value in (0, -5, 60_001)),
        ("recv_window_ms", 10**50, ValueError, RECV_WINDOW.format("an integer of 167 bits")),
    ],
)
def test_invalid_option_raises(implementation, signer, option, value, error, words):
    with raises(error, words):
        implementation.Signer(KEY, SECRET, **{option: value})
    before = getattr(signer, option)
    with raises(error, words) if option == "clock_offset_ms" else pytest.raises(AttributeError):
        setattr(signer, option, value)
    assert getattr(signer, option) == before
