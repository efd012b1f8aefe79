"""AdamW, clipping, factors, frozen weights and averages."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.configuration.options import Training
from hier_rnn.training.optimizer import Optimizer

SHAPES = {
    "character_encoder/gru_0/kernel": (3, 4),
    "character_encoder/gru_0/bias": (4,),
    "sentence_encoder/initial_state_0/forward/hidden": (4,),
    "sentence_encoder/attention/query": (4,),
    "head/kernel": (4, 2),
}
MATRICES = ["character_encoder/gru_0/kernel", "head/kernel"]


def numbers(seed: int) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(seed)
    return {name: draw.normal(size=shape).astype(np.float32) for name, shape in SHAPES.items()}


def made(**options) -> tuple[Optimizer, dict[str, keras.Variable]]:
    weights = {name: keras.Variable(values) for name, values in numbers(0).items()}
    defaults = {"clip_norm": 0, "weight_decay": 0}
    return Optimizer(Training.model_validate({**defaults, **options}), weights), weights


def after(steps: int = 3, rate: float = 0.1, names=SHAPES, scale: float = 1, **options):
    """The weights after some steps."""
    optimizer, weights = made(**options)
    for step in range(steps):
        gradients = {n: tf.constant(scale * g) for n, g in numbers(1 + step).items() if n in names}
        optimizer.apply(gradients, tf.constant(rate))
    return {name: weight.numpy() for name, weight in weights.items()}


def reference(steps: int = 3, rate: float = 0.1, decay: float = 0.0) -> dict[str, np.ndarray]:
    """Keras's AdamW on all weights."""
    weights = {name: keras.Variable(values) for name, values in numbers(0).items()}
    optimizer = keras.optimizers.AdamW(rate, weight_decay=decay, epsilon=1e-7)
    for step in range(steps):
        optimizer.apply(list(numbers(1 + step).values()), list(weights.values()))
    return {name: weight.numpy() for name, weight in weights.items()}


def test_it_is_adam():
    found, wanted = after(), reference()
    for name in SHAPES:
        np.testing.assert_allclose(found[name], wanted[name], atol=1e-5)


def test_weight_decay_is_adamws_and_for_matrices_alone():
    found, plain, decayed = after(weight_decay=0.2), after(), reference(decay=0.2)
    for name in SHAPES:
        np.testing.assert_allclose(
            found[name], decayed[name] if name in MATRICES else plain[name], atol=1e-5
        )
    assert not np.allclose(found["head/kernel"], plain["head/kernel"], atol=1e-3)


def test_clip_norm():
    optimizer, _ = made(clip_norm=0.5)
    assert optimizer.apply({n: tf.constant(g) for n, g in numbers(1).items()}, tf.constant(0.1))
    together = np.concatenate([g.ravel() for g in numbers(1).values()])
    # The first moment is a tenth of the gradient that was taken.
    taken = np.concatenate([m.numpy().ravel() for m in optimizer.first.values()]) * 10
    np.testing.assert_allclose(taken, together * 0.5 / np.linalg.norm(together), atol=1e-6)
    # Smaller gradients stay as they are.
    small, unclipped = after(scale=1e-3, clip_norm=0.5), after(scale=1e-3)
    for name in SHAPES:
        np.testing.assert_array_equal(small[name], unclipped[name])


def test_learning_rate_multipliers():
    found = after(learning_rate_multipliers={"head": 0.5, ".*/bias": 3.0})
    plain, half, triple = after(), after(rate=0.05), after(rate=0.3)
    for name in SHAPES:
        wanted = half if name == "head/kernel" else triple if name.endswith("bias") else plain
        np.testing.assert_allclose(found[name], wanted[name], atol=1e-6)


@pytest.mark.parametrize("frozen", MATRICES)
def test_a_frozen_weight_and_its_average_do_not_move_by_a_bit(frozen):
    optimizer, weights = made(weight_decay=0.2, moving_average=0.5)
    others = [name for name in SHAPES if name != frozen]
    everything = {n: tf.constant(g) for n, g in numbers(1).items()}
    optimizer.apply(everything, tf.constant(0.1))
    kept = weights[frozen].numpy(), optimizer.averages[frozen].numpy()
    assert not np.array_equal(*kept)
    for _ in range(3):
        optimizer.apply({name: everything[name] for name in others}, tf.constant(0.1))
    np.testing.assert_array_equal(weights[frozen].numpy(), kept[0])
    np.testing.assert_array_equal(optimizer.averages[frozen].numpy(), kept[1])
    assert float(optimizer.steps[frozen]) == 1 and float(optimizer.steps[others[0]]) == 4


def test_moving_average():
    optimizer, weights = made(moving_average=0.3)
    name = "head/kernel"
    average = weights[name].numpy()
    for step in range(5):
        optimizer.apply({name: tf.constant(numbers(step)[name])}, tf.constant(0.1))
        decay = min(0.3, (step + 2) / (step + 11))  # it rises at first
        average = decay * average + (1 - decay) * weights[name].numpy()
    np.testing.assert_allclose(optimizer.averages[name].numpy(), average, rtol=1e-5)
    # It changes what is averaged, not the steps.
    plain = after(5, moving_average=0)
    for name, values in after(5, moving_average=0.3).items():
        np.testing.assert_array_equal(values, plain[name])
    assert made(moving_average=0)[0].averages == {}


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38])  # the square of the last is infinite
def test_a_gradient_that_is_not_finite_moves_nothing(value):
    optimizer, weights = made(clip_norm=1.0, weight_decay=0.1, moving_average=0.9)
    gradients = numbers(1)
    gradients["head/kernel"][0, 0] = value
    moved = optimizer.apply({n: tf.constant(g) for n, g in gradients.items()}, tf.constant(0.1))
    assert not moved
    for name, values in numbers(0).items():
        np.testing.assert_array_equal(weights[name], values)
        np.testing.assert_array_equal(optimizer.averages[name], values)
        assert not optimizer.first[name].numpy().any() and not optimizer.steps[name].numpy()
