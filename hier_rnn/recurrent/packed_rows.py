"""What both recurrent networks need to step through packed rows.

An iteration of a loop costs by itself as much as a small matrix product, and so does working out
the bounds of a slice; so an iteration takes several steps, and all bounds are worked out before the
loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

# Steps in one iteration. Twice as many gain nothing, half as many cost a hundredth, one alone a
# tenth (batches of 64).
UNROLL = 4


def pad_to_unroll(sizes: tf.Tensor) -> tf.Tensor:
    """Returns the sizes padded with steps of no rows to whole iterations of the loop.

    Args:
        sizes: Rows of each step, `(steps, ...)`.
    """
    missing = -tf.shape(sizes)[0] % UNROLL
    return tf.pad(sizes, [[0, missing], *[[0, 0]] * (sizes.shape.rank - 1)])


def unrolled(step: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
    """Returns a loop's body that takes several steps.

    Args:
        step: From the loop's variables to what they are a step later.
    """

    def body(*variables: Any) -> tuple[Any, ...]:
        for _ in range(UNROLL):
            variables = step(*variables)
        return variables

    return body


def slice_bounds(sizes: tf.Tensor, rank: int = 2) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns where each step's rows begin and how many they are, as `tf.slice` takes it.

    Args:
        sizes: Rows of each step, `(steps,)`.
        rank: Of the tensors to slice, of 1 and 2: shapes are `(steps, rank)`. Default 2.
    """
    columns = [[0, 0], [0, rank - 1]]
    begins = tf.pad(tf.cumsum(sizes, exclusive=True)[:, None], columns)
    return begins, tf.pad(sizes[:, None], columns, constant_values=-1)
