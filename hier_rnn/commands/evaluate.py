"""`evaluate`: how good runs are on labelled data."""

from __future__ import annotations

from pathlib import Path

import click

from hier_rnn.commands.options import opened, path_option, run_configuration, source_options
from hier_rnn.configuration.command_line import ConfiguredCommand, SeveralOption
from hier_rnn.errors import UserError
from hier_rnn.quiet import import_tensorflow


@click.command(cls=ConfiguredCommand)
@click.argument("runs", metavar="RUN [RUN ...]", nargs=-1, type=click.Path(path_type=Path))
@click.option("--data", metavar="SRC", help="labelled data [default: the run's own --test]")
@path_option("--json", "FILE", "write every figure to a JSON file")
@path_option("--report", "DIR", "write report.html, its figures as JSON, and its plots")
@path_option("--predictions", "FILE.jsonl", "write a line of JSON for every example")
@click.option(
    "--misspell",
    cls=SeveralOption,
    accepts=lambda value: ":" in value and not Path(value).exists(),
    metavar="KIND:RATE",
    help="evaluate with misspelled words too: swap, drop, add, key, repeat, case, accents or mixed,"
    " each with the share of words, as mixed:1.0; file:PATH:RATE; or attack:WORDS",
)
@source_options
@click.option(
    "--seed",
    default=0,
    type=click.IntRange(min=0),
    metavar="N",
    help="decides misspellings and intervals [default: 0]",
)
@click.option("--quiet", is_flag=True, help="no progress bar and no tables")
def evaluate(
    runs: tuple[Path, ...],
    data: str | None,
    json: Path | None,
    report: Path | None,
    predictions: Path | None,
    misspell: tuple[str, ...],
    label_column: str | None,
    text_column: str | None,
    tfds_data_dir: str | None,
    seed: int,
    quiet: bool,
) -> None:
    """Scores runs on labelled data, side by side when several.

    SRC is FILE.tsv, .csv, .jsonl, .txt, .parquet or .arrow, a FOLDER, tfds:NAME:SPLIT or - for
    standard input, as for `train`.
    """
    if not runs:
        raise UserError("RUN is needed: the directory that `train.py --out` wrote.")
    configuration = run_configuration(runs[0])
    if not (data or configuration.data.test):
        raise UserError(f"--data SRC is needed: {runs[0]} was trained without a --test of its own.")
    source = opened(
        data or configuration.data.test, configuration, label_column, text_column, tfds_data_dir
    )
    import_tensorflow()
    from hier_rnn.evaluation.evaluate import evaluate_runs

    evaluate_runs(
        list(runs),
        source,
        json=json,
        report=report,
        predictions=predictions,
        misspell=list(misspell),
        seed=seed,
        quiet=quiet,
    )
