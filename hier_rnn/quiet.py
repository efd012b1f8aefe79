"""`import_tensorflow`: TensorFlow without the lines it writes while it starts."""

from __future__ import annotations

import os
import sys
import tempfile

from hier_rnn.threads import share_out_threads


def import_tensorflow() -> None:
    """Imports TensorFlow, shares out its threads, and hides what it writes at start-up.

    Its oneDNN and CUDA notices are written by static initializers, to file descriptor 2 and at any
    `TF_CPP_MIN_LOG_LEVEL`, so the descriptor is redirected while the import lasts. They are shown
    when the import fails, and when `TF_CPP_MIN_LOG_LEVEL` is set to 0, 1 or 2.
    """
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
