"""Charts as SVG elements, coloured by the page's style: no fixed colour, so that themes apply.

A chart is a frame with two axes and marks inside it. Its lines differ by dashes and markers too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import Markup, escape

from hier_rnn.evaluation.report.theme import LIGHT, STYLE

WIDTH = 380
HEIGHT = 250  # without the legend
LEFT, RIGHT, TOP, BOTTOM = 50, 20, 12, 46
LINES = 7
DASHES = ("", "7 4", "2 3", "9 3 2 3", "5 2", "12 4", "1 2")
LEGEND_ROW = 18
LEGEND_COLUMN = 180
LABEL_LENGTH = 22


class Point(NamedTuple):
    """A point of a line, with the ends of its interval if it has one."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None


class Line(NamedTuple):
    """A named line through points."""

    name: str
    points: Sequence[Point]
    markers: bool = True


class Bar(NamedTuple):
    """A bar from 0, as wide as what it stands for, with a text above it."""

    left: float
    right: float
    height: float
    text: str
    weight: float
    """How much it counts, from 0 to 1: decides how solid it is drawn."""


@dataclass(frozen=True)
class Axis:
    """An axis: what it measures, from where to where, and its named values."""

    label: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]


def percent_axis(label: str) -> Axis:
    """Returns an axis of shares, 0 to 100%."""
    ticks = tuple((share / 100, f"{share}%") for share in range(0, 101, 20))
    return Axis(label, 0.0, 1.0, ticks)


def number_axis(label: str, highest: float, low: float = 0.0, whole: bool = False) -> Axis:
    """Returns an axis of numbers with about five round values.

    Args:
        label: What it measures.
        highest: The largest number to be shown.
        low: Where it starts. Default 0.
        whole: Only whole numbers are named.
    """
    span = max(highest - low, 1e-9)
    power = 10 ** math.floor(math.log10(span / 5))
    step = next(step * power for step in (1, 2, 5, 10) if span / (step * power) <= 6)
    step = max(1.0, round(step)) if whole else step
    count = math.ceil(round(span / step, 6))
    ticks = [low + number * step for number in range(count + 1)]
    return Axis(label, low, ticks[-1], tuple((tick, f"{tick:g}") for tick in ticks))


def named_axis(label: str, names: Sequence[str]) -> Axis:
    """Returns an axis of names, at 0, 1, 2, and so on."""
    return Axis(label, -0.5, len(names) - 0.5, tuple((i, name) for i, name in enumerate(names)))


def line_chart(lines: Sequence[Line], x: Axis, y: Axis, description: str) -> Markup:
    """Returns lines through points with their intervals; several lines have a legend.

    Args:
        lines: What to draw.
        x: Horizontal axis.
        y: Vertical axis.
        description: What a reader who cannot see it should be told.
    """
    frame = _Frame(x, y)
    marks: list[str] = []
    for number, line in enumerate(lines):
        style = number % LINES
        dash = f' stroke-dasharray="{DASHES[style]}"' if DASHES[style] else ""
        path = " ".join(f"{frame.x(point.x):.1f},{frame.y(point.y):.1f}" for point in line.points)
        marks += [_interval(frame, point, style) for point in line.points if point.low is not None]
        marks.append(f'<polyline class="line s{style + 1}"{dash} points="{path}"/>')
        if line.markers:
            marks += [_marker(frame.x(point.x), frame.y(point.y), style) for point in line.points]
    legend = [line.name for line in lines] if len(lines) > 1 else []
    return frame.draw(marks, legend, description)


def dot_chart(points: Sequence[Point], x: Axis, y: Axis, description: str) -> Markup:
    """Returns points with their intervals, which no line connects.

    Args:
        points: What to draw.
        x: Horizontal axis.
        y: Vertical axis.
        description: What a reader who cannot see it should be told.
    """
    frame = _Frame(x, y)
    marks = [_interval(frame, point, 0) for point in points if point.low is not None]
    marks += [_marker(frame.x(point.x), frame.y(point.y), 0) for point in points]
    return frame.draw(marks, [], description)


