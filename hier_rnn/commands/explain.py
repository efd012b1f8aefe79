"""`explain`: which characters of a text decided its class."""

from __future__ import annotations

import json as json_format
from pathlib import Path

import click

import hier_rnn
from hier_rnn.commands.options import run_configuration, verify_option


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("text", nargs=-1, required=True)
@click.option("--label", metavar="NAME", help="explain this class [default: the predicted one]")
@click.option("--json", is_flag=True, help="print JSON")
@verify_option
def explain(run: Path, text: tuple[str, ...], label: str | None, json: bool, verify: bool) -> None:
    """Colours the characters of a text by their share in its class."""
    run_configuration(run, verify)
    predictor = hier_rnn.load(run, verify)
    from hier_rnn.evaluation import explanation

    explained = explanation.explain(predictor, " ".join(text), label)
    if json:
        print(json_format.dumps(explained.to_json(), ensure_ascii=False, indent=2))
    else:
        explanation.print_explanation(explained)
