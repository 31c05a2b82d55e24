"""Every refusal: the same type and the same words from each twin."""

from __future__ import annotations

import re

import pytest
from helpers.oracle import KEY, NOW, SECRET

from woox_fast._checks import raise_at, refuse_sha256, warn_wrong_sha256

DIGITS = "timestamp must be Unix epoch milliseconds, exactly 13 digits, got "
CLOCK = "; use time.time_ns() // 1_000_000"
METHOD_HINT = "method must be upper-case letters A-Z such as 'GET', got "
URL_HINT = "path must begin with '/', such as '/v3/trade/order?symbol=SPOT_BTC_USDT', got "

TIMESTAMPS = [
    (1578565539, ValueError, DIGITS + "1578565539 (10 digits: this looks like seconds; multiply by 1000)" + CLOCK),
    ("1578565539", ValueError, DIGITS + "'1578565539' (10 digits: this looks like seconds; multiply by 1000)" + CLOCK),
    (
        1578565539808000,
        ValueError,
        DIGITS + "1578565539808000 (16 digits: this looks like microseconds; divide by 1000)" + CLOCK,
    ),
    (
        "1578565539808000000",
        ValueError,
        DIGITS + "'1578565539808000000' (19 digits: this looks like nanoseconds; divide by 1_000_000)" + CLOCK,
    ),
    (0, ValueError, DIGITS + "0" + CLOCK),
    (10**12 - 1, ValueError, DIGITS + "999999999999" + CLOCK),
    (10**13, ValueError, DIGITS + "10000000000000" + CLOCK),
    (-NOW, ValueError, DIGITS + "-1578565539808" + CLOCK),
    (
        2**63,
        ValueError,
        DIGITS + "9223372036854775808 (19 digits: this looks like nanoseconds; divide by 1_000_000)" + CLOCK,
    ),
    (-(2**64), ValueError, DIGITS + "-18446744073709551616" + CLOCK),
    (10**40 - 1, ValueError, DIGITS + "9" * 40 + CLOCK),
    (10**40, ValueError, DIGITS + "an integer of 133 bits" + CLOCK),
    (10**5000, ValueError, DIGITS + "an integer of 16610 bits" + CLOCK),
    ("", ValueError, DIGITS + "''" + CLOCK),
    ("157856553980x", ValueError, DIGITS + "'157856553980x'" + CLOCK),
    ("157856553980:", ValueError, DIGITS + "'157856553980:'" + CLOCK),
    ("/578565539808", ValueError, DIGITS + "'/578565539808'" + CLOCK),
    (" 578565539808", ValueError, DIGITS + "' 578565539808'" + CLOCK),
    ("-578565539808", ValueError, DIGITS + "'-578565539808'" + CLOCK),
    ("157856553980\0", ValueError, DIGITS + "'157856553980\\x00'" + CLOCK),
    ("157856553980\x7f", ValueError, DIGITS + "'157856553980\\x7f'" + CLOCK),
    ("١٥٧٨٥٦٥٥٣٩٨٠٨", ValueError, DIGITS + ascii("١٥٧٨٥٦٥٥٣٩٨٠٨") + CLOCK),
    ("2026-11-25", ValueError, DIGITS + "'2026-11-25'" + CLOCK),
    ("\u0661" * 10, ValueError, DIGITS + "'" + "\\u0661" * 10 + "'" + CLOCK),
    ("1" * 60, ValueError, DIGITS + f"'{'1' * 60}'" + CLOCK),
    ("1" * 61, ValueError, DIGITS + f"'{'1' * 60}'... (61 characters)" + CLOCK),
    ("1" * 100, ValueError, DIGITS + f"'{'1' * 60}'... (100 characters)" + CLOCK),
    ("\ud800" * 13, ValueError, DIGITS + "'" + "\\ud800" * 13 + "'" + CLOCK),
    *(
        (value, TypeError, f"timestamp must be an int or a str of Unix epoch milliseconds, got {kind}" + CLOCK)
        for value, kind in [
            (True, "bool"),
            (1578565539808.0, "float"),
            (None, "NoneType"),
            (b"1578565539808", "bytes"),
            ([NOW], "list"),
        ]
    ),
]

