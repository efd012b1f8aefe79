"""`evaluate`: how good runs are on labelled data."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

import hier_rnn
from hier_rnn.commands.console import STANDARD_STREAM, show_log, write_json, write_line
from hier_rnn.commands.options import (
    opened,
    output_option,
    quiet_option,
    run_configuration,
    source_options,
)
from hier_rnn.configuration.command_line import ConfiguredCommand, SeveralOption
from hier_rnn.errors import UserError
from hier_rnn.tensorflow_setup import import_tensorflow


@click.command(
    cls=ConfiguredCommand,
    epilog="Example:  hier-rnn evaluate runs/messages --data test.tsv --report report",
)
@click.argument("runs", metavar="RUN [RUN ...]", nargs=-1, type=click.Path(path_type=Path))
@click.option("--data", metavar="SRC", help="labelled data [default: the run's own --test]")
@output_option("--json", "FILE|-", "write every figure as JSON; -: to standard output, alone")
@output_option("--report", "DIR", "write report.html, its figures as JSON, and its plots")
@output_option("--predictions", "FILE.jsonl", "write a line of JSON for every example")
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
@quiet_option("no progress bar and no tables")
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

    SRC is FILE.tsv, FILE.csv, FILE.jsonl, FILE.txt, FOLDER or tfds:NAME:SPLIT, as for `train`.
    Files are written first; what is printed comes last.
    """
    if not runs:
        raise UserError("RUN is needed: the directory that `hier-rnn train --out` wrote.")
    configurations = [run_configuration(run) for run in runs]
    if not (data or configurations[0].data.test):
        raise UserError(f"--data SRC is needed: {runs[0]} was trained without a --test of its own.")
    source = opened(
        data or configurations[0].data.test,
        configurations[0],
        label_column,
        text_column,
        tfds_data_dir,
    )
    show_log(quiet)
    import_tensorflow()
    from hier_rnn.commands.evaluation_table import print_comparison, print_evaluation
    from hier_rnn.evaluation import evaluate as evaluation
    from hier_rnn.evaluation.misspelled import parse_misspelling
    from hier_rnn.evaluation.predictions import prediction_writer
    from hier_rnn.evaluation.side_by_side import compare
    from hier_rnn.files import write_atomically

    for specification in misspell:
        parse_misspelling(specification)
    names = evaluation.run_names(runs)
    predictors = [hier_rnn.load(run) for run in runs]
    words = [evaluation.known_words(run) for run in runs]
    evaluations = []
    with contextlib.ExitStack() as files:
        lines = files.enter_context(write_atomically(predictions)) if predictions else None
        for name, predictor, known in zip(names, predictors, words, strict=True):
            result = evaluation.evaluate(
                predictor,
                source,
                name=name,
                known_words=known,
                misspell=misspell,
                seed=seed,
                quiet=quiet,
                sink=lines
                and prediction_writer(lines, name, predictor.labels, predictor.temperature),
            )
            evaluations.append(result)
    comparison = compare(evaluations, source, seed) if len(runs) > 1 else None
    figures = evaluation.json_document(evaluations, comparison)
    if json and json != STANDARD_STREAM:
        write_json(json, figures)
    if report:
        from hier_rnn.evaluation.report import write_report

        write_report(report, evaluations, predictors, list(runs), comparison)
    if json == STANDARD_STREAM:
        write_json(json, figures)
    elif not quiet:
        for result in evaluations:
            print_evaluation(result)
        if comparison:
            print_comparison(comparison)
        if report:
            write_line(f"\nThe report is in {report / 'report.html'}.")
