"""Text and tables drawn for a person, on standard output or standard error."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterable
from typing import Any, TextIO


def draw(*parts: Any) -> None:
    """Draws text and tables on standard output: colours on a terminal only, nothing ever cut.

    Args:
        *parts: Strings, rich's texts, or `Table`s, one below the other.
    """
    _draw(parts, sys.stdout)


def draw_messages(*parts: Any) -> None:
    """Draws as `draw` does, on standard error, and goes on where nobody reads it."""
    with contextlib.suppress(OSError):
        _draw(parts, sys.stderr)


def _draw(parts: Iterable[Any], stream: TextIO) -> None:
    # Not above: help and mistakes shall not wait for rich.
    from hier_rnn.commands.drawing.table import Table, new_console

    drawn = io.StringIO()
    console = new_console(stream if stream.isatty() else drawn)
    for part in parts:
        if isinstance(part, Table):
            part.draw(console)
        else:
            console.print(part)
    stream.writelines(f"{line.rstrip()}\n" for line in drawn.getvalue().splitlines())
