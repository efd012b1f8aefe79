"""The state of a run, saved and taken up."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.configuration.options import Training
from hier_rnn.errors import UserError
from hier_rnn.training.optimizer import Optimizer
from hier_rnn.training.state import Progress, TrainingState


def made(tmp_path, width: int = 3, moving_average: float = 0.5, names=("head/kernel", "head/bias")):
    weights = {name: keras.Variable(np.full(width, 0.1, np.float32)) for name in names}
    optimizer = Optimizer(Training(moving_average=moving_average), weights)
    return TrainingState(tmp_path, weights, optimizer), optimizer, weights


def everything(state, optimizer, weights) -> dict[str, np.ndarray]:
    slots = {"weights": weights, **optimizer.state()}
    return {f"{k}/{n}": v.numpy() for k, variables in slots.items() for n, v in variables.items()}


def test_everything_comes_back(tmp_path):
    state, optimizer, weights = made(tmp_path)
    assert not state.restore()
    for _ in range(3):
        gradients = {name: tf.constant([1.0, 2.0, 3.0]) for name in weights}
        optimizer.apply(gradients, tf.constant(0.1))
    state.progress.step, state.progress.seconds = 3, 0.1
    state.progress.metrics.append({"epoch": 1, "train_loss": 0.1 + 0.2})
    state.best = {"head/kernel": np.ones(3, np.float32)}
    state.save()

    other = made(tmp_path)
    assert other[0].restore()
    assert other[0].progress == state.progress
    np.testing.assert_array_equal(other[0].best["head/kernel"], 1)
    found, wanted = everything(*other), everything(state, optimizer, weights)
    assert len(wanted) == 10
    for name, values in wanted.items():
        np.testing.assert_array_equal(found[name], values)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"width": 4}, r"'weights/head/kernel' has shape \(3,\), and should have \(4,\)"),
        ({"names": ["head/kernel", "head/other"]}, "'weights/head/other' has shape unknown"),
    ],
)
def test_a_checkpoint_of_another_model(tmp_path, changed, message):
    made(tmp_path)[0].save()
    with pytest.raises(UserError, match=rf"step-0000000000\..*: not of this model: {message}"):
        made(tmp_path, **changed)[0].restore()


def test_a_new_run_has_come_nowhere():
    assert Progress().best_score == -float("inf")
    assert Progress().metrics is not Progress().metrics
