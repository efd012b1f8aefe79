"""Which charts a report has of an evaluation, each with its caption and its data.

What has fewer than three points is said in a sentence and not drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from hier_rnn.evaluation.attack import is_attack
from hier_rnn.evaluation.evaluate import Evaluation
from hier_rnn.evaluation.report import svg
from hier_rnn.evaluation.report.svg import Bar, Line, Point
from hier_rnn.metrics.curves import (
    Slice,
    accuracy_by_length,
    accuracy_by_unseen_share,
    precision_recall,
)
from hier_rnn.sources.example import shortened
from hier_rnn.storage.training_record import TrainingRecord

FEWEST_POINTS = 3


@dataclass(frozen=True)
class Plot:
    """A chart with what it shows, in words and in numbers."""

    name: str
    title: str
    caption: str
    chart: Markup | None
    """An `<svg>` element; None where a sentence says it all."""
    data: Any


def plots_of(evaluation: Evaluation, record: TrainingRecord) -> dict[str, Plot]:
    """Returns the plots by name; those that there are no data for are left out.

    Args:
        evaluation: What to draw.
        record: How the run's training went.
    """
    plots = [
        *_confidence(evaluation),
        *_difficulty(evaluation),
        *_misspelling(evaluation),
        *_training(record),
    ]
    return {plot.name: plot for plot in plots}


def _confidence(evaluation: Evaluation) -> list[Plot]:
    calibration, result = evaluation.calibration, evaluation.result
    examples = len(result.correct)
    bars = [
        Bar(bin.low, bin.high, bin.accuracy, f"{bin.examples:,}", (bin.examples / examples) ** 0.5)
        for bin in calibration.bins
    ]
    reliability = (
        f"Expected calibration error {calibration.expected_calibration_error:.1%} at temperature "
        f"{calibration.temperature:.2f}; {calibration.uncalibrated_error:.1%} without it. "
        "Bars that end on the dashed line mean what they say; the numbers count texts."
    )
    coverage = calibration.coverage
    half = min(coverage, key=lambda point: abs(point.coverage - 0.5))
    if evaluation.multi_label:
        answered = (
            "How sure an answer is, is the probability of all its labels together: the surest"
            f" {half.coverage:.0%} of the answers are right in {half.accuracy:.1%}."
        )
    else:
        answered = (
            f"`--min-confidence {half.threshold:.2f}` answers {half.coverage:.0%} of the texts,"
            f" and {half.accuracy:.1%} of these answers are right."
        )
    curves = precision_recall(
        result.top_truth,
        result.top_classes,
        result.top_probabilities,
        evaluation.support,
        evaluation.labels,
    )
    hardest = len(curves) - 1
    occurring = int((evaluation.support > 0).sum())
    precision = (
        f"Average precision of all decisions together: {curves[0].average_precision:.2f}"
        + (f"; below, the {hardest} hardest of {occurring} classes" if hardest < occurring else "")
        + "."
    )
    lines = [
        Line(
            f"{shortened(curve.name, svg.LABEL_LENGTH - 5)} {curve.average_precision:.2f}",
            [Point(x, y) for x, y in zip(curve.recall, curve.precision, strict=True)],
            markers=False,
        )
        for curve in curves
    ]
    return [
        Plot(
            "reliability",
            "Reliability",
            reliability,
            svg.bar_chart(
                bars,
                svg.percent_axis("confidence"),
                svg.percent_axis("accuracy"),
                f"Accuracy by confidence. {reliability}",
            ),
            [bin._asdict() for bin in calibration.bins],
        ),
        Plot(
            "coverage",
            "Answering only when sure",
            answered,
            svg.line_chart(
                [Line("", [Point(p.coverage, p.accuracy) for p in coverage], markers=False)],
                svg.percent_axis("share of texts answered"),
                svg.percent_axis("accuracy of the answers"),
                f"Accuracy by the share of texts answered. {answered}",
            )
            if len(coverage) >= FEWEST_POINTS
            else None,
            [point._asdict() for point in coverage],
        ),
        Plot(
            "precision-recall",
            "Precision and recall",
            precision,
            svg.line_chart(
                lines,
                svg.percent_axis("recall"),
                svg.percent_axis("precision"),
                f"Precision by recall. {precision}",
            ),
            [curve._asdict() for curve in curves],
        ),
    ]


def _difficulty(evaluation: Evaluation) -> list[Plot]:
    result = evaluation.result
    plots = [
        _slices(
            "length",
            "Accuracy by length",
            "words in the text (below: texts)",
            accuracy_by_length(result.lengths, result.correct),
        )
    ]
    if result.unseen_share is not None:  # an exported run does not have its training's words
        plots.append(
            _slices(
                "unseen",
                "Accuracy by unseen words",
                "share of words never seen in training (below: texts)",
                accuracy_by_unseen_share(result.unseen_share, result.correct),
            )
        )
    return plots


def _slices(name: str, title: str, x: str, slices: Sequence[Slice]) -> Plot:
    shown = "; ".join(f"{piece.name}: {piece.accuracy:.1%}" for piece in slices)
    caption = f"{shown}. Bars are 95% intervals."
    points = [Point(i, p.accuracy, p.low, p.high) for i, p in enumerate(slices)]
    axis = svg.named_axis(x, [f"{piece.name}\n{piece.examples:,}" for piece in slices])
    chart = svg.dot_chart(points, axis, svg.percent_axis("accuracy"), f"{title}. {caption}")
    drawn = len(slices) >= FEWEST_POINTS
    sentence = "; ".join(
        f"{piece.name}: {piece.accuracy:.1%} ({piece.low:.1%} to {piece.high:.1%}) of"
        f" {piece.examples:,} texts"
        for piece in slices
    )
    return Plot(
        name,
        title,
        "Bars are 95% intervals." if drawn else f"{sentence}.",
        chart if drawn else None,
        [piece._asdict() for piece in slices],
    )


def _misspelling(evaluation: Evaluation) -> list[Plot]:
    clean = evaluation.intervals.headline
    by_rate: dict[str, list[tuple[float, float, float, float]]] = {}
    by_words: dict[str, list[tuple[float, float, float, float]]] = {}
    for specification, result in evaluation.misspelled.items():
        if is_attack(specification):
            _, amount, *kinds = specification.split(":")
            curves, kind = by_words, kinds[0] if kinds else "any edit"
        else:
            kind, _, amount = specification.rpartition(":")
            curves = by_rate
        curves.setdefault(kind, [(0.0, *clean)]).append((float(amount), *result.intervals.headline))
    y = evaluation.headline
    title = y[0].upper() + y[1:]
    plots = []
    if by_rate:
        plots.append(
            _misspelling_plot(
                "misspelled",
                f"{title} when words are misspelled",
                "Of the words of four letters or more. Bars are 95% intervals.",
                y,
                by_rate,
                svg.percent_axis("share of words misspelled"),
            )
        )
    if by_words:
        most = max(point[0] for points in by_words.values() for point in points)
        plots.append(
            _misspelling_plot(
                "attacked",
                f"{title} under attack",
                "The worst single-character edits that a greedy search finds.",
                y,
                by_words,
                svg.number_axis("words edited in a text", most, whole=True),
            )
        )
    return plots


def _misspelling_plot(
    name: str,
    title: str,
    caption: str,
    y: str,
    curves: dict[str, list[tuple[float, float, float, float]]],
    x: svg.Axis,
) -> Plot:
    lines = [Line(kind, [Point(*p) for p in sorted(curves[kind])]) for kind in sorted(curves)]
    drawn = max(len(line.points) for line in lines) >= FEWEST_POINTS
    chart = svg.line_chart(lines, x, svg.percent_axis(y), f"{title}. {caption}")
    return Plot(name, title, caption, chart if drawn else None, curves)


def _training(record: TrainingRecord) -> list[Plot]:
    name = record.headline
    shown_as = name.replace("_f1", "-F1")
    panels = (
        ("training-loss", "Loss in training", "loss", ("train_loss", "validation_loss")),
        (
            "training-accuracy",
            f"Validation {shown_as} in training",
            shown_as,
            (f"validation_{name}",),
        ),
    )
    plots = []
    for name, title, y, columns in panels:
        series: list[tuple[str, list[float], list[float]]] = []
        for column in columns:
            rows = [row for row in record.lines if row.get(column) is not None]
            if rows:
                epochs = [row["epoch"] for row in rows]
                values = [row[column] for row in rows]
                series.append((column.partition("_")[0], epochs, values))
        if not series:
            continue
        _, epochs, values = series[-1]
        share = y != "loss"
        best = int(np.argmax(values) if share else np.argmin(values))
        shown = f"{values[best]:.1%}" if share else f"{values[best]:.4f}"
        caption = f"Best on validation: {shown} after epoch {epochs[best]:g}."
        lines = [
            Line(name, [Point(*pair) for pair in zip(at, numbers, strict=True)])
            for name, at, numbers in series
        ]
        last = max(epoch for _, at, _ in series for epoch in at)
        highest = max(value for _, _, numbers in series for value in numbers)
        chart = svg.line_chart(
            lines,
            svg.number_axis("epoch", last, whole=True),
            svg.percent_axis(y) if share else svg.number_axis(y, highest),
            f"{title}. {caption}",
        )
        data = [{"name": n, "epochs": at, "values": numbers} for n, at, numbers in series]
        drawn = chart if len(epochs) >= FEWEST_POINTS else None
        plots.append(Plot(name, title, caption, drawn, data))
    return plots
