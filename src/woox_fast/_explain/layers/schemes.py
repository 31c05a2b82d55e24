"""Another scheme's rule in the place of the right one, and a body that is taken for a query or the reverse."""

from __future__ import annotations

from ..changes import COMMON, LIKELY, RARE, UNCOMMON, Change
from .json_text import SAME_BYTES
from .query_rows import AS_SENT
from .rules import BASES, RULE, row


def _contents(name: str, cost: int, sentence: str, source: str | None = None) -> Change:
    return Change(name, cost, sentence, lambda layout, sent: (BASES["v3"]._replace(source=source or name),))


CONTENTS = (
    _contents("query-in-body", LIKELY, f"The query was signed as if it were the body, but sent in the path. {AS_SENT}"),
    _contents("query-in-body-json", LIKELY, f"The query was signed as a JSON body, but sent in the path. {AS_SENT}"),
    _contents(
        "query-in-body-json",
        COMMON,
        f"The query was signed as a JSON body, but sent in the path. {AS_SENT}",
        "query-in-body-compact",
    ),
    _contents(
        "query-in-body-repr",
        COMMON,
        f"The query was signed as Python's repr of a dict, but sent in the path. {AS_SENT}",
    ),
    *(
        _contents(
            name,
            COMMON,
            f"The query was signed as {what}, but sent in the path. {AS_SENT}",
            source,
        )
        for name, what, source in (
            ("query-in-body-json", "a JSON body", "query-in-body-typed"),
            ("query-in-body-json", "a JSON body", "query-in-body-typed-compact"),
            ("query-in-body-repr", "Python's repr of a dict", "query-in-body-typed-repr"),
            ("query-in-body-items", "Python's repr of a list", "query-in-body-items"),
            ("query-in-body-items", "Python's repr of a list", "query-in-body-typed-items"),
        )
    ),
    _contents("query-also-in-body", COMMON, f"The query was signed twice, in the path and as a body. {AS_SENT}"),
    _contents("query-also-in-body-json", COMMON, f"The query was signed twice, as JSON the second time. {AS_SENT}"),
    _contents(
        "query-also-in-body-json",
        UNCOMMON,
        f"The query was signed twice, as JSON the second time. {AS_SENT}",
        "query-also-in-body-compact",
    ),
    _contents(
        "body-in-query", LIKELY, f"The body was signed as a query in the path, but sent as the body. {SAME_BYTES}"
    ),
    _contents(
        "body-in-query",
        COMMON,
        f"The body was signed as a query in the path, but sent as the body. {SAME_BYTES}",
        "body-in-query-json",
    ),
    _contents(
        "body-also-in-query",
        UNCOMMON,
        f"The body was signed as it is and as a query too, but sent once. {SAME_BYTES}",
        "body-also-in-query-json",
    ),
    _contents(
        "body-in-query-sorted",
        COMMON,
        f"The body was signed as a sorted query in the path, but sent as the body. {SAME_BYTES}",
    ),
    _contents(
        "body-also-in-query", COMMON, f"The body was signed as it is and as a query too, but sent once. {SAME_BYTES}"
    ),
)

SCHEMES = (
    Change(
        "rule-v3",
        LIKELY,
        f"The V3 rule was used for a request that is not V3. {RULE}",
        lambda layout, sent: (BASES["v3"],) if sent.path else (),
    ),
    Change(
        "rule-v1",
        LIKELY,
        f"The V1 rule was used (sorted parameters, '|', timestamp). {RULE}",
        lambda layout, sent: (BASES["v1"],),
    ),
    Change(
        "rule-v1",
        LIKELY,
        f"The V1 rule was used (sorted parameters, '|', timestamp). {RULE}",
        lambda layout, sent: (BASES["v1"]._replace(source="v1-words"),),
    ),
    Change(
        "rule-websocket",
        COMMON,
        f"The websocket's rule was used ('|', timestamp). {RULE}",
        lambda layout, sent: (BASES["ws"],),
    ),
    Change(
        "rule-v1-decoded",
        COMMON,
        f"The V1 rule was used, over parameters before percent-encoding. {RULE}",
        lambda layout, sent: (BASES["v1"]._replace(source="v1-decoded"),),
    ),
    Change(
        "rule-v1-unsorted",
        LIKELY,
        f"The V1 rule was used, over parameters that were not sorted. {RULE}",
        lambda layout, sent: (BASES["v1"]._replace(source="v1-as-sent"),),
    ),
    row("rule-v1-no-timestamp", COMMON, "Only the sorted parameters were signed.", "{q}", source="v1"),
    row("rule-v1-body", UNCOMMON, "The body as it is, '|' and the timestamp were signed.", "{b}", "{t}", separator="|"),
    row("rule-v1-path", UNCOMMON, "Path, query, '|' and the timestamp were signed.", "{p}{q}{b}", "{t}", separator="|"),
    row(
        "rule-v1-timestamp-first",
        UNCOMMON,
        "Timestamp, '|' and the sorted parameters were signed.",
        "{t}",
        "{q}",
        separator="|",
        source="v1",
    ),
    row(
        "rule-v1-timestamp-parameter",
        UNCOMMON,
        "The V1 rule was used with the timestamp as a parameter.",
        "{q}&timestamp={t}",
        source="v1",
    ),
    row("rule-v1-ampersand", UNCOMMON, "The V1 rule was used with & before the timestamp.", "{q}&{t}", source="v1"),
    row(
        "rule-v3-sorted-parameters",
        COMMON,
        "The parameters were signed in sorted form in the place of query and body.",
        "{t}",
        "{m}",
        "{p}",
        "{q}",
        source="v1",
    ),
    row(
        "rule-v3-sorted-query",
        UNCOMMON,
        "The parameters were signed in sorted form after a ? in the path.",
        "{t}",
        "{m}",
        "{p}?{q}",
        source="v1",
    ),
    row(
        "rule-v3-json",
        UNCOMMON,
        "The parameters were signed as sorted JSON.",
        "{t}",
        "{m}",
        "{p}",
        "{b}",
        source="v1-json",
    ),
    *(
        row(name, UNCOMMON, sentence, *parts, separator=separator, source=source)
        for name, sentence, parts, separator in (
            ("rule-v3-json", "The V3 rule was used, over the parameters as JSON.", ("{t}", "{m}", "{p}", "{b}"), ""),
            ("rule-v1-json", "JSON, '|' and the timestamp were signed.", ("{b}", "{t}"), "|"),
            ("only-json", "Only the parameters as JSON were signed.", ("{b}",), ""),
        )
        for source in (
            "v1-as-sent-json",
            "v1-as-sent-json-spaced",
            "v1-json-spaced",
            "v1-json-typed",
            "v1-as-sent-repr",
        )
    ),
    row(
        "rule-v1-concatenated",
        UNCOMMON,
        "Sorted names and values with nothing between them were signed.",
        "{q}",
        "{t}",
        source="v1-concatenated",
    ),
    row(
        "rule-v1-values",
        RARE,
        "The sorted parameters' values with nothing between them were signed.",
        "{q}",
        "{t}",
        source="v1-values",
    ),
)
