"""A signature made with the standard library, over what tests/vectors/explain says that a row makes, is explained.

By the row, or by what signs the very same bytes and is as likely. A family comes late in a search, so nine of ten are
searched for in the table of their own part alone.
"""

from __future__ import annotations

import hmac
import json
from typing import Any

import pytest
from helpers.by_hand import PATIENT
from helpers.explain_rows import PARTS, REQUESTS, held

import woox_fast
from woox_fast._explain import search
from woox_fast._explain.changes import Table

FAMILY = 14  # a cost from which on the search takes a second or two
# Of a name the least that one of its rows costs.
COSTS = {
    row["name"]: row["cost"]
    for cost in range(20, 0, -1)
    for part in PARTS
    for row in held(part)[1:]
    if row["cost"] == cost
}
# Quick ones are a twentieth of each; slow ones the rest.
ROWS = [
    pytest.param(
        part,
        row,
        row["cost"] >= FAMILY and at % 10 > 0,
        id=f"{part} {at} {row['name']}",
        marks=[pytest.mark.slow] * (at % 20 != (19 if row["cost"] >= FAMILY else 0)),
    )
    for part in PARTS
    if part != "digest"
    for at, row in enumerate(held(part)[1:])
]


def to_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def v1_parameters(query: str, body: str) -> str:
    """As the V1 rule signs them."""
    if body[:1] == "{":
        return "&".join(sorted(f"{name}={value}" for name, value in json.loads(body).items()))
    return "&".join(sorted(pair for pair in (query[1:] + "&" + body).split("&") if pair))


def signed(part: str, row: dict[str, Any]) -> tuple[bytes, bytes, str]:
    """Key, message and algorithm of the first that a row makes."""
    sent, secret = REQUESTS[row["of"]]
    query, body = sent.query, sent.body.decode("utf-8", "surrogateescape")
    if sent.scheme == "v1":
        query, body = v1_parameters(query, body), ""
    values = {"secret": secret, "timestamp": sent.timestamp, "method": sent.method, "path": sent.path}
    values |= {"query": query, "body": body, part: row["makes"][0]}
    if part == "layout":
        algorithm, colon, text = values["layout"].partition(": ")
        if colon and algorithm in ("hmac-sha384", "hmac-sha512"):
            return secret.encode(), to_bytes(text), algorithm[5:]
        return secret.encode(), to_bytes(values["layout"]), "sha256"
    rule = {
        "v3": ("timestamp", "method", "path", "query", "body"),
        "v1": ("query", "|", "timestamp"),
        "ws": ("|", "timestamp"),
    }[sent.scheme]
    return to_bytes(values["secret"]), to_bytes("".join(values.get(name, name) for name in rule)), "sha256"


@pytest.mark.parametrize(("part", "row", "alone"), ROWS)
def test_what_a_row_makes_is_explained(
    part: str, row: dict[str, Any], alone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if alone:
        none: dict[str, Table] = dict.fromkeys(PARTS, Table(()))
        monkeypatch.setattr(search, "TABLES", {**none, part: search.TABLES[part]})
    sent, secret = REQUESTS[row["of"]]
    key, message, algorithm = signed(part, row)
    found = woox_fast.explain(
        *(secret, hmac.new(key, message, algorithm).hexdigest(), sent.timestamp),
        *(sent.method, sent.path + sent.query, sent.body),
        api_key=sent.api_key,
        origin=sent.origin,
        scheme=sent.scheme,
        time_limit=PATIENT,
    )
    assert found.found
    assert found.signed == message
    names = [one.name for one in found.mistakes]
    assert row["name"] in names or sum(COSTS[name] for name in names) <= row["cost"], names
