"""A directory of counts: words, and what they stand with, in files that are read one at a time.

Each table is cut into the same number of files: words by a checksum of their spelling, pairs of
subtokens by the row of the first, texts by their number. So files of equal name hold the same,
whoever counted, and their sizes are about equal.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hier_rnn.errors import UserError
from hier_rnn.files import write_atomically
from hier_rnn.storage.json_file import json_bytes, parse_json
from hier_rnn.storage.limits import LIMITS, MEGABYTE, read_file
from hier_rnn.storage.manifest import MANIFEST, Entry, Manifest, read_manifest

KIND = "counts"
RECORD, WORDS_MODEL = "counts.json", "words.model"
TABLES = {"words": ".jsonl", "near": ".npy", "adjacent": ".npy", "text": ".npy"}
RECORD_BYTES = 16 * MEGABYTE
MOST_FILES = 1000  # of each table
MOST_WEIGHT = 1 << 62  # of all pairs together: their sum is a 64-bit number
AGAIN = "Copy the directory again from where it is whole, or count again."


@dataclass(frozen=True)
class CountsRecord:
    """What was counted, and how: `counts.json`."""

    files: int
    """How many files each table is cut into."""
    options: dict[str, Any]
    """The options that decide what is counted: those of `text`, and some of `pretraining`."""
    sources: list[str]
    texts: int
    tokens: int
    """Words of all texts."""
    subtokens: int
    """How many have contexts."""
    subtokens_fingerprint: str
    """Of their spellings, in order."""

    def write(self, folder: Path) -> None:
        """Writes it."""
        with write_atomically(folder / RECORD, "wb") as file:
            file.write(json_bytes(asdict(self)))


def table_path(folder: Path, table: str, part: int, files: int) -> Path:
    """Returns where a part of a table is, `near-00003-of-00016.npy` for part 2 of `near`."""
    return folder / f"{table}-{part + 1:05d}-of-{files:05d}{TABLES[table]}"


def part_of_word(word: str, files: int) -> int:
    """Returns the part that a word is in."""
    return zlib.crc32(word.encode("utf-8", "surrogatepass")) % files


def spellings_fingerprint(words: Sequence[str]) -> str:
    """Returns a fingerprint of words, in their order."""
    return hashlib.blake2b(json.dumps(words).encode(), digest_size=16).hexdigest()


def list_files(folder: Path) -> None:
    """Writes the manifest, by which a directory is complete."""
    names = sorted(path.name for path in folder.iterdir() if path.name != MANIFEST)
    Manifest(KIND, True, {name: Entry.of_file(folder / name) for name in names}).write(folder)


class CountsDirectory:
    """A directory of counts, opened for reading.

    Args:
        path: The directory.

    Raises:
        UserError: It is none, or its record is damaged.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.is_dir():
            raise UserError(f"{self.path}: no such directory of counts.")
        manifest = read_manifest(self.path, KIND)
        if manifest is None or not manifest.complete:
            raise UserError(
                f"{self.path}: not a directory of counts, as `hier-rnn count` writes it: there is"
                f" no {MANIFEST} that says it is complete."
            )
        self._manifest = manifest
        self.record = self._read_record()

    @property
    def fingerprint(self) -> str:
        """The same for all counts of the same texts with the same options."""
        digest = hashlib.blake2b(digest_size=16)
        for name, entry in sorted(self._manifest.files.items()):
            if name != RECORD:  # it has the names of sources
                digest.update(f"{name} {entry.sha256}\n".encode())
        return digest.hexdigest()

    def words_model(self) -> bytes:
        """Returns the SentencePiece model; empty for words at white space."""
        if WORDS_MODEL not in self._manifest.files:
            return b""
        return self._read(WORDS_MODEL, LIMITS[WORDS_MODEL])

    def words(self) -> Iterator[tuple[str, int]]:
        """Yields each word with its count, a file after the other.

        Raises:
            UserError: A file is missing or damaged.
        """
        for part in range(self.record.files):
            path = self._checked("words", part)
            before = ""
            with path.open(encoding="utf-8") as file:
                for number, line in enumerate(file, 1):
                    word, count = self._word(line, path, number)
                    if word <= before or part_of_word(word, self.record.files) != part:
                        raise UserError(f"{path}:{number}: damaged: not the word's place. {AGAIN}")
                    before = word
                    yield word, count

    def tables(self, table: str) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yields the parts of a table of pairs: keys `row * subtokens + column`, and their weights.

        Args:
            table: `near` or `adjacent`.

        Raises:
            UserError: A file is missing or damaged.
        """
        size, total = self.record.subtokens, 0
        for part in range(self.record.files):
            path = self._checked(table, part)
            array = self._array(path)
            if array.ndim != 2 or len(array) != 2:
                raise _damaged(path)
            keys, weights = array
            self._check_keys(path, keys, part, size)
            if len(weights) and (weights.min() < 1 or weights.max() >= MOST_WEIGHT // len(weights)):
                raise _damaged(path)
            total += int(weights.sum())
            if total >= MOST_WEIGHT:
                raise _damaged(path)
            yield keys, weights

    def text_keys(self) -> Iterator[np.ndarray]:
        """Yields the parts of which subtokens stand in which texts: `text * subtokens + subtoken`.

        Raises:
            UserError: A file is missing or damaged.
        """
        for part in range(self.record.files):
            path = self._checked("text", part)
            keys = self._array(path)
            if keys.ndim != 1:
                raise _damaged(path)
            self._check_keys(path, keys, part, self.record.texts)
            yield keys

    def _read(self, name: str, limit: int) -> bytes:
        data = read_file(self.path / name, limit)
        self._manifest.check(self.path / name, data)
        return data

    def _read_record(self) -> CountsRecord:
        path = self.path / RECORD
        content = parse_json(self._read(RECORD, RECORD_BYTES), path)
        kinds: dict[str, type] = {
            "files": int,
            "options": dict,
            "sources": list,
            "texts": int,
            "tokens": int,
            "subtokens": int,
            "subtokens_fingerprint": str,
        }
        if (
            not isinstance(content, dict)
            or content.keys() != kinds.keys()
            or any(type(content[name]) is not kind for name, kind in kinds.items())
            or not 1 <= content["files"] <= MOST_FILES
            or not 0 < content["subtokens"] < 1 << 31
            or not 0 < content["texts"] < 1 << 31
            or not 0 < content["tokens"] < MOST_WEIGHT
            or content["options"].keys() != {"text", "pretraining"}
            or not all(isinstance(group, dict) for group in content["options"].values())
        ):
            raise UserError(f"{path}: damaged: not what the record of counts has. {AGAIN}")
        return CountsRecord(**content)

    def _checked(self, table: str, part: int) -> Path:
        """Returns a file that is as it was written; it is read in pieces."""
        path = table_path(self.path, table, part, self.record.files)
        expected = self._manifest.entry(path)
        if path.is_symlink() or not path.is_file():
            raise UserError(f"{path}: missing: {MANIFEST} beside it lists it. {AGAIN}")
        if Entry.of_file(path) != expected:
            raise UserError(f"{path}: damaged: not as {MANIFEST} says. {AGAIN}")
        return path

    def _word(self, line: str, path: Path, number: int) -> tuple[str, int]:
        try:
            word, count = json.loads(line)
        except (ValueError, TypeError, RecursionError):
            word = count = None
        if type(word) is not str or type(count) is not int or not 0 < count < MOST_WEIGHT:
            raise UserError(f"{path}:{number}: damaged: not a word and its count. {AGAIN}")
        return word, count

    def _array(self, path: Path) -> np.ndarray:
        try:
            array: np.ndarray = np.load(path, allow_pickle=False)
        except (ValueError, OSError, EOFError, SyntaxError):
            raise _damaged(path) from None
        if not isinstance(array, np.ndarray) or array.dtype != np.int64:
            raise _damaged(path)
        return array

    def _check_keys(self, path: Path, keys: np.ndarray, part: int, rows: int) -> None:
        if not len(keys):
            return
        size = self.record.subtokens
        if (
            keys[0] < 0
            or keys[-1] >= rows * size
            or (np.diff(keys) <= 0).any()
            or (keys // size % self.record.files != part).any()
        ):
            raise _damaged(path)


def _damaged(path: Path) -> UserError:
    return UserError(f"{path}: damaged: not what such a table has. {AGAIN}")
