"""What `explain` takes a request for, and what it says of it: by hand, without a search."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.explain_rows import PARTS, held
from helpers.oracle import KEY, NOW, SECRET, oracle

import woox_fast
from woox_fast import _explain
from woox_fast._explain import Explanation, Finding, search
from woox_fast._explain.signing import Secret, Sent

SENT = Sent(KEY, "https://api.woox.io", str(NOW), "GET", "/v3/x", "", b"", "v3")


def test_what_is_listed() -> None:
    listed = list(_explain.all_mistakes())
    for part in PARTS:
        rows = held(part)[1:]
        expected = {(row["name"], part, row["sentence"].replace("{rule}", "").strip(), row["cost"]) for row in rows}
        if part == "secret":
            expected.add((search.AS_GIVEN.name, part, search.AS_GIVEN.sentence, 6))
        assert {one for one in listed if one.layer == part} == expected
        costs = [one.likelihood for one in listed if one.layer == part and one.sentence != search.AS_GIVEN.sentence]
        assert costs == sorted(costs)
    signatures = [tuple(one) for one in listed if one.layer == "signature"]
    assert signatures == [
        (row["name"], "signature", row["sentence"], 0) for row in held("signature") if "sentence" in row
    ]
    assert list(dict.fromkeys(one.layer for one in listed)) == [*PARTS, "signature"]


A, B, C = (Finding(name, f"{name.upper()} is wrong.") for name in "abc")
NOTHING = Explanation((), False, b"e", None, (), 1234, True, 0.5)


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({}, ["None of 1,234 combinations yields this signature: " + _explain._ANOTHER]),
        (
            {"complete": False, "faults": (C,)},
            [
                f"None of 1,234 combinations that the time limit allowed yields this signature: {_explain._ANOTHER}",
                "C is wrong.",
            ],
        ),
        ({"found": True, "signed": b"e"}, [_explain.RIGHT]),
        ({"found": True, "faults": (A,)}, [_explain.RIGHT, "A is wrong."]),
        ({"found": True, "mistakes": (A, B), "faults": (C,)}, ["A is wrong.", "B is wrong.", "C is wrong."]),
        (
            {"found": True, "mistakes": (A,), "others": ((B, C), (C,))},
            ["A is wrong.", "The same bytes are signed by b + c, or c: a signature cannot tell them apart."],
        ),
        (
            {"found": True, "mistakes": (A,), "others": ((B,), (C,), (B,))},
            ["A is wrong.", "The same bytes are signed by b, or c, or b: a signature cannot tell them apart."],
        ),
        (
            {"found": True, "mistakes": (A,), "others": ((B,), (C,), (B,), (C,), (A,))},
            [
                "A is wrong.",
                "The same bytes are signed by b, or c, or b, or 2 more: a signature cannot tell them apart.",
            ],
        ),
    ],
)
def test_what_an_explanation_says(changes: dict[str, Any], lines: list[str]) -> None:
    found = NOTHING._replace(**changes)
    assert str(found).splitlines() == lines
    assert found.right is (found.found and not found.mistakes)
    assert found.other_causes == _explain.OTHER_CAUSES
    assert [text.partition(":")[0] for text in found.other_causes[:3]] == ["The clock", "The API key", "Permission"]
    assert len(found.other_causes) == 4


@pytest.mark.parametrize(
    ("given", "stripped"),
    [
        ("secret", "secret"),
        (" secret\r\n", "secret"),
        ('"secret"', "secret"),
        ("'secret'", "secret"),
        ("\"secret'", "\"secret'"),
        ("xsecretx", "xsecretx"),
        ("\ufeffsecret", "secret"),
        ("\ufeff \" 'secret'\n\"", "secret"),
        ('"', '"'),
        ('""', '""'),
        ("  ", "  "),
        ("''''", "''''"),
        ('"a"', "a"),
    ],
)
def test_what_stands_round_a_secret(given: str, stripped: str) -> None:
    assert bytes(_explain._stripped(Secret(given.encode()))).decode() == stripped


@pytest.mark.parametrize(
    ("path", "changes", "parts"),
    [
        ("/v3/x?a=1?b", {}, ("https://o", "/v3/x", "?a=1?b", "v3")),
        ("/v3/x?", {}, ("https://o", "/v3/x", "?", "v3")),
        ("/v1/x", {}, ("https://o", "/v1/x", "", "v1")),
        ("/v2/x", {}, ("https://o", "/v2/x", "", "v1")),
        ("/v1/x", {"scheme": "v3"}, ("https://o", "/v1/x", "", "v3")),
        ("http://a:80/v3/x?a=1", {}, ("http://a:80", "/v3/x", "?a=1", "v3")),
        ("wss://a", {}, ("wss://a", "", "", "v3")),
        ("/v3/x?u=http://a/b", {}, ("https://o", "/v3/x", "?u=http://a/b", "v3")),
        ("abcdefghijklm://a/b", {}, ("abcdefghijklm://a", "/b", "", "v3")),
        ("abcdefghijklmn://a/b", {}, ("https://o", "abcdefghijklmn://a/b", "", "v3")),
    ],
)
def test_where_a_request_is_taken_apart(path: str, changes: dict[str, Any], parts: tuple[str, ...]) -> None:
    given = {"timestamp": "1", "method": "GET", "path": path, "body": b"b", "api_key": "k", "scheme": None}
    sent = _explain._sent(**{**given, "origin": "https://o", **changes})
    assert (sent.origin, sent.path, sent.query, sent.scheme) == parts
    assert (sent.api_key, sent.timestamp, sent.method, sent.body) == ("k", "1", "GET", b"b")


def test_a_body_of_any_type() -> None:
    for body, data in (("é", b"\xc3\xa9"), ("\udcff", b"\xff"), (b"a", b"a"), (bytearray(b"a"), b"a"), (None, b"")):
        assert _explain._sent("1", "GET", "/", body, "", None, "").body == data


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, []),
        ({"method": "POST", "body": b"{}"}, []),
        ({"query": "?a=1"}, []),
        ({"method": "DELETE", "query": "?a=1"}, []),
        ({"timestamp": "1578565539"}, ["sent-timestamp"]),
        ({"timestamp": "157856553980x"}, ["sent-timestamp"]),
        ({"timestamp": "\u0661" * 13}, ["sent-timestamp"]),
        ({"api_key": "secret"}, ["sent-secret"]),
        ({"api_key": " secret"}, ["sent-secret", "sent-api-key"]),
        ({"api_key": ""}, []),
        ({"api_key": "key\n"}, ["sent-api-key"]),
        ({"method": "get"}, ["sent-method"]),
        ({"method": "GEt"}, ["sent-method"]),
        ({"method": "\u00c9"}, ["sent-method"]),
        ({"method": ""}, ["sent-method"]),
        ({"path": "v3/x"}, ["sent-path"]),
        *(({"method": method, "body": b"a"}, ["sent-body"]) for method in ("GET", "DELETE")),
        ({"method": "get", "body": b"a"}, ["sent-method", "sent-body"]),
        *(({"method": method, "query": "?a"}, ["sent-query"]) for method in ("POST", "PUT")),
        ({"method": "put", "query": "?a"}, ["sent-method", "sent-query"]),
        ({"method": "PATCH", "query": "?a", "body": b"a"}, []),
        ({"scheme": "v1", "body": b"a"}, []),
        ({"scheme": "v1", "method": "POST", "query": "?a"}, []),
        ({"scheme": "ws", "method": "", "path": "", "api_key": " k"}, []),
    ],
)
def test_what_is_wrong_whatever_the_signature(changes: dict[str, Any], names: list[str]) -> None:
    found = list(_explain._faults(SENT._replace(**changes), Secret(b"secret")))
    assert [one.name for one in found] == names
    method = changes.get("method", "GET")
    for one in found:
        if one.name == "sent-method":
            assert one.sentence == f"The method that was sent, {method!a}, is not in upper case."
        if one.name in ("sent-body", "sent-query"):
            assert one.sentence.startswith(f"A {method} takes its parameters in")


@pytest.mark.parametrize(
    ("signature", "sentence"),
    [
        ("0" * 64, None),
        ("0" * 16, None),
        ("", "The signature that was sent is empty."),
        (" \n", "The signature that was sent is empty."),
        (
            "abc",
            "What was sent as the signature, 'abc', is no digest: WOO X wants 64 lower-case hex characters, got 3 "
            "characters; fewer than 16 hex digits tell nothing.",
        ),
        (
            "x" * 16,
            "What was sent as the signature, 'xxxxxxxxxxxxxxxx', is no digest: WOO X wants 64 lower-case hex "
            "characters, got 16 characters.",
        ),
        (
            "x" * 25 + "\u00e9" * 5000,
            f"What was sent as the signature, '{'x' * 24}'..., is no digest: WOO X wants 64 lower-case hex characters, "
            "got 5,025 characters.",
        ),
        (
            "x" * 24,
            f"What was sent as the signature, '{'x' * 24}', is no digest: WOO X wants 64 lower-case hex characters, "
            "got 24 characters.",
        ),
    ],
)
def test_what_is_no_signature(signature: str, sentence: str | None) -> None:
    found = list(_explain._faults_of(signature))
    assert [(one.name, one.sentence) for one in found] == ([("sent-signature", sentence)] if sentence else [])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "POST", "query": "?a", "body": b"\xff"}, f"{NOW}POST/v3/x?a".encode() + b"\xff"),
        ({"scheme": "v1", "query": "?b=1&a=2", "body": b"c=3"}, f"a=2&b=1&c=3|{NOW}".encode()),
        ({"scheme": "ws"}, f"|{NOW}".encode()),
    ],
)
def test_what_had_to_be_signed(changes: dict[str, Any], message: bytes) -> None:
    assert _explain._expected(SENT._replace(**changes)) == message


def test_what_explain_gives() -> None:
    """The sentence of the scheme's rule, faults of the request and of the signature, and what signs the same bytes."""
    message = f"{NOW}GET/v1/x".encode()
    found = woox_fast.explain(SECRET, oracle(message).upper(), NOW, "get", "/v1/x", api_key=KEY)
    assert [one.name for one in found.mistakes] == ["rule-v3", "method-upper-case", "signature-upper-case"][
        :0
    ] or found.found
    assert (found.signed, found.expected, found.found, found.right) == (message, f"|{NOW}".encode(), True, False)
    assert [one.name for one in found.faults] == ["sent-method"]
    assert found.mistakes[-1].name == "signature-upper-case"
    assert any(_explain.RULES["v1"] in one.sentence for one in found.mistakes)
    assert all("{rule}" not in one.sentence for some in (found.mistakes, *found.others) for one in some)
    assert found.tried > 1
    assert found.complete
    assert found.seconds > 0
    names = [one.name for one in found.mistakes]
    assert all([one.name for one in other] != names for other in found.others)
    assert len(found.others) == len(set(found.others))
    signature = oracle(f'{NOW}POST/v3/x{{"a":1}}'.encode())
    fewer = woox_fast.explain(SECRET, signature, NOW, "POST", "/v3/x", '{"a":1,"b":null}')
    assert [one.name for one in fewer.mistakes] == ["json-no-nulls"]
    assert ["json-field-added"] in [[one.name for one in other] for other in fewer.others]
    assert ["json-no-nulls"] not in [[one.name for one in other] for other in fewer.others]
    right = woox_fast.explain(SECRET, oracle(f"{NOW}GET/v3/x".encode()), NOW, "get", "/v3/x")
    assert right.expected == f"{NOW}GET/v3/x".encode()  # of a method in lower case too
    whole = woox_fast.explain(SECRET, oracle(f"{NOW}GEThttps://api.woox.io/v3/x".encode()), NOW, "GET", "/v3/x")
    assert [one.name for one in whole.mistakes] == ["path-full-url"]
    nothing = woox_fast.explain(SECRET, "x", NOW, "GET", "/v3/x")
    assert [one.name for one in nothing.faults] == ["sent-signature"]
    assert (nothing.mistakes, nothing.found, nothing.signed, nothing.others, nothing.complete) == (
        (),
        False,
        None,
        (),
        True,
    )


def test_the_defaults_are_those_of_the_manual() -> None:
    defaults = woox_fast.explain.__kwdefaults__
    assert defaults == {"api_key": "", "scheme": None, "origin": woox_fast.PRODUCTION_URL, "time_limit": 2.0}
    assert woox_fast.explain.__defaults__ == (b"",)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"scheme": ""}, ValueError, "scheme must be one of v3, v1, ws or None, got ''"),
        ({"method": b"GET"}, TypeError, "method must be a str, got bytes"),
        ({"path": None}, TypeError, "path must be a str, got NoneType"),
        ({"signature": 7}, TypeError, "signature must be a str, got int"),
    ],
)
def test_what_is_refused(changes: dict[str, Any], error: type[Exception], words: str) -> None:
    given = {"api_secret": SECRET, "signature": "0" * 64, "timestamp": NOW, "method": "GET", "path": "/v3/x", **changes}
    with pytest.raises(error, match=words):
        woox_fast.explain(**given)