METHODS = [
    ("get", ValueError, "method must be upper-case letters A-Z such as 'GET', got 'get'; write 'GET'"),
    ("GEt", ValueError, "method must be upper-case letters A-Z such as 'GET', got 'GEt'; write 'GET'"),
    ("", ValueError, "method must be upper-case letters A-Z such as 'GET', got ''"),
    ("GET ", ValueError, "method must be upper-case letters A-Z such as 'GET', got 'GET '"),
    ("GET\r\n", ValueError, "method must be upper-case letters A-Z such as 'GET', got 'GET\\r\\n'"),
    ("G@T", ValueError, "method must be upper-case letters A-Z such as 'GET', got 'G@T'"),
    ("G[T", ValueError, "method must be upper-case letters A-Z such as 'GET', got 'G[T'"),
    ("GÉT", ValueError, "method must be upper-case letters A-Z such as 'GET', got 'G\\xc9T'"),
    ("g" * 19, ValueError, f"{METHOD_HINT}'{'g' * 19}'; write '{'G' * 19}'"),
    ("g" * 20, ValueError, f"{METHOD_HINT}'{'g' * 20}'"),
    ("PATCH\0", ValueError, "method must be upper-case letters A-Z such as 'GET', got 'PATCH\\x00'"),
    ("DELETEDELETE_", ValueError, "method must be upper-case letters A-Z such as 'GET', got 'DELETEDELETE_'"),
    ("\ud800", ValueError, "method must be upper-case letters A-Z such as 'GET', got '\\ud800'"),
    (b"GET", TypeError, "method must be a str such as 'GET', got bytes"),
    (None, TypeError, "method must be a str such as 'GET', got NoneType"),
]

PATHS = [
    ("", ValueError, URL_HINT + "''; put '/' before it"),
    ("v3/trade/order", ValueError, URL_HINT + "'v3/trade/order'; put '/' before it"),
    (
        "https://api.woox.io/v3/trade/order",
        ValueError,
        URL_HINT + "'https://api.woox.io/v3/trade/order'; a full URL was given: leave out the scheme and host",
    ),
    ("v3/x?u=http://h", ValueError, URL_HINT + "'v3/x?u=http://h'; put '/' before it"),
    ("v3", ValueError, URL_HINT + "'v3'; put '/' before it"),
    ("GET", ValueError, URL_HINT + "'GET'; put '/' before it"),
    ("é", ValueError, URL_HINT + "'\\xe9'; put '/' before it"),
    (b"/v3", TypeError, "path must be a str such as '/v3/trade/order', got bytes"),
    (None, TypeError, "path must be a str such as '/v3/trade/order', got NoneType"),
    ("/\ud800", UnicodeEncodeError, re.compile(r".*surrogates not allowed")),
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
    ("\ud800", UnicodeEncodeError, re.compile(r".*surrogates not allowed")),
]

REQUESTS = (
    [((value, "GET", "/"), *rest) for value, *rest in TIMESTAMPS]
    + [((NOW, value, "/"), *rest) for value, *rest in METHODS]
    + [((NOW, "GET", value), *rest) for value, *rest in PATHS]
    + [((NOW, "POST", "/", value), *rest) for value, *rest in BODIES]
    # The first bad field is the one that is named.
    + [((None, None, None, 5), TypeError, TIMESTAMPS[-3][2]), ((NOW, "get", "x", 5), *METHODS[0][1:])]
)


def raises(error, words):
    return pytest.raises(error, match=words if isinstance(words, re.Pattern) else f"^{re.escape(words)}$")


@pytest.fixture(scope="module")
def signer(twin):
    return twin.Signer(KEY, SECRET)


@pytest.mark.parametrize(("request_", "error", "words"), REQUESTS)
def test_bad_request(twin, signer, request_, error, words):
    with raises(error, words) as raised:
        signer.sign(*request_)
    assert raised.type is error
    with raises(error, words):
        twin.sign(SECRET, *request_)
    with raises(error, words):
        signer.verify("0" * 64, *request_)
    if request_[0] is not None:
        with raises(error, words):
            signer.headers(*request_[1:], timestamp=request_[0])


@pytest.mark.parametrize(("request_", "error", "words"), REQUESTS)
def test_bad_request_in_a_batch(signer, request_, error, words):
    full = (*request_, b"")[:4]
    good = (NOW, "GET", "/", b"")
    for index in (0, 1, 7):
        with pytest.raises(error) as raised:
            signer.sign_many([good] * index + [full] + [good] * 3)
        assert raised.type is error
        where = f"requests[{index}]: "
        if isinstance(words, str):
            assert str(raised.value) == where + words
        else:
            assert where in str(raised.value)
            assert words.match(str(raised.value))


