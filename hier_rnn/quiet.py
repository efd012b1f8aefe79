"""`import_tensorflow`: TensorFlow without the lines it writes while it starts."""

from __future__ import annotations

import os
import sys
import tempfile

from hier_rnn.errors import UserError
from hier_rnn.threads import share_out_threads

_forked_from: int | None = None


def _note_fork() -> None:
    """TensorFlow's threads stay behind in the parent: the child would wait for them for ever."""
    global _forked_from
    if "tensorflow" in sys.modules:
        _forked_from = os.getppid()


if hasattr(os, "register_at_fork"):  # where there is fork
    os.register_at_fork(after_in_child=_note_fork)


def import_tensorflow() -> None:
    """Imports TensorFlow, shares out its threads, and hides what it writes at start-up.

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
    if "tensorflow" in sys.modules:
        return
    if os.environ.get("TF_CPP_MIN_LOG_LEVEL") == "3":
        _import_quietly()
    share_out_threads()


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
