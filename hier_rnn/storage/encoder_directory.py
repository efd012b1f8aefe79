"""An encoder directory: what other runs start from.

It holds a character encoder and, if it learnt vectors of texts, the sentence encoder too.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from hier_rnn.configuration.options import (
    CHARACTER_ENCODER,
    SENTENCE_ENCODER,
    Configuration,
)
from hier_rnn.configuration.toml import format_configuration
from hier_rnn.errors import UserError
from hier_rnn.storage.directory import (
    Directory,
    alphabet_bytes,
    metrics_bytes,
    vocabulary_bytes,
)
from hier_rnn.storage.json_file import json_bytes, parse_json
from hier_rnn.storage.limits import LIMITS, read_file
from hier_rnn.storage.manifest import MANIFEST
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.storage.weights.weights_file import weights_bytes
from hier_rnn.text.alphabet import Alphabet

PACKAGE_ENCODERS = Path(__file__).parents[1] / "encoders"


class EncoderDirectory(Directory):
    """The files of an encoder, by name."""

    kind: ClassVar[str] = "encoder"
    weights_name: ClassVar[str] = "encoder.safetensors"
    record_name: ClassVar[str] = "pretraining.toml"
    groups: ClassVar[tuple[str, ...]] = ("text", CHARACTER_ENCODER)

    def __init__(self, path: Path, verify: bool = True) -> None:
        super().__init__(path, verify)
        self.facts = self.path / "facts.json"
        # What a teacher said of the texts, unless it is kept elsewhere; until it is learnt.
        self.targets = self.checkpoints / "targets.npy"
        self.word_vector_map = self.path / "word_vectors.safetensors"
        self.sentence_vector_map = self.path / "sentence_vectors.safetensors"

    @classmethod
    def find(cls, path: Path, verify: bool = True) -> EncoderDirectory:
        """Returns the encoder directory that a path means: itself, or the one inside a run.

        Args:
            path: An encoder directory, a run directory, or the name of an encoder in the package
                (`english`), unless there is a directory of that name.
            verify: As for every directory. Default True.

        Raises:
            UserError: It is neither, the encoder is not finished, or is not that of the run.
        """
        path = named_encoder(Path(path))
        inside, itself = cls(path / "encoder", verify), cls(path, verify)
        if inside.weights.is_file() or inside.old_weights.is_file():
            _check_own(RunDirectory(path, verify), inside)
            return inside
        if itself.path.is_dir() and any(
            file.exists() for file in (itself.weights, itself.old_weights, itself.record)
        ):
            itself.require()
            return itself
        wrong = "no such folder" if not path.exists() else "not an encoder directory"
        raise UserError(
            f"{path}: {wrong}: there is no {cls.weights_name}. Accepted: what pretraining"
            f" wrote, a run directory, or {', '.join(encoders_of_the_package())}."
        )

    def read_facts(self) -> dict[str, Any]:
        """Returns what is known of the training: corpus, objective, scores, seed, version.

        Raises:
            UserError: The file can't be read, or is damaged.
        """
        facts = parse_json(self.read(self.facts), self.facts)
        if not isinstance(facts, dict):
            raise UserError(f"{self.facts}: damaged: not an object.")
        return facts

    def read_word_vector_map(self) -> dict[str, np.ndarray] | None:
        """Returns the linear map from word vectors to those learnt; None if there is none.

        Raises:
            UserError: The file is damaged.
        """
        old = self.path / "word_vectors.map.h5"
        path = old if self.is_old else self.word_vector_map
        return self.read_weights_of(path) if self.has(path) else None

    @property
    def holds_sentence_encoder(self) -> bool:
        """Whether there is a sentence encoder beside the character encoder."""
        return self.has(self.sentence_vector_map)

    def read_sentence_vector_map(self) -> dict[str, np.ndarray]:
        """Returns the linear map from the sentence encoder's vectors to those learnt.

        Raises:
            UserError: There is none, or the file is damaged.
        """
        return self.read_weights_of(self.sentence_vector_map)

    def finish(
        self,
        configuration: Configuration,
        alphabet: Alphabet,
        weights: Mapping[str, np.ndarray],
        vocabulary: Mapping[str, int],
        facts: Mapping[str, Any],
        words_model: bytes = b"",
        word_vector_map: Mapping[str, np.ndarray] | None = None,
        metrics: list[dict[str, Any]] | None = None,
        sentence_vector_map: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        """Writes the encoder; the manifest, last of all, says that the directory is complete.

        Args:
            configuration: The options; only those of `text` and of the encoders are kept.
            alphabet: The characters of the embedding's rows.
            weights: By name; only the encoders' are kept. Those of float16 stay so.
            vocabulary: Known words with their counts.
            facts: About the training: corpus size, objective, score, seed, version.
            words_model: The SentencePiece model, if words are its pieces. Default none.
            word_vector_map: From the encoder's vectors to the word vectors learnt. Default none.
            metrics: A line for each evaluation. Default none.
            sentence_vector_map: From the sentence encoder's vectors to the teacher's. Default
                none: the sentence encoder is not kept.
        """
        groups = self.groups
        if sentence_vector_map is not None:
            groups = (*groups, SENTENCE_ENCODER)
        text = format_configuration(configuration, groups)
        files = {
            self.configuration: text.encode("utf-8"),
            self.alphabet: alphabet_bytes(alphabet),
            self.vocabulary: vocabulary_bytes(vocabulary),
            self.facts: json_bytes(facts),
        }
        if words_model:
            files[self.words_model] = words_model
        if word_vector_map is not None:
            files[self.word_vector_map] = weights_bytes(word_vector_map)
        if sentence_vector_map is not None:
            files[self.sentence_vector_map] = weights_bytes(sentence_vector_map)
        if metrics is not None:
            files[self.metrics] = metrics_bytes(metrics)
        kept = {n: w for n, w in weights.items() if n.partition("/")[0] in groups}
        self.write({**files, self.weights: weights_bytes(kept)}, complete=True)


def find_directory(path: str | Path, verify: bool = True) -> RunDirectory | EncoderDirectory:
    """Returns the run or encoder directory that a path is.

    Args:
        path: The directory, or the name of an encoder of the package.
        verify: As for every directory. Default True.

    Raises:
        UserError: It is neither, or not finished.
    """
    path = named_encoder(Path(path))
    for directory in (RunDirectory(path, verify), EncoderDirectory(path, verify)):
        if directory.weights.exists() or directory.old_weights.exists():
            directory.require()
            return directory
    what = "holds neither" if path.is_dir() else "is no directory with"
    raise UserError(
        f"{path}: {what} {RunDirectory.weights_name} nor {EncoderDirectory.weights_name}: it is"
        " not the directory of a run or encoder."
    )


def encoders_of_the_package() -> list[str]:
    """Returns the names of the encoders that come with the package."""
    return sorted(path.name for path in PACKAGE_ENCODERS.iterdir() if path.is_dir())


def named_encoder(path: Path) -> Path:
    """Returns where an encoder of the package is that a path names; any other path as it is."""
    named = path.parent == Path() and path.name in encoders_of_the_package()
    return PACKAGE_ENCODERS / path if named and not path.is_dir() else path


def _check_own(run: RunDirectory, encoder: EncoderDirectory) -> None:
    """Makes sure that the encoder inside a run is the run's."""
    if encoder.path.is_symlink():
        raise UserError(
            f"{encoder.path}: a symbolic link. Give the encoder directory that is meant itself."
        )
    encoder.require()
    if not run.verify or run.manifest is None or not run.manifest.complete:
        return
    path = encoder.path / MANIFEST
    name = path.relative_to(run.path).as_posix()
    listed = run.manifest.files.get(name)
    data = read_file(path, LIMITS[MANIFEST])
    if listed is None or listed != type(listed).of(data):
        raise UserError(
            f"{encoder.path}: not the encoder of this run: {run.path / MANIFEST} has another"
            " checksum for its manifest. Copy the run again, or give the encoder's own directory."
        )
