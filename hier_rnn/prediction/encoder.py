"""The encoder: word vectors from spellings. It is what `hier_rnn.load_encoder` returns."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from hier_rnn.model.character_encoder import CharacterEncoder
from hier_rnn.model.classifier import assign
from hier_rnn.model.weight_specs import character_encoder_shapes
from hier_rnn.packing.batch import spelling_of
from hier_rnn.prediction.word_cache import WordCache
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.text.normalization import normalize


class Encoder:
    """Turns words into vectors.

    Args:
        path: An encoder directory, or a run directory.
        verify: Whether its files must be as its manifest says. Default True.

    Raises:
        UserError: The directory is missing, incomplete or damaged.
    """

    def __init__(self, path: Path, verify: bool = True) -> None:
        self.directory = EncoderDirectory.find(Path(path), verify)
        self.configuration = self.directory.read_configuration()
        self.alphabet = self.directory.read_alphabet()
        options = self.configuration.character_encoder
        shapes = character_encoder_shapes(options, self.alphabet.size)
        weights = self.directory.read_weights(shapes)
        encoder = CharacterEncoder(options, self.alphabet.size)
        assign(encoder.named_weights(), weights)
        self.width = encoder.width
        spelling = spelling_of(self.configuration, self.alphabet)
        self._cache = WordCache(
            lambda words: encoder(spelling(words), differentiable=False), [encoder.width]
        )

    def __call__(self, words: Iterable[str]) -> np.ndarray:
        """Returns the vector of each word, `(words, width)`, whatever its spelling."""
        text = self.configuration.text
        spelled = [normalize(word, text.normalization, text.lowercase) for word in words]
        if not spelled:
            return np.zeros((0, self.width), np.float32)
        vectors, numbers = self._cache.values(spelled)
        return vectors.numpy()[numbers]
