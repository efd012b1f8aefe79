"""A run directory: all that is needed to use a trained classifier, in files anyone can read."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from hier_rnn.decisions.decision import Decision
from hier_rnn.decisions.one_label import OneLabel
from hier_rnn.decisions.several_labels import SeveralLabels
from hier_rnn.errors import UserError
from hier_rnn.storage.directory import Directory, metrics_bytes, vocabulary_bytes
from hier_rnn.storage.json_file import json_bytes, parse_json
from hier_rnn.storage.limits import LABEL_CHARACTERS, LABELS
from hier_rnn.storage.manifest import MANIFEST
from hier_rnn.storage.weights.weights_file import weights_bytes

COLDEST, HOTTEST = 1e-3, 1e3


class RunDirectory(Directory):
    """The files of a run, by name.

    Listed in `manifest.json`, and so part of the run, is what `write` and `finish` write. A report
    or TensorBoard's logs beside them are not: nothing here reads them. Nothing reads the model card
    either, which is for people and hubs: whoever adds a licence to it damages nothing.
    """

    kind: ClassVar[str] = "run"
    weights_name: ClassVar[str] = "model.safetensors"
    record_name: ClassVar[str] = "config.toml"

    def __init__(self, path: Path, verify: bool = True) -> None:
        super().__init__(path, verify)
        self.labels = self.path / "labels.json"
        self.calibration = self.path / "calibration.json"
        self.evaluation = self.path / "evaluation.json"
        self.card = self.path / "README.md"
        self.encoder = self.path / "encoder"
        self.tensorboard = self.path / "tensorboard"

    def write_labels(self, labels: list[str]) -> None:
        """Writes the labels, in the order of the classes."""
        check_labels(self.labels, labels)
        self.write({self.labels: json_bytes(labels)})

    def read_labels(self) -> list[str]:
        """Returns the labels, in the order of the classes.

        Raises:
            UserError: The file can't be read, or is damaged.
        """
        labels = parse_json(self.read(self.labels), self.labels)
        if not isinstance(labels, list):
            raise UserError(f"{self.labels}: damaged: not a list of labels.")
        check_labels(self.labels, labels)
        return labels

    def read_decision(self, classes: int, multi_label: bool) -> Decision:
        """Returns what is made of logits: probabilities, and labels.

        Args:
            classes: How many labels the run has.
            multi_label: Whether a text may have several of them, as the run's options say.

        Raises:
            UserError: The file is missing or damaged, or does not fit the options.
        """
        temperature = self.read_temperature()
        thresholds = self._calibration().get("thresholds")
        if (thresholds is not None) != multi_label:
            has = "has thresholds" if thresholds is not None else "has no thresholds"
            raise UserError(
                f"{self.calibration}: damaged: it {has}, and data.multi_label is"
                f" {str(multi_label).lower()} in {self.configuration.name}."
            )
        if thresholds is None:
            return OneLabel(temperature)
        if (
            not isinstance(thresholds, list)
            or len(thresholds) != classes
            or not all(map(_is_number, thresholds))
            or not all(0 <= threshold <= 1 for threshold in thresholds)
        ):
            raise UserError(
                f"{self.calibration}: damaged: the thresholds are not {classes:,} numbers from 0"
                " to 1, one for each label."
            )
        return SeveralLabels(temperature, tuple(map(float, thresholds)))

    def read_temperature(self) -> float:
        """Returns what logits are divided by to make their probabilities honest.

        Raises:
            UserError: The file is missing or damaged.
        """
        temperature: Any = self._calibration().get("temperature")
        if not _is_number(temperature) or not COLDEST <= temperature <= HOTTEST:
            raise UserError(
                f"{self.calibration}: damaged: the temperature is not a number from {COLDEST:g} to"
                f" {HOTTEST:g}."
            )
        return float(temperature)

    def _calibration(self) -> dict[str, Any]:
        if self.is_old and not self.has(self.calibration):
            raise UserError(
                f"{self.calibration}: missing: without it the probabilities would be others. Copy"
                " the directory again from where it is whole, or train again."
            )
        content = parse_json(self.read(self.calibration), self.calibration)
        return content if isinstance(content, dict) else {}

    def read_evaluation(self) -> dict[str, Any] | None:
        """Returns the scores on the test data that training was given; None without any.

        Raises:
            UserError: The file is damaged, or not of this run.
        """
        if not self.has(self.evaluation):
            return None
        document = parse_json(self.read(self.evaluation), self.evaluation)
        if isinstance(document, dict):
            scores = [document.get("accuracy"), document.get("micro_f1", 0.0)]
            if all(isinstance(score, float) and math.isfinite(score) for score in scores):
                return document
        raise UserError(f"{self.evaluation}: not what an evaluation of one run writes.")

    def write_evaluation(self, document: dict[str, Any]) -> None:
        """Writes the scores on the test data, which `compare` shows.

        Args:
            document: As `evaluation.paired_comparison.json_document` makes it for one run.
        """
        text = json.dumps(document, indent=2, allow_nan=False) + "\n"
        self.write({self.evaluation: text.encode("utf-8")})

    def write_card(self, text: str) -> None:
        """Writes the model card: Markdown with the front matter of hubs."""
        self.write({self.card: text.encode("utf-8")})

    @property
    def evaluated(self) -> bool:
        """Whether the scores on the test data are there."""
        if self.manifest is None:
            return self.evaluation.is_file()
        return self.evaluation.name in self.manifest.files

    def known_words(self) -> frozenset[str] | None:
        """Returns the words that training saw; None for an exported run, which is without them."""
        if self.manifest is not None and not self.has(self.vocabulary):
            return None
        return frozenset(self.read_vocabulary())

    def fingerprint(self) -> str:
        """Returns what is the same for two copies of a run, and for no two that answer differently.

        Raises:
            UserError: A file of a run without a manifest can't be read.
        """
        digest = hashlib.blake2b(digest_size=16)
        if self.manifest is None:
            for path in (self.configuration, self.alphabet, self.labels, self.old_weights):
                digest.update(path.read_bytes())
            return digest.hexdigest()
        for name, entry in sorted(self.manifest.files.items()):
            if name not in (self.evaluation.name, self.card.name, self.metrics.name):
                digest.update(f"{name} {entry.sha256}\n".encode())
        return digest.hexdigest()

    def finish(
        self,
        weights: Mapping[str, np.ndarray],
        decision: Decision,
        vocabulary: Counter[str],
        metrics: list[dict[str, Any]],
    ) -> None:
        """Writes what training is for; the manifest, last of all, says that the run is complete.

        The encoder in the run has been written before.

        Args:
            weights: By name.
            decision: What is made of logits.
            vocabulary: How often each word was seen.
            metrics: A line for each evaluation.
        """
        encoder_manifest = self.encoder / MANIFEST
        self.list_files({encoder_manifest: encoder_manifest.read_bytes()})
        files = {
            self.vocabulary: vocabulary_bytes(vocabulary),
            self.calibration: calibration_bytes(decision),
            self.metrics: metrics_bytes(metrics),
            self.weights: weights_bytes(weights),
        }
        self.write(files, complete=True)


def calibration_bytes(decision: Decision) -> bytes:
    """Returns the content of `calibration.json`.

    Args:
        decision: What is made of logits.
    """
    content: dict[str, Any] = {"temperature": min(max(decision.temperature, COLDEST), HOTTEST)}
    if decision.thresholds is not None:
        content["thresholds"] = list(decision.thresholds)
    return json_bytes(content)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def check_labels(path: Path, labels: list[Any]) -> None:
    """Makes sure that labels can be told apart and printed.

    Args:
        path: Where they stand, for the message.
        labels: The labels.

    Raises:
        UserError: One is no text, is empty or too long, or comes twice; or there are too many.
    """
    if not 0 < len(labels) <= LABELS:
        raise UserError(f"{path}: {len(labels):,} labels. Accepted: 1 to {LABELS:,}.")
    for label in labels:
        if not isinstance(label, str) or not 0 < len(label) <= LABEL_CHARACTERS:
            raise UserError(
                f"{path}: {repr(label)[:60]} is no label. Accepted: a text of 1 to"
                f" {LABEL_CHARACTERS:,} characters."
            )
    if len(set(labels)) < len(labels):
        twice = next(label for label, count in Counter(labels).items() if count > 1)
        raise UserError(f"{path}: damaged: the label {twice[:60]!r} comes twice.")
