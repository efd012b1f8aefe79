"""Sums of whole numbers by pairs of words: exact, and in memory that does not grow with the text.

A table is a pair of arrays: keys, `row * size + column`, in rising order and each once, and the sum
of each. Whole numbers add up to the same in any order, so that whoever counts, in however many
parts, comes to the same sums.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

import numpy as np
from scipy import sparse

Table: TypeAlias = tuple[np.ndarray, np.ndarray]
"""Keys and sums, int64 `(n,)` each."""

BUFFERED_PAIRS = 4_000_000
HELD_PAIRS = 8_000_000  # 12 bytes each, twice while adding
WAITING_PAIRS = 1_000_000  # of other tables, before they are added to a sum
FILES = 16


class PairSums:
    """A sum of weighted pairs of words in memory.

    Args:
        size: How many words there are.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._sum = sparse.csr_matrix((size, size), dtype=np.int64)
        self._buffer: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self._buffered = 0

    def add(self, rows: np.ndarray, columns: np.ndarray, weight: int) -> None:
        """Adds a weight to each of some pairs."""
        self._buffer.append((rows, columns, np.full(len(rows), weight, np.int64)))
        self._buffered += len(rows)
        if self._buffered >= BUFFERED_PAIRS:
            self._flush()

    @property
    def full(self) -> bool:
        """Whether there are as many distinct pairs as are held at once."""
        return bool(self._sum.nnz > HELD_PAIRS)

    def take(self) -> Table:
        """Returns the sums, and begins anew."""
        self._flush()
        rows = np.repeat(np.arange(self._size, dtype=np.int64), np.diff(self._sum.indptr))
        table = rows * self._size + self._sum.indices, self._sum.data
        self._sum = sparse.csr_matrix((self._size, self._size), dtype=np.int64)
        return table

    def _flush(self) -> None:
        if not self._buffered:
            return
        rows, columns, weights = (
            np.concatenate(parts) for parts in zip(*self._buffer, strict=True)
        )
        self._buffer, self._buffered = [], 0
        # Adding two matrices of the same shape keeps it sorted and summed: nothing is stored twice.
        self._sum = self._sum + sparse.csr_matrix((weights, (rows, columns)), self._sum.shape)


class SpilledTables:
    """Tables in parts on disk, each part's rows `part, part + files, ...`, added up part by part.

    Args:
        size: How many words there are.
        files: How many parts.
        folder: Where they are.
        name: What they are of.
    """

    def __init__(self, size: int, files: int, folder: Path, name: str) -> None:
        self._size, self._files, self._folder, self._name = size, files, folder, name
        self._tables = 0

    def add(self, table: Table) -> None:
        """Puts a table on disk."""
        for part, piece in split_table(table, self._size, self._files):
            write_table(self._path(part, self._tables), piece)
        self._tables += 1

    def part(self, part: int) -> Table:
        """Returns the sums of a part of the rows."""
        paths = (self._path(part, number) for number in range(self._tables))
        return sum_tables(read_table(path) for path in paths if path.exists())

    def __iter__(self) -> Iterator[Table]:
        return map(self.part, range(self._files))

    def _path(self, part: int, number: int) -> Path:
        return self._folder / f"{self._name}-{part}-{number}.npy"


def split_table(table: Table, size: int, files: int) -> Iterator[tuple[int, Table]]:
    """Yields the parts of a table that are not empty: rows go round robin."""
    keys, weights = table
    part_of = keys // size % files
    for part in range(files):
        inside = part_of == part
        if inside.any():
            yield part, (keys[inside], weights[inside])


def write_table(path: Path, table: Table) -> None:
    """Writes a table for `read_table`."""
    with path.open("wb") as file:
        np.save(file, np.stack(table))


def read_table(path: Path) -> Table:
    """Returns a table that `write_table` wrote."""
    keys, weights = np.load(path, allow_pickle=False)
    return keys, weights


def sum_tables(tables: Iterable[Table]) -> Table:
    """Returns the sum of tables, in memory for the sum and about as much again."""
    total: Table = (np.zeros(0, np.int64), np.zeros(0, np.int64))
    waiting: list[Table] = []
    for table in tables:
        waiting.append(table)
        if sum(len(keys) for keys, _ in waiting) > max(WAITING_PAIRS, len(total[0])):
            total, waiting = _sum([total, *waiting]), []
    return _sum([total, *waiting])


def _sum(tables: list[Table]) -> Table:
    keys = np.concatenate([keys for keys, _ in tables])
    weights = np.concatenate([weights for _, weights in tables])
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    return keys[starts], np.add.reduceat(weights[order], starts) if len(keys) else weights


def heaviest(tables: Iterable[Table], maximum_pairs: int) -> tuple[Table, int]:
    """Returns the pairs of most weight, in memory for about two times as many, and the weight left.

    The order of the tables does not matter: where not all have room, those are left out that weigh
    no more than the heaviest one that has none.

    Args:
        tables: Sums; no key is in two of them.
        maximum_pairs: Pairs to keep at the most.

    Returns:
        Keys with their sums, and the sum of those that are left out.
    """
    parts: list[Table] = []
    held = left = bound = 0

    def prune() -> None:
        nonlocal parts, held, left, bound
        keys = np.concatenate([keys for keys, _ in parts])
        weights = np.concatenate([weights for _, weights in parts])
        parts = []
        if len(weights) > maximum_pairs:
            first_out = len(weights) - maximum_pairs - 1
            bound = int(np.partition(weights, first_out)[first_out])
            few = weights <= bound
            left += int(weights[few].sum())
            keys, weights = keys[~few], weights[~few]
        parts, held = [(keys, weights)], len(keys)

    for keys, weights in tables:
        few = weights <= bound
        left += int(weights[few].sum())
        parts.append((keys[~few], weights[~few]))
        held += len(parts[-1][0])
        if held > 2 * maximum_pairs:
            prune()
    if not parts:
        return sum_tables([]), 0
    prune()
    return parts[0], left
