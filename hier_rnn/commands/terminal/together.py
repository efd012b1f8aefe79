"""A command that trains as one of several workers: what it prints, and how it rejoins.

TensorFlow can't connect a process to a worker that came back. So a process whose training lost a
worker begins its own command again, in place, and goes on from the last checkpoint when all are
there.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

from hier_rnn.commands.terminal.console import tell
from hier_rnn.configuration.options import Pretraining, Training
from hier_rnn.training.distribution.cluster import read_cluster
from hier_rnn.training.distribution.lost import WorkerLostError

FIRST_OWN_DESCRIPTOR = 3  # after standard input, output and error


def leads(options: Training | Pretraining) -> bool:
    """Returns whether this process tells how the training goes; another says who does.

    Args:
        options: The options of the training.

    Raises:
        UserError: `TF_CONFIG` is missing or malformed.
    """
    if options.distribute != "multi-worker":
        return True
    cluster = read_cluster()
    if cluster.number:
        tell(f"{cluster.name} trains; the chief, {cluster.addresses[0]}, tells how it goes.")
    return not cluster.number


@contextlib.contextmanager
def rejoining(options: Training | Pretraining) -> Iterator[None]:
    """A context in which a training runs: if it loses a worker, the command begins again.

    Args:
        options: The options of the training.
    """
    try:
        yield
    except WorkerLostError:
        tell(
            f"{read_cluster().name}: another worker is gone. Waiting for it for"
            f" {options.worker_timeout:g} seconds, to go on from the last checkpoint."
        )
        _begin_again()


def _begin_again() -> None:
    """Begins this process's command again in its place; what was written stays."""
    sys.stdout.flush()
    sys.stderr.flush()
    for descriptor in map(int, os.listdir("/dev/fd")):
        if descriptor >= FIRST_OWN_DESCRIPTOR:
            with contextlib.suppress(OSError):  # the listing's own is closed
                os.set_inheritable(descriptor, False)
    command = [argument for argument in sys.orig_argv[1:] if argument != "--force"]
    os.execv(sys.executable, [sys.executable, *command])
