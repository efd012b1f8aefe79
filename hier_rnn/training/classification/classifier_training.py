"""One training of a classifier: its model, its data, and how it is trained."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hier_rnn.configuration.options import (
    CHARACTER_ENCODER,
    SENTENCE_ENCODER,
    Configuration,
    InitializerRule,
    Training,
)
from hier_rnn.errors import UserError
from hier_rnn.inference.inference import Inference
from hier_rnn.initializers.rules import WeightInit, initialize, resolve, rules_deciding
from hier_rnn.memory import check_training_memory
from hier_rnn.model.classifier import Classifier, assign
from hier_rnn.model.precision import precision_of
from hier_rnn.model.weight_specs import HEAD, Shapes, character_encoder_shapes, weight_shapes
from hier_rnn.packing.batch import trie_builder
from hier_rnn.storage.checkpoints import Checkpoints
from hier_rnn.storage.json_file import json_bytes
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.training.classification.batching.epochs import epochs_of_run
from hier_rnn.training.classification.corpus_statistics import CorpusStatistics
from hier_rnn.training.classification.linear_head import fit_linear_head
from hier_rnn.training.classification.objective import ClassificationObjective
from hier_rnn.training.classification.run_output import write_run
from hier_rnn.training.classification.summary import log_summary
from hier_rnn.training.classification.tasks.choose import class_weights
from hier_rnn.training.classification.training_data import TrainingData
from hier_rnn.training.classification.warm_start import warm_start
from hier_rnn.training.distribution.devices import where
from hier_rnn.training.distribution.workers import ALONE, Workers
from hier_rnn.training.divergence import Divergence
from hier_rnn.training.events import EndTraining, Listener, ModelBuilt
from hier_rnn.training.loop import TrainingLoop
from hier_rnn.training.phases import for_given_encoder
from hier_rnn.training.state import COPIES

logger = logging.getLogger(__name__)

WARM_START = "warm_start"


class ClassifierTraining:
    """One run: its model, its data, and how it is trained.

    Args:
        configuration: The options.
        run: The run directory; nothing is written there before `run`.
        data: The run's data.
        warm_start: Where the encoder of the warm start is kept. Default None: not longer than the
            checkpoints.
        workers: Who trains together. Default this process alone.

    Raises:
        UserError: An initializer's rule, a pattern or a class weight that fits nothing.
    """

    def __init__(
        self,
        configuration: Configuration,
        run: RunDirectory,
        data: TrainingData,
        warm_start: Path | None = None,
        workers: Workers = ALONE,
    ) -> None:
        self.configuration, self.directory, self.data = configuration, run, data
        self._workers = workers
        self._warm_start_path = warm_start or run.checkpoints / WARM_START
        self.options = training_options(configuration, data.corpus)
        size, classes = data.alphabet.size, len(data.corpus.labels)
        self.shapes = weight_shapes(configuration, size, classes)
        check_training_memory(self.shapes, COPIES)
        units = configuration.character_encoder.units
        precision = precision_of(configuration.training.precision, units)
        classifier = Classifier(configuration, size, classes, precision=precision)
        builder = trie_builder(configuration, data.alphabet)
        self.objective = ClassificationObjective(
            configuration, self.options, classifier, builder, data
        )
        rules, encoder = configuration.initializers.rules, configuration.encoder
        self._assign_initial(self.shapes, rules, encoder, configuration.transferred)

    def run(self, on_event: Listener) -> dict[str, Any]:
        """Trains to the end and writes the run directory.

        Returns the row of `metrics.jsonl` of the best epoch.

        Args:
            on_event: Told what happens.
        """
        configuration, run, workers = self.configuration, self.directory, self._workers
        checkpoints = Checkpoints(run.checkpoints)
        checkpoint = checkpoints.latest()
        log_summary(configuration, self.data, self.objective.passes, self.options.epochs)
        logger.info(f"computing on {where(workers)}")
        on_event(ModelBuilt(self.shapes))
        beginning = None
        if workers.from_chief(lambda: checkpoint is None):
            beginning = workers.from_chief(lambda: self._begin(on_event))
        loop = TrainingLoop(
            self.objective,
            self.options,
            configuration.seed,
            checkpoints,
            checkpoint,
            beginning,
            self.objective.doubt,
            workers,
        )
        try:
            with contextlib.closing(loop.run()) as events:  # or its signal handlers might stay
                for event in events:
                    on_event(event)
        except EndTraining:
            if workers.count > 1:
                raise UserError("on_event: several workers can't end a training early.") from None
            if not loop.state.metrics:
                try:
                    on_event(loop.evaluate())
                except Divergence as divergence:
                    raise divergence.error(self.options, "training") from None
        return workers.from_chief(lambda: self._finish(loop))

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

    def write_beginning(self) -> None:
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

    def _begin(self, on_event: Listener) -> Mapping[str, float] | None:
        """Gives the weights what is known before the first step; returns how well the head fits."""
        self._warm_start(on_event)
        return self._fit_head(on_event)

    def _warm_start(self, on_event: Listener) -> None:
        """Gives the encoder the weights of one that has learnt to spell the training text."""
        configuration, run, data = self.configuration, self.directory, self.data
        if not configuration.warm_starts:
            return
        if len(data.corpus.vocabulary) < 2:  # a word has no vector but beside others
            return
        logger.info("warm start: learning to spell the words of the training text")
        path = self._warm_start_path
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
        rules, encoder = configuration.initializers.rules, configuration.encoder
        decisions = resolve(self.shapes, rules, encoder, configuration.transferred)
        return [decisions[name] for name in self.shapes if name.startswith("character_encoder/")]

    def _finish(self, loop: TrainingLoop) -> dict[str, Any]:
        run, state = self.directory, loop.state
        assign(self.objective.named_weights(), loop.best)
        logits, best = self.objective.logits(), state.best_metrics()
        accuracy = best["validation_accuracy"]
        write_run(run, self.configuration, self.data, loop.best, logits, accuracy, state.metrics)
        name = "micro_f1" if "validation_micro_f1" in best else "accuracy"
        logger.info(
            f"finished: validation {name.replace('_f1', '-F1')}"
            f" {100 * best[f'validation_{name}']:.2f} with the weights of epoch"
            f" {state.best_epoch}, saved in {run.path}"
        )
        return best


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
