"""A curl command's options, data and quotes: what is read of each, as curl's manual and the shells have it."""

from __future__ import annotations

import pytest

from woox_fast._explain.inputs import parse_request

URL = "https://api.woox.io/v3/trade/order"

# curl's options that take no argument, and those that take one.
FLAGS = """
-s --silent -S --show-error -k --insecure -v --verbose -i --include -L --location -f --fail -g --globoff -N --no-buffer
-4 --ipv4 -6 --ipv6 --compressed --http1.1 --http2 --http1.0 --path-as-is -# --progress-bar --fail-with-body
--http2-prior-knowledge --http3 -q --disable --tcp-nodelay --no-keepalive --location-trusted -O --remote-name -n --netrc
--tlsv1.2
"""
OPTIONS = """
-A --user-agent -b --cookie -c --cookie-jar -e --referer -o --output -w --write-out -x --proxy -m --max-time
--connect-timeout --retry -u --user --cacert -E --cert --key --resolve --connect-to -D --dump-header --interface
-K --config --trace --trace-ascii --ciphers --tls-max --limit-rate --retry-delay --max-redirs --noproxy --socks5
"""


@pytest.mark.parametrize("flag", FLAGS.split())
def test_a_flag_takes_nothing(flag: str) -> None:
    found = parse_request(f"curl {flag} {URL} -d a")
    assert (found.method, found.url, found.body) == ("POST", URL, b"a")


@pytest.mark.parametrize("flag", [flag for flag in FLAGS.split() if len(flag) == 2])
def test_flags_stand_together(flag: str) -> None:
    found = parse_request(f"curl -s{flag[1]}XPUT {URL}")
    assert (found.method, found.url) == ("PUT", URL)


@pytest.mark.parametrize("option", OPTIONS.split())
def test_an_option_takes_the_next_word(option: str) -> None:
    found = parse_request(f"curl {option} an/argument {URL} -d a")
    assert (found.method, found.url, found.body) == ("POST", URL, b"a")


@pytest.mark.parametrize(
    "name", ["-d", "--data", "--data-ascii", "--data-raw", "--data-binary", "--data-urlencode", "--json"]
)
def test_what_is_sent_as_data(name: str) -> None:
    found = parse_request(f"curl {name} a {URL} {name} b")
    assert (found.method, found.url, found.body) == ("POST", URL, b"a&b")
    if name != "--data-raw":
        with pytest.raises(ValueError, match=r"takes its body from a file, '@order\.json'"):
            parse_request(f"curl {URL} {name} @order.json")


