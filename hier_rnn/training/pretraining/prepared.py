"""What was prepared for an objective, kept so that a resumed run learns from exactly the same."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.storage.json_file import json_bytes
from hier_rnn.storage.weights.archive import read_tuple, write_tuple
from hier_rnn.training.preparation.fingerprint import Fingerprints
from hier_rnn.training.pretraining.next_character_objective import CountedWords
from hier_rnn.training.sentence_vectors.taught_texts import CountedTexts
from hier_rnn.training.word_vectors.targets import Targets

PreparedWords = Targets | CountedWords | CountedTexts
KINDS: dict[str, type[PreparedWords]] = {
    "word-vectors": Targets,
    "next-character": CountedWords,
    "sentence-vectors": CountedTexts,
}
"""What each objective learns from."""


class Prepared(NamedTuple):
    """What an objective learns from, and what of the text has to be kept."""

    words: PreparedWords
    words_model: bytes
    """The SentencePiece model; empty for whitespace words."""
    fingerprints: Fingerprints
    """Of the `text`, of the `targets` and of the `encoder` to go on from, where there are any."""


def write_prepared(run: EncoderDirectory, prepared: Prepared) -> None:
    """Writes what was prepared into the directory of a run.

    Args:
        run: The encoder directory.
        prepared: What was prepared.
    """
    if prepared.words_model:
        run.write({run.words_model: prepared.words_model})
    run.write({run.data: json_bytes(prepared.fingerprints)})
    write_tuple(_path(run), prepared.words)


def is_prepared(run: EncoderDirectory) -> bool:
    """Returns whether an earlier call prepared the words of a run."""
    return _path(run).exists()


def read_prepared_words(run: EncoderDirectory, objective: str) -> PreparedWords:
    """Returns the words that an earlier call prepared.

    Args:
        run: The encoder directory.
        objective: Name of the objective they are for.

    Raises:
        UserError: The file is damaged.
    """
    return read_tuple(_path(run), KINDS[objective])


def _path(run: EncoderDirectory) -> Path:
    return run.checkpoints / "prepared.safetensors"
