"""Test the sandbox's page in a real browser: `make test-ui`, with Debian's chromium and chromium-driver.
With SCREENSHOT=docs/images/sandbox.png it also saves the screenshot for the README.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.oracle import SECRET
from helpers.sandbox_client import LIMIT_ORDER, STOP_ORDER, Client, Clock, client, place, sandbox
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from woox_fast.sandbox import FAULTS, Sandbox

ARGUMENTS = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync"
CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
WAIT_S = 30.0
Page = webdriver.Chrome
__all__ = ["client", "sandbox"]  # fixtures


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    if not (Path(CHROMIUM).exists() and Path(DRIVER).exists()):
        pytest.fail("chromium is missing; run: apt-get install chromium chromium-driver", pytrace=False)
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in (*ARGUMENTS.split(), f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with webdriver.Chrome(options, webdriver.ChromeService(DRIVER)) as browser:
        yield browser


@pytest.fixture
def clock() -> Clock:
    return Clock(time.time())


@pytest.fixture
def page(browser: Page, sandbox: Sandbox) -> Iterator[Page]:
    screen(browser, 1280, 900)
    browser.get(sandbox.url + "/")
    until(lambda: text(browser, "#live") == "live")
    yield browser
    complaints = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    browser.get("about:blank")
    assert complaints == []


def screen(page: Page, width: int, height: int, scheme: str = "light") -> None:
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + WAIT_S
    while not (value := condition()):
        assert time.monotonic() < deadline, "the condition did not become true"
        time.sleep(0.02)
    return value


def all_of(page: Page, selector: str) -> list[Any]:
    return page.find_elements(By.CSS_SELECTOR, selector)


def text(page: Page, selector: str) -> str:
    # Read in a single step, since the list may change between two steps.
    return page.execute_script("return document.querySelector(arguments[0])?.textContent ?? ''", selector)


def rows(page: Page) -> int:
    return page.execute_script("return document.getElementById('rows').childElementCount")


def open_newest(page: Page, title: str) -> None:
    page.execute_script("document.querySelector('#rows button').click()")
    until(lambda: text(page, "#detail-h") == title and "Loading" not in text(page, "#about"))


def send_signed_with_spaces(client: Client, **changes: Any) -> None:
    order = {**LIMIT_ORDER, **changes}
    compact = json.dumps(order, separators=(",", ":")).encode()
    client.request(
        "POST", b"/v3/trade/order", client.sign("POST", b"/v3/trade/order", json.dumps(order).encode()), compact
    )


def test_requests_appear(page: Page, client: Client) -> None:
    for number in (1, 2, 3):
        place(client)
        until(lambda number=number: rows(page) == number)
    assert (text(page, "#c-requests"), text(page, "#c-accepted")) == ("3", "3")


def test_detail_explains_mistake(page: Page, client: Client) -> None:
    send_signed_with_spaces(client)
    until(lambda: rows(page))
    open_newest(page, "Request 1")
    about = text(page, "#about")
    assert "The body was signed with spaces" in about
    assert "INVALID_SIGNATURE" in about
    assert '"code":-1001' in text(page, "#response")
    assert SECRET not in page.page_source
    marks = page.execute_script("return [...document.querySelectorAll('mark.bad')].map(mark => mark.textContent)")
    assert marks == [" "] * (2 * len(LIMIT_ORDER) - 1)
    assert len(all_of(page, "mark.none")) == len(marks)
    cells = "[...document.querySelectorAll('.pairs tr')].map(tr => [...tr.cells].map(td => td.textContent))"
    headers = dict(page.execute_script(f"return {cells}"))
    assert (len(headers["x-api-signature"]), headers["x-api-key"]) == (9, "Abmy…")
    page.execute_cdp_cmd("Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]})
    page.execute_script("document.getElementById('copy').click()")
    until(lambda: "Copied." in text(page, "#about"))
    copied = page.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert copied.startswith("woox-fast explain POST /v3/trade/order \\\n  --body '{")
    assert copied.endswith("--example")


def test_hostile_request_stays_text(page: Page, sandbox: Sandbox, client: Client) -> None:
    markup = "</script><img src=x onerror='window.owned=1'><script>window.owned=2</script>\x1b[31m\u202e"
    body = json.dumps({"a": markup}, ensure_ascii=False).encode() + markup.encode()
    headers = {**client.sign("POST", b"/v3/trade/order", b"x"), "X-Markup": "<img src=x onerror=window.owned=3>"}
    client.request("POST", b"/v3/trade/order", headers, body)
    path = b"/v3/<img/src=x/onerror=window.owned=4>"
    client.request("GET", path, client.sign("GET", path))
    until(lambda: rows(page) == 2)
    assert "<img/src=x/onerror=window.owned=4>" in text(page, "#rows")
    open_newest(page, "Request 2")
    page.execute_script("document.querySelectorAll('#rows button')[1].click()")
    until(lambda: text(page, "#detail-h") == "Request 1" and "Headers" in text(page, "#about"))
    about = text(page, "#about")
    assert "</script><img src=x onerror='window.owned=1'>" in about
    assert "<img src=x onerror=window.owned=3>" in about
    assert "\\x1b[31m\\u202e" in about
    assert "\x1b" not in page.page_source
    assert "\u202e" not in page.page_source
    assert all_of(page, "img") == []
    assert len(all_of(page, "script")) == 1
    assert page.execute_script("return window.owned") is None


def test_policy_blocks_injected_markup(page: Page) -> None:
    stopped = page.execute_script("""
        const failed = [];
        try { document.body.innerHTML += "<b>x</b>"; } catch (error) { failed.push(error.name); }
        const script = document.createElement("script");
        try { script.textContent = "window.owned = 1"; document.body.append(script); }
        catch (error) { failed.push(error.name); }
        return failed;
    """)
    assert stopped == ["TypeError", "TypeError"]
    violated = page.execute_async_script("""
        const done = arguments[0];
        document.addEventListener("securitypolicyviolation", event => done(event.effectiveDirective), {once: true});
        fetch("http://127.0.0.1:9/").catch(() => {});
    """)
    assert violated == "connect-src"
    assert page.execute_script("return window.owned") is None
    page.get_log("browser")  # discard the expected report


def test_list_is_bounded(page: Page, client: Client) -> None:
    for _ in range(20):
        client.send(b"GET /v3/public/systemInfo HTTP/1.1\r\nHost: h\r\n\r\n" * 100)
        for _ in range(100):
            client.read_response()
    send_signed_with_spaces(client)
    until(lambda: text(page, "#c-requests") == "2,001")
    until(lambda: "INVALID_SIGNATURE" in text(page, "#rows tr"))
    kept, elements = page.execute_script("return [state.rows.length, document.querySelectorAll('*').length]")
    assert (rows(page), kept, text(page, "#shown")) == (200, 1000, "200 of 1,000")
    assert elements < 2500
    open_newest(page, "Request 2,001")
    assert "The body was signed with spaces" in text(page, "#about")


def test_filters_pause_clear(page: Page, client: Client) -> None:
    place(client)
    client.request("GET", b"/v3/account/info", {})
    client.request("GET", b"/v3/nope", {})
    until(lambda: rows(page) == 3)
    until(lambda: len(all_of(page, "#causes button")) == 2)
    all_of(page, "#causes button")[0].click()
    assert rows(page) == 1
    assert "MISSING_HEADER" in text(page, "#rows")
    all_of(page, "#causes button")[0].click()
    page.find_element(By.ID, "find").send_keys("NOPE")
    assert rows(page) == 1
    page.find_element(By.ID, "find").send_keys("-")
    assert text(page, "#none-text") == "No request matches the filter."
    page.find_element(By.ID, "find").send_keys(Keys.BACKSPACE * 5)
    assert rows(page) == 3
    page.find_element(By.ID, "pause").click()
    place(client)
    until(lambda: text(page, "#pause") == "Resume (1 new)")
    assert rows(page) == 3
    page.find_element(By.ID, "pause").click()
    assert rows(page) == 4
    page.find_element(By.ID, "clear").click()
    assert rows(page) == 0
    assert text(page, "#none-text") == "The list is clear. New requests appear here."
    place(client)
    until(lambda: rows(page) == 1)


def test_switches_and_rules(page: Page, sandbox: Sandbox, client: Client) -> None:
    until(lambda: len(all_of(page, "[role=switch]")) == len(FAULTS))
    switch = page.find_element(By.CSS_SELECTOR, "[data-fault=rate-limit]")
    assert switch.get_attribute("aria-checked") == "false"
    switch.click()
    until(lambda: switch.get_attribute("aria-checked") == "true")
    assert [str(rule) for rule in sandbox.faults] == [FAULTS["rate-limit"].example]
    for _ in range(3):
        client.call("POST", "/v3/trade/order", LIMIT_ORDER)
    until(lambda: "uses: 1" in text(page, "#rules"))
    until(lambda: "rate-limit" in text(page, "#rows"))
    assert text(page, "#c-faults") == "1"
    box = page.find_element(By.ID, "rule")
    box.send_keys("explode", Keys.ENTER)
    until(lambda: "there is no fault 'explode'" in text(page, "#wrong"))
    assert [entry["source"] for entry in page.get_log("browser")] == ["network"]  # the refusal, HTTP 400
    box.send_keys(Keys.BACKSPACE * 7, "html 503 id 9", Keys.ENTER)
    until(lambda: "html 503 id 9" in text(page, "#rules"))
    assert text(page, "#wrong") == ""
    switch.click()
    until(lambda: switch.get_attribute("aria-checked") == "false")
    assert [str(rule) for rule in sandbox.faults] == ["html 503 id 9"]
    page.find_element(By.ID, "all-off").click()
    until(lambda: not text(page, "#rules"))
    assert not list(sandbox.faults)
    sandbox.faults.add("gateway first 1")
    client.send(b"POST /v3/trade/order HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
    until(lambda: "finished" in text(page, "#rules"))
    switch = page.find_element(By.CSS_SELECTOR, "[data-fault=gateway]")
    assert switch.get_attribute("aria-checked") == "false"
    switch.click()
    until(lambda: switch.get_attribute("aria-checked") == "true")
    assert len(list(sandbox.faults)) == 1


def test_open_orders_table(page: Page, client: Client) -> None:
    place(client, clientOrderId=5)
    client.call("POST", "/v3/trade/order", {**LIMIT_ORDER, "clientOrderId": 5})
    order = place(client, symbol="PERP_ETH_USDT", side="SELL", price="4500.5", quantity="2")
    until(lambda: len(all_of(page, "#orders tr")) == 2)
    newest, oldest = (row.text for row in all_of(page, "#orders tr"))
    assert newest == f"{order} PERP_ETH_USDT SELL LIMIT 4500.5 0 of 2 – –"  # noqa: RUF001
    assert oldest.endswith("SPOT_BTC_USDT BUY LIMIT 60000 0 of 0.01 5 2")
    client.data("POST", "/v3/trade/algoOrder", {**STOP_ORDER, "clientAlgoOrderId": 9})
    until(lambda: "STOP 59000 0 of 0.01 9 1" in page.find_element(By.ID, "orders").text)
    client.data("DELETE", "/v3/trade/algoOrders")
    client.data("DELETE", "/v3/trade/orders")
    until(lambda: not all_of(page, "#orders tr"))
    assert page.find_element(By.ID, "no-orders").is_displayed()


def test_keyboard_opens_request(page: Page, client: Client, clock: Clock) -> None:
    for number in (1, 2, 3):
        clock.now += 1
        place(client, clientOrderId=number)
    until(lambda: rows(page) == 3)

    def focused() -> Any:
        return page.switch_to.active_element

    page.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    assert focused().text == "Skip to the requests"
    assert focused().is_displayed()
    focused().send_keys(Keys.ARROW_DOWN)
    first = focused().get_attribute("aria-label")
    assert "POST /v3/trade/order, OK. Open" in first
    focused().send_keys(Keys.ARROW_DOWN)
    second = focused().get_attribute("aria-label")
    focused().send_keys(Keys.ENTER)
    until(lambda: text(page, "#detail-h") == "Request 2")
    until(lambda: page.execute_script("return document.activeElement.id") == "detail")
    focused().send_keys(Keys.ESCAPE)
    assert focused().get_attribute("aria-label") == second != first
    assert not page.find_element(By.ID, "close").is_displayed()


def test_controls_have_names(page: Page, sandbox: Sandbox, client: Client) -> None:
    sandbox.faults.add("html id 5")
    send_signed_with_spaces(client)
    place(client)
    until(lambda: rows(page) == 2 and text(page, "#rules"))
    page.execute_script("document.querySelectorAll('#rows button')[1].click()")
    until(lambda: all_of(page, "#copy"))
    page.execute_cdp_cmd("Accessibility.enable", {})
    nodes = page.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    kinds = {"button", "switch", "searchbox", "textbox", "region", "link", "group"}
    controls = [node for node in nodes if not node["ignored"] and node["role"]["value"] in kinds]
    assert len(controls) > len(FAULTS) + 10
    assert [node["role"]["value"] for node in controls if not node.get("name", {}).get("value")] == []
    assert page.execute_script("return document.documentElement.lang") == "en"
    headings = page.execute_script("return [...document.querySelectorAll('h1, h2')].map(h => h.tagName)")
    assert headings == ["H1"] + ["H2"] * 6
    until(lambda: "requests" in text(page, "#say"))


FAINT = (Path(__file__).parent / "faint_texts.js").read_text("utf-8")
TOO_WIDE = """
    return [...document.querySelectorAll(".card, .scroll, .counts")].filter(e => e.scrollWidth > e.clientWidth + 1)
        .map(e => `${e.id || e.className} ${e.ariaLabel}: ${e.scrollWidth} of ${e.clientWidth}`);
