"""The benchmark room: `python bench/run.py` measures every case, prints each promise beside its goal, and writes
build/bench/run.json. `--only NAME` takes the cases whose name begins so, and writes nothing; `--docs` also draws
docs/images/charts/ and writes the tables of docs/benchmarks.md and README.md."""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import ssl
from statistics import median

from cases import CASES, LEFT_OUT, OTHERS, RIVALS, STEPS, get, post
from goals import GOALS, Row, best_of_the_rest, limit, medians, minima
from measure import Figures, measure, memory
from pages import ROOT, around, processor, write_between
from rich.console import Console
from rich.table import Table

import woox_fast

JSON = ROOT / "build" / "bench" / "run.json"


def machine() -> str:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    openssl = " ".join(ssl.OPENSSL_VERSION.split()[:2])
    ours = f"woox_fast {woox_fast.__version__} ({woox_fast.backend}, {woox_fast.sha256_implementation})"
    return f"{processor()}; {python}; {openssl}; {ours}"


def values(figures: dict[str, Figures], row: Row) -> tuple[float, float] | None:
    """The row's value from the medians and from the minima; None if what it needs was left out."""

    try:
        return row.value(medians(figures)), row.value(minima(figures))
    except KeyError:
        return None


def noise(figures: dict[str, Figures]) -> str:
    """How quiet the machine was."""
    over = median(middle / least for each in figures.values() for middle, least in each.values() if least > 0)
    return f"medians of interleaved rounds, typically {over - 1:.0%} over their minima"


def number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def promises(figures: dict[str, Figures]) -> Table:
    table = Table("what", "case", "goal", "medians", "minima", "", title="Promises", title_justify="left")
    for row in GOALS:
        if (value := values(figures, row)) is not None:
            short = "falls short" if row.falls_short(value[0]) else ""
            table.add_row(row.what, row.case, str(row.goal or ""), number(value[0]), number(value[1]), short)
    return table


def rivals(figures: dict[str, Figures], case: str, blocks: int) -> Table:
    """All who sign this message: nanoseconds, then as multiples of the limit's, hmac.new's, the best rival's."""
    table = Table(case, "ns, median", "minimum", "/ limit", "/ hmac.new", "/ best rival", title_justify="left")

    ns = medians(figures)
    bound, best, plain = limit(ns, case, blocks), best_of_the_rest(ns, case), ns(case, "hmac.new")
    for name in sorted(RIVALS.keys() & figures[case].keys(), key=lambda name: ns(case, name)):
        middle, least = figures[case][name]
        table.add_row(
            name,
            f"{middle:,.0f}",
            f"{least:,.0f}",
            f"{middle / bound:.2f}",
            f"{middle / plain:.3f}",
            f"{middle / best:.2f}",
        )
    table.add_row("limit", f"{bound:,.0f}")
    return table


def steps(figures: dict[str, Figures]) -> Table:
    """What each step of a signature adds to the one before it, from the minima: a few nanoseconds drown in medians."""
    cases = [name for name in figures if name.startswith("steps-")]
    titles = ["what is added, ns", *(f"{name.removeprefix('steps-').upper()}" for name in cases)]
    table = Table(*titles, title="Where the nanoseconds of one signature go", title_justify="left")
    before = dict.fromkeys(cases, 0.0)
    for step, text in STEPS.items():
        if step not in figures[cases[0]]:
            continue
        now = {name: minima(figures)(name, step) for name in cases}
        table.add_row(text, *(f"{now[name] - before[name]:.1f}" for name in cases))
        before = now
    table.add_row("sign", *(f"{before[name]:.1f}" for name in cases))
    return table


def page_text(figures: dict[str, Figures]) -> str:
    """One line for each kind of promise, and after them what falls short of its goal."""
    cases: dict[str, list[str]] = {}
    short: dict[str, list[str]] = {}
    for row in GOALS:
        if (value := values(figures, row)) is not None:
            goal = f" ({row.goal})" if row.goal else ""
            cases.setdefault(row.what, []).append(f"{row.case}: {number(value[0])}{goal}")
            if row.falls_short(value[0]):
                short.setdefault(row.what, []).append(row.case)
    missed = "; ".join(f"{what}: {', '.join(each)}" for what, each in short.items())
    return "\n".join(
        [
            "![ns per signature](images/charts/rivals.svg) ![ns per message](images/charts/growth.svg)",
            "",
            f"{machine()}; {noise(figures)}.",
            "",
            "| what | measured (goal) |",
            "|---|---|",
            *(f"| {what} | {'; '.join(each)} |" for what, each in cases.items()),
            "",
            f"Short of the goal in this run: {missed}." if missed else "Every goal is met.",
        ]
    )


