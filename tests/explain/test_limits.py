"""Any request is explained within the time limit, in memory that is bounded, and without another exception."""

from __future__ import annotations

import gc
import json
import resource
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from typing import Any

import pytest
from helpers.oracle import KEY, NOW, SECRET
from helpers.slow import slow
from hypothesis import given, settings
from hypothesis import strategies as st

import woox_fast
from woox_fast._explain import escapes, rewrites, search, spellings
from woox_fast._explain.cells import PARTS
from woox_fast._explain.layers.rules import BASES
from woox_fast._explain.layers.written import readings
from woox_fast._explain.signing import Layout, Secret, Sent, to_bytes

MIB = 2**20
HOSTILE = {
    "quotes": '"',
    "backslashes": "\\",
    "escaped quotes": '\\"',
    "brackets": "[",
    "objects": '{"a":',
    "empty lists": "[],",
    "percent signs": "%",
    "newlines": "\n",
    "form": "a=1&",
    "escapes": "\\u00e9",
    "not ASCII": "é",
    "numbers": "9" * 50 + ",",
}
WELL_FORMED = {
    "string": lambda n: json.dumps({"a": "x" * n, "b": 1}),
    "escaped string": lambda n: json.dumps({"a": '\\"' * (n // 4), "b": 1}),
    "many keys": lambda n: json.dumps({f"k{at}": at for at in range(n // 14)}),
    "nested lists": lambda n: json.dumps([[1, 2.5, "a"]] * (n // 16)),
}
# Of each kind of work, the one that takes longest.
TELLING = ("escaped quotes", "brackets", "form", "not ASCII", "many keys", "nested lists")


def spent(monkeypatch: pytest.MonkeyPatch, limit: float, **changes: Any) -> tuple[float, woox_fast.Explanation]:
    """Processor time that a search without an end takes: on a machine that is busy the clock's would say little. The
    least of three, if it is over the limit. What pytest holds is left to no collection, since that takes long."""
    monkeypatch.setattr(search, "_now", time.process_time)
    gc.freeze()
    request = {"timestamp": NOW, "method": "POST", "path": "/v3/trade/order", "body": b"", "api_key": KEY}
    request = {"signature": "0" * 64, **request, **changes}
    least = 1e9
    for _ in range(3):
        before = time.process_time()
        found = woox_fast.explain(SECRET, time_limit=limit, **request)
        least = min(least, time.process_time() - before)
        if least < 1.1 * limit:
            break
    gc.unfreeze()
    return least, found


@pytest.mark.parametrize("size", [slow(32 * 1024, id="32K"), slow(MIB, id="1M"), pytest.param(8 * MIB, id="8M")])
@pytest.mark.parametrize("name", [name if name in TELLING else slow(name) for name in (*HOSTILE, *WELL_FORMED)])
def test_the_time_limit_is_kept_for_any_body(monkeypatch: pytest.MonkeyPatch, name: str, size: int) -> None:
    body = HOSTILE[name] * (size // len(HOSTILE[name])) if name in HOSTILE else WELL_FORMED[name](size)
    limit = 0.5 if size > MIB else 0.2
    seconds, found = spent(monkeypatch, limit, body=body)
    assert not found.found
    assert found.tried > 10
    assert seconds < 1.2 * limit
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 2**20  # KiB


@pytest.mark.parametrize("name", [name if name in TELLING else slow(name) for name in HOSTILE])
@pytest.mark.parametrize("size", [slow(32 * 1024, id="32K"), pytest.param(MIB, id="1M")])
def test_the_time_limit_is_kept_for_any_query(monkeypatch: pytest.MonkeyPatch, name: str, size: int) -> None:
    query = HOSTILE[name] * (size // len(HOSTILE[name]))
    seconds, _ = spent(monkeypatch, 0.3, method="GET", path=f"/v3/x?{query}")
    assert seconds < 0.36


@pytest.mark.parametrize("given", ["path", *map(slow, ("timestamp", "method", "api_key"))])
def test_the_time_limit_is_kept_for_any_other_part(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    seconds, _ = spent(monkeypatch, 0.5, **{given: "/ab1" * (2 * MIB)})
    assert seconds < 0.6


@pytest.mark.parametrize(
    "text", ["01" * 128, "a" * 4096, "\\x12" * 99, "%" * 4000, "-1," * 60, "ab" * 65, "\ufffd" * 20, "="]
)
def test_the_time_limit_is_kept_for_any_signature(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """A digest of no known size too, with which nothing can be compared."""
    seconds, found = spent(monkeypatch, 0.3, signature=text, path=f"/v3/{text[:9].encode().hex()}")
    assert not found.found
    assert seconds < 0.36


def test_the_default_limit_tries_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fraction of what is measured, for each twin: no test of speed, but one that notices a search gone astray."""
    _, found = spent(monkeypatch, 2.0, body=json.dumps({"symbol": "SPOT_BTC_USDT", "price": 9000.5}))
    assert found.tried > 100_000


# Each rewrite takes time in proportion to the text. Quadratic work would take 256 times as long for 16 times the text.

REWRITES: list[Callable[[str], Any]] = [
    rewrites.tokens,
    rewrites.compact,
    rewrites.indented("  "),
    escapes.no_ascii_escapes,
    escapes.ascii_escapes(),
    escapes.escaped("<>&"),
    rewrites.scalars(spellings.quoted),
    rewrites.keys(spellings.snake_case),
    lambda text: next(rewrites.of_members(rewrites.permuted)(text), None),
    rewrites.tree,
    lambda text: rewrites.form(text.encode()),
    readings,
]


@pytest.mark.parametrize("rewrite", REWRITES, ids=range(len(REWRITES)))
@pytest.mark.parametrize("around", ["{}", '["{}"]', *map(slow, ('"{}', '{{"a": "{}"}}', "[{}]"))])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_rewrite_takes_linear_time(name: str, around: str, rewrite: Callable[[str], Any]) -> None:
    def seconds(size: int) -> float:
        text = around.format(HOSTILE[name] * (size // len(HOSTILE[name])))
        rewrites.forget()
        started = time.process_time()
        with suppress(ValueError, RecursionError):
            rewrite(text)
        return time.process_time() - started

    # The best of three: a collection of all that pytest holds takes part of a second.
    assert any(seconds(160_000) < 100 * (seconds(10_000) + 0.0025) for _ in range(3))


ANY_TEXT = st.text(st.characters(), max_size=80)  # with lone surrogates
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=12,
)
ANY_BODY = st.one_of(
    st.binary(max_size=200),
    ANY_TEXT,
    st.builds(lambda value, ascii: json.dumps(value, ensure_ascii=ascii), ANY_JSON, st.booleans()),
)


@settings(deadline=None, max_examples=40)
@given(
    signature=st.one_of(ANY_TEXT, st.just("0" * 64), st.binary(min_size=32, max_size=32).map(bytes.hex)),
    timestamp=st.one_of(st.integers(), ANY_TEXT, st.just(NOW)),
    method=st.one_of(ANY_TEXT, st.sampled_from(["GET", "POST"])),
    path=st.one_of(ANY_TEXT, ANY_TEXT.map("/v3/trade/order?".__add__), ANY_TEXT.map("/v1/x?a=".__add__)),
    body=ANY_BODY,
    api_key=ANY_TEXT,
    scheme=st.sampled_from(["v3", "v1", "ws", None]),
)
def test_any_request_is_explained(**request: Any) -> None:
    found = woox_fast.explain(SECRET, time_limit=0.05, **request)
    assert isinstance(str(found), str)
    assert not found.found


# Values that a change may be made on: of a request, or what another change left.
VALUES = (
    *(
        "",
        "?",
        "/",
        "{}",
        "[]",
        "[{}]",
        '[{"a": 1, "b": 2}]',
        '{"a": [1, {"b": null}], "a": "x"}',
        '"',
        "null",
        "1e999",
    ),
    *(
        '{"a":1e-400,"b":-0,"c":"1.50","d":"SPOT_A_B"}',
        "?a=1&a=&b&=c&%zz=%E5",
        "a=b",
        "/v3/x/12/34",
        "[1,[2,[3]]]",
        "é\ud800",
    ),
    *(
        '{"":""}',
        '{"\\ud800":"\\u00e9"}',
        "GET",
        "1578565539808",
        "1578565539",
        "a" * 300,
        "\x00\xa0",
        "=",
        "&",
        "%",
        "{",
        '{"a"',
    ),
)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_every_change_takes_any_value(part: str, value: str) -> None:
    """It gives values, or raises what says that it cannot be made."""
    start: Any = {"layout": BASES["v3"], "digest": ""}.get(part, value)
    if part in ("secret", "body"):
        start = Secret(to_bytes(value)) if part == "secret" else to_bytes(value)
    sent = Sent(KEY, "https://api.woox.io", value, value, value, value, to_bytes(value), "v3")
    for one in (one for stage in search.TABLES[part].stages for one in stage):
        with suppress(ValueError, ArithmeticError, RecursionError):
            for made in islice(one.values(start, sent), 2000):
                assert isinstance(made, bytes if part in ("secret", "body") else str | Layout), one.name
                assert not isinstance(start, Secret) or isinstance(made, Secret), one.name


@pytest.mark.parametrize("body", ["\ud800", '{"a": "\ud800"}', '{"a": "\\ud800"}', b"\xed\xa0\x80", "a=\udcff&b"])
def test_a_lone_surrogate_is_explained(body: str | bytes) -> None:
    for path in ("/v3/trade/order", "/v1/order", "/v3/x?a=\ud800"):
        assert not woox_fast.explain(SECRET, "0" * 64, NOW, "POST", path, body, time_limit=0.1).found
