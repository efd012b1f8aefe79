"""An evaluation on the terminal: headline, classes, largest confusions, misspellings."""

from __future__ import annotations

from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from hier_rnn.evaluation.evaluate import Evaluation
from hier_rnn.evaluation.formatting import (
    p_value,
    percent,
    percent_interval,
    points_interval,
    shortened,
)
from hier_rnn.evaluation.paired_comparison import Comparison

CONFUSIONS_SHOWN = 8
DISAGREEMENTS_SHOWN = 8


def print_evaluation(evaluation: Evaluation, console: Console | None = None) -> None:
    """Prints an evaluation.

    Args:
        evaluation: What to print.
        console: Where; standard output by default.
    """
    scores, intervals = evaluation.scores, evaluation.intervals
    error = percent(evaluation.calibration.expected_calibration_error)
    temperature = evaluation.calibration.temperature
    parts: list[Table | Text] = [
        Text(f"\n{evaluation.name} on {evaluation.data}, {scores.examples:,} examples", "bold"),
        _headline(
            ("accuracy", percent_interval(intervals.accuracy)),
            ("macro-F1", percent_interval(intervals.macro_f1)),
            ("weighted-F1", percent(scores.weighted_f1)),
            ("loss", f"{scores.loss:.4f}"),
            ("calibration error", f"{error} at temperature {temperature:.2f}"),
            ("words per second", f"{evaluation.result.words_per_second:,.0f}"),
        ),
        _classes(evaluation),
    ]
    if evaluation.selection.confusions:
        parts.append(_confusions(evaluation))
    if evaluation.misspelled:
        parts.append(_misspelled(evaluation))
    (console or Console()).print(Group(*parts), soft_wrap=False)


def print_comparison(comparison: Comparison, console: Console | None = None) -> None:
    """Prints runs beside each other.

    Args:
        comparison: What to print.
        console: Where; standard output by default.
    """
    baseline = comparison.runs[0]
    table = plain_table(f"Compared with {baseline} (95% paired bootstrap; McNemar's exact test)")
    table.add_column("run", overflow="fold")
    for heading in ("accuracy", "macro-F1", "loss"):
        table.add_column(heading, justify="right")
    table.add_column("accuracy gained", justify="right")
    table.add_column("macro-F1 gained", justify="right")
    table.add_column("only it is right", justify="right")
    table.add_column(f"only {escape(baseline)}", justify="right")
    table.add_column("p", justify="right")
    differences = [None, *comparison.differences]
    for run, scores, row in zip(comparison.runs, comparison.scores, differences, strict=True):
        accuracy, macro_f1, loss = scores
        cells = [escape(run), percent(accuracy), percent(macro_f1), f"{loss:.4f}"]
        if row:
            cells += [points_interval(interval) for interval in row.difference]
            cells += [f"{row.mcnemar.only_second}", f"{row.mcnemar.only_first}"]
            cells += [p_value(row.mcnemar.p_value)]
        table.add_row(*cells)

    disagreements = plain_table(f"They disagree on {comparison.disagreeing:,} examples, as on")
    disagreements.add_column("is", overflow="fold")
    for run in comparison.runs:
        disagreements.add_column(escape(run), overflow="fold")
    disagreements.add_column("text", overflow="fold", ratio=1)
    for row in comparison.disagreements[:DISAGREEMENTS_SHOWN]:
        said = (
            Text(
                f"{label} {probability:.0%}",
                "green" if label == row.label else "red",
            )
            for label, probability in zip(row.predicted, row.probabilities, strict=True)
        )
        disagreements.add_row(escape(row.label), *said, escape(shortened(row.text)))
    (console or Console()).print(Group(table, disagreements))


def plain_table(title: str) -> Table:
    """Returns a table without lines, its title above it on the left."""
    return Table(
        title=f"\n{escape(title)}",
        title_justify="left",
        title_style="bold",
        header_style="dim",
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )


def _headline(*rows: tuple[str, str]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, value in rows:
        table.add_row(name, Text(value, "bold"))
    return table


def _classes(evaluation: Evaluation) -> Table:
    table = plain_table("Classes, hardest first")
    table.add_column("class", overflow="fold")
    for heading in ("precision", "recall", "F1", "support"):
        table.add_column(heading, justify="right")
    for row in sorted(evaluation.scores.per_class, key=lambda row: (row.support == 0, row.f1)):
        values = (
            [percent(value) for value in (row.precision, row.recall, row.f1)]
            if row.support
            else ["–"] * 3
        )
        table.add_row(escape(row.label), *values, f"{row.support:,}")
    return table


def _confusions(evaluation: Evaluation) -> Table:
    table = plain_table("Largest confusions, each with its surest example")
    table.show_header = False
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for row in evaluation.selection.confusions[:CONFUSIONS_SHOWN]:
        line = Text.assemble((row.label, "bold"), " taken for ", (row.predicted, "bold"), "\n")
        line.append(f"{shortened(row.example.text)}  ")
        line.append(row.example.where.rpartition("/")[2], "dim")
        table.add_row(f"{row.examples} of {row.support}", line)
    return table


def _misspelled(evaluation: Evaluation) -> Table:
    table = plain_table("Misspelled")
    table.add_column("how", overflow="fold")
    table.add_column("accuracy", justify="right")
    table.add_column("lost", justify="right")
    table.add_column("macro-F1", justify="right")
    for specification, result in evaluation.misspelled.items():
        lost = evaluation.scores.accuracy - result.scores.accuracy
        table.add_row(
            escape(specification),
            percent_interval(result.intervals.accuracy),
            percent(lost),
            percent(result.scores.macro_f1),
        )
    return table
