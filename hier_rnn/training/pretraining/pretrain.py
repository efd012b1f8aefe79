"""Pretraining an encoder: a new run, or one to go on with, or one that is finished."""

from __future__ import annotations

import functools
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError
from hier_rnn.initializers.rules import resolve
from hier_rnn.model.weight_specs import encoder_shapes
from hier_rnn.sources.source import Source
from hier_rnn.storage.counts_directory import CountsDirectory
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.storage.lock import RunLock
from hier_rnn.storage.output_directory import claim_output, needs_training
from hier_rnn.storage.weights.target_vectors import open_target_vectors
from hier_rnn.text.alphabet import FIRST_CHARACTER
from hier_rnn.training.distribution.join import join
from hier_rnn.training.events import Listener, to_all, to_nobody
from hier_rnn.training.interruption import interruptible
from hier_rnn.training.listeners import MetricsFile
from hier_rnn.training.preparation.fingerprint import encoder_fingerprint, fingerprint_of
from hier_rnn.training.preparation.resumption import check_same_data, comparable, read_fingerprints
from hier_rnn.training.preparation.words import resolve_word_segmentation
from hier_rnn.training.pretraining.prepare import prepare
from hier_rnn.training.pretraining.prepared import (
    is_prepared,
    read_prepared_words,
    write_prepared,
)
from hier_rnn.training.pretraining.pretraining_run import PretrainingRun
from hier_rnn.training.pretraining.text_corpus import text_source
from hier_rnn.training.sentence_vectors.teacher import Teacher, write_targets

logger = logging.getLogger(__name__)


class PretrainingResult(NamedTuple):
    """What a pretraining came to."""

    encoder: Path
    """The encoder directory."""
    trained: bool
    """False if it was finished before, and nothing was done."""


def pretrain(
    configuration: Configuration,
    out: Path,
    *,
    force: bool = False,
    source: Source | None = None,
    label_feature_weight: float = 0.0,
    on_event: Listener = to_nobody,
) -> PretrainingResult:
    """Pretrains an encoder, or goes on where an earlier call was interrupted.

    Args:
        configuration: The options.
        out: The encoder directory. Until it is finished it holds `checkpoints/`; what it was made
            with stays in `pretraining.toml`.
        force: Start over what `out` already holds. Default False.
        source: The text, instead of that which the options name; then this is a stage of another
            run, which has told what there is to tell of it. Default None.
        label_feature_weight: Length of the label features that are appended to a word's vector,
            from the labels of `source`. Default 0: the labels are not looked at.
        on_event: Told what happens (`training/events.py`). Default nobody.

    Raises:
        UserError: A mistake in the text or the options, or `out` holds a run with other options or
            other data, or training diverged.
        KeyboardInterrupt: Ctrl-C or SIGTERM; the run was saved and goes on when called again.
    """
    options = configuration.pretraining
    kept = functools.partial(_kept, EncoderDirectory(Path(out)))
    with interruptible(kept):
        workers = join(options.distribute, options.worker_timeout)
    level = logging.INFO if source is None else logging.DEBUG
    with (
        interruptible(kept),
        workers.directory(Path(out)) as directory,
        RunLock(directory),
    ):
        run, force = EncoderDirectory(directory), force and workers.is_chief
        opened = functools.cache(lambda: source or _open_text(configuration))
        configuration, unfinished = _compare(configuration, run, opened, force)
        if not unfinished:
            workers.begun(run.beginning, run.path)
            # A process that was killed at its very end left them.
            shutil.rmtree(run.checkpoints, ignore_errors=True)
            logger.log(
                level,
                f"{out}: the encoder is finished; nothing to do (`force=True` starts it over)",
            )
            return PretrainingResult(Path(out), trained=False)
        _check(configuration)
        if is_prepared(run) and not force:
            claim_output(run, configuration)
            words = read_prepared_words(run, configuration.pretraining.objective)
        else:
            if configuration.data.teacher:
                _teach(configuration, run, opened(), force, on_event)
                force = False  # what there was is gone
            targets = _targets(configuration, run)
            prepared = prepare(configuration, opened(), targets, label_feature_weight, on_event)
            words = prepared.words
            claim_output(run, configuration, force)
            write_prepared(run, prepared)
        workers.begun(run.beginning, run.path)
        training = PretrainingRun(configuration, run, words, opened, level, workers)
        training.run(to_all(on_event, MetricsFile(run)))
    return PretrainingResult(Path(out), trained=True)


