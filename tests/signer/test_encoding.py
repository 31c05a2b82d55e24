"""Query and JSON text: how values are written, and what is refused; the judges are the standard library's readers."""

from __future__ import annotations

import enum
import json
import math
from collections import OrderedDict
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from woox_fast import prehash


class Side(str, enum.Enum):
    BUY = "BUY"


class Level(enum.IntEnum):
    FIVE = 5


# Query text


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({}, ""),
        ({"b": 1, "a": 2}, "b=1&a=2"),
        ([("a", 1), ("a", 2)], "a=1&a=2"),
        (iter([("a", 1)]), "a=1"),
        (MappingProxyType({"a": 1}), "a=1"),
        ({"a": True, "b": False}, "a=true&b=false"),
        ({"a": None, "b": 0, "c": ""}, "b=0&c="),
        ({"a": [1, None, "x", True]}, "a=1&a=x&a=true"),
        ({"a": (1, 2)}, "a=1&a=2"),
        ({"a": []}, ""),
        ({"a": 1e-7, "b": 1e22, "c": 60.0, "d": -0.5}, "a=0.0000001&b=10000000000000000000000&c=60.0&d=-0.5"),
        ({"a": Decimal("1E-7"), "b": Decimal("1E+3"), "c": Decimal("0.10")}, "a=0.0000001&b=1000&c=0.10"),
        ({"a": 2**70}, "a=1180591620717411303424"),
        ({"a": Side.BUY, "b": Level.FIVE}, "a=BUY&b=5"),
        ({"a b": "c d"}, "a%20b=c%20d"),
        ({Side.BUY: 1}, "BUY=1"),
        ({"a": "+/&=?#%~'"}, "a=%2B%2F%26%3D%3F%23%25~%27"),
        ({"a": "é€"}, "a=%C3%A9%E2%82%AC"),
        ({"a": "\x00\r\n"}, "a=%00%0D%0A"),
    ],
)
def test_query_text(params: Any, text: str) -> None:
    assert prehash.query_text(params) == text


scalars = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.integers(-(2**100), 2**100),
    st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30),
    st.booleans(),
    st.none(),
)


@given(st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"])), scalars)))
def test_parsing_the_query_returns_the_values(pairs: list[tuple[str, Any]]) -> None:
    text = prehash.query_text(pairs)
    assert text.isascii()
    sent = [(name, value) for name, value in pairs if value is not None]
    parsed = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text))
    assert [name for name, _ in parsed] == [name for name, _ in sent]
    for (_, got), (_, value) in zip(parsed, sent, strict=True):
        if isinstance(value, bool):
            assert got == ("true" if value else "false")
        elif isinstance(value, str):
            assert got == value
        else:
            assert "e" not in got.lower()
            assert type(value)(got) == value


@pytest.mark.parametrize(
    ("params", "error", "words"),
    [
        ({"a": math.nan}, ValueError, "finite"),
        ({"a": math.inf}, ValueError, "finite"),
        ({"a": Decimal("NaN")}, ValueError, "finite"),
        ({"a": Decimal("-Infinity")}, ValueError, "finite"),
        ({"price": b"1"}, TypeError, r"params\['price'\] must be .* got bytes"),
        ({"a": {"b": 1}}, TypeError, "got dict"),
        ({"a": [[1]]}, TypeError, "got list"),
        ({"a": {1}}, TypeError, "got set"),
        ("a=1", TypeError, "mapping or pairs, got str"),
        (b"a=1", TypeError, "mapping or pairs, got bytes"),
        ({"a": "\ud800"}, UnicodeEncodeError, "surrogates"),
        ({1: 1, "1": 2}, TypeError, r"names that are str, got 1 \(int\)"),
        ([(True, 1)], TypeError, r"names that are str, got True \(bool\)"),
    ],
)
def test_query_text_refuses(params: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        prehash.query_text(params)


# JSON text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, False, None]}, '{"b":1,"a":[true,false,null]}'),
        ({"price": Decimal("60.10"), "quantity": Decimal("1E-7")}, '{"price":"60.10","quantity":"0.0000001"}'),
        ({"childOrders": [{"b": {"c": Decimal(1)}, "a": ()}]}, '{"childOrders":[{"b":{"c":"1"},"a":[]}]}'),
        ({"tag": "é€𝄞"}, '{"tag":"é€𝄞"}'),
        ({"tag": 'a"\\\n\x7f'}, '{"tag":"a\\"\\\\\\n\x7f"}'),
        ({"side": Side.BUY, "level": Level.FIVE}, '{"side":"BUY","level":5}'),
        ({"clientOrderId": 2**63 - 1}, '{"clientOrderId":9223372036854775807}'),
        ({}, "{}"),
        ([], "[]"),
        (None, "null"),
    ],
)
def test_json_bytes(value: Any, text: str) -> None:
    assert prehash.json_bytes(value) == text.encode()


