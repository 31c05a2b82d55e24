"""Rules of more exchanges, and rarer forms of those in `exchanges`: they are tried alone, and seldom in pairs."""

from __future__ import annotations

from collections.abc import Iterator

from ..changes import FAMILY, Change
from ..signing import Layout, Sent
from .rules import RULE, replaced

_HUOBI = "AccessKeyId={k:encoded}&SignatureMethod=HmacSHA256&SignatureVersion=2&Timestamp={t:iso-encoded}"
_ALL = ("hmac-sha256", "hmac-sha384", "hmac-sha512")

# Whose rule, the source of its query and body, the digests that people use with it, and its templates.
_RULES: tuple[tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "Gate's",
        ("sent",),
        _ALL,
        tuple(
            f"{{m}}\n{prefix}{path}\n{query}\n{{b:sha512}}\n{stamp}"
            for prefix in ("", "/api/v4")
            for path in ("{p}", "/{p:unversioned}")
            for query in ("{q:bare}", "")
            for stamp in ("{t:seconds}", "{t}")
        ),
    ),
    (
        "Gate's (of its websocket)",
        ("sent",),
        _ALL,
        tuple(
            f"channel={channel}&event={event}&time={{t:seconds}}"
            for channel in (
                "spot.orders",
                "spot.balances",
                "spot.usertrades",
                "spot.login",
                "futures.orders",
                "futures.login",
            )
            for event in ("subscribe", "unsubscribe", "api")
        ),
    ),
    (
        "Bitfinex's",
        ("sent",),
        _ALL,
        (
            "AUTH{t}",
            "AUTH{t}000",
            "AUTH{t}000000",
            "/api{p}{t}{b}",
            "/api{p}{t}000{b}",
            "/api/v2/{p:unversioned}{t}{b}",
            "/api/v2{p}{t}000{b}",
            "/api/v2/{p:unversioned}{t}000{b}",
        ),
    ),
    (
        "Huobi's",
        ("v1",),
        _ALL,
        tuple(
            f"{{m}}\n{host}\n{{p}}\n{_HUOBI}{query}"
            for host in ("api.huobi.pro", "api-aws.huobi.pro", "api.hbdm.com", "api.woo.org", "https://{o}")
            for query in ("&{q}", "")
        ),
    ),
    (
        "Kraken's (of its futures)",
        ("sent",),
        ("hmac-sha256", "hmac-sha512", "hmac-sha512-of-sha256", "of-sha256"),
        (
            "{q:bare}{b}{t}{p}",
            "{b}{t}{p}",
            "{q:bare}{t}{p}",
            "{b}{t}/{p:unversioned}",
            "{q:bare}{t}/{p:unversioned}",
            "{t}{p}",
        ),
    ),
    (
        "Crypto.com's",
        ("v1-concatenated", "v1-concatenated-decoded"),
        ("hmac-sha256",),
        tuple(
            f"{method}{number}{{k}}{{q}}{{t}}"
            for method in (
                "private/create-order",
                "private/get-account-summary",
                "private/user-balance",
                "public/auth",
                "private/cancel-order",
                "private/get-open-orders",
                "{p}",
                "{p:relative}",
                "{m}",
                "",
            )
            for number in ("1", "0", "11", "{t}", "")
        ),
    ),
    (
        "HitBTC's",
        ("sent",),
        _ALL,
        tuple(
            f"{{m}}{{p}}{{q}}{{b}}{stamp}{window}"
            for stamp in ("{t}", "{t:seconds}")
            for window in ("10000", "60000", "5000", "")
        ),
    ),
    (
        "AscendEX's",
        ("sent",),
        _ALL,
        tuple(f"{{t}}{mark}{path}" for mark in ("", "+") for path in ("{p:last}", "{p:relative}", "{p:unversioned}")),
    ),
    (
        "Backpack's",
        ("v1", "v1-words", "v1-as-sent"),
        _ALL,
        tuple(
            f"instruction={name}{query}&timestamp={{t}}&window={window}"
            for name in ("orderExecute", "balanceQuery", "orderQuery", "orderQueryAll", "orderCancel", "accountQuery")
            for query in ("&{q}", "")
            for window in ("5000", "60000")
        ),
    ),
    (
        "XT's",
        ("sent",),
        _ALL,
        tuple(
            f"validate-algorithms=HmacSHA256&validate-appkey={{k}}&validate-recvwindow={window}&validate-timestamp={{t}}{rest}"
            for window in ("5000", "60000", "6000")
            for rest in ("#{m}#{p}#{q:bare}{b}", "#{m}#{p}#{b}", "#{m}#{p}", "#{p}#{b}", "#{p}#{q:bare}")
        ),
    ),
    (
        "Another exchange's (a nonce among the parameters)",
        ("v1-as-sent", "v1", "v1-words"),
        ("hmac-sha256", "hmac-sha512", "hmac-sha384"),
        tuple(
            template.replace("NAME", name).replace("TIME", stamp)
            for name in ("nonce", "timestamp", "tonce", "ts")
            for stamp in ("{t}", "{t:seconds}")
            for template in (
                "NAME=TIME&{q}",
                "{q}&NAME=TIME",
                "{q}&NAME=TIME&recvWindow=5000",
                "{q}&recvWindow=5000&NAME=TIME",
                "method=order&NAME=TIME&{q}",
                "{p}\0{q}\0TIME",
                "{p}?NAME=TIME&{q}",
            )
        ),
    ),
    (
        "Another exchange's (the body's JSON with a nonce, in base64)",
        tuple(
            f"json-with-{name}-{style}"
            for name in ("request", "request-last", "token", "token-first", "nonce", "timestamp", "key")
            for style in ("compact", "spaced")
        ),
        _ALL,
        ("{b:base64}", "{b}", "{p}{b}", "{t}{b}"),
    ),
    (
        "Independent Reserve's",
        ("v1-as-sent", "v1"),
        _ALL,
        (
            "https://{o}{p},apiKey={k},nonce={t},{q:commas}",
            "https://{o}{p},apiKey={k},nonce={t}",
            "{p},apiKey={k},nonce={t},{q:commas}",
        ),
    ),
    (
        "Bitstamp's",
        ("sent",),
        _ALL,
        (
            "{k}{m}{o}{p}{q:bare}application/json{t}{b}",
            "{k}{m}{o}{p}{q:bare}application/json{t}v2{b}",
            "BITSTAMP {k}{m}{o}{p}{q:bare}application/x-www-form-urlencoded{t}v2{b}",
            "BITSTAMP {k}{m}{o}{p}{q:bare}{t}v2{b}",
            "{t}{k}",
        ),
    ),
    (
        "Poloniex's",
        ("sent",),
        _ALL,
        ("{m}\n{p}\nrequestBody={b}&signTimestamp={t}", "{m}\n{p}\nsignTimestamp={t}"),
    ),
    ("Poloniex's", ("v1-with--signTimestamp",), _ALL, ("{m}\n{p}\n{q}",)),
    (
        "Bybit's",
        ("v1", "v1-as-sent"),
        _ALL,
        tuple(f"{{t}}{{k}}{window}{{q}}" for window in ("5000", "10000", "20000", "60000", "")),
    ),
    (
        "HTTP's",
        ("sent",),
        ("hmac-sha256",),
        tuple(
            f"{{m}} {{p}}{{q}}{version}{end}"
            for version in ("", " HTTP/1.1", " HTTP/2")
            for end in (
                "",
                "\n",
                "\r\n",
                "\n{b}",
                "\r\n\r\n{b}",
                "\n\n{b}",
                "{b}",
                "\nhost: {o}",
                "\nHost: {o}",
                "\r\nHost: {o}\r\n\r\n{b}",
            )
        ),
    ),
    ("Pionex's", ("v1",), _ALL, ("{m}{p}?{q}&timestamp={t}", "{m}{p}?timestamp={t}")),
    ("Pionex's", ("sent",), _ALL, ("{m}{p}?timestamp={t}{b}", "{m}{p}{q}&timestamp={t}{b}")),
    (
        "BitMart's",
        ("sent",),
        _ALL,
        tuple(f"{{t}}#{memo}#{{b}}{query}" for memo in ("", "memo", "MEMO", "{k}", "1") for query in ("", "{q:bare}")),
    ),
    ("BloFin's", ("sent",), _ALL, ("{p}{q}{m}{t}{t}{b}", "{p}{q}{m}{t}{b}")),
    (
        "Aevo's",
        ("sent",),
        _ALL,
        ("{k},{t},{m},{p}{q},{b}", "{k},{t}000000,{m},{p}{q},{b}", "{k},{t:seconds},{m},{p}{q},{b}"),
    ),
    ("Delta's", ("sent",), _ALL, ("{m}{t:seconds}{p}{q}{b}", "{m}{t}{p}{q}{b}", "{m}{t:seconds}{p}{b}")),
    (
        "Luno's or another exchange's (the API key and a time)",
        ("sent",),
        _ALL,
        ("{k}", "{k}{t}", "{t}{k}", "{k}{t:seconds}", "{t:seconds}{k}", "{k}{t:iso}", "{t:iso}{k}"),
    ),
    (
        "A webhook's",
        ("sent",),
        _ALL,
        tuple(
            template.replace("TIME", stamp)
            for stamp in ("{t}", "{t:seconds}", "{t:iso}")
            for template in (
                "TIME.{b}",
                "{b}.TIME",
                "{b}|TIME",
                "TIME|{b}",
                "v0:TIME:{b}",
                "v1:TIME:{b}",
                "TIME:{b}",
                "{b}:TIME",
                "{b}TIME",
                "TIME\n{b}",
                "{b}\nTIME",
                "t=TIME,{b}",
            )
        ),
    ),
)


def _change(whose: str, sources: tuple[str, ...], digests: tuple[str, ...], templates: tuple[str, ...]) -> Change:
    owner, bracket, more = whose.partition(" (")

    def values(layout: Layout, sent: Sent) -> Iterator[Layout]:
        for source in sources:
            for template in templates:
                if sent.api_key or "{k" not in template:
                    yield from (replaced(layout, template, source=source, digest=digest) for digest in digests)

    name = "".join(c if c.isalnum() else "-" for c in owner.lower().removesuffix("'s"))
    return Change(f"rule-{name}", FAMILY, f"{owner} rule was used{bracket}{more}. {RULE}", values, last=True)


MORE_EXCHANGES = tuple(_change(*rule) for rule in _RULES)
