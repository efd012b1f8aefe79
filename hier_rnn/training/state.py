"""The state of a training run: its weights, the optimizer's memory, and how far it has come."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import keras
import numpy as np

from hier_rnn.errors import UserError
from hier_rnn.model.classifier import assign
from hier_rnn.storage.checkpoints import Checkpoint, Checkpoints, read_progress
from hier_rnn.training.distribution.workers import ALONE, Workers
from hier_rnn.training.optimizer import Optimizer

# Of each weight: itself, its gradient, the optimizer's two moments, the average, the best, and all
# but the gradient once more while a checkpoint is written.
COPIES = 11
WEIGHTS, BEST = "weights", "best"


@dataclass
class TrainerState:
    """How far a run has come: plain numbers, which a checkpoint holds."""

    step: int = 0
    """Steps done."""
    epoch: int = 0
    """Epochs done."""
    batch: int = 0
    """Batches of the next epoch done."""
    examples: int = 0
    """Examples trained on: sentences, or words."""
    phase: int = 0
    """Phases done."""
    phase_epoch: int = 0
    """Epochs that were done when the phase began; and so on."""
    phase_step: int = 0
    phase_examples: int = 0
    loss: float = 0.0
    """Sum of the losses of this epoch's batches."""
    skipped: int = 0
    """Batches of this epoch that were left out, as their loss or gradient was not finite."""
    words: int = 0
    """Words of this epoch trained on."""
    epoch_seconds: float = 0.0
    """Time that this epoch's steps took."""
    seconds: float = 0.0
    """Time that all steps and evaluations took."""
    best_score: float = -float("inf")
    """Best validation score; higher is better."""
    best_epoch: int = 0
    """The epoch, from 1, that reached it; 0: the weights before the first step."""
    restored: int = 0
    """How often the last checkpoint was restored; each time halves the learning rate."""
    metrics: list[dict[str, Any]] = field(default_factory=list)
    """One row of `metrics.jsonl` for every evaluation."""

    def count_step(self, examples: int, words: int, seconds: float) -> None:
        """Counts a step as done.

        Args:
            examples: How many its batch has.
            words: Likewise.
            seconds: How long it took.
        """
        self.step += 1
        self.batch += 1
        self.examples += examples
        self.words += words
        self.epoch_seconds += seconds
        self.seconds += seconds

    def row(self, metrics: Mapping[str, float]) -> dict[str, Any]:
        """Returns the row of `metrics.jsonl` for an evaluation that ends the epoch.

        Args:
            metrics: On the validation data.
        """
        return {
            "epoch": self.epoch + 1,
            "step": self.step,
            "train_loss": self.loss / max(self.batch - self.skipped, 1),
            **metrics,
            "words_per_second": self.words / max(self.epoch_seconds, 1e-9),
            "seconds": self.seconds,
        }

    def best_metrics(self) -> dict[str, Any]:
        """Returns the row of `metrics.jsonl` of the best epoch."""
        return next(row for row in self.metrics if row["epoch"] == self.best_epoch)

    def begin_epoch(self) -> None:
        """Counts an epoch as done, and begins the next."""
        self.epoch += 1
        self.batch = self.words = self.skipped = 0
        self.loss = self.epoch_seconds = 0.0


class NotFiniteError(Exception):
    """A weight is not finite, so the state is not worth keeping."""


class TrainingState:
    """All that changes while a run trains.

    Args:
        checkpoints: Where it is saved.
        weights: Every weight by name.
        optimizer: The optimizer.
        workers: Who trains together; the chief's state is everyone's. Default this process alone.
    """

    def __init__(
        self,
        checkpoints: Checkpoints,
        weights: Mapping[str, keras.Variable],
        optimizer: Optimizer,
        workers: Workers = ALONE,
    ) -> None:
        self._workers = workers
        self.progress = TrainerState()
        self.best: dict[str, np.ndarray] = {}
        """The weights that reached the best score."""
        self._checkpoints, self._weights, self._optimizer = checkpoints, weights, optimizer
        self._variables = {
            f"{kind}/{name}": variable
            for kind, variables in {WEIGHTS: weights, **optimizer.state()}.items()
            for name, variable in variables.items()
        }

    @contextlib.contextmanager
    def averaged(self) -> Iterator[None]:
        """A context in which the weights are their moving averages, if there are any."""
        averages = {name: values.numpy() for name, values in self._optimizer.averages.items()}
        kept = self._values() if averages else {}
        assign(self._weights, averages)
        try:
            yield
        finally:
            assign(self._weights, kept)

    def keep_as_best(self) -> None:
        """Keeps the weights as they are as the best ones."""
        self.best = self._values()

    def _values(self) -> dict[str, np.ndarray]:
        return {name: weight.numpy() for name, weight in self._weights.items()}

    def save(self) -> None:
        """Writes a checkpoint, if this is the chief.

        Raises:
            NotFiniteError: A weight is not finite: it would be so for ever.
            UserError: It can't be written.
        """
        tensors = {name: variable.numpy() for name, variable in self._variables.items()}
        if not all(np.isfinite(values).all() for values in tensors.values()):
            raise NotFiniteError
        if not self._workers.is_chief:
            return
        tensors |= {f"{BEST}/{name}": values for name, values in self.best.items()}
        self._checkpoints.save(self.progress.step, tensors, asdict(self.progress))

    def begin(self, checkpoint: Checkpoint | None) -> None:
        """Makes the state that of the chief, who takes up a checkpoint if there is one.

        Args:
            checkpoint: What was saved; of others than the chief None.

        Raises:
            UserError: It is of another model.
        """
        if checkpoint is not None:
            self.restore(checkpoint)
        self._workers.take_from_chief(self._variables.values())
        progress = self._workers.from_chief(lambda: asdict(self.progress))
        for name, value in progress.items():
            setattr(self.progress, name, value)

    def go_back(self) -> None:
        """Takes up the last checkpoint, of which there is one."""
        checkpoint = self._checkpoints.latest() if self._workers.is_chief else None
        assert checkpoint is not None or not self._workers.is_chief
        self.begin(checkpoint)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Takes up a checkpoint.

        Args:
            checkpoint: What was saved.

        Raises:
            UserError: It is of another model.
        """
        tensors = checkpoint.tensors
        progress = read_progress(TrainerState, checkpoint.progress, checkpoint.path)
        shapes = {name: tuple(variable.shape) for name, variable in self._variables.items()}
        if progress.best_epoch or progress.metrics:
            shapes |= {f"{BEST}/{name}": tuple(w.shape) for name, w in self._weights.items()}
        for name in sorted(shapes.keys() | tensors.keys()):
            found = tensors[name].shape if name in tensors else "unknown"
            if found != shapes.get(name) or tensors[name].dtype != np.float32:
                raise UserError(
                    f"{checkpoint.path}: not of this model: '{name}' has shape {found}, and should"
                    f" have {shapes.get(name, 'none')}. Start over with `force=True`."
                )
        for name, variable in self._variables.items():
            variable.assign(tensors[name])
        start = f"{BEST}/"
        self.best = {n.removeprefix(start): v for n, v in tensors.items() if n.startswith(start)}
        for name, value in vars(progress).items():
            setattr(self.progress, name, value)