REQUESTS: list[tuple[str, tuple[str, str, bytes]]] = [
    (f"curl {URL} --data-raw @a", ("POST", URL, b"@a")),
    (f"curl {URL} --data-urlencode 'a b'", ("POST", URL, b"a+b")),
    (f"curl {URL} --data-urlencode '=a b'", ("POST", URL, b"a+b")),
    (f"curl {URL} --data-urlencode 'tag=a b=c'", ("POST", URL, b"tag=a+b%3Dc")),
    (f"curl {URL} --data-urlencode tag=", ("POST", URL, b"tag=")),
    (f"curl -G {URL}", ("GET", URL, b"")),
    (f"curl -G {URL} -d a=1 --data b=2", ("GET", f"{URL}?a=1&b=2", b"")),
    (f"curl --get '{URL}?x=1' -d a=1", ("GET", f"{URL}?x=1&a=1", b"")),
    (f"curl -I {URL} -d a=1", ("HEAD", URL, b"a=1")),
    (f"curl --head {URL}", ("HEAD", URL, b"")),
    (f"curl -X DELETE -G {URL} -d a=1", ("DELETE", f"{URL}?a=1", b"")),
    (f"curl --request PUT {URL} -d a=1", ("PUT", URL, b"a=1")),
    (f"curl --url {URL} other/word", ("GET", URL, b"")),
    (f"curl -Q DELE --unknown word {URL}", ("GET", URL, b"")),
    (f"curl -h {URL}", ("GET", URL, b"")),
    (f"curl --reques DELETE {URL}", ("GET", URL, b"")),  # no abbreviations: curl has them no more
    (f"curl {URL}#top -d a", ("POST", URL, b"a")),
    (f"curl {URL} -d '#1' #2", ("POST", URL, b"#1")),
    (f"curl {URL} -d \\\n  a \\\r\n -X \\\nPUT", ("PUT", URL, b"a")),
    (f"curl \\\n {URL}\t\\\n-d 'a\\\nb'", ("POST", URL, b"a b")),
    (f"curl --unknown-to-us/x word -s {URL}", ("GET", URL, b"")),
    (f"curl -Z/x word -s {URL}", ("GET", URL, b"")),
    (f"curl.exe {URL} -d a", ("POST", URL, b"a")),
    (f"curl {URL} -d a curl {URL} -d b", ("POST", URL, b"a")),
    (f"$ curl {URL}", ("GET", URL, b"")),
    (f"user@host % curl {URL}", ("GET", URL, b"")),
    (f"PS C:\\> curl {URL}", ("GET", URL, b"")),
    (f"# curl {URL}", ("GET", URL, b"")),
    (f"true && curl {URL}; curl x", ("GET", f"{URL};", b"")),
    (f"A=1 B=2 time sudo curl {URL}", ("GET", URL, b"")),
    (f"exec curl {URL}", ("GET", URL, b"")),
    (f"! curl {URL}", ("GET", URL, b"")),
    *(
        (f"curl {URL} {end} -d a", ("GET", URL, b""))
        for end in ("|", "||", "&&", ";", "&", ">", ">>", "2>", "2>&1", ">/dev/null", "2>/dev/null")
    ),
    # Words in $'...', as bash reads them
    *(
        (f"curl {URL} -d $'{text}'", ("POST", URL, data.encode()))
        for text, data in (
            ("", ""),
            ("a\\n\\t\\r\\a\\b\\e\\f\\v", "a\n\t\r\a\b\x1b\f\v"),
            ('it\\\'s \\"5\\" \\\\', 'it\'s "5" \\'),
            ("\\u5e01\\u41z\\U0001f600\\U41 \\x41\\x4z", "\u5e01Az\U0001f600A A\x04z"),
            ("\\101\\60 \\7\\8\\9", "A0 \a89"),
            ("\\q\\x\\u", "qxu"),
            ("\\U0010ffff", "\U0010ffff"),
            ("\\U00110000", "\\U00110000"),
            ("two\nlines", "two\nlines"),
        )
    ),
]


@pytest.mark.parametrize(("text", "request_"), REQUESTS)
def test_a_command(text: str, request_: tuple[str, str, bytes]) -> None:
    found = parse_request(text)
    assert (found.method, found.url, found.body) == request_


# Windows: cmd.exe takes the carets, and the C runtime quotes and backslashes.


@pytest.mark.parametrize(
    ("word", "body"),
    [
        ('"a b"', "a b"),
        ('a" "b', "a b"),
        ('"a\\"b"', 'a"b'),
        ('a\\"b', 'a"b'),
        ('"a\\\\"', "a\\"),
        ('"a\\\\\\"b"', 'a\\"b'),
        ('"a\\""', 'a"'),
        ('"a""b"', 'a"b'),
        ('a""b', "ab"),
        ('""', ""),
        ('"a\\\\b\\c"', "a\\\\b\\c"),
        ("a\\b", "a\\b"),
        ('"a^b"', "a^b"),
        ('"a^"b', "ab"),
        ('"a', None),
        ("a^^b^&c^", "a^b&c"),
        ("a^\r\nb", "ab"),
        ("a^\nb", "ab"),
        ("a^\n\nb", "a"),
        ('^"a^\\^"b^^^"', 'a"b^'),
        ('"^&"', "^&"),
        ("é\udcff", "é\udcff"),
    ],
)
def test_words_of_windows(word: str, body: str | None) -> None:
    text = f"curl.exe {URL} -d {word}".encode("utf-8", "surrogateescape")
    if body is None:
        with pytest.raises(ValueError, match="No closing quotation"):
            parse_request(text)
        return
    assert parse_request(text).body == body.encode("utf-8", "surrogateescape")
    found = parse_request(text + b" -X PUT")
    assert (found.method, found.url, found.body) == ("PUT", URL, body.encode("utf-8", "surrogateescape"))


def test_a_command_for_windows_is_known() -> None:
    for text in (f"curl {URL} ^\r\n -d 'a", f"curl {URL} ^\n -d 'a", f'curl ^"{URL}^" -d \'a', f"curl.exe {URL} -d 'a"):
        assert parse_request(text).body == b"'a"
    with pytest.raises(ValueError, match="No closing quotation"):
        parse_request(f"curl {URL} -d 'a")
