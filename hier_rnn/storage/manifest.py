"""`manifest.json`: which files belong to a directory, with the size and the checksum of each.

It is written after the files that it lists, and says whether the directory is complete, so that a
directory is whole or known not to be. What it does not list is never read.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hier_rnn.errors import UserError
from hier_rnn.files import write_atomically
from hier_rnn.storage.json_file import json_bytes, parse_json
from hier_rnn.storage.limits import LIMITS, read_file

FORMAT = 1
MANIFEST = "manifest.json"
PIECE = 1 << 20  # bytes read at a time


@dataclass(frozen=True)
class Entry:
    """A file as it was written."""

    size: int
    """In bytes."""
    sha256: str

    @classmethod
    def of(cls, data: bytes) -> Entry:
        """Returns the entry of a file's content."""
        return cls(len(data), hashlib.sha256(data).hexdigest())

    @classmethod
    def of_file(cls, path: Path) -> Entry:
        """Returns the entry of a file that may be larger than memory."""
        digest, size = hashlib.sha256(), 0
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                digest.update(piece)
                size += len(piece)
        return cls(size, digest.hexdigest())


@dataclass(frozen=True)
class Manifest:
    """The files of a directory.

    Args:
        kind: What the directory holds: `run`, `encoder` or `counts`.
        complete: Whether all of it is there; False while it trains.
        files: By name.
    """

    kind: str
    complete: bool
    files: dict[str, Entry]

    def listing(self, files: dict[str, bytes]) -> Manifest:
        """Returns a manifest that lists these files as well, given their content by name."""
        return replace(self, files={**self.files, **{n: Entry.of(d) for n, d in files.items()}})

    def write(self, directory: Path) -> None:
        """Writes `manifest.json`.

        Raises:
            UserError: It can't be written.
        """
        files = {
            name: {"bytes": entry.size, "sha256": entry.sha256}
            for name, entry in sorted(self.files.items())
        }
        content = {"format": FORMAT, "kind": self.kind, "complete": self.complete, "files": files}
        with write_atomically(directory / MANIFEST, "wb") as file:
            file.write(json_bytes(content))

    def entry(self, path: Path) -> Entry:
        """Returns what is said of a file of the directory.

        Raises:
            UserError: It is not listed.
        """
        if path.name not in self.files:
            raise UserError(
                f"{path}: not listed in {MANIFEST} beside it, so it is not part of this {self.kind}"
                f" and was put there later. Take it away. {UNVERIFIED}"
            )
        return self.files[path.name]

    def check(self, path: Path, data: bytes) -> None:
        """Makes sure that a file is as it was written.

        Args:
            path: The file.
            data: Its content.

        Raises:
            UserError: It is not listed, or differs.
        """
        expected = self.entry(path)
        if len(data) != expected.size:
            raise UserError(
                f"{path}: damaged, or of another {self.kind}: it has {len(data):,} bytes, and was"
                f" written with {expected.size:,}. {RESTORE} {UNVERIFIED}"
            )
        if hashlib.sha256(data).hexdigest() != expected.sha256:
            raise UserError(
                f"{path}: damaged, or of another {self.kind}: its checksum is not the one in"
                f" {MANIFEST}. {RESTORE} {UNVERIFIED}"
            )


RESTORE = "Copy the directory again from where it is whole, or train again."
UNVERIFIED = "With `verify=False` it is read as it is."


def read_manifest(directory: Path, kind: str) -> Manifest | None:
    """Returns the manifest of a directory, None if it has none.

    Args:
        directory: The directory.
        kind: What it should hold.

    Raises:
        UserError: It is damaged, of another kind, or of a later version of hier_rnn.
    """
    path = directory / MANIFEST
    if not path.is_symlink() and not path.exists():
        return None
    content = parse_json(read_file(path, LIMITS[MANIFEST]), path)
    if not isinstance(content, dict) or type(content.get("format")) is not int:
        raise UserError(f"{path}: damaged: it says no format. {RESTORE}")
    if content["format"] > FORMAT:
        raise UserError(
            f"{path}: written by a later version of hier_rnn: format {_short(content['format'])}."
            f" This one reads format {FORMAT}. Install the later version."
        )
    if (
        content.keys() != {"format", "kind", "complete", "files"}
        or content["format"] != FORMAT
        or not isinstance(content["complete"], bool)
        or not isinstance(content["files"], dict)
    ):
        raise UserError(f"{path}: damaged: not what a manifest has. {RESTORE}")
    if content["kind"] != kind:
        raise UserError(
            f"{path}: this is not the directory of a {kind}. Received: {_short(content['kind'])}."
        )
    files = {name: _entry(path, name, value) for name, value in content["files"].items()}
    return Manifest(kind, content["complete"], files)


def _entry(path: Path, name: str, value: Any) -> Entry:
    if (
        not isinstance(value, dict)
        or value.keys() != {"bytes", "sha256"}
        or type(value["bytes"]) is not int
        or not isinstance(value["sha256"], str)
    ):
        raise UserError(f"{path}: damaged: of {_short(name)} no size and checksum. {RESTORE}")
    return Entry(value["bytes"], value["sha256"])


def _short(value: Any) -> str:
    return repr(value)[:60]
