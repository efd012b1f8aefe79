"""The models that `throughput` compares, by the names of its `--models`."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from benchmarks.peers.task import Batch, Task
from hier_rnn.errors import UserError, nearest


class Model(Protocol):
    """What a worker process asks of a model."""

    def __init__(self, task: Task) -> None: ...

    def train(self, batches: Sequence[Batch]) -> tuple[list[float], int]:
        """Takes a step of Adam on each batch; returns the losses and the words it read."""

    def logits(self, texts: Sequence[str], warm: bool = False) -> tuple[np.ndarray, int]:
        """Returns the logits `(texts, classes)`, in order, and the words it read.

        What was remembered of earlier texts, if anything ever is, is kept only when `warm`.
        """

    def close(self) -> None:
        """Ends what runs in the background, so that the process can end."""


@dataclass(frozen=True)
class Entry:
    """A model in the catalogue."""

    module: str
    """Under `benchmarks.peers`."""
    name: str
    """Of the class."""
    library: str
    """What must be installed."""
    title: str
    same_function: bool = True
    """Whether it computes hier_rnn's function, given its weights."""
    padded: bool = False
    """Whether its memory goes with sentences x longest sentence x longest word."""
    in_sweeps: bool = True
    """Whether it is swept by default."""


MODELS = {
    "hier_rnn": Entry("hier_rnn_model", "HierRNN", "tensorflow", "hier_rnn"),
    "hier_rnn-bfloat16": Entry(
        "hier_rnn_model",
        "RoundedHierRNN",
        "tensorflow",
        "hier_rnn, training.precision bfloat16",
        same_function=False,  # rounded in training
        in_sweeps=False,
    ),
    "hier_rnn-shipped": Entry(
        "hier_rnn_model",
        "ShippedHierRNN",
        "tensorflow",
        "hier_rnn with all that it ships with",
        same_function=False,  # dropout, misspelled words, boundary marks
        in_sweeps=False,
    ),
    "keras": Entry(
        "keras_model",
        "KerasTimeDistributed",
        "keras",
        "Keras TimeDistributed(GRU) + Bidirectional(LSTM)",
        padded=True,
        in_sweeps=False,  # minutes of tracing for each length
    ),
    "keras-flattened": Entry(
        "keras_model",
        "KerasFlattened",
        "keras",
        "Keras, words flattened into one batch axis",
        padded=True,
    ),
    "torch": Entry("pytorch_model", "PyTorchPacked", "torch", "PyTorch packed sequences"),
    "torch-distinct": Entry(
        "pytorch_model", "PyTorchDistinct", "torch", "PyTorch packed, distinct words"
    ),
    "flair": Entry(
        "flair_model",
        "FlairCharacters",
        "flair",
        "Flair CharacterEmbeddings + DocumentRNNEmbeddings",
        same_function=False,
        in_sweeps=False,  # its speed goes with nothing but its Python
    ),
}
REFERENCE = "hier_rnn"
WARM = "hier_rnn, cache warm"


def installed() -> list[str]:
    """Returns the models whose library is there."""
    return [name for name, entry in MODELS.items() if importlib.util.find_spec(entry.library)]


def chosen(names: Sequence[str] | None) -> list[str]:
    """Returns the models to measure, hier_rnn first.

    Args:
        names: As given; None for all that are installed.

    Raises:
        UserError: An unknown name, or a library that is not installed.
    """
    there = installed()
    for name in names or ():
        if name not in MODELS:
            raise UserError(
                f"--models: there is no '{name}'.{nearest(name, MODELS)} There are:"
                f" {', '.join(MODELS)}."
            )
        if name not in there:
            raise UserError(
                f"--models: '{name}' needs {MODELS[name].library}: pip install -e '.[bench]'."
            )
    wanted = there if names is None else (REFERENCE, *names)
    return list(dict.fromkeys(wanted))


def model(name: str, task: Task) -> Model:
    """Makes a model; to be called in its own process."""
    entry = MODELS[name]
    return getattr(importlib.import_module(f"benchmarks.peers.{entry.module}"), entry.name)(task)
