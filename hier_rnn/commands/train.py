"""`train classify` and `train pretrain`; without either, `train` means `train classify`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import hier_rnn
from hier_rnn.commands.check import check_sources, report_lines
from hier_rnn.commands.terminal.console import show_log, tell
from hier_rnn.commands.terminal.flags import CLASSIFICATION, PRETRAINING
from hier_rnn.commands.terminal.group import CommandGroup
from hier_rnn.commands.terminal.options import output_option, path_option, quiet_option
from hier_rnn.commands.terminal.together import leads, rejoining, watched
from hier_rnn.configuration.command_line import (
    ConfiguredCommand,
    configuration_options,
    resolve,
)
from hier_rnn.configuration.options import Configuration, Data
from hier_rnn.errors import UserError
from hier_rnn.sources.bundled import bundled
from hier_rnn.sources.multi_label import resolve_multi_label
from hier_rnn.tensorflow_setup import import_tensorflow

if TYPE_CHECKING:
    from hier_rnn.storage.run_directory import RunDirectory

BUNDLED_OUT = Path("runs/messages")
TUNED_OUT = Path("runs/messages-tuned")

config_option = path_option("--config", "FILE.toml", "options from a file; the command line wins")
force_option = click.option("--force", is_flag=True, help="start over what --out already holds")


@click.group(cls=CommandGroup)
def train() -> None:
    """Trains a classifier or a character encoder.

    Options without a command are those of `classify`; with none at all it trains on the bundled
    data set into runs/messages.
    """


train.default = "classify"


@train.command(
    cls=ConfiguredCommand,
    epilog="""\b
