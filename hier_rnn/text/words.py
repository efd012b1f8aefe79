"""The whole way from a text to its words: normalized, segmented, none longer than allowed."""

from __future__ import annotations

from pathlib import Path

from hier_rnn.configuration.options import Text
from hier_rnn.text.normalization import normalize
from hier_rnn.text.segmentation import segmenter


class Words:
    """Turns a text into words as the text options ask. Can be pickled.

    A word longer than `maximum_word_length` characters keeps its head and its tail, half of the
    limit each (the head one more if it is odd): the ends of words carry the most.

    Args:
        options: The text options.
        model: SentencePiece model, its file or its content; default, the file the options name.

    Attributes:
        cut: How many words were cut so far; may be set back to 0.

    Raises:
        UserError: SentencePiece without a model, or with one that can't be read.
    """

    def __init__(self, options: Text, model: str | Path | bytes = "") -> None:
        self.cut = 0
        self._form = options.normalization
        self._lowercase = options.lowercase
        self._limit = options.maximum_word_length
        self._segment = segmenter(options, model)

    def __call__(self, text: str) -> list[str]:
        """Returns the words of `text`, in order; of an empty text, none."""
        words = self._segment(normalize(text, self._form, self._lowercase))
        if words and max(map(len, words)) > self._limit:
            return [self._shortened(word) for word in words]
        return words

    def _shortened(self, word: str) -> str:
        if len(word) <= self._limit:
            return word
        self.cut += 1
        tail = self._limit // 2
        return word[: self._limit - tail] + word[-tail:]