json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters(exclude_categories=["Cs"])),
    ),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)


@given(json_values)
def test_json_round_trip_keeps_values_and_order(value: Any) -> None:
    text = prehash.json_bytes(value)
    back = json.loads(text)
    assert back == value
    # The text of both is the same only if the order of every object is.
    assert json.dumps(back) == json.dumps(value)
    assert text == json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        (math.nan, ValueError, "finite"),
        ({"a": [math.inf]}, ValueError, "finite"),
        ({"a": -math.inf}, ValueError, "finite"),
        ({math.nan: 1}, ValueError, "finite"),
        ({"a": Decimal("NaN")}, ValueError, "finite"),
        ({"a": b"x"}, TypeError, "cannot hold a bytes"),
        ({"a": {1}}, TypeError, "cannot hold a set"),
        ({(1, 2): 3}, TypeError, "keys must be"),
        ("\ud800", UnicodeEncodeError, "surrogates"),
    ],
)
def test_json_bytes_refuses(value: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        prehash.json_bytes(value)


@pytest.mark.parametrize(
    "value",
    [
        {1: "a", "1": "b"},
        {"true": 0, True: 1},
        {None: 0, "null": 1},
        {1.0: 0, "1.0": 1},
        {1e22: 0, "1e+22": 1},
        {Level.FIVE: 0, "x": 1, "5": 2},
        {"a": {1: 0, "1": 1}},
        {"a": [{"b": ({1: 0, "1": 1},)}]},
        [{}, {1: 0, "1": 1}],
        [{1: 0, "1": 1}],
        {"a": OrderedDict({1: 0, "1": 1})},
        {"{": type("List", (list,), {})([{1: 0, "1": 1}])},
    ],
)
def test_json_bytes_refuses_keys_that_are_written_alike(value: Any) -> None:
    with pytest.raises(
        ValueError, match=r"json must have each key once, got .* and .*, which are written alike"
    ) as caught:
        prehash.json_bytes(value)
    assert caught.value.__cause__ is None


@given(
    st.recursive(
        st.integers(0, 3),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([0, 1, "0", "1", True, "true", None, "null", 1.5, "1.5", "{"]), inner)
        ),
        max_leaves=12,
    )
)
def test_json_bytes_writes_each_key_once_or_refuses(value: Any) -> None:
    """The judge is json's own reader, which gives the pairs of each object as they are written."""
    repeated = []

    def look(pairs: list[tuple[str, Any]]) -> None:
        repeated.extend([pairs] if len(dict(pairs)) < len(pairs) else [])

    json.loads(json.dumps(value), object_pairs_hook=look)
    try:
        prehash.json_bytes(value)
    except ValueError:
        assert repeated
    else:
        assert not repeated


def test_json_bytes_refuses_what_is_nested_deeper_than_python_writes() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValueError, match="nested so deeply"):
        prehash.json_bytes(deep)


def test_json_bytes_refuses_a_cycle() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    with pytest.raises(ValueError, match="cycles"):
        prehash.json_bytes(cycle)