Examples:
  hier-rnn train --train train.csv --validation dev.csv --test test.csv --out runs/mine
  hier-rnn train --train train.csv --out runs/mine --training.epochs 20 --head.dropout 0.3
  hier-rnn train --train train.csv --out runs/head-first \\
    --training.phases '[{"train": ["head/.*"], "epochs": 2}, {"epochs": 10}]'""",
)
@configuration_options(
    flags=CLASSIFICATION,
    groups=["text", "character_encoder", "sentence_encoder", "head", "initializers", "training"],
)
@output_option("--out", "DIR", f"the run directory [bundled data: {BUNDLED_OUT}]")
@config_option
@force_option
@quiet_option("no progress bar and no tables")
@click.option(
    "--strict", is_flag=True, help="anything that the check of the data finds is an error"
)
@click.option("--tensorboard", is_flag=True, help="write TensorBoard's logs into the run as well")
@click.option("--keep-checkpoints", is_flag=True, help="keep the checkpoints of a finished run")
def classify(
    out: Path | None,
    config: Path | None,
    force: bool,
    quiet: bool,
    strict: bool,
    tensorboard: bool,
    keep_checkpoints: bool,
    **given: Any,
) -> None:
    """Trains a classifier on labelled sentences.

    SRC is FILE.tsv, FILE.csv, FILE.jsonl, FILE.txt (fastText lines), any of them .gz, FILE.parquet,
    FILE.arrow, a FOLDER with a sub-folder per class, tfds:NAME[/CONFIG][:SPLIT], or - for standard
    input; --train takes several. The same command again resumes a run that was interrupted.
    """
    from hier_rnn.storage.encoder_options import take_encoder_options
    from hier_rnn.storage.run_directory import RunDirectory

    configuration = resolve(config, given)
    configuration, out = _with_data(configuration, out, BUNDLED_OUT)
    configuration = take_encoder_options(configuration, labels_decide=True)
    watched(configuration.training)
    chief = leads(configuration.training)
    quiet = quiet or not chief
    show_log(quiet)
    configuration = resolve_multi_label(configuration)
    if chief and (force or not RunDirectory(out).labels.exists()):  # a run that goes on was checked
        _check(configuration.data, strict, quiet)
    import_tensorflow()
    from hier_rnn.commands.drawing.conclusion import print_conclusion
    from hier_rnn.commands.drawing.training_screen import TrainingScreen
    from hier_rnn.training.classification.train import train_classifier

    with rejoining(), TrainingScreen(quiet) as screen:
        result = train_classifier(
            configuration,
            out,
            force=force,
            keep_checkpoints=keep_checkpoints,
            tensorboard=tensorboard,
            on_event=screen,
        )
    if not chief:
        return
    run = RunDirectory(out)
    # A run that was killed before its evaluation is finished, but for that.
    evaluated = configuration.data.test and (result.trained or not run.evaluated)
    if evaluated:
        _evaluate(configuration.data, run, quiet)
    if not quiet and (result.trained or evaluated):
        print_conclusion(out, click.get_current_context().find_root().info_name or "")


def _check(data: Data, strict: bool, quiet: bool) -> None:
    """Tells what in the training data is probably not meant."""
    report = check_sources(list(data.train), data)
    if strict:
        report.require_none()
    if not quiet:
        tell("\n".join(report_lines(report)))


def _evaluate(data: Data, run: RunDirectory, quiet: bool) -> None:
    """Evaluates a finished run on the test data; the run keeps its scores."""
    from hier_rnn.commands.drawing.evaluation_table import print_evaluation
    from hier_rnn.commands.drawing.progress import EvaluationScreen
    from hier_rnn.evaluation.evaluate_runs import evaluate_runs
    from hier_rnn.sources.source import open_source

    test = open_source(data.test, **data.reading)
    with EvaluationScreen(quiet) as screen:
        results = evaluate_runs(
            [hier_rnn.load(run.path)], test, json=run.evaluation, on_progress=screen
        )
    if not quiet:
        print_evaluation(results.evaluations[0])


def _with_data(
    configuration: Configuration, out: Path | None, bundled_out: Path
) -> tuple[Configuration, Path]:
    """Fills in the bundled data set where no data is named."""
    data = configuration.data
    if data.train:
        if out is None:
            raise UserError("--out DIR is needed: where shall the run go?")
        return configuration, out
    if data.validation:
        raise UserError("--validation needs --train SRC beside it.")
    splits: dict[str, Any] = {"train": (bundled("train"),), "validation": bundled("validation")}
    splits["test"] = data.test or bundled("test")
    data = data.model_copy(update=splits)
    return configuration.model_copy(update={"data": data}), out or bundled_out


@train.command(
    cls=ConfiguredCommand,
    epilog="""\b
