"""The state of a run, saved and taken up."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.configuration.options import Training
from hier_rnn.errors import UserError
from hier_rnn.storage.checkpoints import Checkpoints
from hier_rnn.training.optimizer import Optimizer
from hier_rnn.training.state import NotFiniteError, TrainerState, TrainingState


def made(tmp_path, width: int = 3, moving_average: float = 0.5, names=("head/kernel", "head/bias")):
    weights = {name: keras.Variable(np.full(width, 0.1, np.float32)) for name in names}
    optimizer = Optimizer(Training(moving_average=moving_average), weights)
    return TrainingState(Checkpoints(tmp_path), weights, optimizer), optimizer, weights


def everything(state, optimizer, weights) -> dict[str, np.ndarray]:
    slots = {"weights": weights, **optimizer.state()}
    return {f"{k}/{n}": v.numpy() for k, variables in slots.items() for n, v in variables.items()}


def test_everything_comes_back(tmp_path):
    state, optimizer, weights = made(tmp_path)
    for _ in range(3):
        gradients = {name: tf.constant([1.0, 2.0, 3.0]) for name in weights}
        optimizer.apply(gradients, tf.constant(0.1))
    state.progress.step, state.progress.seconds, state.progress.best_epoch = 3, 0.1, 1
    state.progress.metrics.append({"epoch": 1, "train_loss": 0.1 + 0.2})
    state.best = {name: np.ones(3, np.float32) for name in weights}
    state.save()

    other = made(tmp_path)
    other[0].restore(Checkpoints(tmp_path).latest())
    assert other[0].progress == state.progress
    np.testing.assert_array_equal(other[0].best["head/kernel"], 1)
    found, wanted = everything(*other), everything(state, optimizer, weights)
    assert len(wanted) == 10
    for name, values in wanted.items():
        np.testing.assert_array_equal(found[name], values)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"width": 4}, r"'.*/head/.*' has shape \(3,\), and should have \(4,\)"),
        ({"names": ["head/kernel", "head/other"]}, "'.*/head/(bias|other)' has shape"),
    ],
)
def test_a_checkpoint_of_another_model(tmp_path, changed, message):
    made(tmp_path)[0].save()
    with pytest.raises(UserError, match=rf"step-0000000000\..*: not of this model: {message}"):
        made(tmp_path, **changed)[0].restore(Checkpoints(tmp_path).latest())


def test_a_new_run_has_come_nowhere():
    assert TrainerState().best_score == -float("inf")
    assert TrainerState().metrics is not TrainerState().metrics


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_weight_that_is_not_finite_is_never_saved(tmp_path, value):
    state, _, weights = made(tmp_path)
    state.save()
    weights["head/bias"].assign([0, value, 0])
    state.progress.step = 1
    with pytest.raises(NotFiniteError):
        state.save()
    assert Checkpoints(tmp_path).latest().progress["step"] == 0
