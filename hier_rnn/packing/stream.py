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
        columns: Begins the batches as they are before packing, a tuple of arrays each.
        signature: Types and shapes of the arrays.
        pack: Makes a packed batch of them, in TensorFlow operations.
    """
    data = tf.data.Dataset.from_generator(columns, output_signature=signature)
    data = data.map(pack, num_parallel_calls=1, deterministic=True).prefetch(AHEAD)
    # There is nothing to tune, and who ends a stream that is tuned may have to wait until the
    # tuner looks up the next time: after 10 ms at first, then after twice as long each time.
    options = tf.data.Options()
    options.autotune.enabled = False
    return data.with_options(options)
