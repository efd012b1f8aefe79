"""A command that trains as one of several workers: what it prints, and how it rejoins.

TensorFlow can't connect a process to a worker that came back, and a process that connects while a
worker goes hangs in it, where it hears nothing. So the command only watches: it trains in a process
of its own, and begins that again when a worker was lost. It goes on from the last checkpoint when
all are there.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType

from hier_rnn.commands.terminal.console import tell
from hier_rnn.configuration.options import Pretraining, Training
from hier_rnn.training.distribution.cluster import read_cluster
from hier_rnn.training.distribution.lost import WorkerLostError
from hier_rnn.training.interruption import SIGNALS

WATCHER = "HIER_RNN_WATCHER"
"""The environment variable that tells a training who watches it."""
BEGIN_AGAIN = 75  # EX_TEMPFAIL of sysexits.h
INTERRUPTED = 128 + signal.SIGINT
SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of Linux' prctl
SECONDS_BETWEEN_LOOKS = 0.5


def watched(options: Training | Pretraining) -> None:
    """Returns in the process that trains; in the one that was called, it never returns.

    Args:
        options: The options of the training.

    Raises:
        UserError: `TF_CONFIG` is missing or malformed.
        SystemExit: The training ended, with its status.
    """
    if options.distribute != "multi-worker":
        return
    cluster = read_cluster()
    if watcher := os.environ.pop(WATCHER, ""):
        _end_with(int(watcher))
    elif len(cluster.addresses) > 1:
        sys.exit(_watch(options))


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
def rejoining() -> Iterator[None]:
    """A context in which a training runs: if it loses a worker, the command begins it again.

    Raises:
        SystemExit: It lost a worker.
    """
    try:
        yield
    except WorkerLostError:
        sys.exit(BEGIN_AGAIN)


def _watch(options: Training | Pretraining) -> int:
    """Runs this command in another process until it need not begin again; returns its status."""
    command = [sys.executable, *sys.orig_argv[1:]]
    environment = {**os.environ, WATCHER: str(os.getpid())}
    alarm = getattr(signal, "SIGALRM", None)  # Windows has none
    interrupted = False
    while True:
        # In a session of its own: else a terminal's Ctrl-C would reach it twice.
        training = subprocess.Popen(command, env=environment, start_new_session=True)

        def pass_on(
            number: int, frame: FrameType | None, training: subprocess.Popen[bytes] = training
        ) -> None:
            nonlocal interrupted
            interrupted = True
            training.send_signal(number)

        for number in SIGNALS:
            signal.signal(number, pass_on)
        status = training.wait()
        if status != BEGIN_AGAIN and (alarm is None or status != -alarm):
            return status if status >= 0 else 128 - status
        if interrupted:
            return INTERRUPTED
        tell(
            f"{read_cluster().name}: another worker is gone. Waiting for it for"
            f" {options.worker_timeout:g} seconds, to go on from the last checkpoint."
        )
        command = [argument for argument in command if argument != "--force"]


def _end_with(watcher: int) -> None:
    """Makes sure that this process does not outlive the one that watches it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != watcher:
        os._exit(1)
    if sys.platform != "linux":
        threading.Thread(target=_look_after, args=(watcher,), daemon=True).start()


def _look_after(watcher: int) -> None:
    while os.getppid() == watcher:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    os._exit(1)
