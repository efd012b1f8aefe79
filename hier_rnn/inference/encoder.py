"""The encoder: word vectors from spellings. It is what `hier_rnn.load_encoder` returns."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from hier_rnn.inference.arguments import checked_texts
from hier_rnn.inference.engine.character_encoder import CharacterEncoder
from hier_rnn.inference.engine.threads import one_thread_each, pool_for, processors
from hier_rnn.inference.engine.trie import TrieBuilder
from hier_rnn.inference.word_values import WordValues
from hier_rnn.model.weight_specs import character_encoder_shapes
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.text.normalization import normalize
from hier_rnn.text.tokenizer import shortened


class Encoder:
    """Turns words into vectors. Any number of threads may use it, and it can be pickled.

    It needs no TensorFlow. The vectors of words met before are kept, in at most 256 MiB.

    Args:
        path: An encoder directory, or a run directory.
        verify: Whether its files must be as its manifest says. Default True.

    Attributes:
        directory: The encoder directory.
        configuration: Its options.
        alphabet: Its characters.
        width: Width of a vector.
        weights: Its weights by name; not to be changed.

    Raises:
        UserError: The directory is missing, incomplete or damaged.
    """

    def __init__(self, path: str | Path, verify: bool = True) -> None:
        self.directory = EncoderDirectory.find(Path(path), verify)
        self.configuration = self.directory.read_configuration()
        self.alphabet = self.directory.read_alphabet()
        options = self.configuration.character_encoder
        shapes = character_encoder_shapes(options, self.alphabet.size)
        self.weights = self.directory.read_weights(shapes)
        trie_builder = TrieBuilder(self.alphabet, self.configuration.text.boundary_marks)
        encoder = CharacterEncoder(options, trie_builder, self.weights)
        self.width = encoder.width
        self._values = WordValues(encoder, encoder.width)

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
