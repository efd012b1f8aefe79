"""How this package starts TensorFlow: quietly, and with the processors shared out.

Nothing is set before `import_tensorflow` is called, and what a program has set itself stays.
"""

from __future__ import annotations

import os
import sys
import tempfile

from hier_rnn.errors import UserError

_forked_from: int | None = None


def _note_fork() -> None:
    """TensorFlow's threads stay behind in the parent: the child would wait for them for ever."""
    global _forked_from
    if "tensorflow" in sys.modules:
        _forked_from = os.getppid()


if hasattr(os, "register_at_fork"):  # where there is fork
    os.register_at_fork(after_in_child=_note_fork)


def import_tensorflow() -> None:
    """Imports TensorFlow, hides what it writes at start-up, and shares out the processors.

    Whether the program had imported it before makes no difference to the threads. Those that it
    has set stay, and once something was computed they cannot change.

    Its oneDNN and CUDA notices are written by static initializers, to file descriptor 2 and at any
    `TF_CPP_MIN_LOG_LEVEL`, so the descriptor is redirected while the import lasts. They are shown
    when the import fails, and when `TF_CPP_MIN_LOG_LEVEL` is set to 0, 1 or 2.

    Raises:
        UserError: This process was forked from one that had imported TensorFlow.
    """
    if _forked_from is not None:
        raise UserError(
            f"TensorFlow does not survive a fork: process {_forked_from} imported it before it was"
            f" forked into this one, {os.getpid()}. Load in each process, after it has begun: with"
            " multiprocessing.get_context('spawn'), or without gunicorn's --preload."
        )
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    if "tensorflow" not in sys.modules and os.environ["TF_CPP_MIN_LOG_LEVEL"] == "3":
        _import_quietly()
    from tensorflow import config

    threading = config.threading
    if not (
        threading.get_intra_op_parallelism_threads() or threading.get_inter_op_parallelism_threads()
    ):
        share_out_threads(_available())


def share_out_threads(processors: int) -> None:
    """Gives each operation half of the processors, since operations come in twos.

    The two halves of a trie, the two directions of an LSTM and two batches of inference are
    computed side by side. On two processors an operation that waits for nobody is a sixth faster
    in all than one split between both. Does nothing once TensorFlow has computed something.

    Args:
        processors: How many to use.
    """
    import tensorflow as tf

    try:
        tf.config.threading.set_intra_op_parallelism_threads(max(1, processors // 2))
        tf.config.threading.set_inter_op_parallelism_threads(processors)
    except RuntimeError:  # whoever computed with TensorFlow before has decided
        return


def _available() -> int:
    if hasattr(os, "sched_getaffinity"):  # not on every system
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _import_quietly() -> None:
    sys.stderr.flush()
    terminal = os.dup(2)
    imported = False
    with tempfile.TemporaryFile() as written:
        os.dup2(written.fileno(), 2)
        try:
            import tensorflow  # noqa: F401

            imported = True
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)
            if not imported:
                written.seek(0)
                os.write(2, written.read())
