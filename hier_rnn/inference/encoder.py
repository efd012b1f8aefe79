"""The encoder: vectors of words and, if it can, of texts. `hier_rnn.load_encoder` returns it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from hier_rnn.errors import UserError
from hier_rnn.inference.arguments import checked_texts
from hier_rnn.inference.engine.character_encoder import CharacterEncoder
from hier_rnn.inference.engine.threads import one_thread_each, pool_for, processors
from hier_rnn.inference.engine.trie import TrieBuilder
from hier_rnn.inference.inference import Inference
from hier_rnn.inference.sentence_vector_map import MAP, mapped
from hier_rnn.inference.word_values import WordValues
from hier_rnn.model.weight_specs import encoder_shapes
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.text.normalization import normalize
from hier_rnn.text.tokenizer import shortened


class Encoder:
    """Turns words into vectors, and texts if it holds a sentence encoder.

    Any number of threads may use it, and it can be pickled.

    It needs no TensorFlow. The vectors of words met before are kept, in at most 256 MiB.

    Args:
        path: An encoder directory, or a run directory.
        verify: Whether its files must be as its manifest says. Default True.

    Attributes:
        directory: The encoder directory.
        configuration: Its options.
        alphabet: Its characters.
        width: Width of a word's vector.
        weights: Its weights by name; not to be changed.

    Raises:
        UserError: The directory is missing, incomplete or damaged.
    """

    def __init__(self, path: str | Path, verify: bool = True) -> None:
        self.directory = EncoderDirectory.find(Path(path), verify)
        self.configuration = self.directory.read_configuration()
        self.alphabet = self.directory.read_alphabet()
        options, held = self.configuration.character_encoder, self.directory.holds_sentence_encoder
        shapes = encoder_shapes(self.configuration, self.alphabet.size, held)
        self.weights = self.directory.read_weights(shapes)
        self._sentences = None
        if held:
            self._sentences = Inference(self.configuration, self.alphabet, self.weights)
            self._map = self._read_map(self._sentences.width)
            self._words = self.directory.read_words()
        trie_builder = TrieBuilder(self.alphabet, self.configuration.text.boundary_marks)
        self._characters = CharacterEncoder(options, trie_builder, self.weights)
        self.width = self._characters.width
        self._values = WordValues(self._vectors, self.width)

    def __call__(self, words: Iterable[str]) -> np.ndarray:
        """Returns the vector of each word, `(words, width)`, whatever its spelling.

        Words are normalized and cut to `text.maximum_word_length` as a classifier's are.

        Raises:
            TypeError: `words` is a single word, or one of them is not a `str`.
        """
        text = self.configuration.text
        numbers: dict[str, int] = {}
        rows = [
            numbers.setdefault(
                shortened(
                    normalize(word, text.normalization, text.lowercase), text.maximum_word_length
                ),
                len(numbers),
            )
            for word in checked_texts(words, "words")
        ]
        with one_thread_each(), pool_for(len(numbers)) as pool:
            values = self._values(list(numbers), processors(), pool)
        return values[rows] if rows else values

    def _vectors(self, words: Sequence[str]) -> Iterator[np.ndarray]:
        yield self._characters(words)

    @property
    def encodes_texts(self) -> bool:
        """Whether it holds a sentence encoder."""
        return self._sentences is not None

    def encode(self, texts: Iterable[str]) -> np.ndarray:
        """Returns the vector of each text, of length one, as its teacher would have it.

        The more alike two texts are, the larger is the product of their vectors.

        Args:
            texts: The texts; a list, an array, a column, a generator.

        Returns:
            float32 `(texts, dimensions)`.

        Raises:
            UserError: It holds no sentence encoder.
            TypeError: `texts` is a single text, or one of them is not a `str`.
        """
        if self._sentences is None:
            raise UserError(
                f"{self.directory.path}: holds a character encoder alone, which knows only words."
                " Accepted: an encoder that learnt sentence-vectors, or a run."
            )
        blocks = self._sentences.vector_blocks(map(self._words, checked_texts(texts)))
        vectors = [mapped(pooled, self._map) for pooled in blocks]
        return np.concatenate([np.empty((0, len(self._map[f"{MAP}/bias"])), np.float32), *vectors])

    def _read_map(self, width: int) -> dict[str, np.ndarray]:
        weights = self.directory.read_sentence_vector_map()
        kernel, bias = (weights.get(f"{MAP}/{part}", np.empty(0)) for part in ("kernel", "bias"))
        if len(weights) != 2 or bias.ndim != 1 or kernel.shape != (width, len(bias)):
            raise UserError(
                f"{self.directory.sentence_vector_map}: damaged: no linear map of vectors of"
                f" {width} numbers."
            )
        return weights
