"""Which figures a report has of an evaluation, each with its caption and its data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from hier_rnn.evaluation import figures
from hier_rnn.evaluation.attack import is_attack
from hier_rnn.evaluation.calibration import probabilities
from hier_rnn.evaluation.curves import (
    accuracy_by_length,
    accuracy_by_unseen_share,
    precision_recall,
)
from hier_rnn.evaluation.evaluate import Evaluation
from hier_rnn.evaluation.svg import inline_svg, save_png
from hier_rnn.storage.training_record import TrainingRecord


@dataclass(frozen=True)
class Drawn:
    """A figure with what it shows, in words and in numbers."""

    name: str
    figure: Figure
    title: str
    caption: str
    data: Any

    def svg(self, key: str) -> str:
        """Returns the figure as an inline SVG element with identifiers that start with `key`."""
        return inline_svg(self.figure, f"{key}-{self.name}", f"{self.title}. {self.caption}")

    def save(self, path: Path) -> None:
        """Writes the figure as PNG."""
        save_png(self.figure, path)


def drawings(
    evaluation: Evaluation,
    record: TrainingRecord,
    confusion: np.ndarray,
    confusion_labels: Sequence[str],
) -> dict[str, Drawn]:
    """Returns the figures by name; those that there are no data for are left out.

    Args:
        evaluation: What to draw.
        record: How the run's training went.
        confusion: The confusion matrix in the order to draw, `(classes, classes)`.
        confusion_labels: Its classes.
    """
    drawn = [
        *_confidence(evaluation),
        *_difficulty(evaluation),
        *_misspelling(evaluation),
        *_training(record),
        Drawn(
            "confusion",
            figures.confusion_figure(confusion, confusion_labels),
            "Confusion matrix",
            "True classes in rows, predicted ones in columns.",
            {"labels": list(confusion_labels), "matrix": confusion.tolist()},
        ),
    ]
    return {one.name: one for one in drawn}


def _confidence(evaluation: Evaluation) -> list[Drawn]:
    calibration, seen = evaluation.calibration, evaluation.observations
    coverage = calibration.coverage
    half = min(coverage, key=lambda point: abs(point.coverage - 0.5))
    curves = precision_recall(
        seen.targets, probabilities(seen.logits, calibration.temperature), evaluation.labels
    )
    return [
        Drawn(
            "reliability",
            figures.reliability_figure(calibration),
            "Reliability",
            f"Expected calibration error {calibration.expected_calibration_error:.1%} at "
            f"temperature {calibration.temperature:.2f}; {calibration.uncalibrated_error:.1%} "
            "without it. Bars that end on the dashed line mean what they say; "
            "the numbers count texts.",
            [bin._asdict() for bin in calibration.bins],
        ),
        Drawn(
            "coverage",
            figures.coverage_figure(coverage),
            "Answering only when sure",
            f"Below a confidence of {half.threshold:.2f}, leaving "
            f"{1 - half.coverage:.0%} of texts unanswered, {half.accuracy:.1%} of the answers "
            "are right.",
            [point._asdict() for point in coverage],
        ),
        Drawn(
            "precision-recall",
            figures.precision_recall_figure(curves),
            "Precision and recall",
            f"Average precision of all decisions together: {curves[0].average_precision:.2f}; "
            f"of the hardest class, {curves[1].name}: {curves[1].average_precision:.2f}.",
            [curve._asdict() for curve in curves],
        ),
    ]


def _difficulty(evaluation: Evaluation) -> list[Drawn]:
    seen = evaluation.observations
    by_length = accuracy_by_length(seen.lengths, seen.correct)
    by_unseen = accuracy_by_unseen_share(seen.unseen, seen.correct)
    return [
        Drawn(
            "length",
            figures.slices_figure(by_length, "words in the text (below: texts)"),
            "Accuracy by length",
            f"{by_length[0].accuracy:.1%} on texts of {by_length[0].name} words, "
            f"{by_length[-1].accuracy:.1%} on texts of {by_length[-1].name}. "
            "Bars are 95% intervals.",
            [piece._asdict() for piece in by_length],
        ),
        Drawn(
            "unseen",
            figures.slices_figure(by_unseen, "words never seen in training (below: texts)"),
            "Accuracy by unseen words",
            "; ".join(f"{piece.name}: {piece.accuracy:.1%}" for piece in by_unseen)
            + ". Bars are 95% intervals.",
            [piece._asdict() for piece in by_unseen],
        ),
    ]


def _misspelling(evaluation: Evaluation) -> list[Drawn]:
    clean = evaluation.intervals.accuracy
    by_rate: dict[str, list[tuple[float, float, float, float]]] = {}
    by_words: dict[str, list[tuple[float, float, float, float]]] = {}
    for specification, result in evaluation.misspelled.items():
        if is_attack(specification):
            _, amount, *kinds = specification.split(":")
            curves, kind = by_words, kinds[0] if kinds else "any edit"
        else:
            kind, _, amount = specification.rpartition(":")
            curves = by_rate
        curves.setdefault(kind, [(0.0, *clean)]).append((float(amount), *result.intervals.accuracy))
    drawn = []
    if by_rate:
        drawn.append(
            Drawn(
                "misspelled",
                figures.misspelling_figure(by_rate, "share of words misspelled", shares=True),
                "Accuracy when words are misspelled",
                "Of the words of four letters or more. Bars are 95% intervals.",
                by_rate,
            )
        )
    if by_words:
        drawn.append(
            Drawn(
                "attacked",
                figures.misspelling_figure(by_words, "words edited in a text", shares=False),
                "Accuracy under attack",
                "The worst single-character edits that a greedy search finds.",
                by_words,
            )
        )
    return drawn


def _training(record: TrainingRecord) -> list[Drawn]:
    panels = (
        ("training-loss", "Loss in training", "loss", ("train_loss", "validation_loss"), False),
        (
            "training-accuracy",
            "Validation accuracy in training",
            "accuracy",
            ("validation_accuracy",),
            True,
        ),
    )
    drawn = []
    for name, title, y, columns, percent in panels:
        series = []
        for column in columns:
            lines = [line for line in record.lines if line.get(column) is not None]
            if lines:
                epochs = [line["epoch"] for line in lines]
                values = [line[column] for line in lines]
                series.append((column.partition("_")[0].capitalize(), epochs, values))
        if not series:
            continue
        _, epochs, values = series[-1]
        best = int(np.argmax(values) if percent else np.argmin(values))
        shown = f"{values[best]:.1%}" if percent else f"{values[best]:.4f}"
        caption = f"Best on validation: {shown} after epoch {epochs[best]:g}."
        data = [{"name": n, "epochs": e, "values": v} for n, e, v in series]
        figure = figures.training_figure(series, y, percent)
        drawn.append(Drawn(name, figure, title, caption, data))
    return drawn
