"""What run and encoder directories have in common: files that a manifest lists."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from hier_rnn.configuration.options import Configuration
from hier_rnn.configuration.renamed import rename_old_options
from hier_rnn.configuration.toml import (
    format_configuration,
    parse_configuration,
    parse_table,
    validate_table,
)
from hier_rnn.errors import UserError
from hier_rnn.files import write_atomically
from hier_rnn.storage.json_file import json_bytes, parse_json
from hier_rnn.storage.limits import LIMITS, VOCABULARY, WORD_CHARACTERS, check_size, read_file
from hier_rnn.storage.manifest import MANIFEST, Manifest, read_manifest
from hier_rnn.storage.old_format import OLD_WEIGHTS
from hier_rnn.storage.weights.old_weights_file import parse_old_weights
from hier_rnn.storage.weights.weights_file import MOST_BYTES, Shapes, largest_size, parse_weights
from hier_rnn.text.alphabet import BOS, EOS, UNK, Alphabet
from hier_rnn.text.tokenizer import Tokenizer

# What decides the answers. The config.toml of a directory has every option: one that lacks some was
# cut, and their defaults would give other answers.
OPTIONS = {
    "text": (
        "words normalization lowercase minimum_character_count boundary_marks maximum_word_length"
        " sentencepiece_model sentencepiece_type vocabulary_size"
    ),
    "character_encoder": (
        "embedding_dim units layers bidirectional reset_after projection embedding_dropout dropout"
        " recurrent_dropout share_layer_weights initial_state"
    ),
    "sentence_encoder": (
        "units layers pooling word_dropout input_dropout dropout recurrent_dropout"
        " share_layer_weights initial_state segment_words"
    ),
}


def parse_options(data: bytes, path: Path, groups: Sequence[str], old: bool) -> Configuration:
    """Returns the options that the `config.toml` of a directory has.

    Args:
        data: Its content.
        path: The file, for the message.
        groups: Groups that it has; empty for all.
        old: Whether it was written before there were manifests.

    Raises:
        UserError: Not TOML, a value that is not accepted, or an option is missing.
    """
    table = parse_table(data, path)
    if old:
        table = rename_old_options(table)
    for group, names in OPTIONS.items():
        if groups and group not in groups:
            continue
        there = table.get(group, {})  # what is no table, is told below
        missing = [name for name in names.split() if isinstance(there, dict) and name not in there]
        if missing:
            raise UserError(
                f"{path}: damaged, or cut short: [{group}] lacks {', '.join(missing)}. Copy the"
                " directory again from where it is whole, or train again."
            )
    return validate_table(table, path)


class Directory:
    """A directory of files that were written together.

    Args:
        path: The directory.
        verify: Whether each file that is read must be as the manifest says. Default True.
    """

    kind: ClassVar[str]
    weights_name: ClassVar[str]
    record_name: ClassVar[str]
    """The file that holds all options of the training that makes the directory."""
    groups: ClassVar[tuple[str, ...]] = ()
    """The groups of options in `config.toml`; default all."""

    def __init__(self, path: Path, verify: bool = True) -> None:
        self.path, self.verify = Path(path), verify
        self.configuration = self.path / "config.toml"
        self.alphabet = self.path / "alphabet.json"
        self.words_model = self.path / "words.model"
        self.vocabulary = self.path / "words.txt"
        self.metrics = self.path / "metrics.jsonl"
        self.data = self.path / "data.json"
        self.checkpoints = self.path / "checkpoints"
        self.weights = self.path / self.weights_name
        self.record = self.path / self.record_name
        self.old_weights = self.path / OLD_WEIGHTS[self.kind]

    @functools.cached_property
    def manifest(self) -> Manifest | None:
        """The manifest; None if there is none."""
        return read_manifest(self.path, self.kind)

    @property
    def finished(self) -> bool:
        """Whether training ran to its end."""
        if self.manifest is not None:
            return self.manifest.complete
        return not self.weights.exists() and self.old_weights.is_file()

    @property
    def is_old(self) -> bool:
        """Whether it was written before there were manifests."""
        return self.manifest is None and self.old_weights.is_file()

    def require(self) -> None:
        """Makes sure that the directory is complete.

        Raises:
            UserError: It is not; the message says what is missing.
        """
        if not self.path.is_dir():
            raise UserError(f"{self.path}: no such {self.kind} directory.")
        if self.manifest is None and self.weights.exists():
            raise UserError(
                f"{self.path}: there is no {MANIFEST}, which says what belongs to the {self.kind}."
                " Copy the directory again from where it is whole, or train again."
            )
        if self.finished:
            return
        if self.manifest is not None or self.record.is_file():
            raise UserError(
                f"{self.path}: the {self.kind} is not finished: its training still goes on, or was"
                " interrupted. The same training into the same directory goes on."
            )
        missing = [path.name for path in (self.configuration, self.alphabet) if not path.is_file()]
        raise UserError(
            f"{self.path}: not the directory of a {self.kind}: no"
            f" {', no '.join([*missing, self.weights.name])}."
        )

    def read(self, path: Path, limit: int | None = None) -> bytes:
        """Returns a file of the directory, the bytes whose size and checksum were compared.

        Args:
            path: The file.
            limit: Bytes that it may have; default, by its name.

        Raises:
            UserError: It can't be read, is no regular file, is too large, or is not as written.
        """
        limit = LIMITS[path.name] if limit is None else limit
        manifest = self.manifest if self.verify else None
        if manifest is not None:
            size = manifest.entry(path).size
            check_size(path, size, limit)
            if not path.is_symlink() and not path.exists():
                raise UserError(
                    f"{path}: missing: {MANIFEST} beside it lists it. Copy the directory again"
                    " from where it is whole, or train again."
                )
        data = read_file(path, limit)
        if manifest is not None:
            manifest.check(path, data)
        return data

    def has(self, path: Path) -> bool:
        """Whether a file that not every directory has is there, or should be."""
        listed = self.verify and self.manifest is not None and path.name in self.manifest.files
        return listed or path.is_symlink() or path.exists()

    def write(self, files: Mapping[Path, bytes], complete: bool = False) -> None:
        """Writes files, and the manifest after them.

        Args:
            files: Content by path.
            complete: Whether the directory is then complete. Default False.

        Raises:
            UserError: One can't be written, or is larger than it may be when it is read; or the
                directory was taken away since it was begun.
        """
        self._require_there()
        for path, data in files.items():
            if path.name in LIMITS:
                check_size(path, len(data), LIMITS[path.name])
        for path, data in files.items():
            with write_atomically(path, "wb") as file:
                file.write(data)
        self.list_files(files, complete)

    def list_files(self, files: Mapping[Path, bytes], complete: bool = False) -> None:
        """Lists files in the manifest, given their content by path; raises as `write`."""
        self._require_there()
        manifest = self.manifest or Manifest(self.kind, False, {})
        names = {path.relative_to(self.path).as_posix(): data for path, data in files.items()}
        manifest = Manifest(self.kind, complete or manifest.complete, manifest.listing(names).files)
        manifest.write(self.path)
        self.manifest = manifest

    def _require_there(self) -> None:
        """Notices that the directory went while it was written: what is missing is not made up."""
        if self.manifest is not None and not (self.path / MANIFEST).exists():
            raise UserError(
                f"{self.path}: moved or deleted while its training went on. Give the same command"
                " again to begin it anew."
            )

    def beginning(self) -> list[Path]:
        """Returns the files that a training that begins has put here, or all of a finished one."""
        there = (*self.path.iterdir(), *self.checkpoints.glob("*"))
        return [
            path
            for path in there
            if path.is_file() and path.name[:1] != "." and path.stem[:5] != "step-"
        ]

    def write_record(self, configuration: Configuration) -> None:
        """Writes all options of the training that begins."""
        self.write({self.record: format_configuration(configuration).encode("utf-8")})

    def read_record(self) -> Configuration:
        """Returns all options of the training that began here."""
        return parse_configuration(self.read(self.record), self.record)

    def read_configuration(self) -> Configuration:
        """Returns the options.

        Raises:
            UserError: Not TOML, a value that is not accepted, or an option is missing.
        """
        data = self.read(self.configuration)
        return parse_options(data, self.configuration, self.groups, self.is_old)

    def write_alphabet(self, alphabet: Alphabet) -> None:
        """Writes the characters, in the order of their ids."""
        self.write({self.alphabet: alphabet_bytes(alphabet)})

    def read_alphabet(self) -> Alphabet:
        """Returns the characters.

        Raises:
            UserError: The file can't be read, or is damaged.
        """
        content = parse_json(self.read(self.alphabet), self.alphabet)
        marks = {"unknown": UNK, "begin": BOS, "end": EOS}
        if not isinstance(content, dict) or content.keys() != {*marks, "characters"}:
            raise UserError(f"{self.alphabet}: damaged: not what an alphabet has.")
        if any(type(content[mark]) is not int or content[mark] != marks[mark] for mark in marks):
            raise UserError(f"{self.alphabet}: damaged: unknown, begin and end must be 0, 1 and 2.")
        if not isinstance(content["characters"], list):
            raise UserError(f"{self.alphabet}: damaged: 'characters' is not a list.")
        try:
            return Alphabet(tuple(content["characters"]))
        except (TypeError, ValueError) as error:
            raise UserError(f"{self.alphabet}: damaged: {error}.") from None

    def read_words(self) -> Tokenizer:
        """Returns how texts become words.

        Raises:
            UserError: The SentencePiece model is missing or damaged.
        """
        options = self.read_configuration().text
        return Tokenizer(
            options, self.read_words_model() if options.words == "sentencepiece" else ""
        )

    def read_words_model(self) -> bytes:
        """Returns the SentencePiece model.

        Raises:
            UserError: It is missing or damaged.
        """
        return self.read(self.words_model)

    def read_vocabulary(self) -> dict[str, int]:
        """Returns the words of the training text with their counts, most frequent first.

        Raises:
            UserError: The file can't be read, or is damaged.
        """
        return dict(_vocabulary(self.read(self.vocabulary), self.vocabulary))

    def read_weights(self, shapes: Shapes | None = None) -> dict[str, np.ndarray]:
        """Returns the weights by name.

        Args:
            shapes: Of the weights that there must be, exactly these; default None, any.

        Raises:
            UserError: The file is missing or damaged, or its weights are others.
        """
        self.require()
        path = self.old_weights if self.is_old else self.weights
        return self.read_weights_of(path, shapes)

    def read_weights_of(self, path: Path, shapes: Shapes | None = None) -> dict[str, np.ndarray]:
        """Returns the weights in a file of the directory; as `read_weights`."""
        limit = MOST_BYTES if shapes is None else largest_size(shapes)
        parse = parse_old_weights if path.suffix == ".h5" else parse_weights
        return parse(self.read(path, limit), path, shapes)

    def write_metrics(self, lines: Sequence[Mapping[str, Any]]) -> None:
        """Writes one line of JSON per evaluation; listed once training is finished.

        Raises:
            UserError: As `write`.
        """
        self._require_there()
        with write_atomically(self.metrics, "wb") as file:
            file.write(metrics_bytes(lines))


def alphabet_bytes(alphabet: Alphabet) -> bytes:
    """Returns the content of `alphabet.json`, one character per line."""
    ids = {"unknown": UNK, "begin": BOS, "end": EOS, "characters": alphabet.characters}
    return json_bytes(ids)


def metrics_bytes(lines: Sequence[Mapping[str, Any]]) -> bytes:
    """Returns the content of `metrics.jsonl`."""
    return "".join(json.dumps(dict(line)) + "\n" for line in lines).encode()


def vocabulary_bytes(counts: Mapping[str, int], limit: int = VOCABULARY) -> bytes:
    """Returns the content of `words.txt`: one word per line, most frequent first, with its count.

    Args:
        counts: How often each word was seen; words of more than 1,000 characters are left out.
        limit: Most words.
    """
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    kept = [(word, count) for word, count in ordered if len(word) <= WORD_CHARACTERS][:limit]
    size, lines = 0, []
    for word, count in kept:
        line = f"{word}\t{count}\n".encode()
        size += len(line)
        if size > LIMITS["words.txt"]:
            break
        lines.append(line)
    return b"".join(lines)


def _vocabulary(data: bytes, path: Path) -> Iterator[tuple[str, int]]:
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: damaged: not UTF-8 (byte {error.start}).") from None
    if lines.pop():
        raise UserError(f"{path}: damaged: cut short.")
    for number, line in enumerate(lines, start=1):
        word, _, count = line.rpartition("\t")
        if not word or not (count.isascii() and count.isdecimal()) or len(count) > 18:
            raise UserError(f"{path}:{number}: damaged: not a word, a tab and its count.")
        yield word, int(count)
