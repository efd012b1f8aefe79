"""A checkout is not on the import path by accident, nor what lies in it: a stranger's run, say."""

from __future__ import annotations

import sys
from pathlib import Path


def leave_import_path(folder: Path) -> None:
    """Takes the folder that Python put first on the import path from there.

    Python puts the folder of a script, or with `-m` the current one, before everything else. Once
    hier_rnn itself is imported, nothing that we need is found by it.

    Args:
        folder: That folder; any other one is left where it is.
    """
    if sys.path and Path(sys.path[0] or ".").resolve() == folder.resolve():
        del sys.path[0]
