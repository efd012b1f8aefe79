"""TensorFlow with as many threads as every other model has."""

from __future__ import annotations

from hier_rnn.tensorflow_setup import import_tensorflow, share_out_threads


def start_tensorflow(threads: int, shared_out: bool = True) -> None:
    """Imports TensorFlow and limits its threads; to be called before anything is computed.

    Args:
        threads: In all.
        shared_out: As hier_rnn shares them out; or else all for one operation, as TensorFlow does.
    """
    import_tensorflow()
    if shared_out:
        share_out_threads(threads)
        return
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