def bar_chart(bars: Sequence[Bar], x: Axis, y: Axis, description: str) -> Markup:
    """Returns bars under a diagonal, each with its text above it.

    Args:
        bars: What to draw.
        x: Horizontal axis.
        y: Vertical axis.
        description: What a reader who cannot see it should be told.
    """
    frame = _Frame(x, y)
    floor = frame.y(y.low)
    marks = []
    for bar in bars:
        left, right, top = frame.x(bar.left) + 1, frame.x(bar.right) - 1, frame.y(bar.height)
        marks.append(
            f'<rect class="column" x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}"'
            f' height="{max(0.0, floor - top):.1f}" opacity="{0.35 + 0.65 * bar.weight:.2f}"/>'
        )
    low, high = (frame.x(x.low), frame.y(y.low)), (frame.x(x.high), frame.y(y.high))
    marks.append(
        f'<line class="diagonal" x1="{low[0]:.1f}" y1="{low[1]:.1f}"'
        f' x2="{high[0]:.1f}" y2="{high[1]:.1f}"/>'
    )
    for bar in bars:  # above the diagonal, which would strike them out
        middle = frame.x((bar.left + bar.right) / 2)
        above = max(frame.y(bar.height) - 4, TOP + 8)
        text = escape(bar.text)
        marks.append(f'<text class="count" x="{middle:.1f}" y="{above:.1f}">{text}</text>')
    return frame.draw(marks, [], description)


def standalone(svg: Markup) -> str:
    """Returns a chart as a file of its own, in the light theme's colours."""
    variables = "".join(f"--{name}: {colour};" for name, colour in LIGHT.items())
    style = f"<style>svg {{ {variables} background: var(--paper); font-family: sans-serif; }}"
    opening, _, rest = str(svg).partition(">")
    opening = opening.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    return f"{opening}>{style}{STYLE}</style>{rest}\n"


class _Frame:
    """The axes, and where numbers lie between them."""

    def __init__(self, x: Axis, y: Axis) -> None:
        self._x, self._y = x, y

    def x(self, value: float) -> float:
        share = (value - self._x.low) / (self._x.high - self._x.low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        share = (value - self._y.low) / (self._y.high - self._y.low)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    def draw(self, marks: Iterable[str], legend: Sequence[str], description: str) -> Markup:
        rows = math.ceil(len(legend) / 2)
        height = HEIGHT + LEGEND_ROW * rows
        parts = [*self._axes(), *marks, *_legend(legend)]
        return Markup(
            f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img"'
            f' aria-label="{escape(description)}">{"".join(parts)}</svg>'
        )

    def _axes(self) -> Iterable[str]:
        floor, right = HEIGHT - BOTTOM, WIDTH - RIGHT
        for value, name in self._y.ticks:
            y = self.y(value)
            yield f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}"/>'
            yield f'<text class="tick end" x="{LEFT - 6}" y="{y + 4:.1f}">{escape(name)}</text>'
        for value, name in self._x.ticks:
            x = self.x(value)
            for row, line in enumerate(name.split("\n")):
                below = floor + 15 + 12 * row
                yield f'<text class="tick" x="{x:.1f}" y="{below}">{escape(line)}</text>'
        yield f'<line class="axis" x1="{LEFT}" y1="{floor}" x2="{right}" y2="{floor}"/>'
        middle = (LEFT + right) / 2
        yield f'<text class="name" x="{middle:.1f}" y="{HEIGHT - 4}">{escape(self._x.label)}</text>'
        centre = (TOP + floor) / 2
        yield (
            f'<text class="name" transform="translate(12 {centre:.1f}) rotate(-90)">'
            f"{escape(self._y.label)}</text>"
        )


def _interval(frame: _Frame, point: Point, style: int) -> str:
    x, low, high = frame.x(point.x), frame.y(point.low or 0.0), frame.y(point.high or 0.0)
    return (
        f'<path class="interval s{style + 1}" d="M{x:.1f} {low:.1f}V{high:.1f}'
        f'M{x - 4:.1f} {low:.1f}h8M{x - 4:.1f} {high:.1f}h8"/>'
    )


def _marker(x: float, y: float, style: int) -> str:
    shapes = (
        f"M{x - 3.5:.1f} {y:.1f}a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0",
        f"M{x - 3:.1f} {y - 3:.1f}h6v6h-6z",
        f"M{x:.1f} {y - 4:.1f}l4 7h-8z",
        f"M{x:.1f} {y - 4.5:.1f}l4 4.5l-4 4.5l-4 -4.5z",
    )
    return f'<path class="marker f{style + 1}" d="{shapes[style % len(shapes)]}"/>'


def _legend(names: Sequence[str]) -> Iterable[str]:
    for number, name in enumerate(names):
        style = number % LINES
        x = LEFT - 20 + LEGEND_COLUMN * (number % 2)
        y = HEIGHT + 10 + LEGEND_ROW * (number // 2)
        dash = f' stroke-dasharray="{DASHES[style]}"' if DASHES[style] else ""
        text = name if len(name) <= LABEL_LENGTH else name[: LABEL_LENGTH - 1] + "…"
        yield f'<line class="line s{style + 1}"{dash} x1="{x}" y1="{y}" x2="{x + 24}" y2="{y}"/>'
        yield f'<text class="key-text" x="{x + 30}" y="{y + 4}">{escape(text)}</text>'
