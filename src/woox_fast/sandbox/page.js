"use strict";
const MAX_ROWS = 1000, MAX_DRAWN = 200, CONTEXT = 160, POLL_MS = 500, RETRY_MS = 2000;
const byId = id => document.getElementById(id);
const state = { rows: [], waiting: [], paused: false, verdict: "", text: "", chosen: 0, rules: [], said: "", saidAt: 0, started: "", last: 0, cleared: 0, drawn: {} };

// Everything is inserted as text: the page never parses markup from a request.
function make(tag, properties, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (name in element) element[name] = value; else element.setAttribute(name, value);
  }
  element.append(...inside);
  return element;
}
const formatNumber = value => value.toLocaleString("en");
function formatTime(ms) {
  const t = new Date(ms), two = n => String(n).padStart(2, "0");
  return `${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}.${String(t.getMilliseconds()).padStart(3, "0")}`;
}
const formatDuration = us => us < 1000 ? `${us}\u00a0µs` : `${(us / 1000).toFixed(us < 100000 ? 1 : 0)}\u00a0ms`;
function buildBadges(verdict, status, fault) {
  const all = [];
  if (verdict === "OK") all.push(make("span", { className: "verdict good" }, "✓ OK"));
  else if (verdict !== "FAULT") all.push(make("span", { className: "verdict bad" }, `✗ ${verdict}`));
  if (fault) all.push(make("span", { className: "verdict odd" }, `⚡ ${fault}`));
  return all;
}

// -- the list

function matchesFilter([, , method, path, status, verdict, , fault]) {
  return (!state.verdict || verdict === state.verdict)
    && (!state.text || `${method} ${path} ${verdict} ${status} ${fault}`.toLowerCase().includes(state.text));
}
function buildRow(row) {
  const [n, ms, method, path, status, verdict, us, fault] = row;
  const open = make("button", { type: "button" }, formatTime(ms));
  open.setAttribute("aria-label", `${formatTime(ms)} ${method || "not HTTP"} ${path}, ${verdict}${fault ? `, fault ${fault}` : ""}. Open`);
  const tr = make("tr", { className: n === state.chosen ? "chosen" : "" },
    make("td", {}, open),
    make("td", { className: "method" }, method || "–"),
    make("td", { className: "path" }, path || "not HTTP"),
    make("td", { className: "state" }, ...buildBadges(verdict, status, fault)),
    make("td", { className: "n wide" }, formatDuration(us)));
  tr.dataset.n = n;
  return tr;
}
function drawRows() {
  const found = [];
  for (let i = state.rows.length - 1; i >= 0 && found.length < MAX_DRAWN; i--) if (matchesFilter(state.rows[i])) found.push(buildRow(state.rows[i]));
  byId("rows").replaceChildren(...found);
  showCount();
}
function showCount() {
  const drawn = byId("rows").childElementCount, empty = state.rows.length === 0;
  byId("none").hidden = drawn > 0;
  byId("hint").hidden = !empty || state.last > 0;
  byId("none-text").textContent = !empty ? "No request matches the filter."
    : state.last ? "The list is clear. New requests appear here." : "No request yet. Point your client here:";
  byId("shown").textContent = empty ? "" : drawn < state.rows.length ? `${formatNumber(drawn)} of ${formatNumber(state.rows.length)}` : formatNumber(drawn);
}
function addRows(rows) {
  rows = rows.filter(row => row[0] > state.last);
  if (!rows.length) return;
  state.last = rows.at(-1)[0];
  if (state.paused) {
    state.waiting = state.waiting.concat(rows).slice(-MAX_ROWS);
    byId("pause").textContent = `Resume (${formatNumber(state.waiting.length)} new)`;
    return;
  }
  state.rows = state.rows.concat(rows).slice(-MAX_ROWS);
  const data = rows.filter(matchesFilter).slice(-MAX_DRAWN).reverse().map(buildRow), list = byId("rows");
  list.prepend(...data);
  while (list.childElementCount > MAX_DRAWN) {
    if (list.lastElementChild.contains(document.activeElement)) byId("requests").focus({ preventScroll: true });
    list.lastElementChild.remove();
  }
  showCount();
}
function showVerdicts(verdicts) {
  const box = byId("causes"), names = Object.keys(verdicts).filter(name => name !== "OK").sort();
  if (names.join() !== box.dataset.names) {
    box.dataset.names = names.join();
    box.replaceChildren(...names.map(name => {
      const button = make("button", { type: "button", ariaPressed: String(state.verdict === name) });
      button.dataset.verdict = name;
      return button;
    }));
  }
  for (const button of box.children) button.textContent = `${button.dataset.verdict} ${formatNumber(verdicts[button.dataset.verdict])}`;
}
byId("causes").addEventListener("click", event => {
  const verdict = event.target.dataset.verdict;
  if (!verdict) return;
  state.verdict = state.verdict === verdict ? "" : verdict;
  markPressed();
  drawRows();
});
function markPressed() {
  for (const button of byId("causes").children) button.ariaPressed = String(button.dataset.verdict === state.verdict);
}
byId("find").addEventListener("input", event => { state.text = event.target.value.toLowerCase(); drawRows(); });
byId("clear").addEventListener("click", () => { state.rows = []; state.verdict = state.text = byId("find").value = ""; if (state.chosen) closeRequest(); markPressed(); drawRows(); });
byId("pause").addEventListener("click", () => {
  state.paused = !state.paused;
  byId("pause").ariaPressed = String(state.paused);
  byId("pause").textContent = state.paused ? "Resume" : "Pause";
  if (!state.paused) { state.rows = state.rows.concat(state.waiting).slice(-MAX_ROWS); state.waiting = []; drawRows(); }
});
byId("rows").addEventListener("click", event => { const tr = event.target.closest("tr"); if (tr) openRequest(Number(tr.dataset.n)); });
document.addEventListener("keydown", event => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || event.target.closest("input, select, pre, .scroll:not(#requests *), #side") || event.ctrlKey || event.altKey || event.metaKey) return;
  const rows = [...byId("rows").children], here = rows.indexOf(document.activeElement.closest("tr"));
  const next = rows[here < 0 ? 0 : here + step];
  if (next) { event.preventDefault(); next.querySelector("button").focus(); }
});
document.addEventListener("keydown", event => { if (event.key === "Escape" && state.chosen) closeRequest(); });
byId("close").addEventListener("click", closeRequest);

