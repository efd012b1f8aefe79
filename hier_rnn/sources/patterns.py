"""Files by pattern: `reviews-*.txt.gz` is all files of such names, in their order."""

from __future__ import annotations

import os
from collections.abc import Sequence
from glob import glob, has_magic

from hier_rnn.errors import UserError


def expanded(specs: Sequence[str]) -> tuple[str, ...]:
    """Returns sources with each pattern replaced by the files that match it, sorted.

    What is there under the very name, and `tfds:NAME:SPLIT[:90%]`, is no pattern.

    Args:
        specs: As the user wrote them.

    Raises:
        UserError: A pattern that no file matches.
    """
    return tuple(name for spec in specs for name in _matching(spec))


def _matching(spec: str) -> Sequence[str]:
    if spec.startswith("tfds:") or not has_magic(spec) or os.path.lexists(spec):
        return (spec,)
    found = sorted(glob(spec, recursive=True))
    if not found:
        raise UserError(f"{spec}: no file matches the pattern.")
    return found
