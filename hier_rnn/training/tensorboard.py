"""TensorBoard's logs of a run, for those who ask for them."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path

import tensorflow as tf

from hier_rnn.errors import UserError


class TensorBoard:
    """Writes the figures of each evaluation as events.

    Args:
        directory: Where the event files go.

    Raises:
        UserError: TensorBoard is not installed.
    """

    def __init__(self, directory: Path) -> None:
        if importlib.util.find_spec("tensorboard") is None:
            raise UserError("--tensorboard needs TensorBoard: pip install 'hier_rnn[tensorboard]'.")
        self._directory = directory
        self._writer: tf.summary.SummaryWriter | None = None

    def write(self, line: Mapping[str, float]) -> None:
        """Writes the figures of an evaluation, at its step."""
        if self._writer is None:
            self._writer = tf.summary.create_file_writer(str(self._directory))
        with self._writer.as_default():
            for name, value in line.items():
                tf.summary.scalar(name, value, step=line["step"])
        self._writer.flush()
