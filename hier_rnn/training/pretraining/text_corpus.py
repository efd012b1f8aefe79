"""The text to pretrain on, as lists of words."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import chain

from hier_rnn.configuration.options import Configuration
from hier_rnn.sources.example import Example
from hier_rnn.sources.source import Source, open_source
from hier_rnn.training.events import Listener, Stage
from hier_rnn.training.preparation.fingerprint import Fingerprints, fingerprinted
from hier_rnn.training.preparation.words import load_words

SECONDS_BETWEEN_EVENTS = 0.1


class TextCorpus:
    """The texts of all sources as lists of words; can be gone through any number of times.

    Args:
        configuration: The run's options.
        source: The texts.
        on_event: Told how far each pass over the texts is.

    Attributes:
        name: What the user called the sources.
        words: Turns a text into words.
        words_model: The SentencePiece model; empty for whitespace words.
        fingerprints: That of the `text`, after the first pass over it.

    Raises:
        UserError: A source that is missing, empty or damaged, or what SentencePiece refuses.
    """

    def __init__(self, configuration: Configuration, source: Source, on_event: Listener) -> None:
        self.fingerprints: Fingerprints = {}
        self._source = fingerprinted(source, "text", self.fingerprints)
        self.name = source.name
        self.words, self.words_model = load_words(configuration, source)
        self._on_event = on_event
        self._count: int | None = None

    def texts(self, stage: str) -> Iterator[list[str]]:
        """Streams the words of every text.

        Args:
            stage: What they are read for.
        """
        return (self.words(example.text) for example in self._examples(stage))

    def raw_texts(self, stage: str) -> Iterator[str]:
        """Streams every text as it is; arguments as `texts`."""
        return (example.text for example in self._examples(stage))

    def labelled_texts(self, stage: str) -> Iterator[tuple[Sequence[str], list[str]]]:
        """Streams the labels and the words of every text; arguments as `texts`.

        To have none of several labels is a label as well, the empty one.
        """
        examples = self._examples(stage)
        return ((e.labels or (e.label or "",), self.words(e.text)) for e in examples)

    def _examples(self, stage: str) -> Iterator[Example]:
        told, done = 0.0, 0
        for done, example in enumerate(self._source, 1):
            yield example
            now = time.monotonic()
            if now - told >= SECONDS_BETWEEN_EVENTS:
                self._on_event(Stage(stage, done, self._count, "texts"))
                told = now
        self._count = done
        self._on_event(Stage(stage, done, done, "texts"))


def text_source(configuration: Configuration) -> Source:
    """Opens the text to pretrain on, all of its sources one after the other.

    Args:
        configuration: The run's options.

    Raises:
        UserError: A source that is missing, empty or damaged.
    """
    data = configuration.data
    sources = [open_source(spec, **data.reading, labelled=False) for spec in data.text]
    return Source(", ".join(data.text), lambda: chain.from_iterable(sources))
