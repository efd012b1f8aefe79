"""Layers of Keras that take strings: trained weights inside a model of one's own.

They compute what a run or an encoder directory computes, train and are saved with the model they
are in. Texts are normalized and cut into words by the run's own code, which a `.keras` file holds
the settings of (SentencePiece's model included); it runs in Python, so a model with such a layer
is loaded where this package is installed. To serve without it, export a run.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from hier_rnn.configuration import schema
from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError
from hier_rnn.inference.encoder import Encoder
from hier_rnn.inference.predictor import Predictor
from hier_rnn.initializers.rules import initialize
from hier_rnn.model.character_encoder import CharacterEncoder
from hier_rnn.model.classifier import Classifier, assign
from hier_rnn.model.variables import Variables
from hier_rnn.model.weight_specs import character_encoder_shapes, weight_shapes
from hier_rnn.packing.batch import pack_batch, trie_builder
from hier_rnn.recurrent.dropout_rng import DropoutRng
from hier_rnn.text.alphabet import Alphabet
from hier_rnn.text.normalization import normalize
from hier_rnn.text.tokenizer import Tokenizer, shortened

PACKAGE = "hier_rnn"
ENCODER = {"seed", "text", "character_encoder"}
CLASSIFIER = {*ENCODER, "sentence_encoder", "head"}
"""Groups of options that a layer computes by; how it was trained is none of its business."""


@keras.saving.register_keras_serializable(package=PACKAGE)
class CharacterEncoderLayer(keras.layers.Layer):
    """From words as strings to their vectors, whatever their spelling.

    `words` of any shape give `(*shape, width)`. An empty string is no word: its vector is zero and
    it is masked, so that rows of words may be filled up with empty strings.

    Args:
        configuration: The options: a `Configuration`, or its `text` and `character_encoder` as
            tables.
        alphabet: The characters, in the order of their numbers.
        **kwargs: Those of every layer: `name`, `trainable`, `dtype`.
    """

    def __init__(
        self, configuration: Configuration | dict[str, Any], alphabet: Sequence[str], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.supports_jit = False  # words are read in Python
        self._configuration = _only(ENCODER, configuration)
        self._alphabet = Alphabet(tuple(alphabet))
        options, size = self._configuration.character_encoder, self._alphabet.size
        self._trie_builder = trie_builder(self._configuration, self._alphabet)
        self.encoder = CharacterEncoder(options, size)
        self.width = self.encoder.width
        shapes = character_encoder_shapes(options, size)
        first = initialize(shapes, seed=self._configuration.seed, alphabet=self._alphabet)
        assign(self.encoder.named_weights(), first)
        self._seeds = keras.random.SeedGenerator(self._configuration.seed)
        self.encoder.trainable = self.trainable

    @classmethod
    def load(cls, directory: str | Path, **kwargs: Any) -> CharacterEncoderLayer:
        """Returns a layer with the weights of an encoder directory, or of a run's encoder.

        Args:
            directory: An encoder directory, or a run directory.
            **kwargs: Those of every layer.

        Raises:
            UserError: The directory is missing, incomplete or damaged.
        """
        encoder = Encoder(directory)
        layer = cls(encoder.configuration, encoder.alphabet.characters, **kwargs)
        _set(layer.encoder.named_weights(), encoder.weights)
        return layer

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Does nothing: the weights do not depend on the shape of what is read."""

    def call(self, words: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Returns the words' vectors, `(*words.shape, width)`.

        Args:
            words: Strings, of any shape.
            training: Whether to drop what the options say. Default False.
        """
        flat = tf.reshape(_read(self._normalized, words), [-1])
        distinct, numbers = tf.unique(flat)
        rng = DropoutRng(self._seeds.next()) if training else None
        vectors = self.encoder(self._trie_builder(distinct), rng=rng)
        vectors *= tf.cast(distinct != "", vectors.dtype)[:, None]
        shape = tf.concat([tf.shape(words), [self.width]], 0)
        result = tf.reshape(tf.gather(vectors, numbers), shape)
        result.set_shape([*words.shape, self.width])
        return result

    def compute_mask(self, words: tf.Tensor, mask: Any = None) -> tf.Tensor | None:
        """Returns which of the strings are words; None for a row of single words."""
        return None if len(words.shape) == 1 else keras.ops.not_equal(words, "")

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the shape of the vectors of words of this shape."""
        return (*shape, self.width)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of a layer like this one."""
        groups = self._configuration.model_dump(mode="json", include=ENCODER)
        alphabet = list(self._alphabet.characters)
        return {**super().get_config(), "configuration": groups, "alphabet": alphabet}

    def _normalized(self, words: np.ndarray) -> np.ndarray:
        text = self._configuration.text
        spelled = [
            shortened(
                normalize(word.decode("utf-8", "replace"), text.normalization, text.lowercase),
                text.maximum_word_length,
            ).encode()
            for word in words.reshape(-1).tolist()
        ]
        return np.array(spelled, object).reshape(words.shape)


@keras.saving.register_keras_serializable(package=PACKAGE)
class SentenceClassifierLayer(keras.layers.Layer):
    """From texts as strings, `(batch,)`, to the logits of classes, `(batch, classes)`.

    Their softmax are probabilities; where a text may have several labels, their sigmoid.

    With `vectors=True`, to what the head decides by: `(batch, 2 * sentence_encoder.units)`.

    Args:
        configuration: The options: a `Configuration`, or its groups as tables.
        alphabet: The characters, in the order of their numbers.
        labels: The classes' names.
        words_model: SentencePiece's model in Base64. Default "": words at white space.
        vectors: Return sentence vectors; the head is then not used. Default False.
        **kwargs: Those of every layer: `name`, `trainable`, `dtype`.

    Attributes:
        labels: The classes' names, in the order of the logits.
    """

    def __init__(
        self,
        configuration: Configuration | dict[str, Any],
        alphabet: Sequence[str],
        labels: Sequence[str],
        words_model: str = "",
        vectors: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.supports_jit = False  # texts are read in Python
        self._configuration = _only(CLASSIFIER, configuration)
        self._alphabet = Alphabet(tuple(alphabet))
        self.labels = list(labels)
        self._words_model, self.vectors = words_model, vectors
        if (self._configuration.text.words == "sentencepiece") != bool(words_model):
            raise UserError(
                f"words_model: SentencePiece's model belongs to text.words 'sentencepiece', and to"
                f" nothing else. Received: text.words {self._configuration.text.words!r} and"
                f" {len(words_model)} characters of a model."
            )
        self._words = Tokenizer(self._configuration.text, base64.b64decode(words_model))
        size, classes = self._alphabet.size, len(self.labels)
        self._trie_builder = trie_builder(self._configuration, self._alphabet)
        classifier = Classifier(self._configuration, size, classes)
        self.character_encoder = classifier.character_encoder
        self.sentence_encoder = classifier.sentence_encoder
        self.classifier = None if vectors else classifier
        shapes = weight_shapes(self._configuration, size, classes)
        first = initialize(shapes, seed=self._configuration.seed, alphabet=self._alphabet)
        _set(self._named_weights(), first)
        self._seeds = keras.random.SeedGenerator(self._configuration.seed)
        classifier.trainable = self.trainable

    @classmethod
    def load(
        cls, run: str | Path | Predictor, vectors: bool = False, **kwargs: Any
    ) -> SentenceClassifierLayer:
        """Returns a layer with the weights of a run.

        Args:
            run: A run directory, or what `hier_rnn.load` returned.
            vectors: Return sentence vectors instead of logits. Default False.
            **kwargs: Those of every layer.

        Raises:
            UserError: The directory is missing, incomplete or damaged.
        """
        predictor = run if isinstance(run, Predictor) else Predictor(run)
        layer = cls(
            predictor.configuration,
            predictor.alphabet.characters,
            predictor.labels,
            base64.b64encode(predictor.words.model).decode(),
            vectors,
            **kwargs,
        )
        _set(layer._named_weights(), predictor.weights)
        return layer

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Does nothing: the weights do not depend on the shape of what is read."""

    def call(self, texts: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Returns the logits or the vectors of texts.

        Args:
            texts: Strings, `(batch,)`.
            training: Whether to drop what the options say. Default False.
        """
        words, lengths = tf.numpy_function(
            self._segmented, [texts], [tf.string, tf.int32], stateful=False
        )
        batch = pack_batch(
            tf.ensure_shape(words, [None]), tf.ensure_shape(lengths, [None]), self._trie_builder
        )
        rng = DropoutRng(self._seeds.next()) if training else None
        if self.classifier is not None:
            result = self.classifier(batch, rng=rng)
        else:
            vectors = self.character_encoder(batch.prefix_tries, rng=rng)
            result = self.sentence_encoder(vectors, batch.sentences, rng=rng)
        return tf.ensure_shape(result, self.compute_output_shape(texts.shape))

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the shape of what texts of this shape give."""
        width = self.sentence_encoder.width if self.vectors else len(self.labels)
        return (*shape, width)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of a layer like this one."""
        groups = self._configuration.model_dump(mode="json", include=CLASSIFIER)
        return {
            **super().get_config(),
            "configuration": groups,
            "alphabet": list(self._alphabet.characters),
            "labels": self.labels,
            "words_model": self._words_model,
            "vectors": self.vectors,
        }

    def _named_weights(self) -> Variables:
        if self.classifier is not None:
            return self.classifier.named_weights()
        return {**self.character_encoder.named_weights(), **self.sentence_encoder.named_weights()}

    def _segmented(self, texts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        sentences = [self._words(text.decode("utf-8", "replace")) for text in texts.tolist()]
        words = [word.encode() for sentence in sentences for word in sentence]
        return np.array(words, object), np.array(list(map(len, sentences)), np.int32)


def _only(groups: set[str], given: Configuration | Mapping[str, Any]) -> Configuration:
    configuration = given if isinstance(given, Configuration) else schema.validate(given, str)
    return Configuration(**{name: getattr(configuration, name) for name in groups})


def _set(variables: Variables, weights: Mapping[str, np.ndarray]) -> None:
    assign(variables, {name: weights[name] for name in variables})


def _read(function: Any, words: tf.Tensor) -> tf.Tensor:
    result = tf.numpy_function(function, [words], tf.string, stateful=False)
    return tf.ensure_shape(result, words.shape)
