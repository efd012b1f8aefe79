"""`explain`: which characters of a text decided its class."""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

import hier_rnn
from hier_rnn.commands.drawing.draw import draw
from hier_rnn.commands.terminal.console import STANDARD_STREAM, escaped, show_log, write_json
from hier_rnn.commands.terminal.options import output_option, run_configuration, verify_option
from hier_rnn.errors import UserError

if TYPE_CHECKING:
    from rich.style import Style

    from hier_rnn.commands.drawing.table import Table
    from hier_rnn.evaluation.explanation import Explanation

CLASSES_SHOWN = 5
BAR = 20


@click.command(epilog='Example:  hier-rnn explain runs/messages "wheres my parcle??"')
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("words", metavar="[TEXT]", nargs=-1)
@click.option("--text", metavar="TEXT", help="the text, if it begins with a dash")
@click.option("--label", metavar="NAME", help="explain this class [default: the predicted one]")
@output_option(
    "--json",
    "FILE|-",
    "write it as JSON; without a name, or with -: to standard output, alone",
    is_flag=False,
    flag_value=STANDARD_STREAM,
)
@verify_option
def explain(
    run: Path,
    words: tuple[str, ...],
    text: str | None,
    label: str | None,
    json: Path | None,
    verify: bool,
) -> None:
    """Shows the share of each character of a text in its class.

    On a terminal the characters are coloured; everywhere there is a line for each word with its
    share and those of its characters.
    """
    if (text is None) == (not words):
        raise UserError('One TEXT is needed: hier-rnn explain RUN "where is my parcel".')
    text = " ".join(words) if text is None else text
    if not text.strip():
        raise UserError("TEXT is empty: there is nothing to explain.")
    run_configuration(run, verify)
    show_log(quiet=False)
    predictor = hier_rnn.load(run, verify)
    from hier_rnn.evaluation import explanation

    explained = explanation.explain(predictor, text, label)
    if json:
        write_json(json, explained.to_json())
    if json != STANDARD_STREAM:
        print_explanation(explained)


def print_explanation(explanation: Explanation) -> None:
    """Prints the classes, the text with its characters coloured, and every word's share.

    Args:
        explanation: What to print.
    """
    from rich.text import Text

    from hier_rnn.commands.drawing.table import new_console
    from hier_rnn.evaluation.explanation import LEVELS

    label = escaped(explanation.label)
    coloured = Text()
    for text, level in explanation.spans():
        coloured.append(escaped(text), _style(level))
    legend = Text.assemble(
        ("for", _style(LEVELS)), " and ", ("against", _style(-LEVELS)), f" {label}"
    )
    in_colour = new_console(sys.stdout).color_system is not None
    draw(
        _classes(explanation),
        "",
        coloured,
        *(["", legend] if in_colour else []),
        _shares(explanation),
    )


def _classes(explanation: Explanation) -> Table:
    """The most probable classes, and the explained one wherever it stands."""
    predicted = next(iter(explanation.probabilities))
    from rich.text import Text

    from hier_rnn.commands.drawing.table import Column, Table, numbers

    table = Table("", [Column("class"), *numbers("probability"), Column("")])
    for rank, (label, probability) in enumerate(explanation.probabilities.items()):
        explained = label == explanation.label
        if rank < CLASSES_SHOWN or explained:
            style = "bold" if explained else ""
            bar = Text("█" * round(BAR * probability), "blue")
            if label in (explanation.given or ()):
                bar.append(" given", "dim")
            table.add(
                Text(escaped(label), style),
                Text(f"{probability:.1%}", style),
                bar.append(" explained here" if explained and label != predicted else "", "dim"),
            )
    return table


def _shares(explanation: Explanation) -> Table:
    """Each word's share and its characters' below each other, in percent of all, as text."""
    from hier_rnn.commands.drawing.table import Column, Table, numbers

    total = sum(abs(part.share) for part in explanation.parts) or 1.0
    table = Table(
        f"Share of each word and its characters, for (+) or against (-) {explanation.label}",
        [Column("word"), *numbers("share"), Column("characters")],
    )
    for word, alike in groupby(explanation.parts, lambda part: part.word):
        if word is None:  # what stands between words
            continue
        parts = list(alike)
        share = sum(part.share for part in parts) / total
        characters = " ".join(f"{part.text}{100 * part.share / total:+.0f}" for part in parts)
        table.add("".join(part.text for part in parts), f"{share:+.0%}", characters)
    return table


def _style(level: int) -> Style:
    from rich.style import Style

    from hier_rnn.evaluation.explanation import LEVELS
    from hier_rnn.evaluation.report.theme import LIGHT

    if level == 0:
        return Style()
    shade = f"for-{level}" if level > 0 else f"against-{-level}"
    ink = "strong-ink" if abs(level) == LEVELS else "ink"
    return Style(color=LIGHT[ink], bgcolor=LIGHT[shade])
