"""`export`: a run as a folder that other programs use without us."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hier_rnn.commands.terminal.console import lines, show_log
from hier_rnn.commands.terminal.options import verify_option

if TYPE_CHECKING:
    from hier_rnn.exporting.export import Format
    from hier_rnn.exporting.rounding import Precision

KILOBYTE = 1000


@click.command(
    epilog="""\b
Examples:
  hier-rnn export runs/messages messages-onnx
  hier-rnn export runs/messages messages-small --weights int8
  hier-rnn export runs/messages messages --format savedmodel"""
)
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--format",
    type=click.Choice(["onnx", "savedmodel"]),
    default="onnx",
    show_default=True,
    help="onnx: a graph for onnxruntime and others; savedmodel: for TensorFlow Serving",
)
@click.option(
    "--weights",
    type=click.Choice(["float32", "float16", "int8"]),
    default="float32",
    show_default=True,
    help="what the numbers of an ONNX graph are stored as",
)
@verify_option
def export(run: Path, directory: Path, format: Format, weights: Precision, verify: bool) -> None:
    """Writes a run as a folder for other programs.

    DIR is made, or is empty. hier-rnn's own commands take it as they take a run.
    """
    from hier_rnn.exporting.export import export_run

    show_log(quiet=False)
    sizes = export_run(run, directory, format, weights, verify)
    width = max(map(len, sizes))
    lines(f"{name:<{width}}  {size / KILOBYTE:>9,.1f} kB" for name, size in sizes.items())
