"""On which devices a training computes."""

from __future__ import annotations

import tensorflow as tf

from hier_rnn.training.distribution.workers import Workers


def devices() -> str:
    """Returns what this process computes on, for people: the graphics cards, or the processor."""
    cards = tf.config.list_physical_devices("GPU")
    if not cards:
        threads = tf.config.threading.get_inter_op_parallelism_threads()
        return f"the processor ({threads} threads)" if threads else "the processor"
    names = [tf.config.experimental.get_device_details(card).get("device_name") for card in cards]
    return ", ".join(f"GPU {i} ({name or 'unnamed'})" for i, name in enumerate(names))


def where(workers: Workers) -> str:
    """Returns where a training computes, for people.

    Args:
        workers: Who trains together.
    """
    here = devices()
    replicas = len(workers.shares)
    if not replicas:  # TensorFlow puts everything on the first card
        here = here.split(", ")[0]
    elif replicas > 1:
        here = f"{replicas} devices of {here}, each with a share of every batch"
    if workers.count > 1:
        return f"{workers.count} workers, each with a share of every batch; this one on {here}"
    return here
