"""The whole way from a text to its words: normalized, segmented, none longer than allowed."""

from __future__ import annotations

from pathlib import Path

from hier_rnn.configuration.options import Text
from hier_rnn.text.normalization import normalize
from hier_rnn.text.segmentation import SentencePieceWords, segmenter

MAXIMUM_CHARACTERS = 500_000  # of a text: a long novel


class Tokenizer:
    """Turns a text into words as the text options ask. Can be pickled.

    A word longer than `maximum_word_length` characters keeps its head and its tail, half of the
    limit each (the head one more if it is odd): the ends of words carry the most. A text longer
    than 500,000 characters keeps its head and its tail likewise, so that no text, whatever it is,
    takes more than bounded time and memory.

    Args:
        options: The text options.
        model: SentencePiece model, its file or its content; default, the file the options name.

    Attributes:
        truncated: How many words were cut so far; may be set back to 0.
        cut_texts: How many texts were; likewise.

    Raises:
        UserError: SentencePiece without a model, or with one that can't be read.
    """

    def __init__(self, options: Text, model: str | Path | bytes = "") -> None:
        self.truncated = self.cut_texts = 0
        self._form = options.normalization
        self._lowercase = options.lowercase
        self._limit = options.maximum_word_length
        self._segment = segmenter(options, model)

    @property
    def model(self) -> bytes:
        """The content of the SentencePiece model; empty for words at white space."""
        return self._segment.model if isinstance(self._segment, SentencePieceWords) else b""

    def __call__(self, text: str) -> list[str]:
        """Returns the words of `text`, in order; of an empty text, none."""
        normalized = normalize(_bounded(text), self._form, self._lowercase)
        # Normalizing may have made it longer.
        self.cut_texts += max(len(text), len(normalized)) > MAXIMUM_CHARACTERS
        words = self._segment(_bounded(normalized))
        if words and max(map(len, words)) > self._limit:
            self.truncated += sum(len(word) > self._limit for word in words)
            return [shortened(word, self._limit) for word in words]
        return words


def _bounded(text: str) -> str:
    if len(text) <= MAXIMUM_CHARACTERS:
        return text
    half = MAXIMUM_CHARACTERS // 2
    return f"{text[: half - 1]} {text[-half:]}"


def shortened(word: str, limit: int) -> str:
    """Returns the head and the tail of a word that is longer than so many characters.

    Args:
        word: Any word.
        limit: Half of it is the tail's; the head has one more if it is odd.
    """
    if len(word) <= limit:
        return word
    tail = limit // 2
    return word[: limit - tail] + word[-tail:]
