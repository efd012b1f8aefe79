"""A classifier as a SavedModel that takes texts: for TensorFlow Serving, or TensorFlow alone.

Everything from the text on is in the graph: normalization, words, packing, the model. Its signature
`serving_default` takes `texts`, string `(batch,)`, and returns by text

- `label`, string `(batch,)`, the most probable one, and its `probability`, float32 `(batch,)`;
- `probabilities`, float32 `(batch, classes)`, and `logits`, those before the temperature;
- where a text may have several labels, `given`, bool `(batch, classes)`: which reach their
  thresholds.

The signature `labels` takes nothing and returns `labels`, string `(classes,)`, in that order.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from hier_rnn.configuration.options import Configuration, Text
from hier_rnn.decisions.decision import Decision
from hier_rnn.errors import UserError
from hier_rnn.exporting.tensor_unicode import (
    Normalization,
    Table,
    Texts,
    Whitespace,
    decoded,
    heads_and_tails,
)
from hier_rnn.exporting.warm_up import WARM_UP, warm_up_records
from hier_rnn.model.classifier import Classifier, assign
from hier_rnn.packing.batch import TrieBuilder, pack_batch
from hier_rnn.text.alphabet import BOS, EOS, Alphabet
from hier_rnn.text.tokenizer import MAXIMUM_CHARACTERS

WARM_UP_TEXTS = ("Good morning!", "", "Where is my parcel? It was due last week.")


def save_saved_model(
    path: Path,
    configuration: Configuration,
    alphabet: Alphabet,
    labels: Sequence[str],
    decision: Decision,
    words_model: bytes,
    weights: Mapping[str, np.ndarray],
) -> None:
    """Writes a SavedModel.

    Args:
        path: Where to; a folder.
        configuration: The run's options.
        alphabet: The run's characters.
        labels: The labels, in the order of the classes.
        decision: What is made of logits.
        words_model: A SentencePiece model; empty if words stand between white space.
        weights: By name.

    Raises:
        UserError: SentencePiece without tensorflow-text.
    """
    classifier = Classifier(configuration, alphabet.size, len(labels))
    assign(classifier.named_weights(), dict(weights))
    words = TensorTokenizer(configuration.text, alphabet, words_model)
    marks = (BOS, EOS) if configuration.text.boundary_marks else None
    builder = TrieBuilder(words.table, marks, configuration.character_encoder.bidirectional)
    names = tf.constant([label.encode() for label in labels])

    def classify(texts: tf.Tensor) -> dict[str, tf.Tensor]:
        batch = pack_batch(*words(texts), builder)
        logits = classifier(batch, differentiable=False)
        scaled = logits / decision.temperature
        given = {}
        if decision.thresholds is None:
            probabilities = tf.nn.softmax(scaled)
        else:
            probabilities = tf.sigmoid(scaled)
            given = {"given": probabilities >= tf.constant(decision.thresholds, tf.float32)}
        return {
            **given,
            "label": tf.gather(names, tf.argmax(probabilities, 1)),
            "probability": tf.reduce_max(probabilities, 1),
            "probabilities": probabilities,
            "logits": logits,
        }

    module = tf.Module()
    if words.pieces is not None:
        module.tokenizer = words.pieces.tokenizer  # it holds the model, and is saved with it
    module.weights = [v.value for v in classifier.named_weights().values()]
    module.classify = tf.function(
        classify, input_signature=[tf.TensorSpec([None], tf.string, name="texts")]
    )
    module.labels = tf.function(lambda: {"labels": names}, input_signature=[])
    signatures = {"serving_default": module.classify, "labels": module.labels}
    tf.saved_model.save(module, str(path), signatures=signatures)
    extra = path / "assets.extra"
    extra.mkdir()
    (extra / WARM_UP).write_bytes(warm_up_records("texts", WARM_UP_TEXTS))


class TensorTokenizer:
    """From texts to words in TensorFlow operations, as `hier_rnn.text.tokenizer.Tokenizer` does.

    A character that the alphabet lacks is written as one that it lacks, always the same: to the
    model all of them are one.

    Args:
        options: The text options.
        alphabet: The characters known.
        words_model: A SentencePiece model; empty if words stand between white space.

    Attributes:
        table: The id of each code point that a word can have, int32.
        pieces: Cuts texts into a SentencePiece model's pieces; None if there is no model.

    Raises:
        UserError: SentencePiece without tensorflow-text.
    """

    def __init__(self, options: Text, alphabet: Alphabet, words_model: bytes) -> None:
        self._normalize = Normalization(options.normalization, options.lowercase)
        self._split = Whitespace()
        self.pieces = Pieces(words_model) if options.words == "sentencepiece" else None
        self._limit = options.maximum_word_length
        table = alphabet.table()
        unknown = int(np.argmin(table))
        self._known = Table({ord(c): ord(c) for c in alphabet.characters}, unknown)
        self.table = table[: max(map(ord, (*alphabet.characters, chr(unknown)))) + 1]

    def __call__(self, texts: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the words of all texts, `(words,)`, and how many each text has, `(texts,)`."""
        count = tf.size(texts)
        normalized = self._normalize(_bounded(decoded(texts), count))
        # Normalizing may have made it longer.
        words, lengths = self._split(_bounded(normalized, count), count)
        if self.pieces is not None:
            spaced = tf.RaggedTensor.from_row_lengths(_encoded(words), lengths)
            pieces, number = self.pieces(tf.strings.reduce_join(spaced, 1, separator=" "))
            words, per_piece = self._split(decoded(pieces), tf.size(pieces))
            of = tf.repeat(tf.range(count), number)
            lengths = tf.math.unsorted_segment_sum(per_piece, of, count)
        words = self._shortened(words)
        return _encoded(words.with_values(self._known(words.values))), lengths

    def _shortened(self, words: tf.RaggedTensor) -> tf.RaggedTensor:
        """Keeps the head and the tail of words that are too long."""
        texts = Texts(words.values, tf.cast(words.value_rowids(), tf.int32))
        kept, _ = heads_and_tails(texts, tf.cast(words.nrows(), tf.int32), self._limit)
        lengths = tf.minimum(words.row_lengths(), self._limit)
        return tf.RaggedTensor.from_row_lengths(tf.boolean_mask(words.values, kept), lengths)


