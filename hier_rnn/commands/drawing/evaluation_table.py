"""An evaluation on the terminal: headline, classes, largest confusions, misspellings."""

from __future__ import annotations

from rich.text import Text

from hier_rnn.commands.drawing.draw import draw
from hier_rnn.commands.drawing.table import Column, Table, numbers
from hier_rnn.commands.terminal.console import escaped
from hier_rnn.evaluation.comparison.paired_comparison import Comparison
from hier_rnn.evaluation.evaluate import Evaluation
from hier_rnn.evaluation.formatting import (
    p_value,
    percent,
    percent_interval,
    points_interval,
)
from hier_rnn.metrics.label_scores import LabelScores
from hier_rnn.sources.example import shortened

TEXT_SHOWN = 160  # characters
CONFUSIONS_SHOWN = 8
DISAGREEMENTS_SHOWN = 8


def print_evaluation(evaluation: Evaluation) -> None:
    """Prints an evaluation on standard output.

    Args:
        evaluation: What to print.
    """
    parts = [_headline(evaluation), _classes(evaluation)]
    if evaluation.selection.confusions:
        parts.append(_confusions(evaluation))
    if evaluation.misspelled:
        parts.append(_misspelled(evaluation))
    draw(*parts)


def print_comparison(comparison: Comparison) -> None:
    """Prints runs beside each other on standard output.

    Args:
        comparison: What to print.
    """
    draw(_differences(comparison), _disagreements(comparison))


def _headline(evaluation: Evaluation) -> Table:
    scores, intervals = evaluation.scores, evaluation.intervals
    calibration = evaluation.calibration
    error = percent(calibration.expected_calibration_error)
    title = f"{evaluation.name} on {evaluation.data}, {scores.examples:,} examples"
    table = Table(title, [Column(""), Column("")])
    of_several = []
    if isinstance(scores, LabelScores):
        ranking = scores.label_ranking_average_precision
        of_several = [
            ("subset accuracy", percent_interval(intervals.accuracy)),
            ("hamming loss", f"{scores.hamming_loss:.4f}"),
            ("label ranking average precision", f"{ranking:.4f}"),
        ]
    for name, value in (
        (evaluation.headline, percent_interval(intervals.headline)),
        (f"always '{evaluation.majority[0]}'", percent(evaluation.majority[1])),
        ("macro-F1", percent_interval(intervals.macro_f1)),
        ("weighted-F1", percent(scores.weighted_f1)),
        *of_several,
        ("loss", f"{scores.loss:.4f}"),
        ("calibration error", f"{error} at temperature {calibration.temperature:.2f}"),
        ("words per second", f"{evaluation.result.words_per_second:,.0f}"),
    ):
        table.add(name, Text(value, "bold"))
    if evaluation.unseen.examples:
        left_out = ", ".join(f"{label} {n:,}" for label, n in evaluation.unseen.labels.items())
        table.add("left out, label never seen", f"{evaluation.unseen.examples:,} ({left_out})")
    return table


def _classes(evaluation: Evaluation) -> Table:
    table = Table(
        "Classes, hardest first",
        [Column("class"), *numbers("precision", "recall", "F1", "support")],
    )
    for row in sorted(evaluation.scores.per_class, key=lambda row: (row.support == 0, row.f1)):
        values = (
            [percent(value) for value in (row.precision, row.recall, row.f1)]
            if row.support
            else ["–"] * 3
        )
        table.add(row.label, *values, f"{row.support:,}")
    return table


def _confusions(evaluation: Evaluation) -> Table:
    table = Table(
        "Largest confusions, each with its surest example", [Column("", "right"), Column("")]
    )
    for row in evaluation.selection.confusions[:CONFUSIONS_SHOWN]:
        line = Text.assemble(
            (escaped(row.label), "bold"), " taken for ", (escaped(row.predicted), "bold"), "\n"
        )
        line.append(f"{escaped(shortened(row.example.text, TEXT_SHOWN))}  ")
        line.append(escaped(row.example.where.rpartition("/")[2]), "dim")
        table.add(f"{row.examples} of {row.support}", line)
    return table


def _misspelled(evaluation: Evaluation) -> Table:
    columns = numbers(evaluation.headline, "lost", "macro-F1")
    table = Table("Misspelled", [Column("how"), *columns])
    for specification, result in evaluation.misspelled.items():
        lost = evaluation.scores.headline - result.scores.headline
        table.add(
            specification,
            percent_interval(result.intervals.headline),
            percent(lost),
            percent(result.scores.macro_f1),
        )
    return table


def _differences(comparison: Comparison) -> Table:
    """The scores and what was gained; where they have no room, in two tables."""
    title = f"Compared with {comparison.runs[0]} (95% paired bootstrap; McNemar's exact test)"
    scores = Table(title, [Column("run"), *numbers(comparison.headline, "macro-F1", "loss")])
    for run, values in zip(comparison.runs, comparison.scores, strict=True):
        accuracy, macro_f1, loss = values
        scores.add(run, percent(accuracy), percent(macro_f1), f"{loss:.4f}")
    gains = Table(
        "Gained, and examples that only one of the two has right",
        [
            Column("run"),
            *numbers(
                f"{comparison.headline} gained", "macro-F1 gained", "only it", "only the first", "p"
            ),
        ],
    )
    for row in comparison.differences:
        gains.add(
            row.run,
            points_interval(row.difference.headline),
            points_interval(row.difference.macro_f1),
            f"{row.mcnemar.only_second}",
            f"{row.mcnemar.only_first}",
            p_value(row.mcnemar.p_value),
        )
    nothing = [""] * (len(gains.columns) - 1)
    both = [nothing, *(row[1:] for row in gains.rows)]
    return Table(
        title,
        [*scores.columns, *gains.columns[1:]],
        [[*left, *right] for left, right in zip(scores.rows, both, strict=True)],
        narrow=(scores, gains),
    )


def _disagreements(comparison: Comparison) -> Table:
    """A block for each example: what it is, what each run says, and the text over whole lines."""
    table = Table(
        f"They disagree on {comparison.disagreeing:,} examples"
        + (", as on" if comparison.disagreements else ""),
        [Column(""), Column("")],
    )
    for row in comparison.disagreements[:DISAGREEMENTS_SHOWN]:
        table.add(Text("text", "dim"), shortened(row.text, TEXT_SHOWN))
        table.add(Text("is", "dim"), Text(escaped(row.label), "bold"))
        for run, label, probability in zip(
            comparison.runs, row.predicted, row.probabilities, strict=True
        ):
            right = label == row.label
            said = Text(f"{escaped(label)} {probability:.0%}", "green" if right else "red")
            said.append("" if right else "  wrong", "dim")
            table.add(Text(escaped(run), "dim"), said)
        table.add("", "")
    return table
