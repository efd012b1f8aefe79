"""The loop over packed rows: where each step's rows are, and several steps in one turn.

What a turn of a loop costs by itself is as much as a small matrix product, and so is working out
the bounds of a slice; so a turn takes several steps, and all bounds are worked out before it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

# Twice as many gain nothing, half as many cost a hundredth, one alone a tenth (batches of 64).
STEPS = 4


def whole_turns(sizes: tf.Tensor) -> tf.Tensor:
    """Returns the sizes with steps of no rows after the last, so that turns come out even.

    Args:
        sizes: Rows of each step, `(steps, ...)`.
    """
    missing = -tf.shape(sizes)[0] % STEPS
    return tf.pad(sizes, [[0, missing], *[[0, 0]] * (sizes.shape.rank - 1)])


def turn(step: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
    """Returns a loop's body that takes several steps.

    Args:
        step: From the loop's variables to what they are a step later.
    """

    def body(*variables: Any) -> tuple[Any, ...]:
        for _ in range(STEPS):
            variables = step(*variables)
        return variables

    return body


def bounds(sizes: tf.Tensor, rank: int = 2) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns where each step's rows begin and how many they are, as `tf.slice` takes it.

    Args:
        sizes: Rows of each step, `(steps,)`.
        rank: Of the tensors to slice, of 1 and 2: shapes are `(steps, rank)`. Default 2.
    """
    columns = [[0, 0], [0, rank - 1]]
    begins = tf.pad(tf.cumsum(sizes, exclusive=True)[:, None], columns)
    return begins, tf.pad(sizes[:, None], columns, constant_values=-1)
