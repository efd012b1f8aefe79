"""`evaluate`: how good runs are on labelled data."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

import hier_rnn
from hier_rnn.commands.cross_validation import cross_validate_data, training_options
from hier_rnn.commands.terminal.console import (
    STANDARD_STREAM,
    escaped,
    interruptible,
    show_log,
    tell,
    write_json,
    write_line,
)
from hier_rnn.commands.terminal.options import (
    open_run_source,
    output_option,
    quiet_option,
    run_configuration,
    shard_option,
    source_options,
    verify_option,
)
from hier_rnn.configuration.command_line import ConfiguredCommand, SeveralOption
from hier_rnn.errors import UserError
from hier_rnn.sources.bundled import bundled
from hier_rnn.tensorflow_setup import import_tensorflow

if TYPE_CHECKING:
    from hier_rnn.evaluation.evaluate import Unseen
    from hier_rnn.sources.shard import Shard
    from hier_rnn.sources.source import Source


@click.command(
    cls=ConfiguredCommand,
    epilog="""\b
Examples:
  hier-rnn evaluate runs/messages --data test.tsv --report report
  hier-rnn evaluate --cross-validate 5 --data all.tsv --training.epochs 6""",
)
@click.argument("runs", metavar="RUN [RUN ...]", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--data",
    metavar="SRC",
    help="labelled data [default: the bundled test data, if the run was trained on them]",
)
@output_option("--json", "FILE|-", "write every figure as JSON; -: to standard output, alone")
@output_option("--report", "DIR", "write report.html, its figures as JSON, and its charts")
@output_option("--predictions", "FILE.jsonl", "write a line of JSON for every example")
@click.option(
    "--cross-validate",
    "folds",
    type=click.IntRange(min=2, max=1000),
    metavar="N",
    help="without RUN: cut the data into N folds, train a classifier without each and score it on"
    " that fold; takes every option of `train`: --encoder DIR, --GROUP.OPTION VALUE",
)
@output_option("--out", "DIR", "with --cross-validate: keep the classifiers there, and go on there")
@training_options
@click.option(
    "--misspell",
    cls=SeveralOption,
    accepts=lambda value: ":" in value and not Path(value).exists(),
    metavar="KIND:RATE",
    help="evaluate with misspelled words too: swap, drop, add, key, repeat, case, accents or mixed,"
    " each with the share of words, as mixed:1.0; file:PATH:RATE; or attack:WORDS",
)
@source_options
@shard_option
@verify_option
@click.option(
    "--unseen",
    default="error",
    type=click.Choice(["error", "count"]),
    help="examples whose labels the run never saw: an error that names them, or left out of all"
    " scores and counted [default: error]",
)
@click.option(
    "--seed",
    default=0,
    type=click.IntRange(min=0),
    metavar="N",
    help="decides misspellings and intervals, and with --cross-validate the folds and the training"
    " [default: 0]",
)
@quiet_option("no progress bar and no tables")
def evaluate(
    runs: tuple[Path, ...],
    data: str | None,
    json: Path | None,
    report: Path | None,
    predictions: Path | None,
    folds: int | None,
    out: Path | None,
    config: Path | None,
    misspell: tuple[str, ...],
    label_column: str | None,
    text_column: str | None,
    tfds_data_dir: str | None,
    shard: Shard | None,
    verify: bool,
    unseen: Unseen,
    seed: int,
    quiet: bool,
    **given: Any,
) -> None:
    """Scores runs on labelled data, or options by cross-validation.

    Several runs are scored side by side.
    """
    show_log(quiet)
    if shard:
        _check_shard(runs, predictions, given_elsewhere=bool(folds or json or report))
    if folds:
        seed_given = click.get_current_context().get_parameter_source("seed")
        reading = {
            "seed": None if seed_given is ParameterSource.DEFAULT else str(seed),
            "data.label_column": label_column,
            "data.text_column": text_column,
            "data.tfds_data_dir": tfds_data_dir,
        }
        if runs or report or misspell:
            raise UserError(
                "--cross-validate trains classifiers of its own: RUN, --report and --misspell are"
                " for finished runs. The options of a run are in its config.toml:"
                " --config RUN/config.toml."
            )
        cross_validate_data(
            data, folds, out, config, {**given, **reading}, json, predictions, unseen, quiet
        )
        return
    trained = [f"--{name}" for name, value in given.items() if value not in (None, ())]
    if out or config or trained:
        first = trained[0] if trained else "--out" if out else "--config"
        raise UserError(f"{first}: only with --cross-validate N: a run is evaluated as it is.")
    if not runs:
        raise UserError("RUN is needed: the directory that `hier-rnn train --out` wrote.")
    configuration, *_ = [run_configuration(run, verify) for run in runs]
    data = data or _bundled_test(runs[0], configuration.data.test)
    source = open_run_source(data, configuration, label_column, text_column, tfds_data_dir)
    import_tensorflow()
    if shard and predictions:
        _evaluate_shard(runs[0], source, shard, predictions, misspell, unseen, seed, verify, quiet)
        return
    from hier_rnn.commands.drawing.evaluation_table import print_comparison, print_evaluation
    from hier_rnn.commands.drawing.progress import EvaluationScreen
    from hier_rnn.evaluation.comparison.paired_comparison import json_document
    from hier_rnn.evaluation.evaluate_runs import evaluate_runs

    to_standard_output = json == STANDARD_STREAM
    with interruptible("no file is half written"), EvaluationScreen(quiet) as screen:
        results = evaluate_runs(
            [hier_rnn.load(run, verify) for run in runs],
            source,
            json=None if to_standard_output else json,
            report=report,
            predictions=predictions,
            misspell=misspell,
            unseen=unseen,
            seed=seed,
            command=shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
            on_progress=screen,
            verify=verify,
        )
    if to_standard_output:
        write_json(STANDARD_STREAM, json_document(results.evaluations, results.comparison))
    elif not quiet:
        for evaluation in results.evaluations:
            print_evaluation(evaluation)
        if results.comparison:
            print_comparison(results.comparison)
        if report:
            write_line(f"\nThe report is in {escaped(str(report / 'report.html'))}.")


def _check_shard(runs: tuple[Path, ...], predictions: Path | None, given_elsewhere: bool) -> None:
    if given_elsewhere:
        raise UserError(
            "--shard: --cross-validate, --json and --report are for all rows together. Give --json"
            " to `hier-rnn merge`."
        )
    if len(runs) != 1:
        raise UserError(f"--shard takes one RUN. Received: {len(runs)}.")
    if predictions is None:
        raise UserError("--shard needs --predictions FILE.jsonl, for `hier-rnn merge`.")


def _evaluate_shard(
    run: Path,
    source: Source,
    shard: Shard,
    out: Path,
    misspell: tuple[str, ...],
    unseen: Unseen,
    seed: int,
    verify: bool,
    quiet: bool,
) -> None:
    from hier_rnn.commands.drawing.progress import Progress
    from hier_rnn.evaluation.shards import evaluate_shard

    with interruptible(f"{out} was not written"), Progress(quiet) as progress:
        record = evaluate_shard(
            hier_rnn.load(run, verify),
            progress.counted(source, "examples"),
            shard,
            out,
            misspell=misspell,
            unseen=unseen,
            seed=seed,
            verify=verify,
        )
    if not quiet:
        tell(f"{out}: {shard.size(record.rows):,} of {record.rows:,} examples, shard {shard}.")


def _bundled_test(run: Path, recorded: str) -> str:
    """Returns the bundled test data if those are the run's.

    A run may come from a stranger: other data that it names are not read unless the user names them
    too.
    """
    own = bundled("test")
    if Path(recorded).parts[-3:] == Path(own).parts[-3:]:
        return own
    if not recorded:
        raise UserError(f"--data SRC is needed: {run} was trained without a --test of its own.")
    raise UserError(
        f"--data SRC is needed. The run says that its own test data are {recorded[:300]!r}: what a"
        " run names is not read unless you name it. If they are there and you trust the run, give"
        f" --data {shlex.quote(recorded[:300])}"
    )
