"""The state of a training run: its weights, the optimizer's memory, and how far it has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from hier_rnn.errors import UserError
from hier_rnn.storage.checkpoints import Checkpoints, read_progress
from hier_rnn.training.optimizer import Optimizer

# Of each weight: itself, its gradient, the optimizer's two moments, the average, the best, and all
# but the gradient once more while a checkpoint is written.
COPIES = 11
WEIGHTS, BEST = "weights", "best"


@dataclass
class Progress:
    """How far a run has come."""

    examples: int = 0
    """Sentences of the training data."""
    step: int = 0
    """Steps done."""
    epoch: int = 0
    """Epochs done."""
    batch: int = 0
    """Batches of this epoch done."""
    sentences: int = 0
    """Sentences trained on."""
    phase: int = 0
    """Phases done."""
    phase_epoch: int = 0
    """Epochs that were done when the phase began; and so on."""
    phase_step: int = 0
    phase_sentences: int = 0
    loss: float = 0.0
    """Sum of the losses of this epoch's batches."""
    words: int = 0
    """Words of this epoch trained on."""
    epoch_seconds: float = 0.0
    """Time that this epoch's steps took."""
    seconds: float = 0.0
    """Time that all steps and evaluations took."""
    best_score: float = -float("inf")
    """Best validation score; higher is better."""
    best_epoch: int = 0
    """The epoch, from 1, that reached it."""
    metrics: list[dict[str, Any]] = field(default_factory=list)
    """A line of `metrics.jsonl` for every evaluation."""


class TrainingState:
    """All that changes while a run trains.

    Args:
        directory: Where the checkpoints are.
        weights: Every weight by name.
        optimizer: The optimizer.
    """

    def __init__(
        self, directory: Path, weights: Mapping[str, keras.Variable], optimizer: Optimizer
    ) -> None:
        self.progress = Progress()
        self.best: dict[str, np.ndarray] = {}
        """The weights that reached the best score."""
        self._checkpoints = Checkpoints(directory)
        self._variables = {
            f"{kind}/{name}": variable
            for kind, variables in {WEIGHTS: weights, **optimizer.state()}.items()
            for name, variable in variables.items()
        }

    def save(self) -> None:
        """Writes a checkpoint.

        Raises:
            UserError: It can't be written.
        """
        tensors = {name: variable.numpy() for name, variable in self._variables.items()}
        tensors |= {f"{BEST}/{name}": values for name, values in self.best.items()}
        self._checkpoints.save(self.progress.step, tensors, asdict(self.progress))

    def restore(self) -> bool:
        """Takes up the last checkpoint; returns whether there was one.

        Raises:
            UserError: Every checkpoint is damaged, or the last one is of another model.
        """
        checkpoint = self._checkpoints.latest()
        if checkpoint is None:
            return False
        tensors = checkpoint.tensors
        progress = read_progress(Progress, checkpoint.progress, checkpoint.path)
        shapes = {name: tuple(variable.shape) for name, variable in self._variables.items()}
        if progress.best_epoch:
            start = f"{WEIGHTS}/"
            best = {n: shape for n, shape in shapes.items() if n.startswith(start)}
            shapes |= {f"{BEST}/{n.removeprefix(start)}": shape for n, shape in best.items()}
        for name in shapes.keys() | tensors.keys():
            found = tensors[name].shape if name in tensors else "unknown"
            if found != shapes.get(name) or tensors[name].dtype != np.float32:
                raise UserError(
                    f"{checkpoint.path}: not of this model: '{name}' has shape {found}, and should"
                    f" have {shapes.get(name, 'none')}. Start over with --force."
                )
        for name, variable in self._variables.items():
            variable.assign(tensors[name])
        start = f"{BEST}/"
        self.best = {n.removeprefix(start): v for n, v in tensors.items() if n.startswith(start)}
        self.progress = progress
        return True
