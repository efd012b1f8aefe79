"""Files that listen to a training: `metrics.jsonl`, and TensorBoard's logs for those who ask."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from hier_rnn.errors import UserError
from hier_rnn.storage.directory import Directory
from hier_rnn.training.events import Evaluated, Event, Saved, Started


class MetricsFile:
    """Writes `metrics.jsonl`, one row per evaluation, never ahead of the checkpoint.

    Args:
        run: The directory that it belongs to.
    """

    def __init__(self, run: Directory) -> None:
        self._run = run
        self._rows: list[Mapping[str, Any]] = []
        self._written = 0

    def __call__(self, event: Event) -> None:
        """Takes an event."""
        if isinstance(event, Started):
            self._rows = list(event.metrics)
            self._write()
        elif isinstance(event, Evaluated):
            self._rows.append(event.metrics)
        elif isinstance(event, Saved) and len(self._rows) > self._written:
            self._write()

    def _write(self) -> None:
        self._run.write_metrics(self._rows)
        self._written = len(self._rows)


class TensorBoard:
    """Writes the metrics of each evaluation for TensorBoard.

    Args:
        directory: Where its files go.

    Raises:
        UserError: TensorBoard is not installed.
    """

    def __init__(self, directory: Path) -> None:
        if importlib.util.find_spec("tensorboard") is None:
            raise UserError(
                "tensorboard: TensorBoard is not installed: pip install 'hier_rnn[tensorboard]'."
            )
        self._directory = directory
        self._writer: tf.summary.SummaryWriter | None = None

    def __call__(self, event: Event) -> None:
        """Takes an event."""
        if not isinstance(event, Evaluated):
            return
        if self._writer is None:
            self._writer = tf.summary.create_file_writer(str(self._directory))
        with self._writer.as_default():
            for name, value in event.metrics.items():
                tf.summary.scalar(name, value, step=event.metrics["step"])
        self._writer.flush()
