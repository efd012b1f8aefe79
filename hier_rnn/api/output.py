"""Where a training writes that is told no place."""

from __future__ import annotations

import tempfile
from pathlib import Path

_kept: list[tempfile.TemporaryDirectory[str]] = []
"""Each is removed when it is no longer referred to, which is when Python ends."""


def output_directory(out: str | Path | None) -> Path:
    """Returns where to write: `out`, or a temporary directory that is gone when Python ends."""
    if out is not None:
        return Path(out)
    _kept.append(tempfile.TemporaryDirectory(prefix="hier_rnn-"))
    return Path(_kept[-1].name) / "run"
