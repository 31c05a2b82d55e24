"""Measure every case, and print each promise next to its goal.

    python bench/run.py [--only NAME] [--docs]

`--only` selects the cases whose name begins with NAME. `--docs` also draws docs/images/charts/ and writes the tables of
docs/benchmarks.md and README.md.
"""

from __future__ import annotations

import argparse
import platform
import ssl
from statistics import median

from cases import CASES, STEPS, build_get, build_post
from goals import PROMISES, Promise, compute_limit, find_best_rival, medians, minima
from measure import Figures, measure, measure_memory
from pages import ROOT, read_processor, split_at_marks, write_between
from rich.console import Console
from rich.table import Table
from rivals import LEFT_OUT, OTHERS, RIVALS

import woox_fast


def describe_machine(figures: dict[str, Figures]) -> str:
    """Return the machine, the versions, and how far medians lie above minima."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    openssl = " ".join(ssl.OPENSSL_VERSION.split()[:2])
    ours = f"woox_fast {woox_fast.__version__} ({woox_fast.backend}, {woox_fast.sha256_implementation})"
    over = median(middle / least for each in figures.values() for middle, least in each.values() if least > 0) - 1
    rounds = f"medians of interleaved rounds, typically {over:.0%} over minima"
    return f"{read_processor()}; {python}; {openssl}; {ours}; {rounds}"


def compute_values(figures: dict[str, Figures], promise: Promise) -> tuple[float, float] | None:
    """Return the value from the medians and from the minima, or None if a figure is missing."""
    try:
        return promise.value(medians(figures)), promise.value(minima(figures))
    except KeyError:
        return None


def format_number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def build_promise_table(figures: dict[str, Figures]) -> Table:
    table = Table("claim", "case", "goal", "medians", "minima", "", title="Promises", title_justify="left")
    for promise in PROMISES:
        if (value := compute_values(figures, promise)) is not None:
            short = "falls short" if promise.falls_short(value[0]) else ""
            table.add_row(promise.claim, promise.case, promise.goal_text, *map(format_number, value), short)
    return table


def build_rival_table(figures: dict[str, Figures], case: str, blocks: int) -> Table:
    """Return nanoseconds per signature, and their ratio to the limit, to hmac.new and to the best rival."""
    table = Table(case, "ns, median", "minimum", "/ limit", "/ hmac.new", "/ best rival", title_justify="left")
    ns = medians(figures)
    bounds = compute_limit(ns, case, blocks), ns(case, "hmac.new"), find_best_rival(ns, case)
    for name in sorted(RIVALS.keys() & figures[case].keys(), key=lambda name: ns(case, name)):
        middle, least = figures[case][name]
        table.add_row(name, f"{middle:,.0f}", f"{least:,.0f}", *(f"{middle / bound:.3g}" for bound in bounds))
    table.add_row("limit", f"{bounds[0]:,.0f}")
    return table


def build_step_table(figures: dict[str, Figures]) -> Table:
    """Return the time that every step adds, from minima: medians hide a few nanoseconds."""
    cases = [name for name in figures if name.startswith("steps-")]
    titles = ["added, ns", *(name.removeprefix("steps-").upper() for name in cases)]
    table = Table(*titles, title="The steps of one signature", title_justify="left")
    before = dict.fromkeys(cases, 0.0)
    for step, text in STEPS.items():
        if step in figures[cases[0]]:
            now = {name: minima(figures)(name, step) for name in cases}
            table.add_row(text, *(f"{now[name] - before[name]:.1f}" for name in cases))
            before = now
    table.add_row("sign", *(f"{before[name]:.1f}" for name in cases))
    return table


def format_page(figures: dict[str, Figures]) -> str:
    """Return the table of docs/benchmarks.md: a line for each kind of promise, then the missed goals."""
    cases: dict[str, list[str]] = {}
    short: dict[str, list[str]] = {}
    for promise in PROMISES:
        if (value := compute_values(figures, promise)) is not None:
            goal = f" ({promise.goal_text})" if promise.goal_text else ""
            cases.setdefault(promise.claim, []).append(f"{promise.case}: {format_number(value[0])}{goal}")
            if promise.falls_short(value[0]):
                short.setdefault(promise.claim, []).append(promise.case)
    missed = "; ".join(f"{claim}: {', '.join(each)}" for claim, each in short.items())
    charts = "![ns per signature](images/charts/rivals.svg) ![ns per message](images/charts/growth.svg)"
    head = [charts, "", f"{describe_machine(figures)}.", "", "| claim | measured (goal) |", "|---|---|"]
    lines = [f"| {claim} | {'; '.join(each)} |" for claim, each in cases.items()]
    verdict = f"Short of the goal in this run: {missed}." if missed else "Every goal is met."
    return "\n".join([*head, *lines, "", verdict])


def format_readme(figures: dict[str, Figures]) -> str:
    """Return README's table: ours, the fallback, `hmac.new`, the best rival and the limit, for GET and POST."""
    ns = medians(figures)
    cases = {"sign-get": build_get(), "sign-post": build_post()}
    blocks = {case: each.blocks for case, each in cases.items()}
    others = (OTHERS.keys() & figures["sign-get"].keys()) - {"hmac.new"}
    best = min(others, key=lambda name: sum(ns(case, name) for case in cases))
    names = {
        "woox_fast": "**woox_fast**",
        "woox_fast, pure fallback": "woox_fast, pure Python fallback",
        "hmac.new": "`hmac.new` of the standard library",
        best: f"the best rival: {best}",
    }
    times = {text: [ns(case, name) for case in cases] for name, text in names.items() if name in figures["sign-get"]}
    times["the limit: an empty C call and the bare hash"] = [compute_limit(ns, *each) for each in blocks.items()]
    heads = " | ".join(f"{each.method}, {len(each.prehash)} bytes" for each in cases.values())
    lines = [f"| {text} | {' | '.join(f'{value:,.0f}' for value in each)} |" for text, each in times.items()]
    return "\n".join([f"| nanoseconds a signature | {heads} |", "|---|--:|--:|", *lines])


def print_tables(console: Console, figures: dict[str, Figures]) -> None:
    for case, blocks in (("sign-get", build_get().blocks), ("sign-post", build_post().blocks)):
        if case in figures:
            console.print(build_rival_table(figures, case, blocks))
    if any(name.startswith("steps-") for name in figures):
        console.print(build_step_table(figures))
    if (table := build_promise_table(figures)).row_count:
        console.print(table)
    for name, reason in LEFT_OUT.items():
        console.print(f"left out: {name}: {reason}")
    console.print(describe_machine(figures))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="NAME")
    parser.add_argument("--docs", action="store_true")
    options = parser.parse_args()
    if options.only and options.docs:
        parser.error("--docs needs every case: leave out --only")
    names = [name for name in CASES if name.startswith(options.only)]
    if not names:
        parser.error(f"no case begins with {options.only!r}; the cases are {', '.join(CASES)}")
    pages = {"docs/benchmarks.md": format_page, "README.md": format_readme} if options.docs else {}
    for page in pages:
        split_at_marks(page, "bench")  # exits if the marks are missing, before minutes of measuring
    console = Console(width=120, highlight=False)
    figures: dict[str, Figures] = {}
    for name in names:
        console.print(f"measuring {name}", style="dim")
        figures[name] = measure(name)
    if not options.only:
        figures["memory"] = measure_memory()
    print_tables(console, figures)
    if options.docs:
        import charts  # matplotlib takes a second to load

        charts.draw(figures, ROOT / "docs" / "images" / "charts")
        for page, text in pages.items():
            write_between(page, "bench", text(figures))


if __name__ == "__main__":
    main()
