"""Training a classifier: the whole of a run, from the sources to the run directory."""

from __future__ import annotations

import contextlib
import functools
import logging
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hier_rnn.configuration.options import (
    CHARACTER_ENCODER,
    SENTENCE_ENCODER,
    Configuration,
    InitializerRule,
    Training,
)
from hier_rnn.inference.inference import Inference
from hier_rnn.initializers.rules import WeightInit, initialize, resolve, rules_deciding
from hier_rnn.memory import check_training_memory
from hier_rnn.model.classifier import Classifier, assign
from hier_rnn.model.weight_specs import HEAD, Shapes, character_encoder_shapes, weight_shapes
from hier_rnn.packing.batch import trie_builder
from hier_rnn.storage.checkpoints import Checkpoints
from hier_rnn.storage.json_file import json_bytes
from hier_rnn.storage.lock import RunLock
from hier_rnn.storage.output_directory import claim_output, needs_training
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.storage.training_record import read_training_record
from hier_rnn.training.classification.corpus_statistics import CorpusStatistics
from hier_rnn.training.classification.epochs import epochs_of_run
from hier_rnn.training.classification.linear_head import fit_linear_head
from hier_rnn.training.classification.objective import ClassificationObjective, class_weights
from hier_rnn.training.classification.run_output import write_run
from hier_rnn.training.classification.summary import log_summary
from hier_rnn.training.classification.training_data import (
    Sources,
    TrainingData,
    open_sources,
    read_training_data,
)
from hier_rnn.training.classification.warm_start import warm_start
from hier_rnn.training.events import Listener, ModelBuilt, to_all, to_nobody
from hier_rnn.training.interruption import interruptible
from hier_rnn.training.listeners import MetricsFile, TensorBoard
from hier_rnn.training.loop import TrainingLoop
from hier_rnn.training.phases import for_given_encoder
from hier_rnn.training.resumption import check_same_data, comparable, read_fingerprints
from hier_rnn.training.state import COPIES
from hier_rnn.training.words import resolve_word_segmentation

logger = logging.getLogger(__name__)

WARM_START = "warm_start"


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