// -- one request

async function send(method, path, body) {
  const options = { method, cache: "no-store" };
  if (body) { options.body = JSON.stringify(body); options.headers = { "Content-Type": "application/json" }; }
  const response = await (await fetch(path, options)).json();
  if (!response.success) throw new Error(response.message);
  return response.data;
}
async function openRequest(n) {
  state.chosen = n;
  for (const tr of byId("rows").children) tr.classList.toggle("chosen", Number(tr.dataset.n) === n);
  byId("detail").classList.remove("closed");
  byId("choose").hidden = true;
  byId("close").hidden = false;
  byId("about").hidden = false;
  byId("detail-h").textContent = `Request ${formatNumber(n)}`;
  byId("about").replaceChildren(make("p", { className: "note" }, "Loading …"));
  let parts;
  try { parts = showDetail(await send("GET", `/sandbox/requests?number=${n}`)); }
  catch (error) { parts = [make("p", { className: "note" }, error.message)]; }
  if (state.chosen !== n) return;
  byId("about").replaceChildren(...parts);
  byId("detail").focus({ preventScroll: !matchMedia("(max-width: 900px)").matches });
}
function closeRequest() {
  const row = [...byId("rows").children].find(tr => Number(tr.dataset.n) === state.chosen);
  state.chosen = 0;
  if (row) { row.classList.remove("chosen"); row.querySelector("button").focus(); }
  byId("detail").classList.add("closed");
  byId("choose").hidden = false;
  byId("close").hidden = true;
  byId("about").hidden = true;
  byId("detail-h").textContent = "Request";
}
function showDetail(d) {
  const good = d.verdict === "OK" && !d.fault, parts = [];
  parts.push(make("p", { className: "mono" }, make("strong", {}, d.method || "not HTTP"), " ", d.target));
  parts.push(make("p", {}, ...buildBadges(d.verdict, d.status, d.fault),
    make("span", { className: "note" }, ` ${d.status ? `HTTP ${d.status}` : "no complete response"}${d.code ? `, code ${d.code}` : ""} · ${formatTime(d.time_ms)} · ${formatDuration(Math.round(d.latency_us))}`)));
  const why = [];
  if (d.headline) why.push(d.headline);
  why.push(...d.causes);
  if (!why.length && d.message) why.push(d.message);
  if (d.advice) why.push(d.advice);
  if (good && d.expected) why.push("The signature matches this request.");
  if (why.length) parts.push(make("div", { className: `why ${good ? "good" : d.verdict === "OK" || d.verdict === "FAULT" ? "odd" : "bad"}` }, ...why.map(text => make("p", {}, text))));
  if (d.expected) parts.push(make("h3", {}, "String to sign"), buildTexts(d.expected, d.signed));
  if (d.command) {
    const said = make("span", { className: "note", role: "status" });
    const copy = make("button", { type: "button", id: "copy" }, "Copy");
    copy.setAttribute("aria-label", "Copy the command line");
    const box = make("pre", { tabIndex: 0 }, d.command);
    copy.addEventListener("click", async () => {
      try { await navigator.clipboard.writeText(d.command); said.textContent = "Copied."; }
      catch { getSelection().selectAllChildren(box); said.textContent = "Selected: copy it with the keyboard."; }
    });
    parts.push(make("h3", {}, "Try it in a terminal"), make("div", { className: "copy" }, box, copy), said);
  }
  if (!d.headers) parts.push(make("h3", {}, "Headers"), make("p", { className: "note" }, "Stored for the newest 200 requests only."));
  else if (d.headers.length) {
    parts.push(make("h3", {}, "Headers"), make("table", { className: "pairs" }, make("tbody", {},
      ...d.headers.map(([name, value]) => make("tr", {}, make("td", {}, name), make("td", {}, value))))));
  }
  if (d.size) {
    parts.push(make("h3", {}, `Body, ${formatNumber(d.size)} bytes`),
      d.body ? make("pre", { tabIndex: 0 }, d.body) : make("p", { className: "note" }, "The log does not store bodies over 64 KiB."));
  }
  if (d.response !== null) {
    parts.push(make("h3", {}, "Response"), d.response ? make("pre", { tabIndex: 0, id: "response" }, d.response)
      : make("p", { className: "note" }, d.status ? "The response has no body." : "The client received no complete response."));
  }
  return parts;
}
function buildTexts(expected, signed) {
  if (signed === expected || signed === null) {
    const dl = make("dl", { className: "texts" }, make("dt", {}, "expected"), make("dd", {}, expected));
    if (signed === null) dl.append(make("dt", {}, "signed"), make("dd", {}, "unknown"));
    return dl;
  }
  const [left, right] = compare([...expected], [...signed]);
  return make("dl", { className: "texts" }, make("dt", {}, "expected"), markRuns(left, "good"), make("dt", {}, "signed"), markRuns(right, "bad"));
}
// Return both texts as runs [text, is common]. Between the common beginning and end, the longest common subsequence counts.
function compare(a, b) {
  const most = Math.min(a.length, b.length), runs = [[], []];
  let start = 0, end = 0;
  while (start < most && a[start] === b[start]) start++;
  while (end < most - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const add = (side, text, same) => {
    const last = runs[side].at(-1);
    if (last && last[1] === same) last[0] += text; else runs[side].push([text, same]);
  };
  const both = text => { add(0, text, true); add(1, text, true); };
  const x = a.slice(start, a.length - end), y = b.slice(start, b.length - end), width = y.length + 1;
  both(a.slice(0, start).join(""));
  if (x.length * y.length > 2e6) { add(0, x.join(""), false); add(1, y.join(""), false); }
  else {
    const longest = new Uint16Array((x.length + 1) * width);
    for (let i = x.length - 1; i >= 0; i--) for (let j = y.length - 1; j >= 0; j--) {
      longest[i * width + j] = x[i] === y[j] ? longest[(i + 1) * width + j + 1] + 1 : Math.max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
    }
    let i = 0, j = 0;
    while (i < x.length || j < y.length) {
      if (i < x.length && j < y.length && x[i] === y[j]) { both(x[i]); i++; j++; }
      else if (j >= y.length || (i < x.length && longest[(i + 1) * width + j] >= longest[i * width + j + 1])) { add(0, x[i++], false); add(1, "", false); }
      else { add(1, y[j++], false); add(0, "", false); }
    }
  }
  both(a.slice(a.length - end).join(""));
  return runs;
}
function markRuns(runs, kind) {
  const dd = make("dd", {}), last = runs.length - 1;
  runs.forEach(([text, same], at) => {
    if (!same) dd.append(text ? make("mark", { className: kind }, text) : make("mark", { className: "none" }, make("span", { className: "hide" }, "(empty)")));
    else if (text.length <= CONTEXT) dd.append(text);
    else if (at === 0) dd.append(`…${text.slice(-CONTEXT)}`);
    else if (at === last) dd.append(`${text.slice(0, CONTEXT)}…`);
    else dd.append(`${text.slice(0, CONTEXT / 2)} … ${text.slice(-CONTEXT / 2)}`);
  });
  return dd;
}

// -- market, account and orders

const buildCell = value => make("td", { className: "n" }, value ?? "–");
function showOrders(orders, open) {
  byId("orders").replaceChildren(...orders.map(([id, client, symbol, side, type, price, quantity, filled, times]) => make("tr", {},
    make("td", { className: "mono wide" }, String(id)), make("td", {}, symbol), make("td", {}, side ?? "–"), make("td", { className: "wide" }, type),
    buildCell(price), buildCell(`${filled} of ${quantity ?? "–"}`), make("td", { className: "n wide" }, client ? String(client) : "–"),
    make("td", { className: "n" }, times > 1 ? make("span", { className: "verdict odd" }, String(times)) : times ? "1" : "–"))));
  byId("no-orders").hidden = orders.length > 0;
  byId("book-n").textContent = open > orders.length ? `newest ${formatNumber(orders.length)} of ${formatNumber(open)}` : "";
}
function showPrices(list) {
  if (!byId("symbol").options.length) byId("symbol").replaceChildren(...list.map(row => make("option", {}, row.symbol)));
  byId("prices").replaceChildren(...list.map(row => make("tr", {}, make("td", {}, row.symbol), buildCell(row.bid), buildCell(row.ask),
    buildCell(row.buyQuantity ?? "∞"), make("td", { className: "n wide" }, row.sellQuantity ?? "∞"))));
}
function showAccount({ orders, balances, positions }) {
  byId("c-filled").textContent = formatNumber(orders.filled);
  byId("order-n").textContent = `${formatNumber(orders.placed)} placed · ${formatNumber(orders.filled)} filled · ${formatNumber(orders.cancelled)} cancelled`;
  byId("balances").replaceChildren(...balances.map(row => make("tr", {}, make("td", {}, row.token), buildCell(row.available), buildCell(row.frozen),
    make("td", { className: "n wide" }, row.holding), make("td", { className: "n wide" }, row.change))));
  byId("positions").replaceChildren(...positions.map(row => make("tr", {}, make("td", {}, row.symbol), make("td", {}, row.positionSide),
    buildCell(row.holding), buildCell(row.averageOpenPrice))));
  byId("has-positions").hidden = !positions.length;
  byId("no-positions").hidden = positions.length > 0;
}
byId("set").addEventListener("submit", event => {
  event.preventDefault();
  const given = { symbol: byId("symbol").value, price: byId("price").value.trim(), quantity: byId("quantity").value.trim() };
  applyChange(() => send("POST", "/sandbox/prices", given), "wrong-price");
});

// -- faults

function showRules(list) {
  state.rules = list;
  byId("all-off").hidden = !list.length;
  byId("rules").replaceChildren(...list.map(rule => {
    const off = make("button", { type: "button" }, "Remove");
    off.setAttribute("aria-label", `Remove ${rule.rule}`);
    off.addEventListener("click", () => applyChange(() => send("DELETE", `/sandbox/faults?number=${rule.number}`)));
    return make("li", { className: rule.spent ? "spent" : "" }, make("code", {}, rule.rule),
      make("span", {}, `uses: ${formatNumber(rule.uses)}${rule.spent ? ", finished" : ""}`), off);
  }));
  for (const button of document.querySelectorAll("[role=switch]")) {
    button.ariaChecked = String(list.some(rule => rule.fault === button.dataset.fault && !rule.spent));
  }
}
async function applyChange(action, place = "wrong") {
  byId(place).textContent = "";
  try { await action(); await poll(); return true; } catch (error) { byId(place).textContent = error.message; return false; }
}
function showSwitches(faults) {
  byId("switches").replaceChildren(...faults.map(fault => {
    const button = make("button", { type: "button", role: "switch", ariaChecked: "false" });
    const name = make("b", { id: `f-${fault.fault}` }, fault.fault), what = make("p", { id: `d-${fault.fault}` }, fault.sentence);
    button.dataset.fault = fault.fault;
    button.title = fault.example;
    button.setAttribute("aria-labelledby", name.id);
    button.setAttribute("aria-describedby", what.id);
    button.addEventListener("click", () => applyChange(async () => {
      const mine = state.rules.filter(rule => rule.fault === fault.fault);
      for (const rule of mine) await send("DELETE", `/sandbox/faults?number=${rule.number}`);
      if (mine.every(rule => rule.spent)) await send("POST", "/sandbox/faults", { rule: fault.example });
    }));
    return make("li", {}, button, make("div", {}, name, what));
  }));
  showRules(state.rules);
}
byId("add").addEventListener("submit", async event => {
  event.preventDefault();
  const text = byId("rule").value.trim() || byId("rule").placeholder;
  if (await applyChange(() => send("POST", "/sandbox/faults", { rule: text }))) byId("rule").value = "";
});
byId("all-off").addEventListener("click", () => applyChange(() => send("DELETE", "/sandbox/faults")));

// -- updates

function announce(text) {  // for a screen reader, at most every 5 seconds
  if (text === state.said || Date.now() - state.saidAt < 5000) return;
  byId("say").textContent = state.said = text;
  state.saidAt = Date.now();
}
function redraw(name, data, show) {  // only if it has changed, so that the focus stays
  const text = JSON.stringify(data);
  if (state.drawn[name] !== text) { state.drawn[name] = text; show(data); }
}
function update(data) {
  if (data.started !== state.started) {  // another sandbox at the same address
    if (state.started) { state.rows = []; state.waiting = []; state.last = 0; if (state.chosen) closeRequest(); drawRows(); }
    state.started = data.started;
  }
  byId("where").textContent = `${location.host} · key ${data.account}…`;
  addRows(data.rows);
  const s = data.stats, faulty = Object.values(s.faults).reduce((sum, n) => sum + n, 0);
  for (const [id, value] of [["requests", s.requests], ["accepted", s.accepted], ["refused", s.refused], ["faults", faulty], ["open", s.openOrders]]) {
    byId(`c-${id}`).textContent = formatNumber(value);
  }
  showVerdicts(s.verdicts);
  announce(`${formatNumber(s.requests)} requests, ${formatNumber(s.refused)} refused`);
  redraw("orders", data.orders, orders => showOrders(orders, s.openOrders));
  redraw("prices", data.prices, showPrices);
  redraw("account", { orders: data.counts, balances: data.balances, positions: data.positions }, showAccount);
  redraw("faults", data.faults, showRules);
}
async function poll() {
  const response = await fetch(`/sandbox/updates?since=${state.last}&started=${state.started}`, { cache: "no-store" });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  update(await response.json());
  if (!state.switched) { state.switched = true; showSwitches((await send("GET", "/sandbox/faults")).faults); }
}
async function watch() {
  let pause = POLL_MS;
  try { if (!document.hidden) { await poll(); byId("live").textContent = "live"; byId("live").classList.add("on"); } }
  catch { pause = RETRY_MS; byId("live").textContent = "the sandbox does not answer"; byId("live").classList.remove("on"); }
  setTimeout(watch, pause);
}
byId("hint").textContent = location.origin;
showCount();
watch();
