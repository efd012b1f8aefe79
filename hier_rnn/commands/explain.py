"""`explain`: which characters of a text decided its class."""

from __future__ import annotations

import json as json_format
from pathlib import Path

import click
from rich.console import Console
from rich.style import Style
from rich.table import Table
from rich.text import Text

import hier_rnn
from hier_rnn.commands.options import run_configuration
from hier_rnn.evaluation.explanation import LEVELS, WORDS_NAMED, Explanation
from hier_rnn.evaluation.report.theme import LIGHT


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("text", nargs=-1, required=True)
@click.option("--label", metavar="NAME", help="explain this class [default: the predicted one]")
@click.option("--json", is_flag=True, help="print JSON")
def explain(run: Path, text: tuple[str, ...], label: str | None, json: bool) -> None:
    """Colours the characters of a text by their share in its class."""
    run_configuration(run)
    predictor = hier_rnn.load(run)
    from hier_rnn.evaluation import explanation

    explained = explanation.explain(predictor, " ".join(text), label)
    if json:
        print(json_format.dumps(explained.to_json(), ensure_ascii=False, indent=2))
    else:
        print_explanation(explained)


def print_explanation(explanation: Explanation, console: Console | None = None) -> None:
    """Prints the label, the probabilities, and the text with its characters coloured.

    Args:
        explanation: What to print.
        console: Where; standard output by default.
    """
    table = Table.grid(padding=(0, 2, 0, 0))
    for label, probability in list(explanation.probabilities.items())[:WORDS_NAMED]:
        style = "bold" if label == explanation.label else ""
        bar = "█" * round(20 * probability)
        table.add_row(Text(label, style), Text(f"{probability:.1%}", style), Text(bar, "blue"))
    coloured = Text()
    for text, level in explanation.spans():
        coloured.append(text, _style(level))
    words = ", ".join(f"{word} {share:+.0%}" for word, share in explanation.decisive_words)
    legend = Text.assemble(
        ("for", _style(LEVELS)), " and ", ("against", _style(-LEVELS)), f" {explanation.label}"
    )
    console = console or Console()
    console.print(table, "", coloured, "", sep="\n")
    if console.color_system:
        console.print(legend)
    if words:
        console.print(Text(f"Words that decided: {words}"))


def _style(level: int) -> Style:
    if level == 0:
        return Style()
    shade = f"for-{level}" if level > 0 else f"against-{-level}"
    ink = "strong-ink" if abs(level) == LEVELS else "ink"
    return Style(color=LIGHT[ink], bgcolor=LIGHT[shade])
