r"""Lines of text in bounded memory, whatever the file holds: one line of gigabytes included."""

from __future__ import annotations

import codecs
import contextlib
import gzip
import io
import re
import stat
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from hier_rnn.errors import UserError

PIECE = 1 << 20  # bytes read at a time; a longer line comes in pieces
LONGEST_LINE = 1 << 24  # characters held of one line, after its long cells are cut
ENDLESS_LINE = 1 << 30  # bytes of one line after which a file is no text
SAMPLE = 1 << 18  # bytes looked at to find out what a file is

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# First bytes that say what a file that is not UTF-8 really is.
_SIGNATURES = {
    b"\x1f\x8b": "it looks like gzip: end its name in .gz",
    b"\xff\xfe": "it looks like UTF-16: save it as UTF-8",
    b"\xfe\xff": "it looks like UTF-16: save it as UTF-8",
    b"PK": "it looks like a spreadsheet or ZIP archive: save it as CSV",
}


def read_lines(
    path: Path, keep: int = LONGEST_LINE, marks: str = "", end: str = "\n"
) -> Iterator[tuple[int, str]]:
    r"""Streams the lines of a UTF-8 text file, plain or (ending in `.gz`) gzipped.

    A byte order mark is left out. Of a line longer than a mebibyte, no more than `keep`
    characters in a row are kept between one of the marks and the next: a long cell is cut and
    the cells after it are still found.

    Args:
        path: A regular file.
        keep: Characters to keep at least. Default 16 Mi, which is the most that is held.
        marks: Characters that are never left out: delimiters and quotes. Default none.
        end: What ends a line: "\n" or "\r". Default "\n".

    Yields:
        The line's number, from 1, and the line with its end.

    Raises:
        UserError: The file can't be read or is not a regular file, its gzip data are damaged or
            cut short, a byte is not UTF-8, or a line does not end.
    """
    number, final = 0, end.encode()
    with _opened(path) as (file, lines_read):
        readline = file.readline if end == "\n" else _ReadlineCR(file)
        while raw := readline(PIECE):
            number += 1
            lines_read[0] = number
            if len(raw) < PIECE or raw.endswith(final):
                yield number, _decode(raw, path, number)
            else:
                pieces = _pieces(raw, readline, final)
                yield number, _long_line(pieces, path, number, keep, marks)


def read_sample(path: Path) -> tuple[str, bool]:
    """Reads the start of a text file to find out what it is.

    Args:
        path: A regular file.

    Returns:
        The text without its byte order mark, and whether the file goes on.

    Raises:
        UserError: As `read_lines`.
    """
    with _opened(path) as (file, _):
        raw = file.read(SAMPLE)
        more = bool(file.peek(1)) if len(raw) == SAMPLE else False
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        return decoder.decode(raw.removeprefix(BYTE_ORDER_MARK), final=not more), more
    except UnicodeDecodeError:
        lines = raw.split(b"\n")
        for number, line in enumerate(lines, start=1):
            _decode(line, path, number)  # raises at the line that is damaged
        raise AssertionError("a text is UTF-8 when each of its lines is") from None


def without_end(line: str) -> str:
    r"""The line without its `\n`, `\r\n` or `\r`."""
    if line.endswith("\n"):
        return line[:-2] if line.endswith("\r\n") else line[:-1]
    return line.removesuffix("\r")


