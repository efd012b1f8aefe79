"""Sums and rows over all replicas of a model that compute shares of one batch (`tf.distribute`).

A loss is a mean over the whole batch: each replica divides the sum of its own rows by the count of
everyone's, so that the sum over the replicas is the loss. Where there is one replica, nothing is
added to the graph.
"""

from __future__ import annotations

import tensorflow as tf


def _context() -> tf.distribute.ReplicaContext | None:
    """The replica that is computed; None where it is the only one."""
    context = tf.distribute.get_replica_context()
    return context if context is not None and context.num_replicas_in_sync > 1 else None


def total(value: tf.Tensor) -> tf.Tensor:
    """Returns the sum of all replicas' values; no gradient goes through it.

    Args:
        value: Of this replica.
    """
    context = _context()
    return value if context is None else context.all_reduce("SUM", tf.stop_gradient(value))


def mean(values: tf.Tensor) -> tf.Tensor:
    """Returns the mean over all replicas' values, as far as this replica's have a part in it.

    Args:
        values: Of this replica, `(rows,)`; there may be none.
    """
    if _context() is None:
        return tf.reduce_mean(values)
    return tf.reduce_sum(values) / total(tf.cast(tf.size(values), values.dtype))


def everyone(rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor | int]:
    """Returns the rows of all replicas one after the other, and where those of this one begin.

    The gradient goes through it.

    Args:
        rows: Of this replica, `(rows, width)`.
    """
    context = _context()
    if context is None:
        return rows, 0
    rows = tf.identity(rows)  # what a function is given is on no device, where nothing is gathered
    sizes = context.all_gather(tf.shape(rows)[:1], axis=0)
    number = context.replica_id_in_sync_group
    return context.all_gather(rows, axis=0), tf.reduce_sum(sizes[:number])
