"""Standard input as a source, `-`: kept in a temporary file, since a source is read many times."""

from __future__ import annotations

import atexit
import functools
import logging
import os
import re
import sys
import tempfile
from pathlib import Path

from hier_rnn.errors import UserError
from hier_rnn.lines import ENDLESS_LINE, PIECE, read_sample
from hier_rnn.sources.fasttext import PREFIX

logger = logging.getLogger(__name__)


@functools.cache
def standard_input() -> Path:
    """Copies standard input to a temporary file, once; it goes when the process ends.

    Raises:
        UserError: Standard input is closed or a terminal, or there is no room for it.
    """
    if sys.stdin is None or sys.stdin.closed:
        raise UserError("-: standard input is closed.")
    if sys.stdin.isatty():
        raise UserError("-: standard input is a terminal: redirect a file or pipe into it.")
    handle, name = tempfile.mkstemp(prefix="hier_rnn-", suffix=".stdin")
    path = Path(name)
    atexit.register(path.unlink, missing_ok=True)
    logger.info("standard input is read to its end into %s.", path)
    try:
        with os.fdopen(handle, "wb") as file:
            line = 0
            while piece := sys.stdin.buffer.read(PIECE):
                file.write(piece)
                end = max(piece.rfind(b"\n"), piece.rfind(b"\r"))
                line = line + len(piece) if end < 0 else len(piece) - end
                if line > ENDLESS_LINE:
                    raise UserError(f"-: a line does not end within {ENDLESS_LINE:,} bytes.")
    except OSError as error:
        path.unlink(missing_ok=True)
        raise UserError(
            f"-: can't keep standard input in {path.parent}: {error.strerror or error}."
        ) from None
    return path


def looks_like(path: Path, labelled: bool) -> str:
    """Returns what a text without a telling name looks like: `.jsonl`, `.txt` or `.tsv`.

    Args:
        path: The file.
        labelled: Whether it has labels: then a table is likelier than one text on each line.
    """
    sample, more = read_sample(path)
    lines = [line for line in sample.split("\n")[: -1 if more else None] if line.strip()]
    if lines and all(line.lstrip().startswith("{") for line in lines):
        return ".jsonl"
    if any(line.lstrip().startswith(PREFIX) for line in lines):
        return ".txt"
    table = labelled or (lines and all("\t" in line for line in lines)) or _named(lines)
    return ".tsv" if table else ".txt"


def _named(lines: list[str]) -> bool:
    """Whether the first line is the header of a table with a column `text`."""
    return bool(lines) and "text" in re.split(r'[",;|\t\r]+', lines[0].casefold())
