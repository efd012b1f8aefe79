"""Checkpoints: what a run needs to go on exactly where it was, each in a file that is whole."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hier_rnn.errors import UserError
from hier_rnn.runs.weights_file import read_weights, write_weights

KEPT = 2
PROGRESS = "progress"


class Checkpoint(NamedTuple):
    """What was saved."""

    path: Path
    tensors: dict[str, np.ndarray]
    """By name."""
    progress: dict[str, Any]
    """JSON values."""


class Checkpoints:
    """The last two checkpoints of a run; the older one is for a newer one that got damaged.

    Args:
        directory: Where they are; made if need be.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def save(
        self, step: int, tensors: Mapping[str, np.ndarray], progress: Mapping[str, Any]
    ) -> None:
        """Writes a checkpoint, then takes the oldest away.

        Args:
            step: Steps done; a later one is newer.
            tensors: By name.
            progress: JSON values.

        Raises:
            UserError: It can't be written; the earlier ones are kept.
        """
        content = {**tensors, PROGRESS: np.bytes_(json.dumps(progress))}
        try:
            write_weights(self._directory / f"step-{step:010d}.h5", content)
        except UserError as error:
            raise UserError(
                f"{error} What was saved before is kept: make room and give the same command"
                " again to go on."
            ) from None
        for path in self._newest_first()[KEPT:]:
            path.unlink()

    def latest(self) -> Checkpoint | None:
        """Returns the newest checkpoint that can be read; None if there is none at all.

        Raises:
            UserError: They are all damaged.
        """
        for left in self._directory.glob(".step-*"):  # by a process killed while it wrote
            left.unlink()
        damage = ""
        for path in self._newest_first():
            try:
                tensors = read_weights(path)
                return Checkpoint(path, tensors, json.loads(bytes(tensors.pop(PROGRESS))))
            except (UserError, KeyError, TypeError, ValueError) as error:
                damage = damage or f"{path}: damaged checkpoint ({error})"
        if damage:
            raise UserError(f"{damage}, and there is no other. Start over with --force.")
        return None

    def clear(self) -> None:
        """Takes all checkpoints away."""
        for path in self._newest_first():
            path.unlink()
        with contextlib.suppress(
            OSError
        ):  # there is none, or somebody keeps a file of theirs in it
            self._directory.rmdir()

    def _newest_first(self) -> list[Path]:
        return sorted(self._directory.glob("step-*.h5"), reverse=True)
