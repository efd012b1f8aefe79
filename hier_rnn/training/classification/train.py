"""Training a classifier: a new run, or one to go on with, or one that is finished."""

from __future__ import annotations

import functools
import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hier_rnn.configuration.options import Configuration
from hier_rnn.sources.multi_label import resolve_multi_label
from hier_rnn.storage.lock import RunLock
from hier_rnn.storage.output_directory import claim_output, needs_training
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.storage.training_record import read_training_record
from hier_rnn.training.classification.classifier_training import ClassifierTraining
from hier_rnn.training.classification.training_data import (
    Sources,
    open_sources,
    read_training_data,
)
from hier_rnn.training.distribution.join import join
from hier_rnn.training.distribution.workers import Workers
from hier_rnn.training.events import Listener, to_all, to_nobody
from hier_rnn.training.interruption import interruptible
from hier_rnn.training.listeners import MetricsFile, TensorBoard
from hier_rnn.training.preparation.encoder_choice import choose_encoder
from hier_rnn.training.preparation.resumption import check_same_data, comparable, read_fingerprints
from hier_rnn.training.preparation.words import resolve_word_segmentation

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingResult:
    """What a training came to."""

    run: Path
    """The run directory."""
    best_epoch: int
    """The epoch, from 1, whose weights are kept; 0: those before the first step."""
    scores: Mapping[str, float]
    """Theirs on the validation data, by the names in `metrics.jsonl`."""
    trained: bool
    """False if the run was finished before, and nothing was done."""
    chief: bool = True
    """Whether this process wrote the run: of several workers, one does."""


def train_classifier(
    configuration: Configuration,
    out: Path,
    *,
    sources: Sources | None = None,
    force: bool = False,
    keep_checkpoints: bool = False,
    tensorboard: bool = False,
    warm_start: Path | None = None,
    on_event: Listener = to_nobody,
) -> TrainingResult:
    """Trains a classifier, or goes on where an earlier call was interrupted.

    Args:
        configuration: The options.
        out: The run directory.
        sources: The examples. Default None: those that the options name.
        force: Start over what `out` already holds. Default False.
        keep_checkpoints: Keep the checkpoints of a finished run. Default False.
        tensorboard: Also write TensorBoard's logs into the run directory. Default False.
        warm_start: Where the encoder of the warm start is kept, for further trainings that begin
            with the same one. Default None: it goes with the checkpoints.
        on_event: Told what happens (`training/events.py`); it may end the training early, by
            `EndTraining`. Default nobody.

    Raises:
        UserError: A mistake in the data or the options, or `out` holds a run with other options or
            other data, or training diverged.
        KeyboardInterrupt: Ctrl-C or SIGTERM; the run was saved and goes on when called again.
    """
    options = configuration.training
    kept = functools.partial(_kept, RunDirectory(Path(out)))
    with interruptible(kept):
        workers = join(options.distribute, options.worker_timeout)
    with (
        interruptible(kept),
        workers.directory(Path(out)) as directory,
        RunLock(directory),
    ):
        run = RunDirectory(directory)
        listeners: list[Listener] = [on_event, MetricsFile(run)]
        if tensorboard and workers.is_chief:
            listeners.append(TensorBoard(run.tensorboard))
        training = _open(
            configuration, run, sources, force and workers.is_chief, warm_start, workers
        )
        workers.begun(run.beginning, run.path)
        if training is None:
            logger.info(f"{out}: the run is finished; nothing to do (`force=True` starts it over)")
            best = _best(run)
        else:
            best = training.run(to_all(*listeners))
        if not keep_checkpoints:
            shutil.rmtree(run.checkpoints, ignore_errors=True)
    scores = {name: value for name, value in best.items() if name.startswith("validation_")}
    return TrainingResult(
        Path(out), best["epoch"], scores, trained=training is not None, chief=workers.is_chief
    )


def _open(
    configuration: Configuration,
    run: RunDirectory,
    sources: Sources | None,
    force: bool,
    warm_start: Path | None,
    workers: Workers,
) -> ClassifierTraining | None:
    """Reads the data and makes the directory that of the run; None if the run is finished."""
    opened = functools.cache(lambda: sources or open_sources(configuration))
    begun = run.configuration.exists() and not force
    recorded = run.read_record() if begun else configuration
    configuration = choose_encoder(
        configuration, recorded if begun else None, lambda: opened().train
    )
    configuration = resolve_multi_label(configuration, sources.train if sources else None)
    configuration = resolve_word_segmentation(
        configuration, recorded if begun else None, lambda: opened().train
    )
    fingerprints = read_fingerprints(run) if begun else {}
    compared = comparable(configuration, recorded, data_known=bool(fingerprints))
    unfinished = needs_training(run, compared, force)
    moved = configuration.data != recorded.data or sources is not None
    if not unfinished and not moved:
        return None
    # A run that starts over has no SentencePiece model yet, whatever the old one has.
    data = read_training_data(configuration, opened(), None if force else run)
    check_same_data(run.path, fingerprints, data.fingerprints)
    if not unfinished:
        return None
    training = ClassifierTraining(configuration, run, data, warm_start, workers)
    claim_output(run, configuration, force)
    training.write_beginning()
    return training


def _kept(run: RunDirectory) -> str:
    if any(run.checkpoints.glob("step-*")):
        return "what was saved before is kept, and the same command again goes on from there."
    return "no step was taken yet. The same command again begins it."


def _best(run: RunDirectory) -> dict[str, Any]:
    """Returns the row of `metrics.jsonl` of a finished run's best epoch."""
    metric = run.read_configuration().training.validation_metric
    record, sign = read_training_record(run), -1 if metric == "loss" else 1
    return record.kept or max(record.lines, key=lambda row: sign * row[f"validation_{metric}"])
