"""How a row of the query's table is made: of the whole query, of its parameters, of their names and values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from urllib.parse import unquote

from ..changes import UNCOMMON, Change
from ..rewrites import MOST_FIELDS
from ..signing import Sent

AS_SENT = "Sign the path and query exactly as they go out on the request line."


def row(name: str, cost: int, what: str, make: Callable[..., str], *, light: bool = False) -> Change:
    sentence = f"The query was signed {what}. {AS_SENT}"
    return Change(f"query-{name}", cost, sentence, lambda query, sent: (make(query),) if query else (), light=light)


def of_pairs(name: str, cost: int, what: str, make: Callable[..., list[str]]) -> Change:
    """A change of the list of name=value."""
    return row(name, cost, what, lambda query: joined(query, make(split(query))))


def family(
    name: str, cost: int, what: str, make: Callable[..., Iterable[Sequence[str]]], *, last: bool = False
) -> Change:
    def values(query: str, sent: Sent) -> Iterator[str]:
        return (joined(query, pairs) for pairs in make(split(query))) if query else iter(())

    return Change(f"query-{name}", cost, f"The query was signed {what}. {AS_SENT}", values, last)


def none(name: str, text: str) -> Change:
    sentence = f"{text} was signed for a query, but none was sent. Sign nothing where there is no query."
    return Change(f"no-query-{name}", UNCOMMON, sentence, lambda query, sent: () if query else (text,))


def spelled_as(words: dict[str, str]) -> Callable[[str], str]:
    return lambda value: words.get(value, value)


def split(query: str) -> list[str]:
    return query.removeprefix("?").split("&")


def joined(query: str, pairs: Sequence[str]) -> str:
    return ("?" if query[:1] == "?" and pairs else "") + "&".join(pairs)


def of_values(name: str, cost: int, what: str, write: Callable[..., str]) -> Change:
    """A change of each value."""

    def of_pair(pair: str) -> str:
        name, equals, value = pair.partition("=")
        return name + equals + write(value) if equals else pair

    return of_pairs(name, cost, what, lambda pairs: [of_pair(pair) for pair in pairs])


def of_names(name: str, cost: int, what: str, write: Callable[..., str]) -> Change:
    """A change of each name."""

    def of_pair(pair: str) -> str:
        name, equals, value = pair.partition("=")
        return write(name) + equals + value

    return of_pairs(name, cost, what, lambda pairs: [of_pair(pair) for pair in pairs])


def few(arrange: Callable[[list[str]], Iterator[Sequence[str]]]) -> Callable[[list[str]], Iterator[Sequence[str]]]:
    return lambda pairs: arrange(pairs) if 1 < len(pairs) <= MOST_FIELDS else iter(())


def unquoted_text(text: str) -> str:
    return unquote(text, errors="surrogateescape")
