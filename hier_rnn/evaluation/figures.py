"""The figures of a report, each a function from what was measured to a matplotlib figure."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from hier_rnn.evaluation.calibration import Bin, Calibration, Coverage
from hier_rnn.evaluation.curves import PrecisionRecall, Slice
from hier_rnn.evaluation.svg import STYLE
from hier_rnn.evaluation.theme import LIGHT, LINES

SIZE = (4.5, 3.1)
DASHES = ("-", "--", "-.", ":", (0, (6, 2, 1, 2, 1, 2)), (0, (1, 1)), (0, (8, 3)))
MARKERS = "osD^vPX"
LABEL_LENGTH = 22


def _axes(x: str, y: str, size: tuple[float, float] = SIZE) -> Axes:
    """Returns the axes of a new figure, named."""
    drawn = Figure(figsize=size, layout="constrained").add_subplot()
    drawn.set_xlabel(x)
    drawn.set_ylabel(y)
    return drawn


@matplotlib.rc_context(STYLE)
def reliability_figure(calibration: Calibration) -> Figure:
    """Draws accuracy against confidence, a bar a bin; calibrated bars end on the diagonal."""
    drawn = _axes("confidence", "accuracy")
    bins: Sequence[Bin] = calibration.bins
    examples = sum(bin.examples for bin in bins)
    lows = np.array([bin.low for bin in bins])
    widths = np.array([bin.high - bin.low for bin in bins])
    shades = [0.35 + 0.65 * np.sqrt(bin.examples / examples) for bin in bins]
    for low, width, bin, shade in zip(lows, widths, bins, shades, strict=True):
        drawn.bar(low, bin.accuracy, width * 0.92, align="edge", color=LINES[0], alpha=shade)
        drawn.annotate(
            f"{bin.examples:,}",
            (low + width / 2, bin.accuracy),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            fontsize=6.5,
        )
    drawn.plot([0, 1], [0, 1], color=LIGHT["ink"], linestyle="--", linewidth=1.2)
    drawn.set_xlim(max(0.0, float(lows.min()) - 0.02), 1.01)
    drawn.set_ylim(0, 1.08)
    return _percent(drawn, "xy")


@matplotlib.rc_context(STYLE)
def coverage_figure(coverage: Sequence[Coverage]) -> Figure:
    """Draws accuracy against the share of examples answered."""
    drawn = _axes("share of texts answered", "accuracy of the answers")
    shares = [point.coverage for point in coverage]
    accuracies = [point.accuracy for point in coverage]
    drawn.plot(shares, accuracies, color=LINES[0])
    drawn.set_xlim(0, 1.01)
    # The first few answers alone would set the scale otherwise.
    lowest = min(point.accuracy for point in coverage if point.coverage >= 0.05)
    drawn.set_ylim(max(0.0, lowest - 0.05), 1.01)
    return _percent(drawn, "xy")


@matplotlib.rc_context(STYLE)
def precision_recall_figure(curves: Sequence[PrecisionRecall]) -> Figure:
    """Draws precision against recall, all decisions together and the hardest classes."""
    drawn = _axes("recall", "precision", (SIZE[0], SIZE[1] + 0.7))
    for curve, colour, dash in zip(curves, (LIGHT["ink"], *LINES), DASHES, strict=False):
        label = f"{_short(curve.name)} {curve.average_precision:.2f}"
        drawn.plot(curve.recall, curve.precision, color=colour, linestyle=dash, label=label)
    drawn.set_xlim(0, 1.01)
    drawn.set_ylim(0, 1.03)
    drawn.figure.legend(loc="outside lower center", ncols=2, fontsize=7.5)
    return _percent(drawn, "xy")


@matplotlib.rc_context(STYLE)
def slices_figure(slices: Sequence[Slice], x: str) -> Figure:
    """Draws accuracy with its interval for slices of the examples."""
    drawn = _axes(x, "accuracy")
    positions = np.arange(len(slices))
    accuracies = np.array([piece.accuracy for piece in slices])
    below = accuracies - [piece.low for piece in slices]
    above = [piece.high for piece in slices] - accuracies
    drawn.errorbar(
        positions,
        accuracies,
        yerr=np.maximum(0, [below, above]),
        fmt="o",
        color=LINES[0],
        ecolor=LIGHT["muted"],
        capsize=3,
        elinewidth=1.2,
    )
    drawn.set_xticks(
        positions, [f"{piece.name}\n{piece.examples:,}" for piece in slices], fontsize=7.5
    )
    drawn.set_xlim(-0.5, len(slices) - 0.5)
    drawn.set_ylim(max(0.0, min(piece.low for piece in slices) - 0.05), 1.01)
    return _percent(drawn, "y")


@matplotlib.rc_context(STYLE)
def training_figure(
    series: Sequence[tuple[str, Sequence[float], Sequence[float]]], y: str, percent: bool = False
) -> Figure:
    """Draws named series of (epochs, values)."""
    drawn = _axes("epoch", y)
    for (name, epochs, values), colour, marker in zip(series, LINES, MARKERS, strict=False):
        drawn.plot(epochs, values, color=colour, marker=marker, label=name)
    if len(series) > 1:
        drawn.legend()
    drawn.xaxis.set_major_locator(MaxNLocator(integer=True))
    return _percent(drawn, "y") if percent else drawn.figure


@matplotlib.rc_context(STYLE)
def misspelling_figure(
    curves: dict[str, list[tuple[float, float, float, float]]], x: str, shares: bool
) -> Figure:
    """Draws accuracy against how much is misspelled.

    Args:
        curves: By kind, points of (amount, accuracy, low, high), the clean one among them.
        x: What the amount is.
        shares: The amount is a share; otherwise a number of words.
    """
    drawn = _axes(x, "accuracy")
    for number, (kind, points) in enumerate(sorted(curves.items())):
        amounts, accuracies, lows, highs = np.array(sorted(points)).T
        drawn.errorbar(
            amounts,
            accuracies,
            yerr=np.maximum(0, [accuracies - lows, highs - accuracies]),
            color=LINES[number % len(LINES)],
            linestyle=DASHES[number % len(DASHES)],
            marker=MARKERS[number % len(MARKERS)],
            capsize=2.5,
            elinewidth=0.8,
            label=_short(kind),
        )
    lowest = min(point[2] for points in curves.values() for point in points)
    drawn.set_ylim(max(0.0, lowest - 0.05), 1.01)
    drawn.legend()
    if not shares:
        drawn.xaxis.set_major_locator(MaxNLocator(integer=True))
    return _percent(drawn, "xy" if shares else "y")


@matplotlib.rc_context({**STYLE, "axes.grid": False})
def confusion_figure(matrix: np.ndarray, labels: Sequence[str]) -> Figure:
    """Draws a confusion matrix, each row as shares of its class."""
    side = max(4.0, 1.6 + 0.17 * len(labels))
    figure = Figure(figsize=(side + 1, side), layout="constrained")
    drawn = figure.add_subplot()
    shares = matrix / np.maximum(1, matrix.sum(axis=1, keepdims=True))
    image = drawn.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    size = 9 if len(labels) <= 12 else 5.5
    names = [_short(label, 32) for label in labels]
    drawn.set_xticks(range(len(labels)), names, rotation=90, fontsize=min(8, size + 0.5))
    drawn.set_yticks(range(len(labels)), names, fontsize=min(8, size + 0.5))
    for row, column in np.argwhere(matrix):
        ink = LIGHT["paper"] if shares[row, column] > 0.5 else LIGHT["ink"]
        text = f"{matrix[row, column]}"
        drawn.text(column, row, text, ha="center", va="center", fontsize=size, color=ink)
    drawn.set_xlabel("predicted class")
    drawn.set_ylabel("true class")
    figure.colorbar(image, ax=drawn, shrink=0.6, format=PercentFormatter(1, decimals=0))
    return figure


def _percent(drawn: Axes, which: str) -> Figure:
    for name in which:
        axis = drawn.xaxis if name == "x" else drawn.yaxis
        axis.set_major_formatter(lambda share, _: f"{round(100 * share, 6):g}%")
    return drawn.figure


def _short(label: str, length: int = LABEL_LENGTH) -> str:
    return label if len(label) <= length else label[: length - 1] + "…"
