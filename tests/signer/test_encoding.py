"""Query and JSON text. The oracles are the standard library's parsers."""

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
from hypothesis import example, given
from hypothesis import strategies as st

from woox_fast._encoding import encode_json, encode_query


class Side(str, enum.Enum):
    BUY = "BUY"


class Level(enum.IntEnum):
    FIVE = 5


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30)
SCALARS = st.one_of(TEXT, st.integers(-(2**100), 2**100), FLOATS, DECIMALS, st.booleans(), st.none())

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
def test_query_is_encoded(params: Any, text: str) -> None:
    assert encode_query(params) == text


@given(st.lists(st.tuples(TEXT, SCALARS)))
def test_query_preserves_values(pairs: list[tuple[str, Any]]) -> None:
    text = encode_query(pairs)
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
def test_invalid_params_raise(params: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        encode_query(params)


# Numbers in both


NUMBERS = [
    (1e-7, "0.0000001"),
    (-1.5e-9, "-0.0000000015"),
    (1e16, "10000000000000000"),
    (1.5e300, "15" + "0" * 299),
    (5e-324, "0." + "0" * 323 + "5"),
    (0.1, "0.1"),
    (60.0, "60.0"),
    (Decimal("1E-7"), "0.0000001"),
    (Decimal("-2.50E+3"), "-2500"),
    (Decimal("60.10"), "60.10"),
    (Decimal("1E+999"), "1" + "0" * 999),
]


@pytest.mark.parametrize(("number", "text"), NUMBERS)
def test_numbers_have_no_exponent(number: Any, text: str) -> None:
    assert encode_query({"price": number}) == f"price={text}"
    quoted = f'"{text}"' if isinstance(number, Decimal) else text
    assert encode_json({"price": number}) == f'{{"price":{quoted}}}'.encode()
    assert encode_json([[number], {"a": {"b": (number,)}}]) == f'[[{quoted}],{{"a":{{"b":[{quoted}]}}}}]'.encode()


@pytest.mark.parametrize("text", ["1e-7", '"1e-7"', '\\"1e5', "\\", 'a\\":1e5,"', "\n2E3", "é1e5"])
def test_text_exponent_is_unchanged(text: str) -> None:
    value = {"tag": text, text: [1e-9, text, 2.5e20]}
    written = encode_json(value).decode()
    assert json.loads(written, parse_float=lambda number: ["e" in number, float(number)], parse_int=int) == {
        "tag": text,
        text: [[False, 1e-9], text, 250000000000000000000],
    }


LONG = [Decimal(text) for text in ("1E100000000", "1E-100000000", "-1E1000", "1E-1001", "1." + "1" * 1000)]
INFINITE = [math.nan, -math.inf, Decimal("NaN"), Decimal("sNaN"), Decimal("-Infinity")]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        *((number, "a number to be sent must have at most 1000 digits, got ") for number in LONG),
        *((number, "finite") for number in INFINITE),
    ],
)
def test_unsendable_number_raises(number: Any, words: str) -> None:
    for call, value in (encode_query, {"a": number}), (encode_json, {"a": number}), (encode_json, {"a": [number]}):
        with pytest.raises(ValueError, match=words):
            call(value)


# JSON text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, False, None]}, '{"b":1,"a":[true,false,null]}'),
        ({"childOrders": [{"b": {"c": Decimal(1)}, "a": ()}]}, '{"childOrders":[{"b":{"c":"1"},"a":[]}]}'),
        ({"tag": "é€𝄞"}, '{"tag":"é€𝄞"}'),
        ({"tag": 'a"\\\n\x7f'}, '{"tag":"a\\"\\\\\\n\x7f"}'),
        ({"side": Side.BUY, "level": Level.FIVE}, '{"side":"BUY","level":5}'),
        ({"clientOrderId": 2**63 - 1}, '{"clientOrderId":9223372036854775807}'),
        ({1: OrderedDict(a=1), None: [{}]}, '{"1":{"a":1},"null":[{}]}'),
        ([], "[]"),
        (None, "null"),
        ({"a": {1: 1}, "b": [{"1": 1}, {1: 1}]}, '{"a":{"1":1},"b":[{"1":1},{"1":1}]}'),
    ],
)
def test_json_is_encoded(value: Any, text: str) -> None:
    assert encode_json(value) == text.encode()


JSON_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), FLOATS, TEXT),
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=20,
)


def is_same(read: Any, value: Any) -> bool:
    """Equal, with equal types and orders. A whole float, 1e16 for example, may be read as an int."""
    if isinstance(value, dict):
        return list(read) == list(value) and all(is_same(read[key], inner) for key, inner in value.items())
    if isinstance(value, list):
        return len(read) == len(value) and all(map(is_same, read, value))
    return float(read) == value if isinstance(value, float) else type(read) is type(value) and read == value


@given(JSON_VALUES)
@example({"a": [1e-7, {"1e5": -2e-200}]})
def test_json_preserves_values(value: Any) -> None:
    text = encode_json(value)
    assert is_same(json.loads(text), value)
    usual = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    assert text == usual.encode() or "e" in usual


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        ({math.nan: 1}, ValueError, "finite"),
        ({"a": b"x"}, TypeError, "cannot contain a bytes"),
        ({"a": {1}}, TypeError, "cannot contain a set"),
        ({(1, 2): 3}, TypeError, "keys must be"),
        ("\ud800", UnicodeEncodeError, "surrogates"),
    ],
)
def test_invalid_json_raises(value: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        encode_json(value)


class Repeated(dict):
    """A dict whose `items()` repeats its keys."""

    def items(self) -> Any:
        return [*super().items(), *super().items()]


class Hidden(list):
    """A list whose iterator does not return its items."""

    def __iter__(self) -> Any:
        return iter([{1: 0, "1": 1}])


@pytest.mark.parametrize(
    "value",
    [
        {1: "a", "1": "b"},
        {1e22: 0, "1e+22": 1},
        {Level.FIVE: 0, "x": 1, "5": 2},
        {"a": [{"b": ({1: 0, "1": 1},)}]},
        {"a": OrderedDict({1: 0, "1": 1})},
        {"{": type("List", (list,), {})([{1: 0, "1": 1}])},
        Repeated(a=1),
        [Repeated(a=1)],
        {"a": Repeated({"b": Repeated()}), "c": Repeated(a=1)},
        {"a": Hidden([1])},
    ],
)
def test_repeated_key_raises(value: Any) -> None:
    with pytest.raises(ValueError, match=r"json must have each key once, got .* twice; JSON writes 1 and '1' alike"):
        encode_json(value)


@pytest.mark.parametrize("leaf", [1, {1: 1}])
def test_endless_nesting_raises(leaf: Any) -> None:
    deep: Any = leaf
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValueError, match="nested so deeply"):
        encode_json(deep)
    cycle: list[Any] = [leaf]
    cycle.append(cycle)
    with pytest.raises(ValueError, match="cycles"):
        encode_json(cycle)
