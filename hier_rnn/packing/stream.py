"""A stream of batches, packed in the background while the last one trains."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import tensorflow as tf

# Batches that are ready and wait.
AHEAD = 2


class PackedStream:
    """Batches, packed; each time it is gone through, all of them.

    Args:
        columns: Starts a new pass over the batches before packing; each is a tuple of arrays.
        signature: Types and shapes of the arrays.
        pack: Makes a packed batch of them, in TensorFlow operations.

    Attributes:
        data: The stream as TensorFlow has it; it ends with this object.
    """

    def __init__(
        self,
        columns: Callable[[], Iterable[tuple[Any, ...]]],
        signature: tuple[tf.TensorSpec, ...],
        pack: Callable[..., Any],
    ) -> None:
        self._columns = columns
        stream = weakref.ref(self)

        def begun() -> Iterable[tuple[Any, ...]]:
            alive = stream()
            assert alive is not None  # whoever goes through it holds it
            return alive._columns()

        # TensorFlow keeps this function for ever, and would keep the batches with it.
        data = tf.data.Dataset.from_generator(begun, output_signature=signature)
        # There is no Python in it to convert, and looking for some takes as long as tracing.
        pack = tf.autograph.experimental.do_not_convert(pack)
        data = data.map(pack, num_parallel_calls=1, deterministic=True).prefetch(AHEAD)
        # There is nothing to tune. Ending a stream that is tuned can take as long as its tuner
        # sleeps: 10 ms at first, then twice as long each time.
        options = tf.data.Options()
        options.autotune.enabled = False
        # A thread of its own: packing would take turns with the step in the step's threads.
        options.threading.private_threadpool_size = 1
        options.threading.max_intra_op_parallelism = 1
        self.data = data.with_options(options)

    @property
    def element_spec(self) -> Any:
        """Types and shapes of a packed batch."""
        return self.data.element_spec

    def __iter__(self) -> Iterator[Any]:
        yield from self.data
