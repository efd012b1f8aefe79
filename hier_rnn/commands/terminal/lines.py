"""Lines of a file or of standard input, in batches: as soon as they are there, or many at once."""

from __future__ import annotations

import codecs
import gzip
import logging
import os
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from io import BufferedIOBase
from pathlib import Path
from typing import cast

from hier_rnn.commands.terminal.console import STANDARD_STREAM
from hier_rnn.errors import UserError
from hier_rnn.lines import open_bytes

LINES_AT_ONCE = 4096
BYTES_AT_ONCE = 1 << 16
MAXIMUM_LINE = 10_000_000
ENDLESS_LINE = 1 << 30  # then it is no text: a device

logger = logging.getLogger(__name__)


def batches_of_lines(path: Path) -> Iterator[list[str]]:
    r"""Streams the lines of a file in batches; from a pipe or a terminal, whatever lines have come.

    A line ends in `\n` or `\r\n`. What a line has beyond 10,000,000 bytes is left out, and said.

    Args:
        path: A UTF-8 text file, plain or `.gz`; `-` is standard input.

    Raises:
        UserError: The file cannot be read, is not UTF-8, or has a line without end.
    """
    name = "standard input" if path == STANDARD_STREAM else str(path)
    try:
        with _opened(path) as file:
            whole = path != STANDARD_STREAM or stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            read = file.read if whole else file.read1
            number, batch = 0, []
            for lines in _split(read, name):
                for raw, skipped in lines:
                    number += 1
                    batch.append(_decoded(raw, name, number, skipped))
                    if whole and len(batch) == LINES_AT_ONCE:
                        yield batch
                        batch = []
                if batch and not whole:
                    yield batch
                    batch = []
            if batch:
                yield batch
    except EOFError:
        raise UserError(
            f"{name}:{number + 1}: the gzip data end too soon: the file is cut short."
        ) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UserError(f"{name}:{number + 1}: not gzip data, or damaged ({error}).") from None
    except OSError as error:
        if error.filename is None and isinstance(error, BrokenPipeError):
            raise  # of whoever writes the answers
        raise UserError(f"{name}: can't read it: {error.strerror or error}.") from None


def waits_for_lines(path: Path) -> bool:
    """Whether a person types the lines."""
    return path == STANDARD_STREAM and sys.stdin is not None and sys.stdin.isatty()


def _opened(path: Path) -> BufferedIOBase:
    if path != STANDARD_STREAM:
        return open_bytes(path)
    if sys.stdin is None:
        raise UserError("Standard input is closed: name a FILE, or give --text.")
    return cast(BufferedIOBase, sys.stdin.buffer)


def _split(read: Callable[[int], bytes], name: str) -> Iterator[list[tuple[bytes, int]]]:
    """Yields, for each piece that is read, the lines it completes and how much of each was cut.

    A line without end is gathered piece by piece, and no further than `MAXIMUM_LINE`.
    """
    pieces: list[bytes] = []
    size = 0

    def completed(piece: bytes) -> tuple[bytes, int]:
        line = b"".join(pieces) + piece[: max(0, MAXIMUM_LINE - size)]
        cut = size + len(piece) - min(MAXIMUM_LINE, size + len(piece))
        return line, cut

    while chunk := read(BYTES_AT_ONCE):
        first, *others = chunk.split(b"\n")
        if not others:
            if size < MAXIMUM_LINE:
                pieces.append(first[: MAXIMUM_LINE - size])
            size += len(first)
            if size > ENDLESS_LINE:
                raise UserError(
                    f"{name}: a line does not end within {ENDLESS_LINE:,} bytes: it is no text with"
                    " one on each line."
                )
            continue
        *whole, last = others
        yield [completed(first), *((line, 0) for line in whole)]
        pieces, size = [last], len(last)
    if size:
        yield [completed(b"")]


def _decoded(line: bytes, name: str, number: int, cut: int) -> str:
    line = line.removesuffix(b"\r")
    if number == 1:
        line = line.removeprefix(codecs.BOM_UTF8)
    try:
        if not cut:
            return line.decode("utf-8")
        logger.warning(
            "%s, line %d: %s bytes; only its first %s are read",
            *(name, number, f"{len(line) + cut:,}", f"{MAXIMUM_LINE:,}"),
        )
        # The cut may go through a character.
        return codecs.getincrementaldecoder("utf-8")().decode(line)
    except UnicodeDecodeError as error:
        raise UserError(
            f"{name}, line {number}: not UTF-8: byte 0x{line[error.start]:02x} at position"
            f" {error.start + 1} (save it as UTF-8)."
        ) from None
