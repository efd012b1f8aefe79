"""The objective of classification: the labels of sentences, by the loss of their task."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf

from hier_rnn.configuration.options import Configuration, Training
from hier_rnn.errors import UserError
from hier_rnn.inference.inference import Inference
from hier_rnn.model.classifier import Classifier
from hier_rnn.packing.batch import TrieBuilder
from hier_rnn.recurrent.dropout_rng import DropoutRng
from hier_rnn.training.classification.batching.batches import (
    LabelledBatch,
    PackedBatches,
    Sentence,
    endless_batches,
)
from hier_rnn.training.classification.batching.epochs import expected_sentences, passes_per_epoch
from hier_rnn.training.classification.batching.frozen_word_vectors import (
    FrozenWordVectors,
    vectors_stay,
)
from hier_rnn.training.classification.tasks.task import Task
from hier_rnn.training.classification.training_data import TrainingData
from hier_rnn.training.objective import BatchSize, Losses, PhaseBatches
from hier_rnn.training.phases import ResolvedPhase, resolve_phases
from hier_rnn.training.state import TrainerState

ENCODER = "character_encoder/"


class ClassificationObjective:
    """The classifier, its data, and the loss.

    Args:
        configuration: The run's options.
        options: Its `training` options, with what the data and a given encoder decide.
        classifier: The model.
        trie_builder: Makes the tries of words.
        data: The run's data.

    Attributes:
        passes: How often an epoch passes over the training data.

    Raises:
        UserError: A class weight or a phase that fits nothing.
    """

    option_group = "training"
    unit = "sentences"

    def __init__(
        self,
        configuration: Configuration,
        options: Training,
        classifier: Classifier,
        trie_builder: TrieBuilder,
        data: TrainingData,
    ) -> None:
        self.score_name = f"validation_{options.validation_metric}"
        self._configuration, self._options, self._data = configuration, options, data
        self._classifier, self._trie_builder = classifier, trie_builder
        corpus = data.corpus
        length = corpus.words_per_sentence
        self.passes = passes_per_epoch(options, corpus.examples, length)
        self._epoch_sentences = self.passes * corpus.examples
        phases = resolve_phases(options, self.named_weights())
        self.expected_examples = expected_sentences(phases, options, self._epoch_sentences, length)

    def named_weights(self) -> dict[str, keras.Variable]:
        """Returns every weight by its name."""
        return self._classifier.named_weights()

    def begin(self, phase: ResolvedPhase, epoch: int, batch: int) -> PhaseBatches:
        """Begins or takes up a phase; see `Objective.begin`."""
        vocabulary, frozen = self._data.corpus.vocabulary, None
        if vocabulary and vectors_stay(self._configuration, phase.trainable):
            encoder = self._classifier.character_encoder
            frozen = FrozenWordVectors(encoder, self._trie_builder, vocabulary)
        task = self._data.task
        batches = PackedBatches(
            lambda: self._batches(epoch, batch), self._trie_builder, task, frozen
        )
        losses = ClassificationLosses(
            self._classifier, self._options, task, phase.trainable, frozen
        )
        return PhaseBatches(batches, batches.element_spec, losses)

    def size(self, batch: LabelledBatch) -> BatchSize:
        """Returns how many sentences and words a batch has."""
        return BatchSize(len(batch.targets), int(batch.words))

    def ends_epoch(self, batch: LabelledBatch, state: TrainerState) -> bool:
        """Returns whether an epoch ended with this batch, which the state counts already."""
        return state.examples >= (state.epoch + 1) * self._epoch_sentences

    def epochs_done(self, state: TrainerState) -> float:
        """Returns how many epochs of the phase are done."""
        return (state.examples - state.phase_examples) / self._epoch_sentences

    def epochs_at_next_step(self, state: TrainerState, examples: int) -> float:
        """Returns how many epochs of the phase are done in the middle of the next step."""
        done = state.examples - state.phase_examples + examples / 2
        return done / self._epoch_sentences

    def validate(self) -> Mapping[str, float]:
        """Returns the task's metrics on the validation data."""
        return self._data.task.metrics(self._data.targets, self.logits())

    def logits(self) -> np.ndarray:
        """Returns the logits on the validation data, `(examples, classes)`.

        Raises:
            UserError: There are more or fewer examples than before.
        """
        data = self._data
        weights = {name: weight.numpy() for name, weight in self.named_weights().items()}
        inference = Inference(self._configuration, data.alphabet, weights)
        sentences = (data.words(example.text) for example in data.validation)
        logits = np.array(list(inference.logits(sentences)))
        if len(logits) != len(data.targets):
            raise UserError(
                f"{data.validation.name}: it changed while it was in use: {len(data.targets)}"
                f" examples at first, {len(logits)} now."
            )
        return logits

    def score(self, metrics: Mapping[str, float]) -> float:
        """Returns the metric that `training.validation_metric` names; of the loss, the negative."""
        return metrics[self.score_name] * (-1 if self._options.validation_metric == "loss" else 1)

    def doubt(self, metrics: Mapping[str, float]) -> float:
        """Returns the standard error of a share that is right, on as many validation examples.

        What is simpler is kept where nothing is better by more than that (Breiman et al. 1984), so
        that a handful of examples decides nothing. Of the loss, 0.

        Args:
            metrics: On the validation data.
        """
        if self._options.validation_metric == "loss":
            return 0.0
        right = min(max(metrics[self.score_name], 0.0), 1.0)
        return math.sqrt(right * (1 - right) / len(self._data.targets))

    def texts(self, epoch: int, batch: int) -> list[str]:
        """Returns the sentences of a batch as they were trained on, misspelled."""
        return [" ".join(sentence.words) for sentence in next(self._batches(epoch, batch))]

    def _batches(self, epoch: int, batch: int) -> Iterator[list[Sentence]]:
        data, options, seed = self._data, self._options, self._configuration.seed
        target = data.task.target
        return endless_batches(
            data.train, data.words, target, options, seed, epoch, batch, self.passes
        )


