"""Other exchanges' rules, that people know or copy."""

from __future__ import annotations

from ..changes import COMMON, FAMILY, LIKELY, RARE, UNCOMMON
from ..signing import JOINT
from .rules import rule_row

_Q = "{q:bare}"
_HUOBI = "AccessKeyId={k:encoded}&SignatureMethod=HmacSHA256&SignatureVersion=2"
# Other exchanges' rules, from their documentation. Where one takes seconds or another algorithm, its template says so.
EXCHANGES = (
    rule_row("bybit", COMMON, "Bybit's", "{t}{k}5000" + _Q + "{b}"),
    rule_row("bybit-no-window", COMMON, "Bybit's (without a receive window)", "{t}{k}" + _Q + "{b}"),
    rule_row("bybit-v2", UNCOMMON, "Bybit's old", "api_key={k}&{q}&timestamp={t}", source="v1"),
    rule_row("binance", COMMON, "Binance's", _Q + "{b}&timestamp={t}"),
    rule_row("binance-no-parameters", COMMON, "Binance's", "timestamp={t}"),
    rule_row("binance-parameters", COMMON, "Binance's", "{q}&timestamp={t}", source="v1"),
    rule_row("binance-unsorted", COMMON, "Binance's", "{q}&timestamp={t}", source="v1-as-sent"),
    *(
        row
        for window in ("5000", "10000", "60000")
        for row in (
            rule_row(
                "binance-window",
                UNCOMMON,
                "Binance's (with a receive window)",
                _Q + "{b}&recvWindow=" + window + "&timestamp={t}",
            ),
            rule_row(
                "binance-window",
                UNCOMMON,
                "Binance's (with a receive window)",
                _Q + "{b}&timestamp={t}&recvWindow=" + window,
            ),
            rule_row(
                "binance-window",
                UNCOMMON,
                "Binance's (with a receive window)",
                "{q}&recvWindow=" + window + "&timestamp={t}",
                source="v1-as-sent",
            ),
            rule_row(
                "binance-window",
                UNCOMMON,
                "Binance's (with a receive window)",
                "recvWindow=" + window + "&timestamp={t}",
            ),
        )
    ),
    rule_row("okx", LIKELY, "OKX's (an ISO 8601 time)", "{t:iso}{m}{p}{q}{b}"),
    rule_row("gate", COMMON, "Gate's", "{m}\n{p}\n" + _Q + "\n{b:sha512}\n{t:seconds}", digest="hmac-sha512"),
    rule_row("gate-milliseconds", COMMON, "Gate's", "{m}\n{p}\n" + _Q + "\n{b:sha512}\n{t}", digest="hmac-sha512"),
    rule_row("gate-sha256", COMMON, "Gate's (with HMAC-SHA256)", "{m}\n{p}\n" + _Q + "\n{b:sha512}\n{t:seconds}"),
    rule_row(
        "gate-sha256-milliseconds", UNCOMMON, "Gate's (with HMAC-SHA256)", "{m}\n{p}\n" + _Q + "\n{b:sha512}\n{t}"
    ),
    rule_row("bitmex", COMMON, "BitMEX's (an expiry in seconds after the path)", "{m}{p}{q}{t:seconds}{b}"),
    rule_row("bitfinex", COMMON, "Bitfinex's", "/api/{p:relative}{t}{b}", digest="hmac-sha384"),
    rule_row("bitfinex-sha256", UNCOMMON, "Bitfinex's (with HMAC-SHA256)", "/api/{p:relative}{t}{b}"),
    rule_row("coinbase", COMMON, "Coinbase's (a time in seconds)", "{t:seconds}{m}{p}{q}{b}"),
    rule_row("coinbase-advanced", COMMON, "Coinbase Advanced Trade's (seconds, and no query)", "{t:seconds}{m}{p}{b}"),
    rule_row("no-query", COMMON, "Coinbase's (no query)", "{t}{m}{p}{b}"),
    rule_row("deribit", COMMON, "Deribit's (newlines after each part)", "{t}\n{t}\n{m}\n{p}{q}\n{b}\n"),
    rule_row("deribit-no-nonce", COMMON, "Deribit's (newlines after each part, no nonce)", "{t}\n{m}\n{p}{q}\n{b}\n"),
    rule_row(
        "deribit-empty-nonce",
        UNCOMMON,
        "Deribit's (newlines after each part, an empty nonce)",
        "{t}\n\n{m}\n{p}{q}\n{b}\n",
    ),
    rule_row("phemex", COMMON, "Phemex's (an expiry in seconds)", "{p}" + _Q + "{t:seconds}{b}"),
    rule_row("phemex-milliseconds", COMMON, "Phemex's", "{p}" + _Q + "{t}{b}"),
    rule_row(
        "huobi",
        COMMON,
        "Huobi's",
        "{m}\n{o}\n{p}\nAccessKeyId={k}&SignatureMethod=HmacSHA256&SignatureVersion=2&Timestamp={t:iso-encoded}",
    ),
    rule_row(
        "huobi-parameters",
        COMMON,
        "Huobi's",
        "{m}\n{o}\n{p}\nAccessKeyId={k}&SignatureMethod=HmacSHA256&SignatureVersion=2&Timestamp={t:iso-encoded}&{q}",
        source="v1",
    ),
    rule_row(
        "huobi-milliseconds",
        UNCOMMON,
        "Huobi's",
        "{m}\n{o}\n{p}\nAccessKeyId={k}&SignatureMethod=HmacSHA256&SignatureVersion=2&Timestamp={t}",
    ),
    rule_row("huobi-plain", UNCOMMON, "Huobi's (without its own parameters)", "{m}\n{o}\n{p}\n{q}", source="v1"),
    *(
        rule_row(f"huobi{name}", UNCOMMON, "Huobi's", "{m}\n{o}\n{p}\n" + parameters, source=source)
        for name, parameters, source in (
            ("-encoded", _HUOBI + "&Timestamp={t:iso-encoded}", "v1"),
            ("-encoded-parameters", _HUOBI + "&Timestamp={t:iso-encoded}&{q}", "v1"),
            ("-plain-unsorted", "{q}", "v1-as-sent"),
        )
    ),
    *(
        rule_row(
            "parameters-with-time", FAMILY, "Another exchange's (the time as a parameter)", template, source=source
        )
        for source in ("v1", "v1-as-sent")
        for name in ("timestamp", "nonce", "ts", "t", "time", "tonce", "_", "request_time", "req_time", "timeStamp")
        for template in (
            f"{{q}}&{name}={{t}}",
            f"{name}={{t}}&{{q}}",
            f"?{{q}}&{name}={{t}}",
            f"{{q}}&{name}={{t:seconds}}",
            f"api_key={{k}}&{{q}}&{name}={{t}}",
            f"apiKey={{k}}&{{q}}&{name}={{t}}",
            f"{{p}}?{{q}}&{name}={{t}}",
            f"{{m}}{{p}}?{{q}}&{name}={{t}}",
        )
    ),
    *(
        rule_row("parameters-with-time", UNCOMMON, "Another exchange's (the time as a parameter)", f"{name}={{t}}")
        for name in ("nonce", "ts", "t", "time", "tonce")
    ),
    *(
        rule_row(
            "parameters-sorted-with-time",
            FAMILY,
            "Another exchange's (key and time among the parameters)",
            "{q}",
            source=f"v1-with-{key}-{stamp}",
        )
        for key in ("", "api_key", "apiKey", "apikey", "access_key")
        for stamp in ("timestamp", "nonce", "ts", "tonce")
    ),
    rule_row(
        "gate-body-sha256", RARE, "Gate's (with the body's SHA-256)", "{m}\n{p}\n" + _Q + "\n{b:sha256}\n{t:seconds}"
    ),
    rule_row("aws-outline", RARE, "AWS's (an outline of it)", "{m}\n{p}\n" + _Q + "\n{b}"),
    rule_row("stripe", RARE, "Stripe's (of a webhook)", "{t:seconds}.{b}"),
    rule_row("slack", RARE, "Slack's (of a webhook)", "v0:{t:seconds}:{b}"),
    *(
        rule_row(name, UNCOMMON, whose, template)
        for name, whose, path in (
            ("okx-websocket", "OKX's (of its websocket)", "GET/users/self/verify"),
            ("bitmex-websocket", "BitMEX's (of its websocket)", "GET/realtime"),
        )
        for template in ("{t}" + path, "{t:seconds}" + path, path + "{t}", path + "{t:seconds}")
    ),
    rule_row("bithumb", UNCOMMON, "Bithumb's", "{p}\0{q}\0{t}", digest="hmac-sha512", source="v1-as-sent"),
    rule_row("bithumb-sha256", RARE, "Bithumb's (with HMAC-SHA256)", "{p}\0{q}\0{t}", source="v1-as-sent"),
    rule_row("coincheck", UNCOMMON, "Coincheck's", "{t}https://{o}{p}{q}{b}"),
    rule_row(
        "bitstamp",
        UNCOMMON,
        "Bitstamp's (without its nonce)",
        "BITSTAMP {k}{m}{o}{p}" + _Q + "application/json{t}v2{b}",
    ),
    rule_row("bitmart-memo", RARE, "BitMart's", "{t}#memo#{b}"),
    rule_row("poloniex-unsorted", RARE, "Poloniex's", "{m}\n{p}\n{q}&signTimestamp={t}", source="v1-as-sent"),
    rule_row("kraken", COMMON, "Kraken's (path and SHA-256 of nonce and body)", "{p}{h}", digest="hmac-sha512"),
    rule_row("kraken-sha256", COMMON, "Kraken's (with HMAC-SHA256)", "{p}{h}"),
    rule_row("kraken-query", UNCOMMON, "Kraken's (with the query)", "{p}{q}{h}", digest="hmac-sha512"),
    rule_row("kraken-query-sha256", RARE, "Kraken's (with the query and HMAC-SHA256)", "{p}{q}{h}"),
    rule_row("crypto-com", UNCOMMON, "Crypto.com's", "{p}{k}{q}{t}", source="v1-concatenated"),
    rule_row("bitmart", UNCOMMON, "BitMart's", "{t}#" + JOINT + "#{b}"),
    rule_row("bitvavo", UNCOMMON, "Bitvavo's", "{t}{m}/v2{p}{q}{b}"),
    rule_row("ascendex", UNCOMMON, "AscendEX's", "{t}+{p:relative}"),
    rule_row("coinex", UNCOMMON, "CoinEx's", "{m}{p}{q}{b}{t}"),
    rule_row("mexc", COMMON, "MEXC's (API key, timestamp, parameters)", "{k}{t}{q}", source="v1"),
    rule_row("mexc-body", COMMON, "MEXC's (API key, timestamp, body)", "{k}{t}{b}"),
    rule_row("poloniex", UNCOMMON, "Poloniex's", "{m}\n{p}\n{q}&signTimestamp={t}", source="v1"),
    rule_row("poloniex-no-parameters", UNCOMMON, "Poloniex's", "{m}\n{p}\nsignTimestamp={t}"),
    rule_row("poloniex-body", UNCOMMON, "Poloniex's", "{m}\n{p}\nrequestBody={b}&signTimestamp={t}"),
    rule_row("delta", UNCOMMON, "Delta's (the method first, seconds)", "{m}{t:seconds}{p}{q}{b}"),
    rule_row("btse", UNCOMMON, "BTSE's", "{p}{t}{b}", digest="hmac-sha384"),
    rule_row("btse-sha256", UNCOMMON, "BTSE's (with HMAC-SHA256)", "{p}{t}{b}"),
    rule_row("gemini", UNCOMMON, "Gemini's (the body in base64)", "{b:base64}", digest="hmac-sha384"),
    rule_row("gemini-sha256", UNCOMMON, "Gemini's (the body in base64, HMAC-SHA256)", "{b:base64}"),
    rule_row("whitebit", UNCOMMON, "WhiteBIT's (the body in base64)", "{b:base64}", digest="hmac-sha512"),
    rule_row(
        "body-hashed", COMMON, "Another exchange's (with the body's SHA-256 in its place)", "{t}{m}{p}{q}{b:sha256}"
    ),
    rule_row(
        "body-hashed-newlines",
        COMMON,
        "Another exchange's (with newlines and the body's SHA-256)",
        "{t}\n{m}\n{p}{q}\n{b:sha256}",
    ),
    rule_row(
        "body-hashed-last",
        UNCOMMON,
        "Another exchange's (with newlines and the body's SHA-256)",
        "{m}\n{p}{q}\n{t}\n{b:sha256}",
    ),
    rule_row("body-md5", UNCOMMON, "Another exchange's (with the body's MD5 in its place)", "{t}{m}{p}{q}{b:md5}"),
    rule_row(
        "body-md5-base64", RARE, "Another exchange's (with the body's MD5 in base64)", "{t}{m}{p}{q}{b:md5-base64}"
    ),
    rule_row(
        "body-sha256-base64",
        RARE,
        "Another exchange's (with the body's SHA-256 in base64)",
        "{t}{m}{p}{q}{b:sha256-base64}",
    ),
    rule_row(
        "hashed-after-timestamp",
        UNCOMMON,
        "Another exchange's (with the SHA-256 of timestamp and body)",
        "{m}{p}{q}{h}",
    ),
    rule_row("http-signature", RARE, "HTTP Signatures'", "(request-target): {m:lower} {p}{q}\nhost: {o}\ndate: {t}"),
    rule_row("aws", RARE, "AWS's (an outline of it)", "AWS4-HMAC-SHA256\n{t}\n{m}\n{p}\n" + _Q + "\n{b:sha256}"),
)
