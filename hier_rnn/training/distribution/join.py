"""How a process comes to train together with others: `training.distribute`."""

from __future__ import annotations

import functools
import signal
from typing import Literal

import tensorflow as tf

from hier_rnn.errors import UserError
from hier_rnn.training.distribution.cluster import Cluster, read_cluster
from hier_rnn.training.distribution.gathering import gather
from hier_rnn.training.distribution.workers import ALONE, Workers

HEARTBEAT_SECONDS = 30
"""A worker that was silent for so long is gone; a busy machine may be silent for ten."""

CONNECT_SECONDS = 60
"""That connecting may take when all are there; it takes one or two."""


def join(distribute: Literal["none", "mirrored", "multi-worker"], seconds: float) -> Workers:
    """Returns the workers that train together.

    Args:
        distribute: `none`; `mirrored`, on all GPUs of this machine, or where there is none, on all
            logical devices of its processor; or `multi-worker`, as `TF_CONFIG` says.
        seconds: How long to wait for the others.

    Raises:
        UserError: `TF_CONFIG` is missing or malformed, somebody did not come, or this process has
            used TensorFlow before.
    """
    if distribute == "none":
        return ALONE
    if distribute == "mirrored":
        devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
        return Workers(_mirrored(tuple(device.name for device in devices)))
    cluster = read_cluster()
    return Workers(_connected(cluster, seconds), cluster.number, len(cluster.addresses))


@functools.cache  # TensorFlow takes a second one's sums for those of the first
def _mirrored(devices: tuple[str, ...]) -> tf.distribute.Strategy:
    return tf.distribute.MirroredStrategy(devices)


@functools.cache  # a process can do so once
def _connected(cluster: Cluster, seconds: float) -> tf.distribute.Strategy:
    gather(cluster, seconds)
    if len(cluster.addresses) > 1:
        _notice_silence(cluster)
    # Who is gone just now keeps the others waiting for ever in TensorFlow, where they hear nothing.
    # SIGALRM ends this process, and the command, which watches it, begins it again.
    if hasattr(signal, "alarm"):
        signal.alarm(max(1, round(min(CONNECT_SECONDS, seconds / 2))))
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except (RuntimeError, tf.errors.OpError) as error:
        raise UserError(
            "training.distribute multi-worker: TensorFlow can't connect the workers:"
            f" {str(error).splitlines()[0]} The process must not have computed with TensorFlow"
            " before."
        ) from None
    finally:
        if hasattr(signal, "alarm"):
            signal.alarm(0)


def _notice_silence(cluster: Cluster) -> None:
    """Sets how long a worker may be silent: TensorFlow has no public option for it."""
    from tensorflow.compiler.xla.tsl.protobuf import coordination_config_pb2
    from tensorflow.python.eager import context

    workers = len(cluster.addresses) - cluster.chief_job
    jobs = [coordination_config_pb2.CoordinatedJob(name="worker", num_tasks=workers)]
    if cluster.chief_job:
        jobs.insert(0, coordination_config_pb2.CoordinatedJob(name="chief", num_tasks=1))
    context.context().configure_coordination_service(
        service_type="standalone",
        service_leader=f"/job:{jobs[0].name}/replica:0/task:0",
        coordinated_jobs=jobs,
        heartbeat_timeout_in_ms=1000 * HEARTBEAT_SECONDS,
    )
