"""Counting as two Apache Beam pipelines, on any runner; each source is one element of theirs.

Every worker counts its sources with the code that counts here, and writes its sums, cut into parts;
what Beam shuffles are the names of these files. So nobody holds more than a worker's own sums, or
one part. All are whole numbers, so that it does not matter who adds up what first. Sources, and the
folder that is written, are on disks that all workers see.
"""

from __future__ import annotations

import json
import shutil
import uuid
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue

from hier_rnn.errors import UserError
from hier_rnn.files import write_atomically
from hier_rnn.storage.counts_directory import part_of_word
from hier_rnn.training.counting.job import Job, SourceFigures
from hier_rnn.training.counting.local import subtokens_of
from hier_rnn.training.word_vectors.cooccurrence import ContextCounter
from hier_rnn.training.word_vectors.pair_sums import (
    Table,
    read_table,
    split_table,
    sum_tables,
    write_table,
)
from hier_rnn.training.word_vectors.word_counts import (
    WordCount,
    added_up,
    read_word_counts,
    write_word_counts,
)

HELD_TYPES = 200_000  # by a worker, before it hands them on
PROBLEM, PIECES = "problem.json", "pieces"
WORKERS_LOG = "default_sdk_harness_log_level"  # else each worker tells of each of its channels

Part = tuple[str, int]
"""A table and which part of it."""


class Pipeline:
    """Counts by Beam pipelines.

    Args:
        runner: Name of the runner, as Beam has it.
        options: Its options, `name=value`.
    """

    def __init__(self, runner: str, options: Iterable[str] = ()) -> None:
        self._arguments = [f"--runner={runner}", f"--{WORKERS_LOG}=ERROR"]
        self._arguments += [f"--{option}" for option in options]

    def count_words(self, job: Job) -> list[SourceFigures]:
        """Writes the words with their counts, and returns what each source holds."""
        elements = list(range(len(job.sources)))
        self._run(job, elements, CountWords(job))
        figures = []
        for source in elements:
            path = job.folder / _figures(source)
            figures.append(SourceFigures(*json.loads(path.read_text("utf-8"))))
            path.unlink()
        return figures

    def count_contexts(self, job: Job, first_texts: list[int]) -> None:
        """Writes the contexts of the subtokens."""
        elements = list(enumerate(first_texts))
        self._run(job, elements, CountContexts(job))

    def _run(self, job: Job, elements: list[Any], count: beam.DoFn) -> None:
        problem, pieces = job.folder / PROBLEM, job.folder / PIECES
        pieces.mkdir()
        try:
            pipeline = beam.Pipeline(options=PipelineOptions(self._arguments))
        except ValueError as error:
            raise UserError(f"{self._arguments[0]}: {error}") from None
        _ = (
            pipeline
            | "Sources" >> beam.Create(elements)
            | "Spread" >> beam.Reshuffle()
            | "Count" >> beam.ParDo(count)
            | "Group" >> beam.GroupByKey()
            | "Add up" >> beam.ParDo(AddUp(job))
        )
        try:
            pipeline.run().wait_until_finish()
        except Exception:  # a runner raises what it likes around the mistake that is to be told
            if problem.exists():
                raise UserError(json.loads(problem.read_text("utf-8"))) from None
            raise
        shutil.rmtree(pieces)


class _Counting(beam.DoFn):
    """Counts one source after the other; what a worker has at the end of a bundle is handed on."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def process(self, element: Any) -> Iterator[tuple[Part, str]]:
        """Counts a source."""
        try:
            yield from self.count(element)
        except UserError as error:
            # A runner tells no more than that something went wrong, or too much.
            with write_atomically(self._job.folder / PROBLEM) as file:
                json.dump(str(error), file)
            raise

    def finish_bundle(self) -> Iterator[WindowedValue]:
        """Hands on what is left."""
        window = GlobalWindow()
        for value in self.take():
            yield WindowedValue(value, window.max_timestamp(), [window])

    @abstractmethod
    def count(self, element: Any) -> Iterator[tuple[Part, str]]:
        """Counts a source, and yields the files of what does not have to be held any more."""

    @abstractmethod
    def take(self) -> Iterator[tuple[Part, str]]:
        """Yields the files of all that is held."""


class CountWords(_Counting):
    """Counts the words of sources."""

    def start_bundle(self) -> None:
        """Begins with nothing."""
        self._counter: Counter[str] = Counter()

    def count(self, element: int) -> Iterator[tuple[Part, str]]:
        """Counts a source."""
        texts = tokens = 0
        for words in self._job.texts(element):
            self._counter.update(words)
            texts += 1
            tokens += len(words)
            if len(self._counter) > HELD_TYPES:
                yield from self.take()
        with write_atomically(self._job.folder / _figures(element)) as file:
            json.dump((texts, tokens), file)

    def take(self) -> Iterator[tuple[Part, str]]:
        """Yields the files of the words held, by part."""
        parts: dict[int, list[WordCount]] = {}
        for item in sorted(self._counter.items()):
            parts.setdefault(part_of_word(item[0], self._job.files), []).append(item)
        self._counter = Counter()
        for part, items in parts.items():
            path = _piece(self._job)
            with path.open("w", encoding="utf-8") as file:
                write_word_counts(file, items)
            yield ("words", part), path.name


class CountContexts(_Counting):
    """Counts the contexts of subtokens."""

    def setup(self) -> None:
        """Reads the subtokens."""
        self._known = self._job.read_subtokens()

    def start_bundle(self) -> None:
        """Begins with nothing."""
        self._counter = ContextCounter(self._known, self._job.window)

    def count(self, element: tuple[int, int]) -> Iterator[tuple[Part, str]]:
        """Counts a source, given the number of its first text."""
        source, first = element
        for number, text in enumerate(subtokens_of(self._job, source), first):
            if (keys := self._counter.add(number, text)) is not None:
                yield from self._text(keys)
                if self._counter.full:
                    yield from self._pairs()

    def take(self) -> Iterator[tuple[Part, str]]:
        """Yields the files of all that is held."""
        yield from self._text(self._counter.flush())
        yield from self._pairs()

    def _pairs(self) -> Iterator[tuple[Part, str]]:
        for table in ("near", "adjacent"):
            yield from self._pieces(table, getattr(self._counter, table).take())

    def _text(self, keys: np.ndarray) -> Iterator[tuple[Part, str]]:
        return self._pieces("text", (keys, np.ones(len(keys), np.int64)))

    def _pieces(self, table: str, sums: Table) -> Iterator[tuple[Part, str]]:
        for part, piece in split_table(sums, len(self._known), self._job.files):
            path = _piece(self._job)
            write_table(path, piece)
            yield (table, part), path.name


class AddUp(beam.DoFn):
    """Adds up what workers have counted of a part of a table, and writes it; twice is the same."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def process(self, element: tuple[Part, Iterable[str]]) -> None:
        """Writes a part."""
        (table, part), names = element
        paths = [self._job.folder / PIECES / name for name in names]
        if table == "words":
            self._job.write_words(part, added_up(list(map(read_word_counts, paths))))
            return
        keys, weights = sum_tables(map(read_table, paths))
        self._job.write_array(table, part, keys if table == "text" else np.stack((keys, weights)))


def _piece(job: Job) -> Path:
    """Where a worker puts a part of what it has counted; what failed and is done again is left."""
    return job.folder / PIECES / uuid.uuid4().hex


def _figures(source: int) -> str:
    return f"source-{source}.json"
