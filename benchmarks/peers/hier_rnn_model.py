"""hier_rnn itself: the parts that `train.py` and `evaluate.py` run, with their own pipeline."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from queue import SimpleQueue

import numpy as np
import tensorflow as tf

from benchmarks.peers.task import Batch, Task, as_shipped, first_weights
from hier_rnn.configuration.options import Configuration, Pretraining
from hier_rnn.inference.inference import Inference
from hier_rnn.initializers.rules import initialize
from hier_rnn.model.character_encoder import CharacterEncoder
from hier_rnn.model.classifier import Classifier, assign
from hier_rnn.model.precision import precision_of
from hier_rnn.packing.batch import trie_builder
from hier_rnn.text.misspelling import misspell
from hier_rnn.text.tokenizer import Tokenizer
from hier_rnn.training.classification.batching.batches import LabelledBatch, PackedBatches, Sentence
from hier_rnn.training.classification.objective import ClassificationLosses
from hier_rnn.training.classification.tasks.one_label import OneLabelTask
from hier_rnn.training.optimizer import Optimizer
from hier_rnn.training.phases import resolve_phases
from hier_rnn.training.pretraining.pretraining_run import training_options
from hier_rnn.training.pretraining.word_vector_objective import WordVectorObjective
from hier_rnn.training.step import training_step
from hier_rnn.training.word_vectors.targets import targets_from_text

MATRIX = 2048


class HierRNN:
    """hier_rnn."""

    precision: tf.DType | None = None
    """What the recurrent products' factors are rounded to."""

    def __init__(self, task: Task) -> None:
        options = task.configuration
        self.options, self.alphabet = options, task.alphabet
        self.classes = task.classes
        self.words = Tokenizer(options.text)
        self.classifier = Classifier(
            options, task.alphabet.size, task.classes, precision=self.precision
        )
        self.weights = self.classifier.named_weights()
        assign(self.weights, task.weights)
        self.trie_builder = trie_builder(options, task.alphabet)
        self.optimizer = Optimizer(options.training, self.weights)
        self.inference: Inference | None = None  # with the weights as they are now
        self.rate = tf.constant(options.training.learning_rate)
        self.steps = 0
        # One stream for all turns, as one lasts for all epochs: starting it takes a while.
        self._queue: SimpleQueue[Batch | None] = SimpleQueue()
        labels = list(map(str, range(task.classes)))
        one_label = OneLabelTask(labels, [1.0] * task.classes, options.training.label_smoothing)
        data = PackedBatches(self._sentences, self.trie_builder, one_label)
        self._packed = iter(data)
        trainable = list(self.weights)
        losses = ClassificationLosses(self.classifier, options.training, one_label, trainable)
        self.step = training_step(
            losses, self.optimizer, trainable, data.element_spec, options.seed
        )

    def _sentences(self) -> Iterator[list[Sentence]]:
        while (batch := self._queue.get()) is not None:
            yield [Sentence(self.words(text), label) for text, label in batch]

    def packed(self, batches: Sequence[Batch]) -> Iterator[LabelledBatch]:
        """Yields the batches, packed in the background."""
        for batch in batches:
            self._queue.put(batch)
        return islice(self._packed, len(batches))

    def train(self, batches: Sequence[Batch]) -> tuple[list[float], int]:
        """Takes a step on each batch; packs the next ones meanwhile, as in training."""
        losses, words = [], 0
        for batch in self.packed(batches):
            loss = self.step(batch, self.rate, tf.constant(self.steps, tf.int32))
            losses.append(float(loss.numpy()))
            words += int(batch.words)
            self.steps += 1
        self.inference = None
        return losses, words

    def logits(self, texts: Sequence[str], warm: bool = False) -> tuple[np.ndarray, int]:
        """Returns the logits; word vectors from earlier texts are used only when `warm`."""
        if self.inference is None:
            weights = {name: weight.numpy() for name, weight in self.weights.items()}
            self.inference = Inference(self.options, self.alphabet, weights)
        if not warm:
            self.inference.cache.clear()
        count = 0

        def sentences() -> Iterator[list[str]]:
            nonlocal count
            for text in texts:
                words = self.words(text)
                count += len(words)
                yield words

        return np.array(list(self.inference.logits(sentences()))), count

    def close(self) -> None:
        """Ends the stream of batches; its thread must not be left to the interpreter's end."""
        self._queue.put(None)
        for _ in self._packed:
            pass


class RoundedHierRNN(HierRNN):
    """hier_rnn, the recurrent products of its character encoder rounded in training."""

    precision = tf.bfloat16


class ShippedHierRNN(HierRNN):
    """hier_rnn with the options of a user who gives none."""

    def __init__(self, task: Task) -> None:
        options = as_shipped(task.configuration)
        self.precision = precision_of(options.training.precision, options.character_encoder.units)
        self._generator = np.random.default_rng(options.seed)
        weights = first_weights(options, task.alphabet, task.classes, options.seed)
        super().__init__(replace(task, configuration=options, weights=weights))

    def _sentences(self) -> Iterator[list[Sentence]]:
        wrong = self.options.training.misspell
        for batch in super()._sentences():
            yield [
                Sentence(misspell(words, wrong.kind, wrong.rate, self._generator), label)
                for words, label in batch
            ]


class PretrainingSteps:
    """Steps in which hier_rnn learns to spell word vectors: pretraining's, and the warm start's.

    Args:
        task: The sizes.
        sentences: The text; its words' vectors come from counting.
    """

    def __init__(self, task: Task, sentences: Sequence[list[str]]) -> None:
        options = Configuration(
            character_encoder=as_shipped(task.configuration).character_encoder,
            pretraining=Pretraining(minimum_count=1),
        )
        pretraining, seed = options.pretraining, options.seed
        alphabet = task.alphabet.with_other_cases()
        units = options.character_encoder.units
        precision = precision_of(pretraining.precision, units)
        encoder = CharacterEncoder(options.character_encoder, alphabet.size, precision)
        self.targets = targets_from_text(sentences, pretraining, seed)
        self.objective = WordVectorObjective(
            encoder, trie_builder(options, alphabet), self.targets, pretraining, options.text, seed
        )
        training = training_options(options)
        weights = self.objective.named_weights()
        shapes = {name: tuple(weight.shape) for name, weight in weights.items()}
        assign(weights, initialize(shapes, seed=seed))
        phase = resolve_phases(training, weights)[0]
        self.begun = self.objective.begin(phase, 0, 0)
        optimizer = Optimizer(training, weights)
        self.step = training_step(
            self.begun.losses, optimizer, phase.trainable, self.begun.signature, seed
        )
        self.rate = tf.constant(training.learning_rate)


def matrix_product_speed(seconds: float = 1.0) -> float:
    """Returns the floating-point operations a second of large float32 products: the best try.

    Two side by side, so that all processors have work however threads are shared out.

    Args:
        seconds: How long to try.
    """
    matrices = [tf.random.stateless_normal([MATRIX, MATRIX], [0, n]) for n in range(4)]

    @tf.function
    def products():
        return [tf.reduce_max(tf.matmul(*matrices[:2])), tf.reduce_max(tf.matmul(*matrices[2:]))]

    tf.nest.map_structure(np.asarray, products())
    best = float("inf")
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        begun = time.perf_counter()
        tf.nest.map_structure(np.asarray, products())
        best = min(best, time.perf_counter() - begun)
    return 2 * 2 * MATRIX**3 / best
