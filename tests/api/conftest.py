"""Options of a tiny classifier by parameter name, and the small data set as lists."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

import hier_rnn
from hier_rnn.api.run import Run


@pytest.fixture(scope="session")
def options(tiny) -> dict[str, Any]:
    """The groups of options of a tiny model that learns the small data set."""
    configuration = tiny(training={"epochs": 6, "learning_rate": 0.1, "batch_size": 40})
    groups: dict[str, Any] = configuration.model_dump(exclude_unset=True)
    del groups["data"]
    return groups


@pytest.fixture(scope="session")
def parameters(options) -> dict[str, Any]:
    """The same as parameters of `TextClassifier`."""
    flat: dict[str, Any] = {}

    def add(prefix: str, table: dict[str, Any]) -> None:
        for name, value in table.items():
            if isinstance(value, dict):
                add(f"{prefix}{name}__", value)
            else:
                flat[f"{prefix}{name}"] = value

    add("", options)
    return flat


@pytest.fixture(scope="session")
def examples() -> tuple[list[str], list[str]]:
    """Texts and their labels, which one word decides."""
    draw = random.Random(0)
    words = {"bad": ["bad", "sad", "late"], "good": ["good", "nice"], "question": ["who", "why"]}
    labels = [draw.choice(sorted(words)) for _ in range(120)]
    texts = [
        " ".join([draw.choice(words[label]), *draw.choices(["the", "my", "shop"], k=2)])
        for label in labels
    ]
    return texts, labels


@pytest.fixture
def eager() -> Iterator[None]:
    """Runs TensorFlow's functions as they stand: to trace them takes longer than a tiny model."""
    import tensorflow as tf

    before = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(before)


@pytest.fixture(scope="session")
def run(small_run) -> Run:
    """The finished run, loaded."""
    return hier_rnn.load(small_run)
