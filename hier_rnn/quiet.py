"""`import_tensorflow`: TensorFlow without the lines it writes while it starts."""

from __future__ import annotations

import os
import sys
import tempfile


def import_tensorflow() -> None:
    """Imports TensorFlow so that what its libraries write at start-up is not seen.

    Its oneDNN and CUDA notices are written by static initializers, to file descriptor 2 and at any
    `TF_CPP_MIN_LOG_LEVEL`, so the descriptor is redirected while the import lasts. They are shown
    when the import fails, and when `TF_CPP_MIN_LOG_LEVEL` is set to 0, 1 or 2.
    """
    if "tensorflow" in sys.modules or os.environ.get("TF_CPP_MIN_LOG_LEVEL") != "3":
        return
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
