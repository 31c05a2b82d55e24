"""How one request's query and body get written in two ways: text to text.

What is not touched stays to the byte: a number keeps its digits, a string its escapes. Each function takes time linear
in the text and raises ValueError where it does not apply: the body is no JSON, there is no query.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import combinations, islice, permutations
from typing import Any, TypeAlias
from urllib.parse import quote, quote_plus, urlencode

from .signing import to_bytes
from .spellings import camel_case, pascal_case, snake_case

Text: TypeAlias = Callable[[str], str]

MOST_PERMUTATIONS = 5040  # of 7 names
MOST_FIELDS = 40  # that are changed one at a time
_DEEPEST = 60
_SHORT = 4096  # characters of a body of which many forms are kept in tokens
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[,:{}\[\]]|[^\s,:{}\[\]"]+|\s+', re.DOTALL)
_PUNCTUATION = frozenset(",:{}[]")


# JSON, as tokens


def tokens(text: str) -> tuple[str, ...]:
    """The tokens of a JSON object or list, white space included; ValueError for any other text."""
    found = (_tokens if len(text) <= _SHORT else _tokens_of_long)(text)
    if found is None:
        raise ValueError("no JSON object or list")
    return found


def _tokens_of(text: str) -> tuple[str, ...] | None:
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        json.loads(text)  # what is valid is matched by _TOKEN without a gap, and so in one pass
    except (ValueError, RecursionError):
        return None
    return tuple(_TOKEN.findall(text))


# A value's changes come a few at a time, one cost after another: until they are all made, its tokens are kept.
_tokens = lru_cache(maxsize=2048)(_tokens_of)
_tokens_of_long = lru_cache(maxsize=8)(_tokens_of)


def forget() -> None:
    """Release what is kept of the last bodies."""
    _tokens.cache_clear()
    _tokens_of_long.cache_clear()
    _style.cache_clear()


def is_key(parts: tuple[str, ...], at: int) -> bool:
    after = at + 1
    while after < len(parts) and parts[after].isspace():
        after += 1
    return parts[at][0] == '"' and after < len(parts) and parts[after] == ":"


def scalars(write: Text) -> Text:
    """Every value that is no object or list put through `write`, as it stands in the text (a string in its quotes)."""

    def change(text: str) -> str:
        parts = tokens(text)
        return "".join(
            part if part in _PUNCTUATION or part.isspace() or is_key(parts, at) else write(part)
            for at, part in enumerate(parts)
        )

    return change


def keys(write: Text) -> Text:
    """Every key put through `write`, without its quotes."""

    def change(text: str) -> str:
        parts = tokens(text)
        return "".join(f'"{write(part[1:-1])}"' if is_key(parts, at) else part for at, part in enumerate(parts))

    return change


def one_scalar(write: Callable[[str], Iterable[str]]) -> Callable[[str], Iterator[str]]:
    """Each value alone put through `write`, which gives its other spellings."""

    def change(text: str) -> Iterator[str]:
        parts = tokens(text)
        found = 0
        for at, part in enumerate(parts):
            if part in _PUNCTUATION or part.isspace() or is_key(parts, at):
                continue
            for other in write(part):
                if other != part:
                    yield "".join((*parts[:at], other, *parts[at + 1 :]))
            found += 1
            if found == MOST_FIELDS:
                return

    return change


def written(item: str, key: str) -> Text:
    """JSON text with `item` and `key` for what stands between items, and between a key and its value."""
    marks = {",": item, ":": key}

    def change(text: str) -> str:
        return "".join([marks.get(part, part) for part in tokens(text) if not part.isspace()])

    return change


compact = written(",", ":")


def indented(indent: str, newline: str = "\n", key: str = ": ") -> Text:
    """JSON text with each item on a line of its own."""

    def change(text: str) -> str:
        out: list[str] = []
        depth = 0
        parts = [part for part in tokens(text) if not part.isspace()]
        for at, part in enumerate(parts):
            if part in "{[":
                depth += 1
                if depth > _DEEPEST:
                    raise ValueError("too deep to be indented")
                out.append(part if parts[at + 1] in "}]" else part + newline + indent * depth)
            elif part in "}]":
                depth -= 1
                out.append(part if parts[at - 1] in "{[" else newline + indent * depth + part)
            elif part == ",":
                out.append("," + newline + indent * depth)
            else:
                out.append(key if part == ":" else part)
        return "".join(out)

    return change


# JSON, as a tree: an object is a list of (key, value), a list is a tuple, a scalar is its text


Members: TypeAlias = "list[tuple[str, Any]]"


def tree(text: str) -> Any:
    """The tree of a JSON text; ValueError if it is too deep."""
    parts = iter([part for part in tokens(text) if not part.isspace()])

    def value(part: str, depth: int) -> Any:
        if depth > _DEEPEST:
            raise ValueError("too deep")
        if part == "{":
            members: Members = []
            part = next(parts)
            while part != "}":
                if part == ",":
                    part = next(parts)
                next(parts)
                members.append((part, value(next(parts), depth + 1)))
                part = next(parts)
            return members
        if part == "[":
            items: list[Any] = []
            part = next(parts)
            while part != "]":
                items.append(value(next(parts) if part == "," else part, depth + 1))
                part = next(parts)
            return tuple(items)
        return part

    return value(next(parts), 0)


def write(node: Any) -> str:
    """A tree as compact JSON."""
    if isinstance(node, list):
        return "{" + ",".join([f"{key}:{write(one)}" for key, one in node]) + "}"
    if isinstance(node, tuple):
        return "[" + ",".join([write(one) for one in node]) + "]"
    return str(node)


@lru_cache(maxsize=8)
def _style(text: str) -> Text:
    """What writes compact JSON as `text` is written, white space around it included."""
    bare = text.strip()
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    for style in (compact, *_STYLES):
        if style(bare) == bare:
            return lambda new: before + style(new) + after
    return lambda new: before + written(", ", ": ")(new) + after


_STYLES = (
    *(written(", ", ": "), written(", ", ":"), written(",", ": ")),
    *(indented(" " * n) for n in (2, 4, 1, 3, 8)),
    *(indented("\t"), indented("  ", "\r\n"), indented("    ", "\r\n")),
)


def in_style_of(text: str, node: Any) -> str:
    """A tree as JSON, written in the style that `text` has."""
    return _style(text)(write(node))


def of_tree(make: Callable[[Any], Any]) -> Text:
    """A change of the tree, in the style that the text has."""

    def change(text: str) -> str:
        node = tree(text)
        made = make(node)
        if made == node:
            raise ValueError("nothing to change")
        return in_style_of(text, made)

    return change


def sorted_by(order: Callable[[str], Any], *, deep: bool = True) -> Callable[[Any], Any]:
    """A tree with its keys in this order."""

    def make(node: Any) -> Any:
        if isinstance(node, list):
            return [
                (key, make(one) if deep else one) for key, one in sorted(node, key=lambda pair: order(pair[0][1:-1]))
            ]
        return tuple(map(make, node)) if isinstance(node, tuple) and deep else node

    return make


def without(unwanted: Callable[[Any], bool], *, deep: bool) -> Callable[[Any], Any]:
    """A tree without the members whose value is not wanted."""

    def make(node: Any) -> Any:
        if isinstance(node, list):
            return [(key, make(one) if deep else one) for key, one in node if not unwanted(one)]
        return tuple(map(make, node)) if isinstance(node, tuple) and deep else node

    return make


# JSON, as the texts of the members of the object at its top: what is within them stays as it is


def of_members(arrange: Callable[[list[str]], Iterable[Sequence[str]]]) -> Callable[[str], Iterator[str]]:
    """The text with the members of the object at its top arranged in other ways; what stands between them stays."""

    def change(text: str) -> Iterator[str]:
        bare = text.strip()
        items, depth = [""], 0
        for part in tokens(bare)[1:-1]:
            if part == "," and depth == 0:
                items.append("")
                continue
            depth += (part in "{[") - (part in "}]")
            items[-1] += part
        if bare[0] != "{" or not 1 < len(items) <= MOST_FIELDS:
            return
        first, last = items[0], items[-1]
        opening = text[: len(text) - len(text.lstrip())] + "{" + first[: len(first) - len(first.lstrip())]
        closing = last[len(last.rstrip()) :] + "}" + text[len(text.rstrip()) :]
        between = "," + last[: len(last) - len(last.lstrip())]
        for arranged in arrange([item.strip() for item in items]):
            yield f"{opening}{between.join(arranged)}{closing}"

    return change


def one_less(items: list[str]) -> Iterator[Sequence[str]]:
    """Without each one."""
    return (items[:at] + items[at + 1 :] for at in range(len(items)))


def two_less(items: list[str]) -> Iterator[Sequence[str]]:
    """Without each two."""
    return combinations(items, len(items) - 2) if len(items) > 2 else iter(())


def one_moved(items: list[str]) -> Iterator[Sequence[str]]:
    """With each one in each other place."""
    for at, one in enumerate(items):
        rest = items[:at] + items[at + 1 :]
        for to in range(len(items)):
            if to != at:
                yield [*rest[:to], one, *rest[to:]]


def permuted(items: list[str]) -> Iterator[Sequence[str]]:
    """In every other order, up to `MOST_PERMUTATIONS`."""
    return islice(permutations(items), 1, MOST_PERMUTATIONS) if len(items) <= 12 else iter(())


# Keys


def one_key(text: str) -> Iterator[str]:
    """Each key alone in another case."""
    parts = tokens(text)
    for at, part in enumerate(parts):
        if is_key(parts, at) and at < 4 * MOST_FIELDS:
            for write in (camel_case, snake_case, pascal_case, str.lower, _with_initials):
                yield "".join((*parts[:at], f'"{write(part[1:-1])}"', *parts[at + 1 :]))


def _with_initials(name: str) -> str:
    """orderID for orderId, as Go has it."""
    return name.replace("Id", "ID").replace("Url", "URL")


# JSON and other notations


def of_json(make: Text) -> Callable[[bytes], bytes]:
    """A change of JSON text as one of a body."""
    return lambda body: to_bytes(make(body.decode()))


def many_of_json(make: Callable[[str], Iterable[str]]) -> Callable[[bytes, Any], Iterator[bytes]]:
    """The same for a change that has several outcomes."""
    return lambda body, sent: (to_bytes(text) for text in make(body.decode()))


def of_value(write: Callable[[Any], str]) -> Callable[[bytes], bytes]:
    """The body written again by `write` from the value that it holds."""

    def change(body: bytes) -> bytes:
        text = body.decode()
        tokens(text)
        return to_bytes(write(json.loads(text)))

    return change


def of_object(write: Callable[[dict[str, Any]], str]) -> Callable[[bytes], bytes]:
    """The same for an object alone."""

    def change(value: Any) -> str:
        if not isinstance(value, dict):
            raise ValueError("no object")
        return write(value)

    return of_value(change)


def form(body: bytes, *, plus: bool = False) -> str:
    """The values of a JSON object as a form: `a=1&b=x`; numbers as they stand in the text."""
    node = tree(body.decode())
    if not isinstance(node, list):
        raise ValueError("no object")
    pairs = [
        (json.loads(key), json.loads(one) if one[:1] == '"' else one)
        for key, one in [(key, write(one)) for key, one in node]
    ]
    return urlencode(pairs, quote_via=quote_plus if plus else quote, errors="surrogatepass")


def python_form(body: bytes, *, plus: bool = False) -> str:
    """The values of a JSON object as Python's urlencode writes them: True, None."""
    value = json.loads(body)
    if not isinstance(value, dict):
        raise ValueError("no object")
    return urlencode(value, quote_via=quote_plus if plus else quote, errors="surrogatepass")
