"""A run directory: all that is needed to use a trained classifier, in files anyone can read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hier_rnn.configuration.options import Configuration
from hier_rnn.configuration.toml import read_configuration
from hier_rnn.errors import UserError
from hier_rnn.files import read_lines, write_atomically
from hier_rnn.text.alphabet import Alphabet
from hier_rnn.text.words import Words


class RunDirectory:
    """The files of a run, by name.

    Args:
        path: The directory.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.configuration = path / "config.toml"
        self.alphabet = path / "alphabet.json"
        self.labels = path / "labels.json"
        self.data = path / "data.json"
        self.words_model = path / "words.model"
        self.vocabulary = path / "words.txt"
        self.weights = path / "model.weights.h5"
        self.encoder = path / "encoder"
        self.metrics = path / "metrics.jsonl"
        self.calibration = path / "calibration.json"
        self.evaluation = path / "evaluation.json"
        self.checkpoints = path / "checkpoints"
        self.tensorboard = path / "tensorboard"

    @property
    def finished(self) -> bool:
        """Whether training ran to its end: its weights are there."""
        return self.weights.exists()

    def require(self) -> None:
        """Makes sure that the directory holds a finished run.

        Raises:
            UserError: It does not; the message says what is missing.
        """
        if not self.path.is_dir():
            raise UserError(f"{self.path}: no such run directory.")
        if self.configuration.is_file() and not self.finished:
            raise UserError(
                f"{self.path}: the run is not finished: there is no {self.weights.name} yet. Give"
                " the same `train.py` command again to go on."
            )
        needed = (self.configuration, self.alphabet, self.labels, self.weights)
        if missing := [file.name for file in needed if not file.is_file()]:
            raise UserError(f"{self.path}: not a whole run directory: no {', no '.join(missing)}.")

    def read_configuration(self) -> Configuration:
        """Returns the run's options."""
        return read_configuration(self.configuration)

    def read_alphabet(self) -> Alphabet:
        """Returns the run's characters."""
        return Alphabet.load(self.alphabet)

    def read_labels(self) -> list[str]:
        """Returns the run's labels, in the order of the classes.

        Raises:
            UserError: The file can't be read, or is damaged.
        """
        labels = read_json(self.labels)
        if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
            raise UserError(f"{self.labels}: damaged: not a list of labels.")
        return labels

    def read_words(self) -> Words:
        """Returns how the run's texts become words.

        Raises:
            UserError: Its SentencePiece model is missing or damaged.
        """
        options = self.read_configuration().text
        if options.words == "sentencepiece" and not self.words_model.is_file():
            raise UserError(f"{self.path}: not a whole run directory: no {self.words_model.name}.")
        return Words(options, self.words_model)

    def read_temperature(self) -> float:
        """Returns what logits are divided by to make their probabilities honest; 1 if unknown.

        Raises:
            UserError: The file is damaged.
        """
        if not self.calibration.exists():
            return 1.0
        content = read_json(self.calibration)
        temperature = content.get("temperature") if isinstance(content, dict) else None
        if not isinstance(temperature, (int, float)) or not 0 < temperature < float("inf"):
            raise UserError(f"{self.calibration}: damaged: no temperature above 0.")
        return float(temperature)

    def write_metrics(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """Writes a line of JSON for each evaluation."""
        with write_atomically(self.metrics) as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)


def write_vocabulary(path: Path, counts: Mapping[str, int], limit: int = 200_000) -> None:
    """Writes words with how often each was seen, most frequent first, a word a line."""
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    with write_atomically(path) as file:
        file.writelines(f"{word}\t{count}\n" for word, count in ordered[:limit])


def read_vocabulary(path: Path) -> dict[str, int]:
    """Returns the words of a vocabulary file with their counts, most frequent first.

    Raises:
        UserError: The file can't be read, or is damaged.
    """
    counts = {}
    for number, line in read_lines(path):
        word, _, count = line.rpartition("\t")
        if not word or not (count.isascii() and count.isdecimal()):
            raise UserError(f"{path}:{number}: damaged: not a word, a tab and its count.")
        counts[word] = int(count)
    return counts


def read_json(path: Path) -> Any:
    """Returns the content of a JSON file.

    Raises:
        UserError: The file can't be read, or is damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: can't be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: damaged: {error}.") from None


def write_json(path: Path, content: Any) -> None:
    """Writes a JSON file for people to read."""
    with write_atomically(path) as file:
        file.write(json.dumps(content, ensure_ascii=False, indent=1) + "\n")
