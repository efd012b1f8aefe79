"""The results of `throughput`, as a figure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib

from benchmarks.peers.catalogue import MODELS
from hier_rnn.errors import UserError
from hier_rnn.files import write_atomically

matplotlib.use("Agg")
from matplotlib import pyplot as plt

COLOURS = dict(zip(MODELS, plt.get_cmap("tab10").colors, strict=False))
OTHERS = "0.5"
LABELS = {
    "batch": "sentences in a batch",
    "length": "words in a sentence",
    "units": "units of GRU and LSTM",
}


def plot(results: Mapping[str, Any], path: Path) -> None:
    """Draws speeds as bars and sweeps as lines.

    Args:
        results: As `throughput` writes them.
        path: The figure; its ending says which kind.

    Raises:
        UserError: A kind of figure that there is not.
    """
    kind = path.suffix.lstrip(".").lower()
    bars = [
        (f"training, batches of {size}", training["words_per_second"])
        for size, training in results["training"].items()
    ]
    if "inference" in results:
        bars.append(("inference", results["inference"]["words_per_second"]))
    sweeps = results.get("sweeps", {})
    rows = 1 + len(sweeps)
    columns = max(len(bars), 2 if sweeps else 1)
    figure, axes = plt.subplots(
        rows, columns, figsize=(5.5 * columns, 3.5 * rows), squeeze=False, layout="constrained"
    )
    for panel in axes.flat:
        panel.set_visible(False)
    if kind not in figure.canvas.get_supported_filetypes():
        raise UserError(f"--plot: {path}: can't draw '{kind}'. Try .png, .svg or .pdf.")
    for panel, (title, speeds) in zip(axes[0], bars, strict=False):
        _bars(panel, title, speeds)
    for row, (swept, points) in zip(axes[1:], sweeps.items(), strict=True):
        speeds = [(p[swept], p["training"]["words_per_second"]) for p in points]
        medians = [(x, {n: s["median"] for n, s in by_name.items()}) for x, by_name in speeds]
        _lines(row[0], LABELS[swept], "words per second", medians)
        peaks = [
            (p[swept], {n: b / 2**20 for n, b in p.get("memory", {}).items() if b}) for p in points
        ]
        if any(by_name for _, by_name in peaks):
            _lines(row[1], LABELS[swept], "peak of a step, MiB", peaks)
    with write_atomically(path, "wb") as file:
        figure.savefig(file, format=kind, dpi=150)
    plt.close(figure)


def _bars(panel: plt.Axes, title: str, speeds: Mapping[str, Any]) -> None:
    panel.set_visible(True)
    names = list(speeds)[::-1]
    medians = [speeds[name]["median"] for name in names]
    spread = [
        [m - min(speeds[name]["runs"]) for name, m in zip(names, medians, strict=True)],
        [max(speeds[name]["runs"]) - m for name, m in zip(names, medians, strict=True)],
    ]
    colours = [COLOURS.get(name, OTHERS) for name in names]
    drawn = panel.barh(names, medians, xerr=spread, color=colours, ecolor="0.3", capsize=2)
    panel.bar_label(drawn, [f"{median:,.0f}" for median in medians], padding=4)
    panel.margins(x=0.2)
    panel.set_title(title)
    panel.set_xlabel("words per second")
    panel.spines[["top", "right"]].set_visible(False)


def _lines(
    panel: plt.Axes, x_label: str, y_label: str, points: list[tuple[int, Mapping[str, float]]]
) -> None:
    panel.set_visible(True)
    for name in dict.fromkeys(name for _, by_name in points for name in by_name):
        there = [(x, by_name[name]) for x, by_name in points if name in by_name]
        panel.plot(*zip(*there, strict=True), "o-", label=name, color=COLOURS.get(name, OTHERS))
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xticks([x for x, _ in points], [f"{x:,}" for x, _ in points])
    panel.minorticks_off()
    panel.set_xlabel(x_label)
    panel.set_ylabel(y_label)
    panel.grid(alpha=0.3)
    panel.spines[["top", "right"]].set_visible(False)
    panel.legend(frameon=False)
