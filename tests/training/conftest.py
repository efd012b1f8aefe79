"""What the tests of training share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.storage.weights.weights_file import read_weights
from hier_rnn.training.classification.train import train_classifier

Weights = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def eager() -> Iterator[None]:
    """No graphs, which take longer to build than a few small steps to run."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def plain(eager, tiny, tmp_path_factory) -> Path:
    """A run with the options of `tiny()`: six steps in two epochs."""
    path = tmp_path_factory.mktemp("plain") / "run"
    train_classifier(tiny(), path, keep_checkpoints=True)
    return path


@pytest.fixture
def train(eager, tiny, tmp_path) -> Callable[..., Weights]:
    """`train("name", training={...})` trains a tiny model and returns its weights."""

    def train(name: str = "run", settings: dict | None = None, **groups) -> Weights:
        options = {"keep_checkpoints": True, **(settings or {})}
        train_classifier(tiny(**groups), tmp_path / name, **options)
        return read_weights(tmp_path / name / "model.safetensors")

    return train
