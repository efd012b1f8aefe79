"""Checkpoints: what a run needs to go on exactly where it was, each in a file that is whole."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from hier_rnn.errors import UserError
from hier_rnn.storage.weights.archive import read_archive, write_archive

logger = logging.getLogger(__name__)

KEPT = 2
ENDING = ".safetensors"
OLD_ENDING = ".h5"

Progress = TypeVar("Progress")


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
        try:
            write_archive(self._directory / f"step-{step:010d}{ENDING}", tensors, dict(progress))
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
            UserError: They are all damaged, or of an earlier version of hier_rnn.
        """
        if old := sorted(self._directory.glob(f"step-*{OLD_ENDING}")):
            raise UserError(
                f"{old[-1]}: this run was begun by an earlier version of hier_rnn, whose"
                " checkpoints are no longer read. Start over with `force=True`."
            )
        damage = ""
        for path in self._newest_first():
            try:
                tensors, progress = read_archive(path)
                if not isinstance(progress, dict):
                    raise UserError(f"{path}: damaged: its progress is no table.")
                return Checkpoint(path, tensors, progress)
            except UserError as error:
                logger.warning("A damaged checkpoint is passed over: %s", error)
                damage = damage or f"damaged checkpoint: {error}"
        if damage:
            raise UserError(f"{damage} There is no other. Start over with `force=True`.")
        return None

    def clear(self) -> None:
        """Takes all checkpoints away."""
        for path in self._newest_first():
            path.unlink()
        # It stays if there is none, or if somebody keeps a file of theirs in it.
        with contextlib.suppress(OSError):
            self._directory.rmdir()

    def _newest_first(self) -> list[Path]:
        return sorted(self._directory.glob(f"step-*{ENDING}"), reverse=True)


def read_progress(kind: type[Progress], values: Mapping[str, Any], path: Path) -> Progress:
    """Returns a dataclass of counts, numbers and lines of metrics, each field checked.

    Args:
        kind: The dataclass; its fields are `int` (never negative), `float` or
            `list[dict[str, Any]]` (of numbers).
        values: By the names of the fields, all of them.
        path: Where they stand, for the message.

    Raises:
        UserError: A field is missing, unknown, or holds something else.
    """
    fields = {field.name: str(field.type) for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    if wrong := sorted(values.keys() ^ fields.keys()):
        raise UserError(
            f"{path}: damaged, or of another version: its progress lacks or adds"
            f" {', '.join(wrong)[:200]}. Start over with `force=True`."
        )
    for name, type_name in fields.items():
        if not _fits(values[name], type_name):
            raise UserError(
                f"{path}: damaged: {name} in its progress is {repr(values[name])[:60]}. Start over"
                " with `force=True`."
            )
    return kind(**values)


def _fits(value: Any, type_name: str) -> bool:
    if type_name == "int":
        return type(value) is int and 0 <= value < 2**63
    if type_name == "float":
        return _is_number(value) and not math.isnan(value)
    return isinstance(value, list) and all(
        isinstance(line, dict) and all(map(_is_number, line.values())) for line in value
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, float) or (type(value) is int and abs(value) < 2**63)
