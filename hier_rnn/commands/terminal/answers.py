"""How the answers of `predict` are written: lines, a table, or JSON."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import IO, TYPE_CHECKING, NamedTuple

from hier_rnn.commands.terminal.console import as_json, escaped_for
from hier_rnn.errors import UserError

if TYPE_CHECKING:  # a third of the time that --help takes
    import numpy as np

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

    @property
    def label(self) -> str:
        """The most probable label, or `unsure`."""
        return self.labels[0][0] if self.labels else UNSURE


def answer(
    probabilities: np.ndarray, names: Sequence[str], top: int, min_confidence: float
) -> Answer:
    """Returns what is shown of a text's probabilities.

    Args:
        probabilities: Of every label, `(classes,)`.
        names: The labels.
        top: How many are shown at the most.
        min_confidence: Those below are not shown.
    """
    order = (-probabilities).argsort(kind="stable")[:top]
    shown = [(names[i], float(probabilities[i])) for i in order]
    return Answer(shown[0][1], [pair for pair in shown if pair[1] >= min_confidence])


Write = Callable[[Text, Answer], None]


def line_writer(file: IO[str]) -> Write:
    """Returns a function that writes `label<TAB>probability`, for each of the labels shown."""

    def write(text: Text, given: Answer) -> None:
        pairs = given.labels or [(UNSURE, given.probability)]
        cells = (f"{escaped_for(label, file)}\t{probability:.4f}" for label, probability in pairs)
        file.write("\t".join(cells) + "\n")

    return write


def json_writer(file: IO[str]) -> Write:
    """Returns a function that writes an object on a line; where unsure its label is null."""

    def write(text: Text, given: Answer) -> None:
        line = {
            "row": text.number,
            "text": text.text,
            **({"columns": dict(text.columns)} if text.columns else {}),
            "label": given.labels[0][0] if given.labels else None,
            "probability": round(given.probability, DIGITS),
            "probabilities": {label: round(p, DIGITS) for label, p in given.labels},
        }
        file.write(as_json(line) + "\n")

    return write


def table_writer(file: IO[str], delimiter: str, top: int) -> Write:
    """Returns a function that writes the carried columns and beside them the answers.

    The first row is a header: the columns, then `predicted` and `probability`, `predicted_2` ...

    Args:
        file: Where to.
        delimiter: Between cells.
        top: How many labels have columns.
    """
    rows = csv.writer(file, delimiter=delimiter, lineterminator="\n")
    answers = [
        f"{name}{suffix}"
        for suffix in ("", *(f"_{rank}" for rank in range(2, top + 1)))
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
        pairs = [*given.labels] or [(UNSURE, given.probability)]
        cells = [f"{value}" for label, p in pairs for value in (label, f"{p:.4f}")]
        cells += [""] * (len(answers) - len(cells))
        cells = [*(text.columns[name] for name in columns), *cells]
        rows.writerow(map(clean, cells))

    return write


def _without_surrogates(cell: str) -> str:
    return cell.encode("utf-8", "backslashreplace").decode()


def vector_line(vector: np.ndarray) -> str:
    """Returns a vector's numbers on a line, as fastText writes them."""
    return " ".join(f"{value:.6g}" for value in vector.tolist())