class Pieces:
    """A SentencePiece model's pieces, cut out of the text.

    Args:
        model: The model.

    Attributes:
        tokenizer: What has the model in TensorFlow.

    Raises:
        UserError: There is no tensorflow-text.
    """

    def __init__(self, model: bytes) -> None:
        try:
            text: Any = importlib.import_module("tensorflow_text")
        except ImportError as error:
            raise UserError(
                "the run cuts its texts into SentencePiece's pieces, and to do that in a SavedModel"
                f" takes tensorflow-text, which can't be imported ({error}). Install it: pip"
                " install 'hier_rnn[savedmodel]'. Or export with --format onnx."
            ) from None
        self.tokenizer = text.SentencepieceTokenizer(model)

    def __call__(self, texts: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the pieces of all texts, string `(pieces,)`, and how many each text has."""
        _, starts, _ = self.tokenizer.tokenize_with_offsets(texts)
        # A text of SentencePiece's own spaces alone has no piece there: it is one.
        without = tf.cast(starts.row_lengths() == 0, tf.int64)
        whole = tf.zeros([tf.reduce_sum(without)], starts.dtype)
        starts = tf.concat([starts, tf.RaggedTensor.from_row_lengths(whole, without)], 1)
        number = tf.cast(starts.row_lengths(), tf.int32)
        of = tf.repeat(tf.range(tf.size(texts)), number)
        begins = tf.cast(starts.values, tf.int32)
        first = tf.concat([[True], of[1:] != of[:-1]], 0)[: tf.size(of)]
        begins = tf.where(first, 0, begins)
        lengths = tf.gather(tf.strings.length(texts), of)
        follows = tf.concat([begins[1:], [0]], 0)[: tf.size(of)]
        last = tf.concat([first[1:], [True]], 0)[: tf.size(of)]
        ends = tf.where(last, lengths, follows)
        return tf.strings.substr(tf.gather(texts, of), begins, ends - begins), number


def _bounded(texts: Texts, count: tf.Tensor) -> Texts:
    """Keeps the head and the tail of texts that are too long, and a space between them."""
    kept, cut = heads_and_tails(texts, count, MAXIMUM_CHARACTERS)
    points = tf.where(cut, ord(" "), texts.points)
    return Texts(tf.boolean_mask(points, kept), tf.boolean_mask(texts.rows, kept))


def _encoded(words: tf.RaggedTensor) -> tf.Tensor:
    return tf.strings.unicode_encode(words, "UTF-8")
