"""`inspect`: every weight of a run, an encoder directory or a configuration."""

from __future__ import annotations

import json as json_format
import sys
from pathlib import Path

import click

from hier_rnn.commands.embedded import embedded
from hier_rnn.commands.options import path_option

WIDTH = 110


@click.command()
@click.argument("target", metavar="[TARGET]", required=False, type=click.Path(path_type=Path))
@path_option("--compare", "TARGET", "show how far each weight has moved since this one")
@click.option("--json", is_flag=True, help="print JSON")
def inspect(target: Path | None, compare: Path | None, json: bool) -> None:
    """Shows every weight: its shape, how it started, its statistics.

    TARGET is a run directory, an encoder directory, or FILE.toml: a configuration before any
    training. Without one, the default configuration on the embedded data is shown.
    """
    from rich.console import Console

    from hier_rnn.commands.inspection_table import render
    from hier_rnn.evaluation.inspection.weights import inspect_target, json_rows

    rows = inspect_target(target, compare, embedded("train"))
    if json:
        print(json_format.dumps(json_rows(rows), indent=2))
    else:
        # A pipe has no width, and the table needs more than the 80 columns rich then takes.
        console = Console(width=None if sys.stdout.isatty() else WIDTH)
        console.print(render(rows, str(target or "the default configuration")))
