"""The rows of a shard that `predict` answers, and `merge` putting the answers together."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

from hier_rnn.commands.terminal.answers import Text
from hier_rnn.commands.terminal.lines import LINES_AT_ONCE
from hier_rnn.sources.shard import Shard
from hier_rnn.storage.shard_record import ShardFile, ShardRecord, in_turn

KIND = "answers"
BYTES = 16  # of the fingerprint


class ShardRows:
    """The rows of a shard, in batches of the usual size.

    Args:
        batches: All rows.
        shard: Which of them.
    """

    def __init__(self, batches: Iterable[list[Text]], shard: Shard) -> None:
        self._batches, self._shard = batches, shard
        self._digest = hashlib.blake2b(digest_size=BYTES)
        self._rows = 0
        self._begun = time.monotonic()

    def __iter__(self) -> Iterator[list[Text]]:
        own = filter(lambda text: self._shard.holds(text.number), self._all())
        while batch := list(islice(own, LINES_AT_ONCE)):
            yield batch

    def record(self, form: dict[str, Any], run: Path, verify: bool, data: str) -> ShardRecord:
        """Returns what is to be known of the shard, once all rows have been gone through.

        Args:
            form: What else has to be the same in all shards.
            run: The run.
            verify: Whether its files must be as its manifest says.
            data: What the data are called.
        """
        from hier_rnn.storage.run_directory import RunDirectory

        return ShardRecord(
            kind=KIND,
            shard=self._shard.number,
            of=self._shard.shards,
            rows=self._rows,
            run=run.resolve().name,
            run_fingerprint=RunDirectory(run, verify).fingerprint(),
            data=data,
            data_fingerprint=self._digest.hexdigest(),
            form=form,
            seconds=[time.monotonic() - self._begun],
        )

    def _all(self) -> Iterator[Text]:
        for text in chain.from_iterable(self._batches):
            for cell in (text.text, *text.columns.values()):
                content = cell.encode("utf-8", "surrogatepass")
                self._digest.update(len(content).to_bytes(8, "little") + content)
            self._rows += 1
            yield text


def merge_answers(shards: Sequence[ShardFile], to: IO[str]) -> None:
    """Writes the answers of all shards in the order of the data.

    Args:
        shards: As `read_shards` returns them.
        to: Where to.
    """
    table = bool(shards[0].record.form.get("table"))
    with contextlib.ExitStack() as files:
        streams: list[Iterator[str]] = []
        for path, _ in shards:
            # A line ends at \n alone: a cell may hold \r.
            file = files.enter_context(path.open(encoding="utf-8", newline="\n"))
            records = _records(file) if table else iter(file)
            header = next(records, "") if table else ""
            if not streams:  # the first shard has a row if any has
                to.write(header)
            streams.append(records)
        to.writelines(in_turn(streams))


def _records(file: Iterable[str]) -> Iterator[str]:
    """Yields the rows of a table that we have written: a cell in quotes may have several lines."""
    record, quotes = "", 0
    for line in file:
        record += line
        quotes += line.count('"')
        if quotes % 2 == 0:
            yield record
            record, quotes = "", 0