"""


def test_price_form_fills_order(page: Page, sandbox: Sandbox, client: Client) -> None:
    place(client, price="60000", quantity="1")
    until(lambda: len(all_of(page, "#orders tr")) == 1)
    page.find_element(By.ID, "price").send_keys("59000")
    page.find_element(By.ID, "quantity").send_keys("0.4", Keys.ENTER)
    until(lambda: "LIMIT 60000 0.4 of 1" in page.find_element(By.ID, "orders").text)
    page.find_element(By.ID, "quantity").send_keys(Keys.BACKSPACE * 3)
    page.find_element(By.CSS_SELECTOR, "#set button").click()
    until(lambda: text(page, "#c-filled") == "1")
    assert "1 placed · 1 filled · 0 cancelled" in text(page, "#order-n")
    assert "BTC 1001 0 1001 1" in page.find_element(By.ID, "balances").text
    page.find_element(By.ID, "price").send_keys("x", Keys.ENTER)
    until(lambda: "price must be a decimal number" in text(page, "#wrong-price"))
    page.get_log("browser")  # discard the expected HTTP 400


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 768, 375])
def test_layout_fits_and_contrasts(page: Page, sandbox: Sandbox, client: Client, width: int, scheme: str) -> None:
    screen(page, width, 900, scheme)
    show_busy_day(page, sandbox, client)
    background = page.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert background == {"light": "rgb(244, 246, 248)", "dark": "rgb(14, 19, 26)"}[scheme]
    assert page.execute_script("return document.documentElement.scrollWidth") <= width
    assert page.execute_script(TOO_WIDE) == []
    assert page.execute_script(FAINT) == []
    if (width, scheme) == (1280, "light") and (picture := os.environ.get("SCREENSHOT")):
        assert page.save_screenshot(picture)


def test_page_follows_restart(browser: Page, clock: Clock) -> None:
    first = Sandbox(clock=clock)
    with first, Client(first, clock) as client:
        browser.get(first.url + "/")
        place(client)
        until(lambda: rows(browser) == 1)
    until(lambda: text(browser, "#live") == "the sandbox does not answer")
    second = Sandbox(port=int(first.url.rsplit(":", 1)[1]), clock=clock)
    with second, Client(second, clock) as client:
        until(lambda: text(browser, "#live") == "live")
        until(lambda: rows(browser) == 0)
        place(client, price="61000")
        until(lambda: rows(browser) == 1)
        assert text(browser, "#c-requests") == "1"
        browser.get("about:blank")
    browser.get_log("browser")


ORDERS = (
    ("SPOT_BTC_USDT", "BUY", "61250.5", "0.02"),
    ("PERP_ETH_USDT", "SELL", "4120.25", "1.5"),
    ("SPOT_WOO_USDT", "BUY", "0.1825", "4200"),
    ("PERP_BTC_USDT", "BUY", "60400", "0.25"),
)


def show_busy_day(page: Page, sandbox: Sandbox, client: Client) -> None:
    """Send requests of all kinds, and open the newest, which has a wrong signature."""

    def later() -> Client:
        client.clock.now += 0.37
        return client

    sandbox.faults.add("reset-after on POST /v3/trade/order id 1007 first 1")
    sandbox.faults.add("rate-limit on GET /v3/account/info every 2")
    later().call("GET", "/v3/asset/balances")
    for number, (symbol, side, price, quantity) in enumerate(ORDERS):
        place(later(), symbol=symbol, side=side, price=price, quantity=quantity, clientOrderId=1001 + number)
    for symbol, side in (("SPOT_BTC_USDT", "BUY"), ("PERP_BTC_USDT", "SELL")):
        place(later(), symbol=symbol, side=side, type="MARKET", price=None, quantity="0.25")
    later().call("POST", "/v3/trade/algoOrder", STOP_ORDER)
    with Client(sandbox, later().clock) as lost, pytest.raises((ConnectionError, IndexError)):
        place(lost, clientOrderId=1007)
    later().call("GET", "/v3/trade/order?clientOrderId=1007")
    later().call("POST", "/v3/trade/order", {**LIMIT_ORDER, "clientOrderId": 1007})
    for _ in range(2):
        later().call("GET", "/v3/account/info")
    client.request("GET", b"/v3/account/info", later().sign("GET", b"/v3/account/info", timestamp="1578565539"))
    later().request("GET", b"/v3/futures/positions", {})
    send_signed_with_spaces(later(), clientOrderId=1009)
    until(lambda: text(page, "#c-requests") == str(sandbox.seen))
    open_newest(page, f"Request {sandbox.seen}")