class ClassificationLosses:
    """The losses of a batch in a phase.

    What is reported is the task's loss alone: the validation loss's sibling, but for dropout,
    misspelling, class weights and label smoothing. The auxiliary next-character loss is minimized
    along with it.

    Args:
        classifier: The model.
        options: The `training` options.
        task: What is learnt.
        trainable: Names of the weights that train.
        frozen: Vectors of words that a batch's tries leave out. Default none.
    """

    def __init__(
        self,
        classifier: Classifier,
        options: Training,
        task: Task,
        trainable: Sequence[str],
        frozen: FrozenWordVectors | None = None,
    ) -> None:
        self._classifier, self._options, self._frozen = classifier, options, frozen
        self._task = task
        self._encoder_frozen = not any(name.startswith(ENCODER) for name in trainable)

    def __call__(self, batch: LabelledBatch, rng: DropoutRng) -> Losses:
        """Returns the losses.

        Args:
            batch: Sentences and their labels.
            rng: Source of dropout.
        """
        logits, auxiliary = self._logits(batch, rng)
        loss = self._task.loss(logits, batch.targets)
        return Losses(loss, loss + self._options.next_character_weight * auxiliary)

    def _logits(self, batch: LabelledBatch, rng: DropoutRng) -> tuple[tf.Tensor, tf.Tensor | float]:
        """Returns the logits, and the next-character loss or 0."""
        classifier, packed = self._classifier, batch.batch
        if self._options.next_character_weight:
            return classifier.logits_and_lm_loss(packed, rng, self._encoder_frozen)
        if self._frozen:
            words = classifier.character_encoder(packed.prefix_tries, differentiable=False)
            words = self._frozen.merge(words, batch.rows)
            return classifier.from_word_vectors(words, packed.sentences, rng), 0.0
        return classifier(packed, rng=rng, frozen_encoder=self._encoder_frozen), 0.0