def require_regular(path: Path) -> None:
    """Refuses what could keep a reader waiting for ever, and folders.

    Args:
        path: What is about to be opened.

    Raises:
        UserError: A named pipe, a device or a socket stands there, or it can't be looked at.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UserError(f"{path}: can't read it: {reason}.") from None
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        raise UserError(f"{path}: can't read it: Is a directory.")
    kind = "named pipe" if stat.S_ISFIFO(mode) else "device or socket"
    raise UserError(
        f"{path}: it is a {kind}, which may never end and can't be read twice. A regular file is"
        f" expected; what a command writes is read from standard input: write - and pipe it in."
    )


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[io.BufferedReader, list[int]]]:
    """Opens a text file's bytes; what goes wrong is told with the line after `lines_read[0]`."""
    lines_read = [0]
    try:
        require_regular(path)
        with open_bytes(path) as file:
            yield file, lines_read
    except EOFError:
        raise UserError(
            f"{path}:{lines_read[0] + 1}: the gzip data end too soon: the file is cut short."
        ) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UserError(
            f"{path}:{lines_read[0] + 1}: not gzip data, or damaged ({error})."
        ) from None
    except OSError as error:
        raise UserError(f"{path}: can't read it: {error.strerror or error}.") from None


def open_bytes(path: Path) -> io.BufferedReader:
    """Opens a file, plain or (ending in `.gz`) gzipped."""
    if path.name.lower().endswith(".gz"):
        # The buffer finds line ends in C; GzipFile's own iteration calls Python for each line.
        return io.BufferedReader(gzip.open(path), buffer_size=1 << 16)
    return open(path, "rb")


class _ReadlineCR:
    r"""`readline` for lines that end in `\r`, as old Macs wrote them."""

    def __init__(self, file: io.BufferedReader) -> None:
        self._file = file

    def __call__(self, size: int) -> bytes:
        line = b""
        while len(line) < size and not line.endswith(b"\r"):
            ahead = self._file.peek(1)[: size - len(line)]
            if not ahead:
                break
            line += self._file.read(ahead.find(b"\r") + 1 or len(ahead))
        return line


def _pieces(raw: bytes, readline: Callable[[int], bytes], final: bytes) -> Iterator[bytes]:
    yield raw
    while not raw.endswith(final) and (raw := readline(PIECE)):
        yield raw


def _long_line(pieces: Iterator[bytes], path: Path, number: int, keep: int, marks: str) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    borders = f"{marks}\r\n"
    ordinary = f"[^{re.escape(borders)}]"
    too_long = re.compile(f"({ordinary}{{{keep + 1}}}){ordinary}+")
    done: list[str] = []
    held, size, run = 0, 0, ""
    for piece in pieces:
        size += len(piece)
        if size > ENDLESS_LINE:
            raise UserError(
                f"{path}:{number}: the line does not end within {ENDLESS_LINE:,} bytes: it is no"
                " text with one example on each line."
            )
        if size == len(piece) and number == 1:
            piece = piece.removeprefix(BYTE_ORDER_MARK)
        try:
            text = decoder.decode(piece)
        except UnicodeDecodeError as error:
            raise UserError(
                f"{path}:{number}: not UTF-8: byte 0x{piece[error.start]:02x} (save it as UTF-8)."
            ) from None
        if len(run) > keep and not any(mark in text for mark in borders):
            continue  # it goes on with what is left out
        text = too_long.sub(r"\1", run + text)
        start = 1 + max(text.rfind(mark) for mark in borders)
        done.append(text[:start])
        run = text[start:]
        held += start
        if held > LONGEST_LINE:
            raise UserError(
                f"{path}:{number}: the line holds more than {LONGEST_LINE:,} characters even with"
                f" each text cut to {keep:,}."
            )
    return "".join((*done, run))


def _decode(raw: bytes, path: Path, number: int) -> str:
    start = len(BYTE_ORDER_MARK) if number == 1 and raw.startswith(BYTE_ORDER_MARK) else 0
    try:
        return raw[start:].decode("utf-8")
    except UnicodeDecodeError as error:
        hint = _SIGNATURES.get(raw[:2], "save it as UTF-8") if number == 1 else "save it as UTF-8"
        byte = raw[start + error.start]
        position = start + error.start + 1
        raise UserError(
            f"{path}:{number}: not UTF-8: byte 0x{byte:02x} at position {position} of the line"
            f" ({hint})."
        ) from None
