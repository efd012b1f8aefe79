"""How the answers of `predict` are written: lines, a table, or JSON."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from hier_rnn.commands.terminal.console import as_json, escaped_for
from hier_rnn.errors import UserError

if TYPE_CHECKING:  # a third of the time that --help takes
    import numpy as np

    from hier_rnn.inference.predictor import Prediction

UNSURE = "unsure"
DIGITS = 6


class Text(NamedTuple):
    """A text to be answered."""

    number: int
    """Which row of the input it is, from 1."""
    text: str
    columns: Mapping[str, str]
    """The other columns of its row, as far as they are carried along."""


@dataclass(frozen=True)
class Answer:
    """What is said of a text: the labels that are shown, most probable first."""

    probability: float
    """Of the most probable label."""
    labels: Sequence[tuple[str, float]]
    """None where no label is probable enough."""
    given: Sequence[str] | None = None
    """Of several labels that a text may have, those that it is given, shown or not."""


def answer(
    prediction: Prediction,
    names: Sequence[str],
    multi_label: bool,
    top: int | None,
    min_confidence: float,
) -> Answer:
    """Returns what is shown of a prediction.

    Args:
        prediction: The prediction.
        names: The labels.
        multi_label: Whether a text may have several.
        top: How many are shown at the most. None: those that the text is given.
        min_confidence: Those below are not shown.
    """
    probabilities = prediction.probabilities
    if top is None:
        shown = [(name, float(probabilities[names.index(name)])) for name in prediction.labels]
    else:
        order = (-probabilities).argsort(kind="stable")[:top]
        shown = [(names[i], float(probabilities[i])) for i in order]
    sure = [pair for pair in shown if pair[1] >= min_confidence]
    if not multi_label:
        return Answer(prediction.probability, sure)
    given = [
        name
        for name in prediction.labels
        if float(probabilities[names.index(name)]) >= min_confidence
    ]
    return Answer(prediction.probability, sure, given)


Write = Callable[[Text, Answer], None]


def line_writer(file: IO[str]) -> Write:
    """Returns a function that writes `label<TAB>probability`, for each of the labels shown.

    Where a text may have several labels, none is an empty line.
    """

    def write(text: Text, given: Answer) -> None:
        pairs = _shown(given)
        cells = (f"{escaped_for(label, file)}\t{probability:.4f}" for label, probability in pairs)
        file.write("\t".join(cells) + "\n")

    return write


def json_writer(file: IO[str]) -> Write:
    """Returns a function that writes an object on a line; where unsure its label is null.

    Where a text may have several labels, it has `labels`, those that it is given.
    """

    def write(text: Text, given: Answer) -> None:
        line: dict[str, Any] = {
            "row": text.number,
            "text": text.text,
            **({"columns": dict(text.columns)} if text.columns else {}),
        }
        if given.given is None:
            line["label"] = given.labels[0][0] if given.labels else None
            line["probability"] = round(given.probability, DIGITS)
        else:
            line["labels"] = list(given.given)
        line["probabilities"] = {label: round(p, DIGITS) for label, p in given.labels}
        file.write(as_json(line) + "\n")

    return write


def table_writer(file: IO[str], delimiter: str, top: int | None, separator: str) -> Write:
    """Returns a function that writes the carried columns and beside them the answers.

    The first row is a header: the columns, then `predicted` and `probability`, `predicted_2` ...

    Args:
        file: Where to.
        delimiter: Between cells.
        top: How many labels have columns. None: those that a text is given stand in one.
        separator: Between these.
    """
    rows = csv.writer(file, delimiter=delimiter, lineterminator="\n")
    answers = [
        f"{name}{suffix}"
        for suffix in ("", *(f"_{rank}" for rank in range(2, (top or 1) + 1)))
        for name in ("predicted", "probability")
    ]
    columns: list[str] = []
    # A table is data: only on a terminal control characters do harm.
    clean = partial(escaped_for, stream=file) if file.isatty() else _without_surrogates

    def write(text: Text, given: Answer) -> None:
        if not columns:
            columns.extend(text.columns)
            if taken := sorted(set(columns) & set(answers)):
                raise UserError(
                    f"The data have a column '{taken[0]}' already: name the columns to carry"
                    " along with --column."
                )
            rows.writerow([*columns, *answers])
        pairs = _shown(given)
        if top is None:
            labels, shares = [label for label, _ in pairs], [f"{p:.4f}" for _, p in pairs]
            cells = [separator.join(labels), separator.join(shares)]
        else:
            cells = [f"{value}" for label, p in pairs for value in (label, f"{p:.4f}")]
        cells += [""] * (len(answers) - len(cells))
        cells = [*(text.columns[name] for name in columns), *cells]
        rows.writerow(map(clean, cells))

    return write


def _shown(given: Answer) -> Sequence[tuple[str, float]]:
    """The labels shown; where a text has one, and it is not sure, what stands for it."""
    if given.labels or given.given is not None:
        return given.labels
    return [(UNSURE, given.probability)]


def _without_surrogates(cell: str) -> str:
    return cell.encode("utf-8", "backslashreplace").decode()


def vector_line(vector: np.ndarray) -> str:
    """Returns a vector's numbers on a line, as fastText writes them."""
    return " ".join(f"{value:.6g}" for value in vector.tolist())