@pytest.mark.parametrize(
    ("requests", "error", "words"),
    [
        (5, TypeError, re.compile("'int' object is not iterable")),
        ([5], TypeError, "requests[0]: each request must be a tuple (timestamp, method, path, body), got int"),
        (["four"], TypeError, "requests[0]: each request must be a tuple (timestamp, method, path, body), got str"),
        (
            [(NOW, "GET", "/", b""), (NOW, "GET", "/")],
            ValueError,
            "requests[1]: each request must be (timestamp, method, path, body), got 3 fields",
        ),
        ([()], ValueError, "requests[0]: each request must be (timestamp, method, path, body), got 0 fields"),
    ],
)
def test_bad_batch(signer, requests, error, words):
    with raises(error, words):
        signer.sign_many(requests)


def test_an_iterator_keeps_its_own_error(signer):
    def requests():
        yield NOW, "GET", "/", b""
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
        ("\udfff", UnicodeEncodeError, re.compile(".*surrogates not allowed")),
    ],
)
def test_bad_message(signer, message, error, words):
    with raises(error, words):
        signer.hexdigest(message)


def test_bad_signature(signer):
    for signature, kind in ((b"0" * 64, "bytes"), (None, "NoneType"), (5, "int")):
        with raises(TypeError, f"signature must be a str of 64 hex characters, got {kind}"):
            signer.verify(signature, NOW, "GET", "/")


# Texts that cannot be encoded. Where, str.encode says: of neighbours CPython names all, PyPy a pair.
SURROGATES = [
    "\ud800",
    "/\ud800",
    "/\ud800\udfff\udfff",
    "/\udc00\ud800",
    "/a\udfffb\ud800",
    "/é\U0001f600\ud800",
    "/" + "a" * 20_000 + "\udfff",
]


@pytest.mark.parametrize("text", SURROGATES, ids=range(len(SURROGATES)))
def test_a_lone_surrogate_is_found_within_its_own_argument(twin, signer, text):
    """Wherever the argument stands in the message, and whichever path signs the request."""
    with pytest.raises(UnicodeEncodeError) as own:
        text.encode()
    start, end = own.value.start, own.value.end
    calls = [
        (signer.hexdigest, text),
        *((call, *head, "POST", "/é", text) for call, *head in ((signer.sign, NOW), (twin.sign, SECRET, NOW))),
        (signer.sign, NOW, "POST", "/v3/x", text),
        (signer.sign, str(NOW), "PATCH", "/v3/x", text),
        (signer.verify, "0" * 64, NOW, "POST", "/v3/x", text),
        (signer.headers, "POST", "/v3/x", text),
        (signer.encode_request, "POST", "/v3/x", text),
    ]
    if text[0] == "/":
        calls += [(signer.sign, NOW, "POST", text, body) for body in ("", "{}", b"{}", "\ud800", bytearray(5), 5)]
        calls += [(signer.headers, "POST", text, body) for body in ("", b"", 5)]
    for call, *arguments in calls:
        with pytest.raises(UnicodeEncodeError) as raised:
            call(*arguments)
        assert raised.value.args == ("utf-8", text, start, end, "surrogates not allowed")
        assert raised.value.__context__ is None
    for request in (NOW, "POST", "/v3/x", text), [NOW, "POST", "/é", text]:
        with pytest.raises(UnicodeEncodeError) as raised:
            signer.sign_many([(NOW, "GET", "/", b""), request])
        assert raised.value.args == ("utf-8", text, start, end, "requests[1]: surrogates not allowed")


@pytest.mark.parametrize("error", [KeyError("a"), MemoryError(), type("Own", (ValueError,), {})("b")])
def test_an_error_of_another_kind_is_raised_as_it_is(error):
    """An exception that is not ours, and that cannot be made again with another message."""
    with pytest.raises(type(error)) as raised:
        raise_at(3, error)
    assert raised.value is error


def test_a_processor_on_which_no_sha256_is_right():
    with pytest.raises(ImportError, match=r"^no SHA-256 of the cython backend gives a right answer on this") as raised:
        refuse_sha256(None, "cython", [])
    assert raised.value.name == "woox_fast"  # the command says it in a line, as it does for what else cannot be had
    with pytest.warns(RuntimeWarning, match=r"^woox_fast: the sha-ni SHA-256 gave a wrong answer on this processor"):
        warn_wrong_sha256("sha-ni")


