"""Keras: a padded, masked batch through a GRU over each word and a bidirectional LSTM.

Two ways of running the GRU over every word. `KerasTimeDistributed` is the layer of that name. Its
gradient fails over a dynamic words axis ("Cannot convert a partially known TensorShape"), and over
a static one it unrolls a GRU for every word position; so the axis is static, one for all batches,
and tracing takes a second or more a word. `KerasFlattened` does what `TimeDistributed` stands for
by hand: words are reshaped into the batch axis, one GRU reads them all, and each batch is padded to
its own longest sentence only.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from benchmarks.peers.spelling import by_length, padded, spell
from benchmarks.peers.task import ADAM_EPSILON, Batch, Task
from hier_rnn.text.tokenizer import Tokenizer


class _Keras:
    """What both have: text handling, the training step, inference.

    Args:
        task: What to compute.
        words_axis: Static length of the words axis; None for dynamic.
        network: Words' characters, int32 `(sentences, words, characters)`, 0 for padding.
    """

    def __init__(self, task: Task, words_axis: int | None, network: keras.Model) -> None:
        self.words_axis = words_axis
        self.words = Tokenizer(task.configuration.text)
        self.table = task.alphabet.table()
        self.marks = task.configuration.text.boundary_marks
        self.inference_sentences = task.inference_sentences
        optimizer = keras.optimizers.Adam(
            task.configuration.training.learning_rate, epsilon=ADAM_EPSILON
        )
        variables = network.trainable_variables
        optimizer.build(variables)
        batch = tf.TensorSpec([None, words_axis, None], tf.int32)

        @tf.function(input_signature=[batch, tf.TensorSpec([None], tf.int32)])
        def step(characters, labels):
            with tf.GradientTape() as tape:
                logits = network(characters, training=True)
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
                loss = tf.reduce_mean(losses)
            # Dense: Keras's Adam takes a character's many rows in a sparse gradient one by one.
            gradients = map(tf.convert_to_tensor, tape.gradient(loss, variables))
            optimizer.apply(list(gradients), variables)
            return loss

        @tf.function(input_signature=[batch])
        def infer(characters):
            return network(characters, training=False)

        self._step, self._infer = step, infer

    def _characters(self, sentences: Sequence[Sequence[str]]) -> np.ndarray:
        spelled = spell([w for s in sentences for w in s], self.table, self.marks)
        words = padded(spelled.characters + 1, spelled.lengths)  # 0 is padding
        counts = np.array([len(sentence) for sentence in sentences])
        return padded(words, counts, self.words_axis)

    def _read(self, text: str) -> list[str]:
        return self.words(text)[: self.words_axis]

    def train(self, batches: Sequence[Batch]) -> tuple[list[float], int]:
        """Takes a step on each batch."""
        losses, count = [], 0
        for batch in batches:
            sentences = [self._read(text) for text, _ in batch]
            labels = np.array([label for _, label in batch], np.int32)
            losses.append(float(self._step(self._characters(sentences), labels).numpy()))
            count += sum(map(len, sentences))
        return losses, count

    def logits(self, texts: Sequence[str], warm: bool = False) -> tuple[np.ndarray, int]:
        """Returns the logits; nothing is remembered."""
        sentences = [self._read(text) for text in texts]
        parts, numbers = [], []
        for batch in by_length(sentences, self.inference_sentences):
            parts.append(self._infer(self._characters([sentences[n] for n in batch])).numpy())
            numbers += batch
        logits = np.concatenate(parts)[np.argsort(numbers)]
        return logits, sum(map(len, sentences))

    def close(self) -> None:
        """Nothing runs in the background."""


class KerasTimeDistributed(_Keras):
    """`TimeDistributed(GRU)` over a static words axis; what is beyond is cut, and not counted."""

    def __init__(self, task: Task) -> None:
        super().__init__(task, task.words_axis, _network(task, task.words_axis, flattened=False))


class KerasFlattened(_Keras):
    """The GRU over all the words of a batch at once."""

    def __init__(self, task: Task) -> None:
        super().__init__(task, None, _network(task, None, flattened=True))


class _FlattenedWords(layers.Layer):
    """A GRU over each word: `TimeDistributed`, with the words in the batch axis."""

    def __init__(self, gru: layers.GRU) -> None:
        super().__init__()
        self.gru = gru
        self.supports_masking = True

    def build(self, shape) -> None:
        self.gru.build((None, None, shape[-1]))

    def call(self, embedded: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        shape = tf.shape(embedded)
        words = tf.reshape(embedded, [-1, shape[2], embedded.shape[3]])
        states = self.gru(words, mask=tf.reshape(mask, [-1, shape[2]]))
        return tf.reshape(states, [shape[0], shape[1], self.gru.units])


class _NotPadding(layers.Layer):
    """Which characters are there, and which words."""

    def call(self, characters: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        there = tf.not_equal(characters, 0)
        return there, tf.reduce_any(there, 2)


def _network(task: Task, words_axis: int | None, flattened: bool) -> keras.Model:
    options = task.configuration
    characters = keras.Input((words_axis, None), dtype="int32")
    # Masks are given by hand: not every layer between passes them on.
    character_mask, word_mask = _NotPadding()(characters)
    embedding = layers.Embedding(task.alphabet.size + 1, options.character_encoder.embedding_dim)
    gru = layers.GRU(options.character_encoder.units)
    over_words = _FlattenedWords(gru) if flattened else layers.TimeDistributed(gru)
    lstm = layers.Bidirectional(layers.LSTM(options.sentence_encoder.units))
    head = layers.Dense(task.classes)
    words = over_words(embedding(characters), mask=character_mask)
    network = keras.Model(characters, head(lstm(words, mask=word_mask)))

    given = task.weights
    table = given["character_encoder/embedding"]
    embedding.set_weights([np.concatenate([np.zeros_like(table[:1]), table])])
    parts = ("kernel", "recurrent_kernel", "bias")
    gru.set_weights([given[f"character_encoder/gru_0/{part}"] for part in parts])
    lstm.set_weights(
        [
            given[f"sentence_encoder/lstm_0/{direction}/{part}"]
            for direction in ("forward", "backward")
            for part in parts
        ]
    )
    head.set_weights([given["head/kernel"], given["head/bias"]])
    return network
