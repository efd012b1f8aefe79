"""The encoder: word vectors from spellings. It is what `hier_rnn.load_encoder` returns."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from hier_rnn.configuration.toml import read_configuration
from hier_rnn.configuration.transfer import encoder_directory
from hier_rnn.model.character_encoder import CharacterEncoder
from hier_rnn.model.classifier import assign
from hier_rnn.model.weight_specs import character_encoder_shapes, check_weights
from hier_rnn.packing.batch import spelling_of
from hier_rnn.prediction.word_cache import WordCache
from hier_rnn.runs.weights_file import read_weights
from hier_rnn.text.alphabet import Alphabet
from hier_rnn.text.normalization import normalize


class Encoder:
    """Turns words into vectors.

    Args:
        path: An encoder directory, or a run directory.

    Raises:
        UserError: The directory is missing, incomplete or damaged.
    """

    def __init__(self, path: Path) -> None:
        self.directory = encoder_directory(Path(path))
        self.configuration = read_configuration(self.directory / "config.toml")
        self.alphabet = Alphabet.load(self.directory / "alphabet.json")
        options = self.configuration.character_encoder
        path = self.directory / "encoder.weights.h5"
        weights = read_weights(path)
        shapes = character_encoder_shapes(options, self.alphabet.size)
        check_weights(path, weights, shapes)
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
