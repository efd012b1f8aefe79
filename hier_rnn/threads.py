"""How TensorFlow shares out the processors."""

from __future__ import annotations

import os


def share_out_threads(processors: int | None = None) -> None:
    """Gives each operation half of the processors, since operations come in twos.

    The two halves of a trie, the two directions of an LSTM and two batches of inference are
    computed side by side. On two processors an operation that waits for nobody is a sixth faster
    in all than one split between both. Does nothing once TensorFlow has computed something.

    Args:
        processors: How many to use; default, those that the process may run on.
    """
    import tensorflow as tf

    processors = processors or _available()
    try:
        tf.config.threading.set_intra_op_parallelism_threads(max(1, processors // 2))
        tf.config.threading.set_inter_op_parallelism_threads(processors)
    except RuntimeError:  # whoever computed with TensorFlow before has decided
        return


def _available() -> int:
    if hasattr(os, "sched_getaffinity"):  # not on every system
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
