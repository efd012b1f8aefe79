"""What is counted, and where to: what every process that counts is given."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from hier_rnn.files import write_atomically
from hier_rnn.sources.source import open_source
from hier_rnn.storage.counts_directory import table_path
from hier_rnn.text.tokenizer import Tokenizer
from hier_rnn.training.word_vectors.word_counts import WordCount, write_word_counts

SUBTOKENS = "subtokens.json"


class SourceFigures(NamedTuple):
    """What a source holds."""

    texts: int
    tokens: int


@dataclass(frozen=True)
class Job:
    """What is counted, and where to. Can be pickled."""

    sources: tuple[str, ...]
    reading: dict[str, Any]
    """How they are read."""
    words: Tokenizer
    """Turns a text into words."""
    window: int
    files: int
    """How many files each table is cut into."""
    folder: Path
    """Where they are written; every process sees it."""
    maximum_types: int
    """Word types held in memory."""

    def texts(self, source: int) -> Iterator[list[str]]:
        """Yields the words of each text of a source."""
        opened = open_source(self.sources[source], **self.reading, labelled=False)
        return (self.words(example.text) for example in opened)

    def write_subtokens(self, subtokens: list[str]) -> None:
        """Writes those that contexts are counted of, for other processes."""
        with write_atomically(self.folder / SUBTOKENS) as file:
            json.dump(subtokens, file)

    def read_subtokens(self) -> list[str]:
        """Returns those that contexts are counted of."""
        subtokens: list[str] = json.loads((self.folder / SUBTOKENS).read_text("utf-8"))
        return subtokens

    def write_words(self, part: int, items: Iterable[WordCount]) -> None:
        """Writes a part of the words, given in the order of their spellings."""
        with write_atomically(table_path(self.folder, "words", part, self.files)) as file:
            write_word_counts(file, items)

    def write_array(self, table: str, part: int, array: np.ndarray) -> None:
        """Writes a part of a table of numbers."""
        with write_atomically(table_path(self.folder, table, part, self.files), "wb") as file:
            np.save(file, array.astype(np.int64))

    def write_empty(self) -> None:
        """Writes the parts that nobody has written, since there was nothing to put into them."""
        for part in range(self.files):
            if not table_path(self.folder, "words", part, self.files).exists():
                self.write_words(part, ())
            for table, shape in (("near", (2, 0)), ("adjacent", (2, 0)), ("text", (0,))):
                if not table_path(self.folder, table, part, self.files).exists():
                    self.write_array(table, part, np.zeros(shape, np.int64))


class Engine(Protocol):
    """Where it is counted: in this process, or by a Beam pipeline."""

    def count_words(self, job: Job) -> list[SourceFigures]:
        """Writes the words with their counts, and returns what each source holds."""
        ...

    def count_contexts(self, job: Job, first_texts: list[int]) -> None:
        """Writes the contexts of `job.read_subtokens()`.

        Args:
            job: What is counted.
            first_texts: Of each source, the number of its first text among all.
        """
        ...
