"""Examples that are probably labelled wrongly, with their place, ranked."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hier_rnn.errors import UserError
from hier_rnn.lines import read_lines
from hier_rnn.metrics.label_errors import find_label_errors
from hier_rnn.sources.example import Example, Source, shortened


@dataclass(frozen=True)
class LabelError:
    """An example that is probably labelled wrongly."""

    where: str
    text: str
    label: str
    """As it is given."""
    suggested: str
    label_probability: float
    """Of the given label, by a classifier that never saw the example."""
    suggested_probability: float


@dataclass(frozen=True)
class LabelErrors:
    """What was looked at, and what was found."""

    examples: int
    without_prediction: int
    """Examples left out, since there is no prediction of them."""
    agreement: float
    """Share of the labels that are the most probable ones."""
    errors: tuple[LabelError, ...]
    """The likeliest first."""

    def to_json(self) -> dict[str, Any]:
        """Returns it as JSON values."""
        return asdict(self)


def label_errors(
    examples: Source,
    labels: Sequence[str],
    targets: np.ndarray,
    probabilities: np.ndarray,
    without_prediction: int = 0,
) -> LabelErrors:
    """Finds the examples that are probably labelled wrongly.

    Args:
        examples: Those that are judged, in order.
        labels: Name of each class.
        targets: The class that each is labelled with, `(examples,)`.
        probabilities: Of each class, by classifiers that never saw the example,
            `(examples, classes)`.
        without_prediction: How many others were left out. Default 0.
    """
    rows = find_label_errors(targets, probabilities)
    wanted = set(rows.tolist())
    found = {row: example for row, example in enumerate(examples) if row in wanted}
    errors = []
    for row in rows.tolist():
        example, values = found[row], probabilities[row]
        best = int(values.argmax())
        errors.append(
            LabelError(
                example.where,
                example.text,
                labels[targets[row]],
                labels[best],
                round(float(values[targets[row]]), 6),
                round(float(values[best]), 6),
            )
        )
    agreement = float(np.mean(probabilities.argmax(axis=1) == targets))
    return LabelErrors(len(targets), without_prediction, agreement, tuple(errors))


def label_errors_of_predictions(data: Source, predictions: Path) -> LabelErrors:
    """Finds label errors from the predictions that an evaluation has written.

    Args:
        data: The examples.
        predictions: The file, its lines in the order of the examples; for some there may be none.

    Raises:
        UserError: The file can't be read, or its predictions are of other examples.
    """
    labels: list[str] = []
    targets: list[int] = []
    rows: list[list[float]] = []
    predicted: list[bool] = []
    lines = _predictions(predictions)
    line = next(lines, None)
    for example in data:
        matches = line is not None and line["where"] == example.where
        predicted.append(matches)
        if line is None or not matches:
            continue
        _check_same(example, line, predictions)
        if not labels:
            labels = list(line["probabilities"])
        if list(line["probabilities"]) != labels or example.label not in labels:
            raise UserError(
                f"{predictions}: the prediction of {example.where} is not of the classes of the"
                " others: predictions of one run, or of one cross-validation, are expected."
            )
        targets.append(labels.index(str(example.label)))
        rows.append(list(line["probabilities"].values()))
        line = next(lines, None)
    if line is not None:
        raise UserError(
            f"{predictions}: the prediction of {shortened(str(line['where']), 200)} has no example"
            f" in {data.name} at its place: predictions of these data, in their order, are"
            " expected, as `hier-rnn evaluate --cross-validate 5 --predictions FILE` writes them."
        )
    if not rows:
        raise UserError(f"{predictions}: no prediction of any example of {data.name}.")

    def read() -> Iterator[Example]:
        return (example for example, kept in zip(data, predicted, strict=True) if kept)

    return label_errors(
        Source(data.name, read),
        labels,
        np.array(targets),
        np.array(rows, np.float32),
        predicted.count(False),
    )


def _predictions(path: Path) -> Iterator[dict[str, Any]]:
    for number, text in read_lines(path):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            line = None
        if not isinstance(line, dict) or not _is_prediction(line):
            raise UserError(
                f"{path}:{number}: not a prediction: an object with where, text, label and"
                " probabilities is expected, as `hier-rnn evaluate --predictions FILE` writes it."
            )
        yield line


def _is_prediction(line: dict[str, Any]) -> bool:
    values = line.get("probabilities")
    return (
        isinstance(line.get("where"), str)
        and isinstance(line.get("label"), str)
        and isinstance(values, dict)
        and len(values) > 0
        and all(type(value) in (int, float) and math.isfinite(value) for value in values.values())
    )


def _check_same(example: Example, line: dict[str, Any], path: Path) -> None:
    if line["label"] != example.label or line.get("text") != example.text:
        raise UserError(
            f"{path}: {example.where} has changed since it was predicted: then it was"
            f" '{shortened(str(line['label']))}' '{shortened(str(line.get('text')))}', now it is"
            f" '{shortened(str(example.label))}' '{shortened(example.text)}'."
        )