def readme_text(figures: dict[str, Figures]) -> str:
    """Ours beside the fallback, `hmac.new`, the best of the others and the limit: a column for GET and one for POST."""
    ns = medians(figures)
    cases = {"sign-get": get(), "sign-post": post()}
    others = (OTHERS.keys() & figures["sign-get"].keys()) - {"hmac.new"}
    best = min(others, key=lambda name: sum(ns(case, name) for case in cases))
    names = {
        "woox_fast": "**woox_fast**",
        "woox_fast, pure fallback": "woox_fast, pure Python fallback",
        "hmac.new": "`hmac.new` of the standard library",
        best: f"the best of all others: {best}",
    }
    rows = {text: [ns(case, name) for case in cases] for name, text in names.items() if name in figures["sign-get"]}
    rows["the limit: an empty C call and the bare hash"] = [
        limit(ns, case, request.blocks) for case, request in cases.items()
    ]
    heads = [f"{request.method}, {len(request.prehash)} bytes" for request in cases.values()]
    return "\n".join(
        [
            f"| nanoseconds a signature | {' | '.join(heads)} |",
            "|---|--:|--:|",
            *(f"| {text} | {' | '.join(f'{value:,.0f}' for value in values)} |" for text, values in rows.items()),
        ]
    )


def write_json(figures: dict[str, Figures]) -> None:
    result = {
        "machine": machine(),
        "noise": noise(figures),
        "date": datetime.date.today().isoformat(),
        "left_out": LEFT_OUT,
        "figures": {
            case: {name: {"median": middle, "min": least} for name, (middle, least) in each.items()}
            for case, each in figures.items()
        },
        "promises": [
            {
                "what": row.what,
                "case": row.case,
                "goal": str(row.goal) if row.goal else None,
                "median": value[0],
                "min": value[1],
                "falls_short": row.falls_short(value[0]),
            }
            for row in GOALS
            if (value := values(figures, row)) is not None
        ],
    }
    JSON.parent.mkdir(parents=True, exist_ok=True)
    JSON.write_text(json.dumps(result, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", metavar="NAME", help="cases whose name begins so")
    parser.add_argument(
        "--docs", action="store_true", help="draw the charts, and write the tables of docs/benchmarks.md and README.md"
    )
    options = parser.parse_args()
    if options.only and options.docs:
        parser.error("--docs needs every case: leave out --only")
    if not any(name.startswith(options.only) for name in CASES):
        parser.error(f"no case's name begins with {options.only!r}; there are {', '.join(CASES)}")
    for page in ("docs/benchmarks.md", "README.md") if options.docs else ():
        around(page, "bench")  # before minutes of measuring
    console = Console(width=120, highlight=False)
    figures: dict[str, Figures] = {}
    for name in CASES:
        if name.startswith(options.only):
            console.print(f"measuring {name}", style="dim")
            figures[name] = measure(name)
    if not options.only:
        figures["memory"] = memory()
    for case, blocks in (("sign-get", get().blocks), ("sign-post", post().blocks)):
        if case in figures:
            console.print(rivals(figures, case, blocks))
    if any(name.startswith("steps-") for name in figures):
        console.print(steps(figures))
    if (table := promises(figures)).row_count:
        console.print(table)
    for name, reason in LEFT_OUT.items():
        console.print(f"left out: {name}: {reason}")
    console.print(f"{machine()}; {noise(figures)}")
    if not options.only:
        write_json(figures)
        console.print(f"written: {JSON.relative_to(ROOT)}")
    if options.docs:
        import charts  # matplotlib takes a second to load

        charts.draw(figures, ROOT / "docs" / "images" / "charts")
        write_between("docs/benchmarks.md", "bench", page_text(figures))
        write_between("README.md", "bench", readme_text(figures))
        console.print("written: docs/benchmarks.md, README.md, docs/images/charts/")


if __name__ == "__main__":
    main()
