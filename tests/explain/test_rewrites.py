"""Bodies written in other ways, against the standard library's json: what is not changed stays to the byte."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest

from woox_fast._explain import escapes, rewrites, spellings

ORDER: dict[str, Any] = {"symbol": "SPOT", "b": [1, {"z": None, "y": []}], "a": {}, "price": 1.5, "é": 'it\'s "5" \\'}
SORTED = {**dict(sorted(ORDER.items())), "b": [1, {"y": [], "z": None}]}


def dumps(value: Any, **options: Any) -> str:
    return json.dumps(value, ensure_ascii=False, **options)


STYLES: dict[str, Callable[[Any], str]] = {
    "compact": lambda v: dumps(v, separators=(",", ":")),
    "spaced": dumps,
    "comma-space": lambda v: dumps(v, separators=(", ", ":")),
    "colon-space": lambda v: dumps(v, separators=(",", ": ")),
    **{f"indent-{n}": lambda v, n=n: dumps(v, indent=n) for n in (1, 2, 3, 4, 8)},
    "tab": lambda v: dumps(v, indent="\t"),
    "indent-2-crlf": lambda v: dumps(v, indent=2).replace("\n", "\r\n"),
    "indent-4-crlf": lambda v: dumps(v, indent=4).replace("\n", "\r\n"),
    "white space round it": lambda v: f" \n{dumps(v)}\r\n",
}


@pytest.mark.parametrize("style", STYLES)
def test_keys_are_sorted_in_the_style_of_the_text(style: str) -> None:
    change = rewrites.of_tree(rewrites.sorted_by(lambda name: name))
    assert change(STYLES[style](ORDER)) == STYLES[style](SORTED)
    with pytest.raises(ValueError, match="nothing to change"):
        change(STYLES[style](SORTED))


def test_a_style_that_is_not_known_becomes_that_of_json() -> None:
    change = rewrites.of_tree(rewrites.sorted_by(lambda name: name))
    assert change('{"b" : 1,"a":2}\n') == '{"a": 2, "b": 1}\n'


@pytest.mark.parametrize("indent", ["", " ", "   ", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("colon", [":", ": "])
def test_indented(indent: str, newline: str, colon: str) -> None:
    expected = dumps(ORDER, indent=indent, separators=(",", colon)).replace("\n", newline)
    assert rewrites.indented(indent, newline, colon)(dumps(ORDER)) == expected
    assert rewrites.indented(indent, newline, colon)(dumps([{}, [], [ORDER]])) == dumps(
        [{}, [], [ORDER]], indent=indent, separators=(",", colon)
    ).replace("\n", newline)


@pytest.mark.parametrize("style", STYLES)
def test_only_keys_or_only_values(style: str) -> None:
    text = STYLES[style]({"a": "b", "c": ["d", {"e": "a"}], "f": 1})
    assert rewrites.keys(str.upper)(text) == STYLES[style]({"A": "b", "C": ["d", {"E": "a"}], "F": 1})
    assert rewrites.scalars(str.upper)(text) == STYLES[style]({"a": "B", "c": ["D", {"e": "A"}], "f": 1})
    assert rewrites.scalars(lambda token: "7")('{"a" : "b" , "c":[ true,null ]}') == '{"a" : 7 , "c":[ 7,7 ]}'


@pytest.mark.parametrize("text", ["", "7", '"{}"', "{", "[1,]", "{'a': 1}", "true", " "])
def test_what_is_no_object_or_list_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no JSON object or list"):
        rewrites.tokens(text)


def test_what_is_kept_of_bodies_is_released() -> None:
    rewrites.of_tree(rewrites.sorted_by(lambda name: name))(dumps(ORDER))
    rewrites.forget()
    assert rewrites._tokens.cache_info().currsize == rewrites._style.cache_info().currsize == 0


# As far as the limits say, and no further


def nested(depth: int) -> str:
    return '{"b":1,"a":' + '{"b":1,"a":' * (depth - 1) + "1" + "}" * depth


def test_limits() -> None:
    change = rewrites.of_tree(rewrites.sorted_by(lambda name: name))
    assert change(nested(60)).count('"a"') == 60
    with pytest.raises(ValueError, match="too deep"):
        change(nested(62))
    assert rewrites.indented(" ")(nested(60)).count("\n") == 180
    with pytest.raises(ValueError, match="too deep"):
        rewrites.indented(" ")(nested(61))
    seven = [dumps(n) for n in range(7)]
    assert [list(one) for one in rewrites.permuted(seven)] == [list(one) for one in list(permutations(seven))[1:]]
    assert len(list(rewrites.permuted([*seven, "7"]))) == 5039
    assert len(list(rewrites.permuted([str(n) for n in range(12)]))) == 5039
    assert not list(rewrites.permuted([str(n) for n in range(13)]))
    for count, changed in ((1, 0), (2, 2), (40, 40), (41, 0)):
        members = ", ".join(f'"{n}": {n}' for n in range(count))
        assert len(list(rewrites.of_members(rewrites.one_less)(f"{{{members}}}"))) == changed
    values = json.dumps(list(range(50)))
    assert len(list(rewrites.one_scalar(lambda token: ["a", "b", token])(values))) == 80
    names = json.dumps({f"a{n}": n for n in range(60)}, separators=(",", ":"))
    found = list(rewrites.one_key(names))
    assert len(found) == 5 * 40
    assert found[-3] == names.replace('"a39"', '"A39"')


def test_members_move_and_what_stands_between_them_stays() -> None:
    text = '\t{ "a": [1, 2], "b": {"c": ","}, "d": 3 }\n'
    less = ['\t{ "b": {"c": ","}, "d": 3 }\n', '\t{ "a": [1, 2], "d": 3 }\n', '\t{ "a": [1, 2], "b": {"c": ","} }\n']
    assert list(rewrites.of_members(rewrites.one_less)(text)) == less
    alone = ['\t{ "a": [1, 2] }\n', '\t{ "b": {"c": ","} }\n', '\t{ "d": 3 }\n']
    assert list(rewrites.of_members(rewrites.two_less)(text)) == alone
    assert not list(rewrites.of_members(rewrites.two_less)('{"a": 1, "b": 2}'))
    assert list(rewrites.of_members(rewrites.one_moved)('{"a":1,"b":2}')) == ['{"b":2,"a":1}', '{"b":2,"a":1}']
    assert [list(one) for one in rewrites.one_moved(["a", "b", "c"])] == [
        *(["b", "a", "c"], ["b", "c", "a"], ["b", "a", "c"], ["a", "c", "b"], ["c", "a", "b"], ["a", "c", "b"])
    ]
    assert not list(rewrites.of_members(rewrites.one_less)("[1, 2]"))


@pytest.mark.parametrize(
    ("text", "raw", "upper"),
    [
        ('"é币"', '"é币"', '"\\u00E9\\u5E01"'),
        ('"\U0001f600"', '"\U0001f600"', '"\\uD83D\\uDE00"'),
        ('"\\u00e9\\u0041\\n"', '"é\\u0041\\n"', '"\\u00e9\\u0041\\n"'),
        ('"\\ud83d\\ude00"', '"\U0001f600"', '"\\ud83d\\ude00"'),
        ('"\\ud83d"', '"\\ud83d"', '"\\ud83d"'),
        ('"\\udfff\\ud800"', '"\\udfff\\ud800"', '"\\udfff\\ud800"'),
        ('"\\ue000\\u0080"', '"\ue000\x80"', '"\\ue000\\u0080"'),
        ('"\\\\u00e9\\u00e9"', '"\\\\u00e9é"', '"\\\\u00e9\\u00e9"'),
    ],
)
def test_escapes(text: str, raw: str, upper: str) -> None:
    assert escapes.no_ascii_escapes(text) == raw
    assert escapes.ascii_escapes(upper=True)(text) == upper
    assert escapes.ascii_escapes()(raw) == json.dumps(json.loads(text)).replace("A\\n", "\\u0041\\n")


def test_forms() -> None:
    body = b'{"a b":"x&y","n":1.50,"t":true,"o":null,"l":["z",{"k":2}]}'
    assert rewrites.form(body) == "a%20b=x%26y&n=1.50&t=true&o=null&l=%5B%22z%22%2C%7B%22k%22%3A2%7D%5D"
    assert rewrites.form(b'{"a":"b c"}', plus=True) == "a=b+c"
    assert rewrites.python_form(b'{"a":"b c","t":true,"n":null}') == "a=b%20c&t=True&n=None"
    assert rewrites.form(b'{"a":"\\ud800"}') == "a=%ED%A0%80"
    for body in (b"[1]", b"7"):
        with pytest.raises(ValueError, match="no"):
            rewrites.form(body)
        with pytest.raises(ValueError, match="no object"):
            rewrites.python_form(body)


# Numbers, each as the programs of its language print it

NUMBERS = """
number            python              javascript          java                dotnet              plain
9000              9000.0              9000                9000.0              9000                9000
9000.50           9000.5              9000.5              9000.5              9000.5              9000.50
0.1               0.1                 0.1                 0.1                 0.1                 0.1
0.001             0.001               0.001               0.001               0.001               0.001
0.00012           0.00012             0.00012             1.2E-4              0.00012             0.00012
0.0001            0.0001              0.0001              1.0E-4              0.0001              0.0001
0.00001           1e-05               0.00001             1.0E-5              1E-05               0.00001
0.000012          1.2e-05             0.000012            1.2E-5              1.2E-05             0.000012
1e-6              1e-06               0.000001            1.0E-6              1E-06               0.000001
1e-7              1e-07               1e-7                1.0E-7              1E-07               0.0000001
1.25e-10          1.25e-10            1.25e-10            1.25E-10            1.25E-10            0.000000000125
10000000          10000000.0          10000000            1.0E7               10000000            10000000
9999999           9999999.0           9999999             9999999.0           9999999             9999999
12345678.5        12345678.5          12345678.5          1.23456785E7        12345678.5          12345678.5
1e20              1e+20               100000000000000000000 1.0E20    100000000000000000000   100000000000000000000
1e21              1e+21               1e+21               1.0E21              1E+21               1000000000000000000000
-0.00001          -1e-05              -0.00001            -1.0E-5             -1E-05              -0.00001
-7                -7.0                -7                  -7.0                -7                  -7
0                 0.0                 0                   0.0                 0                   0
"""


@pytest.mark.parametrize("line", NUMBERS.strip().splitlines()[1:])
def test_a_number(line: str) -> None:
    number, *expected = line.split()
    writers = (spellings.as_float, spellings.as_javascript, spellings.as_java, spellings.as_dotnet, spellings.plain)
    assert [write(number) for write in writers] == expected


def test_numbers_as_they_stand_in_a_text() -> None:
    double = spellings.numbers(lambda number: number * 2)
    tokens = ("1", '"1"', "true", '"a"', "1.5e+3", "01", "-", '"1" ', "9" * 40, "9" * 41)
    assert [double(token) for token in tokens] == [
        *("11", '"11"', "true", '"a"', "1.5e+31.5e+3", "01", "-", '"1" ', "9" * 80, "9" * 41)
    ]
    assert [spellings.quoted(token) for token in ("1", '"1"', "null")] == ['"1"', '"1"', "null"]
    assert [spellings.unquoted(token) for token in ('"1"', "1", '"a"', "null")] == ["1", "1", '"a"', "null"]
    two = [spellings.fixed(2, of_strings=of_strings) for of_strings in (False, True)]
    tokens = ("1.5", '"1.5"', "1", '"1"', "null", '"a"', "0." + "1" * 38, "0." + "1" * 39)
    assert [two[0](token) for token in tokens] == ["1.50", '"1.5"', "1", '"1"', "null", '"a"', "0.11", "0." + "1" * 39]
    assert [two[1](token) for token in tokens[:6]] == ["1.5", '"1.50"', "1", '"1.00"', "null", '"a"']
    assert two[1]('"' + "1" * 41 + '"') == '"' + "1" * 41 + '"'
    assert [spellings.trimmed(number) for number in ("1.50", "1.00", "100", "1.0e5", "1.0E5")] == [
        *("1.5", "1", "100", "1.0e5", "1.0E5")
    ]
    assert spellings.plain("1e40") == "1" + "0" * 40
    assert spellings.plain("1e-40") == "0." + "0" * 39 + "1"
    for number in ("1e41", "1e-41"):
        with pytest.raises(ValueError, match="too many digits"):
            spellings.plain(number)


def test_long_texts_have_no_other_spelling() -> None:
    assert f'"{"X" * 199}"' in spellings.spellings(f'"{"x" * 199}"')
    assert not list(spellings.spellings(f'"{"x" * 200}"'))


def test_names() -> None:
    names = ("order_id", "orderId", "OrderId", "a1B", "x", "")
    assert [spellings.camel_case(name) for name in names] == ["orderId", "orderId", "orderId", "a1B", "x", ""]
    assert [spellings.snake_case(name) for name in names] == ["order_id", "order_id", "order_id", "a1_b", "x", ""]
    assert [spellings.pascal_case(name) for name in names] == ["Order_id", "OrderId", "OrderId", "A1B", "X", ""]
