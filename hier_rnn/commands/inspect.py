"""`inspect`: every weight of a run, an encoder directory or a configuration."""

from __future__ import annotations

from pathlib import Path

import click

from hier_rnn.commands.terminal.console import STANDARD_STREAM, write_json, write_line
from hier_rnn.commands.terminal.options import output_option, path_option, verify_option
from hier_rnn.sources.bundled import bundled
from hier_rnn.tensorflow_setup import import_tensorflow


@click.command(epilog="Example:  hier-rnn inspect runs/messages --compare before.toml")
@click.argument("target", metavar="[TARGET]", required=False, type=click.Path(path_type=Path))
@path_option("--compare", "TARGET", "show how far each weight has moved since this one")
@output_option(
    "--json",
    "FILE|-",
    "write the rows as JSON; without a name, or with -: to standard output, alone",
    is_flag=False,
    flag_value=STANDARD_STREAM,
)
@click.option(
    "--devices", is_flag=True, help="say on what a training would compute here, and nothing else"
)
@verify_option
def inspect(
    target: Path | None, compare: Path | None, json: Path | None, devices: bool, verify: bool
) -> None:
    """Shows every weight: its shape, how it started, its statistics.

    TARGET is a run directory, an encoder directory, or FILE.toml: a configuration before any
    training. Without one, the default configuration on the bundled data is shown.
    """
    if devices:
        import_tensorflow()
        from hier_rnn.training.distribution.devices import devices as here

        write_line(f"A training computes on {here()}; a finished run, in NumPy, on the processor.")
        return
    from hier_rnn.evaluation.inspection.weights import inspect_target, json_rows

    rows = inspect_target(target, compare, bundled("train"), verify)
    if json:
        write_json(json, json_rows(rows))
    if json != STANDARD_STREAM:
        from hier_rnn.commands.drawing.inspection_table import print_inspection

        print_inspection(rows, str(target or "the default configuration"))
