"""Counting in this process, in memory that does not grow with the text; what is more is on disk."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np

from hier_rnn.storage.counts_directory import part_of_word, table_path
from hier_rnn.text.subtokens import subtokens
from hier_rnn.training.counting.job import Job, SourceFigures
from hier_rnn.training.events import Listener, Stage, to_nobody
from hier_rnn.training.word_vectors.cooccurrence import ContextCounter
from hier_rnn.training.word_vectors.pair_sums import SpilledTables
from hier_rnn.training.word_vectors.word_counts import WordCounter, write_word_counts

TEXTS_BETWEEN_EVENTS = 1000
CACHED_WORDS = 200_000  # whose subtokens are not looked for again


class Local:
    """Counts in this process.

    Args:
        on_event: Told how far it is. Default nobody.
    """

    def __init__(self, on_event: Listener = to_nobody) -> None:
        self._on_event = on_event
        self._texts: int | None = None

    def count_words(self, job: Job) -> list[SourceFigures]:
        """Writes the words with their counts, and returns what each source holds."""
        figures: list[SourceFigures] = []
        with tempfile.TemporaryDirectory(prefix="hier_rnn-") as folder:
            counter = WordCounter(job.maximum_types, Path(folder))
            done = 0
            for source in range(len(job.sources)):
                texts, tokens = 0, counter.tokens
                for words in job.texts(source):
                    counter.add(words)
                    texts += 1
                    self._tell("counting words", done + texts)
                done += texts
                figures.append(SourceFigures(texts, counter.tokens - tokens))
            self._texts = done
            with contextlib.ExitStack() as stack:
                paths = [
                    table_path(job.folder, "words", part, job.files) for part in range(job.files)
                ]
                files = [stack.enter_context(path.open("w", encoding="utf-8")) for path in paths]
                for item in counter.items():
                    write_word_counts(files[part_of_word(item[0], job.files)], [item])
        return figures

    def count_contexts(self, job: Job, first_texts: list[int]) -> None:
        """Writes the contexts of the subtokens."""
        known = job.read_subtokens()
        size = len(known)
        counter = ContextCounter(known, job.window)
        with tempfile.TemporaryDirectory(prefix="hier_rnn-") as name:
            folder = Path(name)
            near, adjacent = (
                SpilledTables(size, job.files, folder, table) for table in ("near", "adjacent")
            )

            def spill() -> None:
                near.add(counter.near.take())
                adjacent.add(counter.adjacent.take())

            with contextlib.ExitStack() as stack:
                texts = [
                    stack.enter_context((folder / f"text-{part}").open("wb"))
                    for part in range(job.files)
                ]

                def write_text(keys: np.ndarray) -> None:
                    for part, file in enumerate(texts):
                        file.write(keys[keys // size % job.files == part].tobytes())

                for number, text in self._numbered(job, first_texts):
                    if (keys := counter.add(number, text)) is not None:
                        write_text(keys)
                        if counter.full:
                            spill()
                write_text(counter.flush())
            spill()
            for part in range(job.files):
                job.write_array("near", part, np.stack(near.part(part)))
                job.write_array("adjacent", part, np.stack(adjacent.part(part)))
                keys = np.fromfile(folder / f"text-{part}", np.int64)
                job.write_array("text", part, np.sort(keys))

    def _numbered(self, job: Job, first_texts: list[int]) -> Iterator[tuple[int, list[str]]]:
        for source, first in enumerate(first_texts):
            for number, text in enumerate(subtokens_of(job, source), first):
                yield number, text
                self._tell("counting contexts", number + 1)

    def _tell(self, stage: str, done: int) -> None:
        if done % TEXTS_BETWEEN_EVENTS == 0:
            self._on_event(Stage(stage, done, self._texts, "texts"))


def subtokens_of(job: Job, source: int) -> Iterator[list[str]]:
    """Yields the subtokens of each text of a source."""
    parts = lru_cache(maxsize=CACHED_WORDS)(subtokens)
    return ([part for word in text for part in parts(word)] for text in job.texts(source))
