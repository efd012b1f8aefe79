"""What the benchmarks' figures are made of: bars, lines, and a file written whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
import numpy as np

from benchmarks.peers.catalogue import MODELS
from hier_rnn.files import write_atomically

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

COLOURS = dict(zip(MODELS, plt.get_cmap("tab10").colors, strict=False))
OTHERS = "0.5"


def figure(rows: int, columns: int) -> tuple[plt.Figure, np.ndarray]:
    """Returns a figure and its panels `(rows, columns)`, which appear once drawn on."""
    drawn, axes = plt.subplots(
        rows, columns, figsize=(5.5 * columns, 3.5 * rows), squeeze=False, layout="constrained"
    )
    for panel in axes.flat:
        panel.set_visible(False)
    return drawn, axes


def bars(
    panel: plt.Axes,
    title: str,
    values: Mapping[str, float],
    unit: str,
    runs: Mapping[str, Sequence[float]] | None = None,
) -> None:
    """Draws one bar per name.

    Args:
        panel: Where.
        title: Its title.
        values: Length of each bar.
        unit: What they are.
        runs: The single measurements, whose range is drawn; None for no range.
    """
    panel.set_visible(True)
    names = list(values)[::-1]
    lengths = [values[name] for name in names]
    spread = None
    if runs:
        ranges = [(values[n] - min(runs[n]), max(runs[n]) - values[n]) for n in names]
        spread = np.maximum(np.transpose(ranges), 0)
    colours = [COLOURS.get(name, OTHERS) for name in names]
    drawn = panel.barh(names, lengths, xerr=spread, color=colours, ecolor="0.3", capsize=2)
    digits = 1 if max(lengths) < 100 else 0
    panel.bar_label(drawn, [f"{length:,.{digits}f}" for length in lengths], padding=4)
    panel.margins(x=0.2)
    panel.xaxis.set_major_locator(MaxNLocator(5))
    panel.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    panel.set_title(title)
    panel.set_xlabel(unit)
    panel.spines[["top", "right"]].set_visible(False)


def lines(
    panel: plt.Axes, x_label: str, y_label: str, points: Sequence[tuple[int, Mapping[str, float]]]
) -> None:
    """Draws one line per name, both axes logarithmic.

    Args:
        panel: Where.
        x_label: What the points are at.
        y_label: What is drawn.
        points: Each with a value by name; a name may be absent.
    """
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


def save(drawn: plt.Figure, path: Path) -> None:
    """Writes a figure.

    Args:
        drawn: The figure.
        path: Its ending says which kind.
    """
    with write_atomically(path, "wb") as file:
        drawn.savefig(file, format=path.suffix.lstrip(".").lower(), dpi=150)
    plt.close(drawn)
