"""Draw two charts from a run: the rivals, and the growth of time with message length and batch size."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from cases import BATCHES, LENGTHS, build_body, build_get, build_post
from goals import compute_limit, medians
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from measure import Figures
from rivals import RIVALS

OURS, OTHER, LIMIT = "#0b7a75", "#9aa5b1", "#c8553d"

# Leave text as text, and write identical bytes for identical figures.
mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "woox-fast", "font.size": 9, "font.family": "sans-serif"})


def draw(figures: dict[str, Figures], folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, figure in ("rivals", _rivals(figures)), ("growth", _growth(figures)):
        figure.savefig(folder / f"{name}.svg", metadata={"Date": None}, bbox_inches="tight", facecolor="white")


def _rivals(figures: dict[str, Figures]) -> Figure:
    ns = medians(figures)
    figure = Figure(figsize=(9.5, 3.6))
    axes = figure.subplots(1, 2, sharey=True)
    names = sorted(RIVALS.keys() & figures["sign-get"].keys(), key=lambda name: -ns("sign-get", name))
    for axis, case, request in zip(axes, ("sign-get", "sign-post"), (build_get(), build_post()), strict=True):
        times = [ns(case, name) for name in names]
        bars = axis.barh(names, times, color=[OURS if name.startswith("woox_fast") else OTHER for name in names])
        axis.bar_label(bars, [f"{time:,.0f}" for time in times], padding=3)
        bound = compute_limit(ns, case, request.blocks)
        axis.axvline(bound, color=LIMIT, linestyle="--", label=f"limit: {bound:,.0f}")
        axis.set(
            xscale="log", xlim=(50, max(times) * 4), title=f"{request.method}, {len(request.prehash)} bytes",
            xlabel="ns per signature",
        )  # fmt: skip
        axis.legend(loc="upper right", frameon=False)
        _plain(axis)
    return figure


def _growth(figures: dict[str, Figures]) -> Figure:
    ns = medians(figures)
    figure = Figure(figsize=(9.5, 3.6))
    left, right = figure.subplots(1, 2)
    shown = {"woox_fast": OURS, "woox_fast, pure fallback": "#5fb3ae", "hmac.new": OTHER, "nautilus_trader": "#e0a458"}
    for name, color in shown.items():
        if name in figures["length-64"]:
            left.plot(LENGTHS, [ns(f"length-{n}", name) for n in LENGTHS], marker=".", color=color, label=name)
    bounds = [compute_limit(ns, f"length-{n}", build_body(n).blocks) for n in LENGTHS]
    left.plot(LENGTHS, bounds, color=LIMIT, linestyle="--", label="limit")
    left.set(xscale="log", yscale="log", title="one message", xlabel="bytes of body", ylabel="ns per message")
    for request, style in ((build_get(), ":"), (build_post(), "-")):
        kind = request.method.lower()
        lines = {"woox_fast: sign_many": OURS, "Intel's multi-buffer library": "#e0a458"}
        for name, color in lines.items():
            if name in figures[f"batch-{kind}-1"]:
                times = [ns(f"batch-{kind}-{n}", name) for n in BATCHES]
                right.plot(BATCHES, times, style, marker=".", color=color, label=f"{name}, {request.method}")
        bounds = [compute_limit(ns, f"batch-{kind}-{n}", request.blocks, streams=2) for n in BATCHES]
        right.plot(BATCHES, bounds, color=LIMIT, linestyle=style, label=f"limit, {request.method}")
    right.set(
        xscale="log", yscale="log", yticks=[50, 100, 200, 500, 1000], title="a batch", xlabel="messages in the batch"
    )
    for axis in (left, right):
        axis.legend(frameon=False)
        _plain(axis)
    return figure


def _plain(axis: Axes) -> None:
    axis.spines[["top", "right"]].set_visible(False)
    axis.minorticks_off()
    axis.xaxis.set_major_formatter("{x:,.0f}")
    if axis.get_yscale() == "log":
        axis.yaxis.set_major_formatter("{x:,.0f}")
