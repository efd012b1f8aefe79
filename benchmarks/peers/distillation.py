"""Learning to spell word vectors, by the package and by Keras' own GRU on padded words."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import keras
import numpy as np
import tensorflow as tf

from hier_rnn.configuration.options import Configuration
from hier_rnn.initializers.rules import initialize
from hier_rnn.model.character_encoder import CharacterEncoder
from hier_rnn.model.classifier import assign
from hier_rnn.packing.batch import trie_builder
from hier_rnn.text.alphabet import BOS, EOS, Alphabet
from hier_rnn.training.optimizer import Optimizer
from hier_rnn.training.pretraining.pretraining_run import training_options
from hier_rnn.training.pretraining.word_vector_objective import SpelledBatch, WordVectorObjective
from hier_rnn.training.word_vectors.targets import Targets

# Learns, and tells how many words and in how many seconds.
Turn = Callable[[], tuple[int, float]]

PADDING = 0
TRIE = "trie"
BATCH_PADDED = "Keras, by batch"
ALL_PADDED = "Keras, at once"


def turns_of(
    configuration: Configuration, targets: Targets, padded_batches: int
) -> tuple[dict[str, Turn], int, float]:
    """Returns a turn of each by name and two figures.

    The figures: words in an epoch, and by how much the losses of the first batch differ, relative
    to the loss, before anything is learnt.

    Args:
        configuration: Sizes and options.
        targets: Words and vectors.
        padded_batches: Batches in a turn of the padded ones; the trie's is an epoch.
    """
    alphabet = Alphabet.count(targets.words)
    objective = WordVectorObjective(
        CharacterEncoder(configuration.character_encoder, alphabet.size),
        trie_builder(configuration, alphabet),
        targets,
        configuration.pretraining,
        configuration.text,
        configuration.seed,
    )
    weights = objective.named_weights()
    values = initialize({name: tuple(weight.shape) for name, weight in weights.items()})
    assign(weights, values)
    epoch = objective.epoch_batches(0)
    padded = Padded(configuration, alphabet, targets, values)
    every = max(1, len(epoch) // padded_batches)
    some = epoch[::every][:padded_batches]
    longest = max(padded.longest(words) for words, _ in epoch)
    first = next(iter(objective.batches()))
    own = float(objective.loss(first))
    theirs = padded.loss(*padded.spelled(*epoch[0]), tf.gather(objective._weights, epoch[0][1]))
    return (
        {
            TRIE: _through_the_trie(objective, weights),
            BATCH_PADDED: padded.turn(
                [padded.spelled(*batch) for batch in some], objective._weights
            ),
            ALL_PADDED: padded.turn(
                [padded.spelled(*batch, longest) for batch in some], objective._weights, masked=True
            ),
        },
        sum(len(words) for words, _ in epoch),
        abs(own - float(theirs)) / own,
    )


def _through_the_trie(objective: WordVectorObjective, weights: dict[str, keras.Variable]) -> Turn:
    optimizer = Optimizer(training_options(Configuration()), weights)
    values = {name: weight.value for name, weight in weights.items()}
    batches = objective.batches()

    @tf.function(input_signature=[batches.element_spec])
    def step(batch):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(values)
            loss = objective.loss(batch)
        optimizer.apply(tape.gradient(loss, values), tf.constant(1e-3))

    def epoch(stream: Iterator[SpelledBatch]) -> int:
        learnt = 0
        for batch in stream:
            step(batch)
            learnt += objective.words_of(batch)
            if batch.last:
                break
        return learnt

    def turn() -> tuple[int, float]:
        stream = iter(batches)
        epoch(stream)  # while it trains the next is made, as for all epochs but a run's first
        begun = time.perf_counter()
        return epoch(stream), time.perf_counter() - begun

    return turn


class Padded:
    """Keras' GRU over padded characters, with the weights of the package's encoder.

    Args:
        configuration: Sizes and options.
        alphabet: The characters.
        targets: Words and vectors.
        values: The first weights, by the package's names.
    """

    def __init__(
        self,
        configuration: Configuration,
        alphabet: Alphabet,
        targets: Targets,
        values: dict[str, np.ndarray],
    ) -> None:
        options = configuration.character_encoder
        self._alphabet, self._vectors = alphabet, tf.constant(targets.vectors)
        self.embedding = keras.layers.Embedding(alphabet.size, options.embedding_dim)
        self.gru = keras.layers.GRU(options.units, return_sequences=True)
        self.map = keras.layers.Dense(targets.vectors.shape[1])
        self.embedding.build()
        self.gru.build((None, None, options.embedding_dim))
        self.map.build((None, options.units))
        gru = "character_encoder/gru_0"
        self.embedding.set_weights([values["character_encoder/embedding"]])
        self.gru.set_weights([values[f"{gru}/{n}"] for n in ("kernel", "recurrent_kernel", "bias")])
        self.map.set_weights([values["word_vectors/kernel"], values["word_vectors/bias"]])

    def longest(self, words: list[str]) -> int:
        """Returns the characters of the longest word, marks included."""
        return max(map(len, words)) + 2

    def spelled(
        self, words: list[str], owners: np.ndarray, width: int | None = None
    ) -> tuple[tf.Tensor, ...]:
        """Returns padded characters, lengths, and whose vectors they have.

        Args:
            words: Spellings.
            owners: Numbers of the words whose vectors they have.
            width: Characters to pad to, marks included; default those of the longest word.
        """
        spelled = [[BOS, *self._alphabet.ids(word), EOS] for word in words]
        lengths = np.array(list(map(len, spelled)), np.int32)
        ids = np.full((len(words), width or lengths.max()), PADDING, np.int32)
        for row, word in zip(ids, spelled, strict=True):
            row[: len(word)] = word
        return tf.constant(ids), tf.constant(lengths), tf.constant(owners)

    def loss(self, ids, lengths, owners, weights, masked: bool = False) -> tf.Tensor:
        """Returns the loss of `WordVectorObjective`.

        Args:
            ids: Padded characters.
            lengths: Of the words.
            owners: Numbers of the words whose vectors they have.
            weights: In the loss.
            masked: Mask the padding, so that the last state is the word's. Default, look the
                word's state up: a mask costs Keras' GRU time in every step.
        """
        embedded = self.embedding(ids)
        if masked:
            mask = tf.sequence_mask(lengths, tf.shape(ids)[1])
            words = self.gru(embedded, mask=mask)[:, -1]
        else:
            words = tf.gather(self.gru(embedded), lengths - 1, batch_dims=1)
        mapped = tf.nn.l2_normalize(self.map(words), 1)
        cosines = tf.reduce_sum(mapped * tf.gather(self._vectors, owners), 1)
        return tf.reduce_mean(weights * (1 - cosines))

    def turn(
        self, batches: list[tuple[tf.Tensor, ...]], weights: np.ndarray, masked: bool = False
    ) -> Turn:
        """Returns what learns from the batches; it tells how many words, and in how many seconds.

        Args:
            batches: Of `spelled`.
            weights: Each word's in the loss.
            masked: See `loss`. Default False.
        """
        named = {
            f"padded/{number}/{variable.name}": variable
            for number, layer in enumerate((self.embedding, self.gru, self.map))
            for variable in layer.trainable_variables
        }
        optimizer = Optimizer(training_options(Configuration()), named)
        values = {name: variable.value for name, variable in named.items()}
        by_word = tf.constant(weights)

        @tf.function(
            input_signature=[
                tf.TensorSpec([None, None], tf.int32),
                tf.TensorSpec([None], tf.int32),
                tf.TensorSpec([None], tf.int32),
            ]
        )
        def step(ids, lengths, owners):
            with tf.GradientTape() as tape:
                loss = self.loss(ids, lengths, owners, tf.gather(by_word, owners), masked)
            gradients = {
                name: tf.convert_to_tensor(gradient)
                for name, gradient in tape.gradient(loss, values).items()
            }
            optimizer.apply(gradients, tf.constant(1e-3))

        def turn() -> tuple[int, float]:
            begun = time.perf_counter()
            for batch in batches:
                step(*batch)
            seconds = time.perf_counter() - begun
            return sum(len(owners) for _, _, owners in batches), seconds

        return turn