Examples:
  hier-rnn train tune --train train.csv --minutes 20 --out runs/tuned
  hier-rnn train tune --train train.csv --validation dev.csv --minutes 60 --out runs/tuned \\
    --encoder encoders/reviews --training.validation_metric macro_f1""",
)
@configuration_options(
    flags={name: flag for name, flag in CLASSIFICATION.items() if name != "data.test"},
    groups=["text", "character_encoder", "sentence_encoder", "head", "initializers", "training"],
)
@click.option(
    "--minutes",
    type=click.FloatRange(0, min_open=True),
    default=20.0,
    metavar="X",
    help="that it may take in all, start-up included [default: 20]",
)
@click.option("--trials", type=click.IntRange(min=1), metavar="N", help="no more trials than N")
@output_option("--out", "DIR", f"the best trial's run directory [bundled data: {TUNED_OUT}]")
@config_option
@force_option
@quiet_option("no progress bar and no tables")
@click.option(
    "--strict", is_flag=True, help="anything that the check of the data finds is an error"
)
def tune(
    minutes: float,
    trials: int | None,
    out: Path | None,
    config: Path | None,
    force: bool,
    quiet: bool,
    strict: bool,
    **given: Any,
) -> None:
    """Searches for the options with which a classifier gets best, within a time.

    Trial after trial is trained; those that do worse than others are ended early. The best one's
    run is in --out, for `evaluate` and `predict`. Options that you give are not searched. What is,
    see docs/training.md. The same command again goes on where it was interrupted, and with more
    --minutes it goes on when it is finished. SRC is as for `classify`. Needs Optuna: pip install
    "hier_rnn[tune]".
    """
    begun = time.monotonic()
    from hier_rnn.storage.encoder_options import take_encoder_options
    from hier_rnn.storage.output_directory import TUNING
    from hier_rnn.training.tuning.search import require_optuna

    require_optuna()
    configuration = resolve(config, given)
    configuration, out = _with_data(configuration, out, TUNED_OUT)
    # Bundled test data are for the end: `evaluate` takes them by itself.
    configuration = take_encoder_options(configuration, labels_decide=True)
    show_log(quiet)
    if force or not (out / TUNING).exists():
        _check(configuration.data, strict, quiet)
    import_tensorflow()
    from hier_rnn.commands.drawing.conclusion import print_conclusion
    from hier_rnn.commands.drawing.draw import draw
    from hier_rnn.commands.drawing.tuning_screen import TuningScreen, tuning_table
    from hier_rnn.training.tuning.tune import tune as tune_classifier

    show_log(quiet=True)  # what each of the trainings says would be said many times
    with TuningScreen(quiet) as screen:
        result = tune_classifier(
            configuration,
            out,
            minutes=minutes,
            trials=trials,
            begun=begun,
            force=force,
            on_event=screen,
        )
    if not quiet:
        draw(tuning_table(result))
        print_conclusion(out, click.get_current_context().find_root().info_name or "")


@train.command(
    cls=ConfiguredCommand,
    epilog="""\b
Examples:
  hier-rnn train pretrain --text reviews.txt --out encoders/reviews
  hier-rnn train pretrain --objective sentence-vectors --text reviews.txt \\
    --targets vectors.npy --encoder encoders/reviews --out encoders/taught""",
)
@configuration_options(
    flags=PRETRAINING,
    groups=["text", "character_encoder", "sentence_encoder", "initializers", "pretraining"],
)
@output_option("--out", "DIR", "the encoder directory", required=True)
@config_option
@force_option
@quiet_option("no progress bar and no tables")
def pretrain(out: Path, config: Path | None, force: bool, quiet: bool, **given: Any) -> None:
    """Pretrains an encoder on text without labels.

    The character encoder learns or, with the objective sentence-vectors, the sentence encoder too.
    With --encoder it goes on from an encoder, and keeps what that knows. SRC is as for `classify`,
    but a FILE.txt has one text per line; --text takes several. The same command again resumes a run
    that was interrupted.
    """
    from hier_rnn.storage.encoder_options import take_encoder_options
    from hier_rnn.training.word_vectors.from_counts import take_counts_options

    configuration = resolve(config, given)
    from_vectors = configuration.pretraining.objective == "word-vectors" and (
        configuration.pretraining.vectors
    )
    taught = configuration.data.targets or configuration.data.teacher
    if configuration.pretraining.objective == "sentence-vectors" and not taught:
        raise UserError(
            "--targets FILE or --teacher MODEL is needed: which vectors shall the encoder learn?"
        )
    if not (configuration.data.text or configuration.data.counts or from_vectors):
        raise UserError("--text SRC [SRC ...] is needed: what shall the encoder learn from?")
    configuration = take_counts_options(take_encoder_options(configuration))
    watched(configuration.pretraining)
    quiet = quiet or not leads(configuration.pretraining)
    show_log(quiet)
    import_tensorflow()
    from hier_rnn.commands.drawing.conclusion import print_encoder_conclusion
    from hier_rnn.commands.drawing.training_screen import TrainingScreen
    from hier_rnn.training.pretraining.pretrain import pretrain as pretrain_encoder

    with rejoining(), TrainingScreen(quiet) as screen:
        result = pretrain_encoder(configuration, out, force=force, on_event=screen)
    if not quiet and result.trained:
        print_encoder_conclusion(out)
