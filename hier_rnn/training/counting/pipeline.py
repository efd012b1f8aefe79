"""Counting as two Apache Beam pipelines, on any runner; each source is one element of theirs.

Every worker counts its sources with the code that counts here, and what is shuffled are sums, not
words of text. All sums are of whole numbers, so that it does not matter who adds up what first.
Sources, and the folder that is written, are on disks that all workers see.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
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
from hier_rnn.training.word_vectors.pair_sums import split_table, sum_tables

HELD_TYPES = 200_000  # by a worker, before it hands them on
HELD_SUMS = 1 << 22  # of a table, before they are added up
PROBLEM = "problem.json"
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
        self._run(job, elements, CountWords(job), AddWords(), WriteWords(job))
        figures = []
        for source in elements:
            path = job.folder / _figures(source)
            figures.append(SourceFigures(*json.loads(path.read_text("utf-8"))))
            path.unlink()
        return figures

    def count_contexts(self, job: Job, first_texts: list[int]) -> None:
        """Writes the contexts of the subtokens."""
        elements = list(enumerate(first_texts))
        self._run(job, elements, CountContexts(job), AddTables(), WriteTables(job))

    def _run(
        self,
        job: Job,
        elements: list[Any],
        count: beam.DoFn,
        add: beam.CombineFn,
        write: beam.DoFn,
    ) -> None:
        problem = job.folder / PROBLEM
        try:
            pipeline = beam.Pipeline(options=PipelineOptions(self._arguments))
        except ValueError as error:
            raise UserError(f"{self._arguments[0]}: {error}") from None
        _ = (
            pipeline
            | "Sources" >> beam.Create(elements)
            | "Spread" >> beam.Reshuffle()
            | "Count" >> beam.ParDo(count)
            | "Add" >> beam.CombinePerKey(add)
            | "Write" >> beam.ParDo(write)
        )
        try:
            pipeline.run().wait_until_finish()
        except Exception:  # a runner raises what it likes around the mistake that is to be told
            if problem.exists():
                raise UserError(json.loads(problem.read_text("utf-8"))) from None
            raise


class _Counting(beam.DoFn):  # type: ignore[misc]
    """Counts one source after the other; what a worker has at the end of a bundle is handed on."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def process(self, element: Any) -> Iterator[tuple[Part, Any]]:
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

    def count(self, element: Any) -> Iterator[tuple[Part, Any]]:
        """Counts a source, and yields what does not have to be held any more."""
        raise NotImplementedError

    def take(self) -> Iterator[tuple[Part, Any]]:
        """Yields what is held."""
        raise NotImplementedError


class CountWords(_Counting):
    """Counts the words of sources."""

    def start_bundle(self) -> None:
        """Begins with nothing."""
        self._counter: Counter[str] = Counter()

    def count(self, element: int) -> Iterator[tuple[Part, dict[str, int]]]:
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

    def take(self) -> Iterator[tuple[Part, dict[str, int]]]:
        """Yields the words held, by part."""
        parts: dict[int, dict[str, int]] = {}
        for word, count in self._counter.items():
            parts.setdefault(part_of_word(word, self._job.files), {})[word] = count
        self._counter = Counter()
        for part, counts in parts.items():
            yield ("words", part), counts


class AddWords(beam.CombineFn):  # type: ignore[misc]
    """Adds up counts of words."""

    def create_accumulator(self) -> Counter[str]:
        """Returns no words."""
        return Counter()

    def add_input(self, accumulator: Counter[str], element: dict[str, int]) -> Counter[str]:
        """Adds some more."""
        accumulator.update(element)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[Counter[str]]) -> Counter[str]:
        """Returns the sum of several."""
        total: Counter[str] = Counter()
        for accumulator in accumulators:
            total.update(accumulator)
        return total

    def extract_output(self, accumulator: Counter[str]) -> Counter[str]:
        """Returns the counts."""
        return accumulator


class CountContexts(_Counting):
    """Counts the contexts of subtokens."""

    def setup(self) -> None:
        """Reads the subtokens."""
        self._known = self._job.read_subtokens()

    def start_bundle(self) -> None:
        """Begins with nothing."""
        self._counter = ContextCounter(self._known, self._job.window)

    def count(self, element: tuple[int, int]) -> Iterator[tuple[Part, Any]]:
        """Counts a source, given the number of its first text."""
        source, first = element
        for number, text in enumerate(subtokens_of(self._job, source), first):
            if (keys := self._counter.add(number, text)) is not None:
                yield from self._text(keys)
                if self._counter.full:
                    yield from self._pairs()

    def take(self) -> Iterator[tuple[Part, Any]]:
        """Yields all that is held."""
        yield from self._text(self._counter.flush())
        yield from self._pairs()

    def _pairs(self) -> Iterator[tuple[Part, Any]]:
        for table in ("near", "adjacent"):
            sums = getattr(self._counter, table).take()
            for part, piece in split_table(sums, len(self._known), self._job.files):
                yield (table, part), piece

    def _text(self, keys: np.ndarray) -> Iterator[tuple[Part, Any]]:
        ones = np.ones(len(keys), np.int64)
        for part, piece in split_table((keys, ones), len(self._known), self._job.files):
            yield ("text", part), piece


class AddTables(beam.CombineFn):  # type: ignore[misc]
    """Adds up tables of pairs, some at a time."""

    def create_accumulator(self) -> list[Any]:
        """Returns no table."""
        return []

    def add_input(self, accumulator: list[Any], element: Any) -> list[Any]:
        """Adds a table."""
        return self._compacted([*accumulator, element])

    def merge_accumulators(self, accumulators: Iterable[list[Any]]) -> list[Any]:
        """Returns the sum of several."""
        return self._compacted([table for tables in accumulators for table in tables])

    def compact(self, accumulator: list[Any]) -> list[Any]:
        """Adds up what is about to be sent."""
        return [sum_tables(accumulator)]

    def extract_output(self, accumulator: list[Any]) -> Any:
        """Returns the sums."""
        return sum_tables(accumulator)

    def _compacted(self, tables: list[Any]) -> list[Any]:
        waiting = sum(len(keys) for keys, _ in tables[1:])
        if len(tables) > 1 and waiting > max(HELD_SUMS, len(tables[0][0])):
            return [sum_tables(tables)]
        return tables


class WriteWords(beam.DoFn):  # type: ignore[misc]
    """Writes a part of the words."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def process(self, element: tuple[Part, Counter[str]]) -> None:
        """Writes it; twice is the same."""
        (_, part), counts = element
        self._job.write_words(part, sorted(counts.items()))


class WriteTables(beam.DoFn):  # type: ignore[misc]
    """Writes a part of a table."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def process(self, element: tuple[Part, Any]) -> None:
        """Writes it; twice is the same."""
        (table, part), (keys, weights) = element
        self._job.write_array(table, part, keys if table == "text" else np.stack((keys, weights)))


def _figures(source: int) -> str:
    return f"source-{source}.json"