ASCII_KEY = "api_key must be printable ASCII without spaces (it becomes a header), got {} at index {} of {}"
STRIP = "; strip what was pasted around it"


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("", SECRET), ValueError, "api_key must not be empty; copy it from the WOO X console"),
        ((None, SECRET), TypeError, "api_key must be a str, got NoneType"),
        ((b"key", SECRET), TypeError, "api_key must be a str, got bytes"),
        (("key\n", SECRET), ValueError, ASCII_KEY.format("'\\n'", 3, 4) + STRIP),
        ((" key", SECRET), ValueError, ASCII_KEY.format("' '", 0, 4) + STRIP),
        (("k\x7fy", SECRET), ValueError, ASCII_KEY.format("'\\x7f'", 1, 3) + STRIP),
        (("ké", SECRET), ValueError, ASCII_KEY.format("'\\xe9'", 1, 2) + STRIP),
        ((KEY, ""), ValueError, "api_secret must not be empty; is the environment variable set?"),
        ((KEY, b""), ValueError, "api_secret must not be empty; is the environment variable set?"),
        ((KEY, None), TypeError, "api_secret must be str or bytes, got NoneType"),
        ((KEY, bytearray(b"x")), TypeError, "api_secret must be str or bytes, got bytearray"),
        ((KEY, 5), TypeError, "api_secret must be str or bytes, got int"),
        (
            (KEY, "topsecret\ud800"),
            UnicodeEncodeError,
            "'utf-8' codec can't encode character '\\ud800' in position 0: "
            "api_secret has a lone surrogate at index 9; read it as UTF-8",
        ),
    ],
)
def test_bad_credentials(twin, arguments, error, words):
    with raises(error, words) as raised:
        twin.Signer(*arguments)
    assert "topsecret" not in repr(raised.value.__dict__) + str(raised.value.args) + repr(raised.value.__context__)
    if arguments[0] == KEY:
        with raises(error, words):
            twin.sign(arguments[1], NOW, "GET", "/")


@pytest.mark.parametrize(
    ("offset", "error", "words"),
    [
        (1.5, TypeError, "clock_offset_ms must be an int of milliseconds, got float"),
        (True, TypeError, "clock_offset_ms must be an int of milliseconds, got bool"),
        (None, TypeError, "clock_offset_ms must be an int of milliseconds, got NoneType"),
        ("5", TypeError, "clock_offset_ms must be an int of milliseconds, got str"),
        (10**13, ValueError, "clock_offset_ms must be milliseconds between -10**13 and 10**13; got one far outside"),
        (-(2**64), ValueError, "clock_offset_ms must be milliseconds between -10**13 and 10**13; got one far outside"),
    ],
)
def test_bad_clock_offset(twin, offset, error, words):
    with raises(error, words):
        twin.Signer(KEY, SECRET, clock_offset_ms=offset)
    signer = twin.Signer(KEY, SECRET)
    with raises(error, words):
        signer.clock_offset_ms = offset
    assert signer.clock_offset_ms == 0


@pytest.mark.parametrize(
    ("window", "error", "words"),
    [
        (1.5, TypeError, "recv_window_ms must be an int of milliseconds or None, got float"),
        (True, TypeError, "recv_window_ms must be an int of milliseconds or None, got bool"),
        ("5000", TypeError, "recv_window_ms must be an int of milliseconds or None, got str"),
        (0, ValueError, "recv_window_ms must be 1 to 60000 milliseconds, got 0"),
        (-5, ValueError, "recv_window_ms must be 1 to 60000 milliseconds, got -5"),
        (60_001, ValueError, "recv_window_ms must be 1 to 60000 milliseconds, got 60001"),
        (10**50, ValueError, "recv_window_ms must be 1 to 60000 milliseconds, got an integer of 167 bits"),
    ],
)
def test_bad_recv_window(twin, window, error, words):
    with raises(error, words):
        twin.Signer(KEY, SECRET, recv_window_ms=window)
    with pytest.raises(AttributeError):
        twin.Signer(KEY, SECRET).recv_window_ms = 5


def test_a_clock_far_off_is_refused(twin):
    signer = twin.Signer(KEY, SECRET, clock_offset_ms=-(10**13) + 1)
    with pytest.raises(ValueError, match="exactly 13 digits, got -"):
        signer.headers("GET", "/")


def test_arguments_are_counted(twin, signer):
    for call in (
        lambda: signer.sign(NOW, "GET"),
        lambda: signer.sign(NOW, "GET", "/", b"", b""),
        lambda: signer.sign(NOW, "GET", "/", url=""),
        lambda: signer.headers("GET", "/", b"", NOW),
        lambda: twin.Signer(KEY),
        lambda: twin.Signer(KEY, SECRET, 5),
        lambda: twin.sign(SECRET),
    ):
        with pytest.raises(TypeError):
            call()
