"""A stream of batches, packed in the background while the last one trains."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import tensorflow as tf

# Batches that are ready and wait.
AHEAD = 2


def packed_stream(
    columns: Callable[[], Iterable[tuple[Any, ...]]],
    signature: tuple[tf.TensorSpec, ...],
    pack: Callable[..., Any],
) -> tf.data.Dataset:
    """Returns the stream.

    Args:
        columns: Starts a new pass over the batches before packing; each is a tuple of arrays.
        signature: Types and shapes of the arrays.
        pack: Makes a packed batch of them, in TensorFlow operations.
    """
    data = tf.data.Dataset.from_generator(columns, output_signature=signature)
    data = data.map(pack, num_parallel_calls=1, deterministic=True).prefetch(AHEAD)
    # There is nothing to tune. Ending a stream that is tuned can take as long as its tuner sleeps:
    # 10 ms at first, then twice as long each time.
    options = tf.data.Options()
    options.autotune.enabled = False
    return data.with_options(options)
