"""Lines of a file or of standard input, in batches, as soon as they are there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from hier_rnn.errors import UserError
from hier_rnn.files import read_lines

STANDARD_INPUT = Path("-")
LINES_AT_ONCE = 1024
BYTES_AT_ONCE = 1 << 16


def batches_of_lines(path: Path) -> Iterator[list[str]]:
    """Streams the lines of a file in batches; from standard input, whatever lines have come.

    Args:
        path: A UTF-8 text file, plain or `.gz`; `-` is standard input.

    Raises:
        UserError: The file cannot be read, or is not UTF-8.
    """
    if path == STANDARD_INPUT:
        yield from _standard_input()
        return
    lines = (line for _, line in read_lines(path))
    while batch := list(islice(lines, LINES_AT_ONCE)):
        yield batch


def _standard_input() -> Iterator[list[str]]:
    """`read1` gives what a pipe or a terminal holds: a line typed is answered at once."""
    rest, number = b"", 0
    while chunk := sys.stdin.buffer.read1(BYTES_AT_ONCE):
        *lines, rest = (rest + chunk).split(b"\n")
        if lines:
            yield [_decoded(line, number + ahead) for ahead, line in enumerate(lines, start=1)]
            number += len(lines)
    if rest:
        yield [_decoded(rest, number + 1)]


def _decoded(line: bytes, number: int) -> str:
    try:
        return line.removesuffix(b"\r").decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise UserError(
            f"standard input, line {number}: not UTF-8: byte 0x{line[error.start]:02x} at position"
            f" {error.start + 1}."
        ) from None
