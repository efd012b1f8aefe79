"""TensorFlow with as many threads as every other model has."""

from __future__ import annotations

from hier_rnn.quiet import import_tensorflow


def start_tensorflow(threads: int) -> None:
    """Imports TensorFlow and limits its threads; to be called before anything is computed.

    Args:
        threads: For one operation, and for operations side by side.
    """
    import_tensorflow()
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
