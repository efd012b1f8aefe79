"""What stands beside a shard's file, `FILE.shard.json`: which shard it is, and of what.

It is written after the file, so that a shard is whole or known not to be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from hier_rnn.errors import UserError
from hier_rnn.files import write_atomically
from hier_rnn.sources.shard import MOST_SHARDS, Shard
from hier_rnn.storage.json_file import json_bytes, parse_json
from hier_rnn.storage.limits import MEGABYTE, read_file
from hier_rnn.storage.manifest import Entry

FORMAT = 1
LARGEST = 64 * MEGABYTE  # a million labels
KINDS = ("answers", "evaluation")
NAMED = 10  # shards in a message
PROGRAM = "`hier-rnn predict --shard I/N --out FILE` and `evaluate --shard I/N --predictions FILE`"


@dataclass(frozen=True)
class ShardRecord:
    """What a shard's file holds."""

    kind: str
    """`answers` or `evaluation`."""
    shard: int
    of: int
    rows: int
    """Of all shards together."""
    run: str
    """What the run is called."""
    run_fingerprint: str
    data: str
    """What the data are called, which may be in another place on another machine."""
    data_fingerprint: str
    """Of all rows, not of the shard's alone."""
    form: dict[str, Any]
    """What else has to be the same in all shards."""
    seconds: list[float]
    """That each pass over the data took."""

    def write(self, file: Path) -> None:
        """Writes the record of a file that has just been written."""
        entry = Entry.of_file(file)
        content = {"format": FORMAT, **asdict(self), "bytes": entry.size, "sha256": entry.sha256}
        with write_atomically(_beside(file), "wb") as to:
            to.write(json_bytes(content))


class ShardFile(NamedTuple):
    """A shard's file and its record."""

    path: Path
    record: ShardRecord

    @property
    def size(self) -> int:
        """How many rows the shard has."""
        return Shard(self.record.shard, self.record.of).size(self.record.rows)


def read_shards(paths: Sequence[Path]) -> list[ShardFile]:
    """Returns all shards of one thing, in their order, each as it was written.

    Args:
        paths: Their files, in any order.

    Raises:
        UserError: One is missing, twice there, damaged, or of something else than the others.
    """
    shards = [ShardFile(path, _read(path)) for path in paths]
    first = shards[0]
    for other in shards[1:]:
        _check_same(first, other)
    _check_all_there(shards)
    for shard in shards:
        _check_content(shard.path)
    return sorted(shards, key=lambda shard: shard.record.shard)


def in_turn(streams: Sequence[Iterator[Any]]) -> Iterator[Any]:
    """Yields from one stream after the other, again and again, up to the first that is at its end.

    Args:
        streams: The rows of each shard.
    """
    while True:
        for stream in streams:
            try:
                yield next(stream)
            except StopIteration:
                return


def _beside(file: Path) -> Path:
    return file.with_name(f"{file.name}.shard.json")


def _read(file: Path) -> ShardRecord:
    path = _beside(file)
    if not file.is_file():
        raise UserError(f"{file}: no such file: a shard is expected, as {PROGRAM} write it.")
    if not path.exists():
        raise UserError(
            f"{file}: no shard, or one that was not finished: there is no {path.name} beside it, as"
            f" {PROGRAM} write it."
        )
    content = parse_json(read_file(path, LARGEST), path)
    if not isinstance(content, dict) or type(content.get("format")) is not int:
        raise UserError(f"{path}: damaged: it says no format.")
    if content["format"] > FORMAT:
        raise UserError(f"{path}: written by a later version of hier_rnn. Install that.")
    kinds = {
        "kind": str,
        "shard": int,
        "of": int,
        "rows": int,
        "run": str,
        "run_fingerprint": str,
        "data": str,
        "data_fingerprint": str,
        "form": dict,
        "seconds": list,
    }
    if (
        content.keys() != {"format", "bytes", "sha256", *kinds}
        or any(type(content[name]) is not kind for name, kind in kinds.items())
        or any(type(seconds) is not float for seconds in content["seconds"])
        or content["kind"] not in KINDS
        or not 1 <= content["shard"] <= content["of"] <= MOST_SHARDS
        or not 0 <= content["rows"] < 1 << 53
    ):
        raise UserError(f"{path}: damaged: not what the record of a shard has.")
    return ShardRecord(**{name: content[name] for name in kinds})


def _check_content(file: Path) -> None:
    path = _beside(file)
    written = parse_json(read_file(path, LARGEST), path)
    if Entry.of_file(file) != Entry(written["bytes"], written["sha256"]):
        raise UserError(
            f"{file}: damaged, or changed since: it is not as {path.name} says. Compute the shard"
            " again, or copy both files again."
        )


def _check_same(first: ShardFile, other: ShardFile) -> None:
    one, two = first.record, other.record
    for what, same in (
        (f"one holds {one.kind}, the other {two.kind}", one.kind == two.kind),
        (f"one is of {one.of} shards, the other of {two.of}", one.of == two.of),
        (
            f"they are of different runs, '{one.run}' and '{two.run}'",
            one.run_fingerprint == two.run_fingerprint,
        ),
        (
            f"they are of different data, '{one.data}' ({one.rows:,} rows) and '{two.data}'"
            f" ({two.rows:,} rows)",
            (one.data_fingerprint, one.rows) == (two.data_fingerprint, two.rows),
        ),
    ):
        if not same:
            raise UserError(f"{first.path} and {other.path} do not belong together: {what}.")
    for name in sorted(one.form.keys() | two.form.keys()):
        if one.form.get(name) != two.form.get(name):
            raise UserError(
                f"{first.path} and {other.path} do not belong together: they were made with"
                f" different options: {name} {str(one.form.get(name))[:60]} and"
                f" {str(two.form.get(name))[:60]}."
            )


def _check_all_there(shards: Sequence[ShardFile]) -> None:
    count = shards[0].record.of
    paths: dict[int, Path] = {}
    for path, record in shards:
        if record.shard in paths:
            raise UserError(
                f"Shard {record.shard}/{count} is there twice: {paths[record.shard]} and {path}."
            )
        paths[record.shard] = path
    missing = [str(number) for number in range(1, count + 1) if number not in paths]
    if missing:
        more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
        raise UserError(
            f"Of {count} shards {len(missing)} are missing: {', '.join(missing[:NAMED])}{more}."
        )
