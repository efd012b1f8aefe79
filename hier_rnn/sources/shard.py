"""A shard: every N-th row of data, so that N processes share them and each row is in one shard."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple, TypeVar

from hier_rnn.errors import UserError

MOST_SHARDS = 100_000

T = TypeVar("T")


class Shard(NamedTuple):
    """The rows `number`, `number + shards`, `number + 2 shards` and so on, counted from 1.

    Nobody needs to know how many rows there are, and rows in turn from all shards are the data in
    their order.
    """

    number: int
    """From 1."""
    shards: int
    """How many there are."""

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Reads `I/N`.

        Raises:
            UserError: It is not that.
        """
        match = re.fullmatch(r"0*(\d{1,6})/0*(\d{1,6})", text, re.ASCII)
        if match:
            shard = cls(int(match[1]), int(match[2]))
            if 1 <= shard.number <= shard.shards <= MOST_SHARDS:
                return shard
        raise UserError(
            f"--shard: I/N is expected, the I-th of N shards, from 1/N to N/N, N at most"
            f" {MOST_SHARDS:,}. Received: {text[:60]}."
        )

    def of(self, rows: Iterable[T]) -> Iterator[T]:
        """Yields the shard's rows; all rows are read."""
        return islice(rows, self.number - 1, None, self.shards)

    def holds(self, number: int) -> bool:
        """Returns whether a row is in the shard, given its number from 1."""
        return number % self.shards == self.number % self.shards

    def size(self, rows: int) -> int:
        """Returns how many of so many rows are in the shard."""
        return len(range(self.number - 1, rows, self.shards))

    def __str__(self) -> str:
        return f"{self.number}/{self.shards}"


WHOLE = Shard(1, 1)
