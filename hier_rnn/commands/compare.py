"""`compare`: runs in one table, with the options in which they differ."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument(
    "runs", metavar="RUN [RUN ...]", nargs=-1, required=True, type=click.Path(path_type=Path)
)
def compare(runs: tuple[Path, ...]) -> None:
    """Lists runs, best first, with the options in which they differ."""
    from hier_rnn.evaluation.comparison import compare_runs

    compare_runs(list(runs))
