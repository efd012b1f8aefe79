"""Learning to spell word vectors, by the package and by Keras' own GRU on padded words."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from hier_rnn.configuration.options import Configuration
from hier_rnn.initializers.rules import initialize
from hier_rnn.model.character_encoder import CharacterEncoder
from hier_rnn.model.classifier import assign
from hier_rnn.packing.batch import spelling_of
from hier_rnn.pretraining.pretrain import OPTIMIZATION
from hier_rnn.pretraining.spelling import Distillation
from hier_rnn.pretraining.targets import Targets
from hier_rnn.text.alphabet import BEGIN, END, Alphabet
from hier_rnn.training.optimizer import Optimizer

PADDING = 0
TRIE = "trie"
BATCH_PADDED = "padded by batch"
ALL_PADDED = "padded once"


def both(
    configuration: Configuration, targets: Targets, padded_batches: int
) -> tuple[dict[str, Callable[[], int]], int, float]:
    """Returns a turn of each by name, which tells how many words it learnt; and two figures.

    The figures: words in an epoch, and by how much the losses of the first batch differ, relative
    to the loss, before anything is learnt.

    Args:
        configuration: Sizes and options.
        targets: Words and vectors.
        padded_batches: Batches in a turn of the padded ones; the trie's is an epoch.
    """
    alphabet = Alphabet.count(targets.words)
    objective = Distillation(
        CharacterEncoder(configuration.character_encoder, alphabet.size),
        spelling_of(configuration, alphabet),
        targets,
        configuration.pretraining,
        configuration.text,
        configuration.seed,
    )
    weights = objective.named_weights()
    values = initialize({name: tuple(weight.shape) for name, weight in weights.items()})
    assign(weights, values)
    epoch = objective._epoch(0)
    padded = Padded(configuration, alphabet, targets, values)
    every = max(1, len(epoch) // padded_batches)
    some = epoch[::every][:padded_batches]
    longest = max(padded.longest(words) for words, _ in epoch)
    first = next(iter(objective.batches()))
    own = float(objective.loss(first))
    theirs = padded.loss(*padded.spelled(*epoch[0]), tf.gather(objective._weights, epoch[0][1]))
    widths = {BATCH_PADDED: None, ALL_PADDED: longest}
    return (
        {
            TRIE: _through_the_trie(objective, weights),
            **{
                name: padded.turn(
                    [padded.spelled(*batch, width) for batch in some], objective._weights
                )
                for name, width in widths.items()
            },
        },
        sum(len(words) for words, _ in epoch),
        abs(own - float(theirs)) / own,
    )


def _through_the_trie(
    objective: Distillation, weights: dict[str, keras.Variable]
) -> Callable[[], int]:
    optimizer = Optimizer(OPTIMIZATION, weights)
    values = {name: weight.value for name, weight in weights.items()}
    batches = objective.batches()

    @tf.function(input_signature=[batches.element_spec])
    def step(batch):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(values)
            loss = objective.loss(batch)
        optimizer.apply(tape.gradient(loss, values), tf.constant(1e-3))

    def turn() -> int:
        learnt = 0
        for batch in batches:
            step(batch)
            learnt += objective.words_of(batch)
            if batch.last:
                return learnt

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
        spelled = [[BEGIN, *self._alphabet.ids(word), END] for word in words]
        lengths = np.array(list(map(len, spelled)), np.int32)
        ids = np.full((len(words), width or lengths.max()), PADDING, np.int32)
        for row, word in zip(ids, spelled, strict=True):
            row[: len(word)] = word
        return tf.constant(ids), tf.constant(lengths), tf.constant(owners)

    def loss(self, ids, lengths, owners, weights) -> tf.Tensor:
        """Returns the loss of `Distillation`."""
        states = self.gru(self.embedding(ids))
        # Not masked but looked up: a mask costs Keras' GRU time in every step.
        words = tf.gather(states, lengths - 1, batch_dims=1)
        mapped = tf.nn.l2_normalize(self.map(words), 1)
        cosines = tf.reduce_sum(mapped * tf.gather(self._vectors, owners), 1)
        return tf.reduce_mean(weights * (1 - cosines))

    def turn(self, batches: list[tuple[tf.Tensor, ...]], weights: np.ndarray) -> Callable[[], int]:
        """Returns what learns from the batches and tells how many words they have."""
        named = {
            f"padded/{number}/{variable.name}": variable
            for number, layer in enumerate((self.embedding, self.gru, self.map))
            for variable in layer.trainable_variables
        }
        optimizer = Optimizer(OPTIMIZATION, named)
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
                loss = self.loss(ids, lengths, owners, tf.gather(by_word, owners))
            gradients = {
                name: tf.convert_to_tensor(gradient)
                for name, gradient in tape.gradient(loss, values).items()
            }
            optimizer.apply(gradients, tf.constant(1e-3))

        def turn() -> int:
            for batch in batches:
                step(*batch)
            return sum(len(owners) for _, _, owners in batches)

        return turn