def _targets(configuration: Configuration, run: EncoderDirectory) -> Path:
    """Returns the file of the vectors that the objective sentence-vectors learns."""
    return Path(configuration.data.targets or run.targets)


def _teach(
    configuration: Configuration,
    run: EncoderDirectory,
    texts: Source | None,
    force: bool,
    on_event: Listener,
) -> None:
    """Claims the directory, and lets a teacher write the vectors unless an earlier call did."""
    assert texts is not None  # the command asks for a text
    path = _targets(configuration, run)
    kept = path.exists() and (bool(configuration.data.targets) or not force)
    teacher = None if kept else Teacher(configuration.data.teacher)
    claim_output(run, configuration, force)
    if teacher is not None:
        write_targets(teacher, texts, path, on_event)


def _open_text(configuration: Configuration) -> Source | None:
    return text_source(configuration) if configuration.data.text else None


def _compare(
    configuration: Configuration,
    run: EncoderDirectory,
    opened: Callable[[], Source | None],
    force: bool,
) -> tuple[Configuration, bool]:
    """Returns the options with all decided, and whether there is anything to do.

    Raises:
        UserError: The directory holds a run with other options or other data.
    """
    begun = run.record.exists() and not force
    recorded = run.read_record() if begun else configuration
    # Ready vectors need no text: their words are as they stand.
    configuration = resolve_word_segmentation(
        configuration, recorded if begun else None, lambda: opened() or ()
    )
    fingerprints = read_fingerprints(run) if begun else {}
    compared = comparable(configuration, recorded, data_known=bool(fingerprints))
    unfinished = needs_training(run, compared, force)
    # Texts are read anew in each epoch; words are kept as they were counted.
    taught = bool(configuration.data.targets or configuration.data.teacher)
    reads_on = bool(fingerprints) and unfinished and taught
    if configuration.data != recorded.data or reads_on:
        now = encoder_fingerprint(configuration)
        if taught:
            now["targets"] = open_target_vectors(_targets(configuration, run)).check()
        if configuration.data.counts:
            now["counts"] = CountsDirectory(configuration.data.counts).fingerprint
        if (text := opened()) is not None:
            now["text"] = fingerprint_of(text)
        check_same_data(run.path, fingerprints, now)
    return configuration, unfinished


def _kept(run: EncoderDirectory) -> str:
    if any(run.checkpoints.glob("step-*")):
        return "what was saved before is kept, and the same command again goes on from there."
    if run.targets.exists() or any(run.checkpoints.glob(f"{run.targets.name}.*.part")):
        return "what the teacher said is kept, and the same command again goes on from there."
    if is_prepared(run):
        return "what was counted is kept, and the same command again goes on from there."
    return "nothing was counted to the end. The same command again begins it."


def _check(configuration: Configuration) -> None:
    """Finds mistakes in the options before the text is counted, which may take long."""
    options, objective = configuration.character_encoder, configuration.pretraining.objective
    sentences = objective == "sentence-vectors"
    given = [name for name in ("targets", "teacher") if getattr(configuration.data, name)]
    if sentences and not given:
        raise UserError(
            "data.targets is needed, or data.teacher: which vectors shall the encoder learn?"
        )
    if len(given) == 2 and Path(configuration.data.targets).suffix != ".npy":
        raise UserError(
            f"data.targets: a teacher writes FILE.npy. Received: {configuration.data.targets}."
        )
    if given and not sentences:
        raise UserError(
            f"data.{given[0]}: {objective} learns no vectors of texts. Accepted: the objective"
            " sentence-vectors."
        )
    shapes = encoder_shapes(configuration, FIRST_CHARACTER, sentences)
    rules, encoder = configuration.initializers.rules, configuration.encoder
    resolve(shapes, rules, encoder, configuration.transferred)
    if objective == "next-character" and options.projection:
        raise UserError(
            "character_encoder.projection: next-character has nothing to teach it, since it is a"
            f" map of whole words. Received: {options.projection}. Accepted: 0, or the objective"
            " word-vectors."
        )