def train_classifier(
    configuration: Configuration,
    out: Path,
    *,
    sources: Sources | None = None,
    force: bool = False,
    keep_checkpoints: bool = False,
    tensorboard: bool = False,
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
        on_event: Told what happens (`training/events.py`). Default nobody.

    Raises:
        UserError: A mistake in the data or the options, or `out` holds a run with other options or
            other data, or training diverged.
        KeyboardInterrupt: Ctrl-C or SIGTERM; the run was saved and goes on when called again.
    """
    run = RunDirectory(Path(out))
    listeners: list[Listener] = [on_event, MetricsFile(run)]
    if tensorboard:
        listeners.append(TensorBoard(run.tensorboard))
    with RunLock(run.path), interruptible(lambda: _kept(run)):
        training = _open(configuration, run, sources, force)
        if training is None:
            logger.info(f"{out}: the run is finished; nothing to do (`force=True` starts it over)")
            result = _best(run, configuration.training.validation_metric)
        else:
            result = training.run(to_all(*listeners))
        if not keep_checkpoints:
            shutil.rmtree(run.checkpoints, ignore_errors=True)
    return result


def _open(
    configuration: Configuration, run: RunDirectory, sources: Sources | None, force: bool
) -> ClassifierTraining | None:
    """Reads the data and makes the directory that of the run; None if the run is finished."""
    opened = functools.cache(lambda: sources or open_sources(configuration))
    begun = run.configuration.exists() and not force
    recorded = run.read_record() if begun else configuration
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
    training = ClassifierTraining(configuration, run, data)
    claim_output(run, configuration, force)
    return training


def _kept(run: RunDirectory) -> str:
    if any(run.checkpoints.glob("step-*")):
        return "what was saved before is kept, and the same command again goes on from there."
    return "no step was taken yet. The same command again begins it."


def _best(run: RunDirectory, metric: str) -> TrainingResult:
    """Returns what a finished run came to."""
    record, sign = read_training_record(run), -1 if metric == "loss" else 1
    best = record.kept or max(record.lines, key=lambda row: sign * row[f"validation_{metric}"])
    return TrainingResult(run.path, best["epoch"], _scores(best), trained=False)


def _scores(row: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in row.items() if name.startswith("validation_")}


class ClassifierTraining:
    """One run: its model, its data, and how it is trained.

    Args:
        configuration: The options.
        run: The run directory; nothing is written there before `run`.
        data: The run's data.

    Raises:
        UserError: An initializer's rule, a pattern or a class weight that fits nothing.
    """

    def __init__(self, configuration: Configuration, run: RunDirectory, data: TrainingData) -> None:
        self.configuration, self.directory, self.data = configuration, run, data
        self.options = training_options(configuration, data.corpus)
        size, classes = data.alphabet.size, len(data.corpus.labels)
        self.shapes = weight_shapes(configuration, size, classes)
        check_training_memory(self.shapes, COPIES)
        classifier = Classifier(configuration, size, classes)
        builder = trie_builder(configuration, data.alphabet)
        self.objective = ClassificationObjective(
            configuration, self.options, classifier, builder, data
        )
        rules, encoder = configuration.initializers.rules, configuration.data.encoder
        self._assign_initial(self.shapes, rules, encoder, configuration.transferred)

    def run(self, on_event: Listener) -> TrainingResult:
        """Trains to the end and writes the run directory.

        Args:
            on_event: Told what happens.
        """
        configuration, run = self.configuration, self.directory
        self._write_beginning()
        checkpoints = Checkpoints(run.checkpoints)
        checkpoint = checkpoints.latest()
        log_summary(configuration, self.data, self.objective.passes, self.options.epochs)
        on_event(ModelBuilt(self.shapes))
        beginning = None
        if checkpoint is None:
            self._warm_start(on_event)
            beginning = self._fit_head(on_event)
        loop = TrainingLoop(
            self.objective,
            self.options,
            configuration.seed,
            checkpoints,
            checkpoint,
            beginning,
            self.objective.doubt,
        )
        with contextlib.closing(loop.run()) as events:  # or its signal handlers might stay
            for event in events:
                on_event(event)
        return self._finish(loop)

    def _assign_initial(
        self,
        shapes: Shapes,
        rules: tuple[InitializerRule, ...],
        encoder: str,
        parts: Sequence[str],
    ) -> None:
        seed, alphabet = self.configuration.seed, self.data.alphabet
        values = initialize(shapes, rules, seed, alphabet, encoder, parts)
        assign(self.objective.named_weights(), values)

    def _write_beginning(self) -> None:
        """Writes what is known before training, unless an earlier call did."""
        run, data = self.directory, self.data
        if data.words_model and not run.has(run.words_model):
            run.write({run.words_model: data.words_model})
        if not run.has(run.labels):
            run.write_labels(data.corpus.labels)
        if not run.has(run.alphabet):
            run.write_alphabet(data.alphabet)
        if not run.has(run.data):
            run.write({run.data: json_bytes(data.fingerprints)})

    def _warm_start(self, on_event: Listener) -> None:
        """Gives the encoder the weights of one that has learnt to spell the training text."""
        configuration, run, data = self.configuration, self.directory, self.data
        if not configuration.warm_starts:
            return
        if len(data.corpus.vocabulary) < 2:  # a word has no vector but beside others
            return
        logger.info("warm start: learning to spell the words of the training text")
        path = run.checkpoints / WARM_START
        model = run.words_model if data.words_model else None
        rules = rules_deciding(self._decisions_on_encoder(), configuration.initializers.rules)
        try:
            warm_start(configuration, rules, data.train, model, path, on_event)
        except KeyboardInterrupt as interruption:
            message = str(interruption).replace("interrupted", "interrupted in the warm start", 1)
            raise KeyboardInterrupt(message) from None
        # No rules: they have had their say in where the warm start began.
        shapes = character_encoder_shapes(configuration.character_encoder, data.alphabet.size)
        self._assign_initial(shapes, (), str(path), (CHARACTER_ENCODER,))

    def _fit_head(self, on_event: Listener) -> Mapping[str, float] | None:
        """Fits the head to what a given sentence encoder knows; returns how well it fits."""
        configuration, data = self.configuration, self.data
        wanted = configuration.training.linear_head
        if not wanted or SENTENCE_ENCODER not in configuration.transferred:
            return None
        logger.info("fitting a linear classifier on the sentence encoder's vectors")
        begun = time.perf_counter()
        weights = self.objective.named_weights()
        values = {name: weight.numpy() for name, weight in weights.items()}
        inference = Inference(configuration, data.alphabet, values)
        factors = class_weights(self.options, data.corpus.labels, data.corpus.label_counts)
        head = fit_linear_head(inference, data, factors, configuration.seed, on_event)
        assign(weights, {f"{HEAD}/kernel": head.kernel, f"{HEAD}/bias": head.bias})
        seconds = time.perf_counter() - begun
        return {"train_loss": head.loss, "words_per_second": data.corpus.word_count / seconds}

    def _decisions_on_encoder(self) -> list[WeightInit]:
        configuration = self.configuration
        rules, encoder = configuration.initializers.rules, configuration.data.encoder
        decisions = resolve(self.shapes, rules, encoder, configuration.transferred)
        return [decisions[name] for name in self.shapes if name.startswith("character_encoder/")]

    def _finish(self, loop: TrainingLoop) -> TrainingResult:
        run, state = self.directory, loop.state
        assign(self.objective.named_weights(), loop.best)
        scores, logits = self.objective.evaluate()
        write_run(
            run, self.configuration, self.data, loop.best, logits, scores.accuracy, state.metrics
        )
        logger.info(
            f"finished: validation accuracy {100 * scores.accuracy:.2f} with the weights of epoch"
            f" {state.best_epoch}, saved in {run.path}"
        )
        best = _scores(state.best_metrics())
        return TrainingResult(run.path, state.best_epoch, best, trained=True)


def training_options(configuration: Configuration, corpus: CorpusStatistics) -> Training:
    """Returns the `training` options with what the data and a given encoder decide.

    Args:
        configuration: The run's options.
        corpus: Counts of the training data.
    """
    training = configuration.training
    epochs = epochs_of_run(training, corpus.examples, corpus.words_per_sentence)
    training = training.model_copy(update={"epochs": epochs})
    return for_given_encoder(configuration.model_copy(update={"training": training}))
