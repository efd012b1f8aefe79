"""Files: text lines read as a stream, and output written whole or not at all."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import stat
import uuid
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from hier_rnn.errors import UserError

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
LONGEST_LINE = 1 << 24  # bytes of a line

# First bytes that say what a file that is not UTF-8 really is.
_SIGNATURES = {
    b"\x1f\x8b": "it looks like gzip: end its name in .gz",
    b"\xff\xfe": "it looks like UTF-16: save it as UTF-8",
    b"\xfe\xff": "it looks like UTF-16: save it as UTF-8",
}


def read_lines(path: str | Path, keep_ends: bool = False) -> Iterator[tuple[int, str]]:
    r"""Streams the lines of a UTF-8 text file, plain or (ending in `.gz`) gzipped.

    A line ends in `\n` or `\r\n` and in nothing else; a byte order mark is left out.

    Args:
        path: A regular file.
        keep_ends: Leave each line its `\n` or `\r\n`.

    Yields:
        The line's number, from 1, and the line.

    Raises:
        UserError: The file can't be read or is not a regular file, its gzip data are damaged or
            cut short, a byte is not UTF-8, or a line is longer than 16 MiB.
    """
    number = 0
    try:
        require_regular(Path(path))
        with _open_bytes(path) as file:
            lines = iter(lambda: file.readline(LONGEST_LINE + 1), b"")
            for number, raw in enumerate(lines, start=1):
                if len(raw) > LONGEST_LINE:
                    raise UserError(
                        f"{path}:{number}: the line does not end within {LONGEST_LINE:,} bytes."
                    )
                line = _decode(raw, path, number)
                if not keep_ends and line.endswith("\n"):
                    line = line[:-2] if line.endswith("\r\n") else line[:-1]
                yield number, line
    except EOFError:
        raise UserError(
            f"{path}:{number + 1}: the gzip data end too soon: the file is cut short."
        ) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UserError(f"{path}:{number + 1}: not gzip data, or damaged ({error}).") from None
    except OSError as error:
        raise UserError(f"{path}: can't read it: {error.strerror or error}.") from None


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
def write_atomically(path: str | Path, mode: str = "w") -> Iterator[IO[Any]]:
    """Opens a file that appears under its name whole, once the block ends well, or not at all.

    Missing folders on the way are made. What is not a regular file (`/dev/stdout`, a named pipe)
    is written directly.

    Args:
        path: The file to write; one that exists is replaced.
        mode: "w" for UTF-8 text (line ends are written as given) or "wb" for bytes.

    Raises:
        UserError: The file can't be written: no space left, no permission, a folder in its place.
    """
    path = Path(path)
    encoding = None if "b" in mode else "utf-8"
    newline = None if "b" in mode else ""
    directly = path.exists() and not path.is_file() and not path.is_dir()
    # A symbolic link stays one: what it points to is replaced.
    target = path if directly else Path(os.path.realpath(path))
    temporary = target if directly else target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}")
    if target.is_dir():
        raise UserError(f"{path}: can't write it: it is a folder.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, mode, encoding=encoding, newline=newline) as file:
            yield file
            file.flush()
            if not directly:
                os.fsync(file.fileno())
        if not directly:
            os.replace(temporary, target)
    except OSError as error:
        # An error about some other file, raised inside the block, is not ours to tell.
        ours = (temporary, target, *target.parents)
        if error.filename is not None and Path(error.filename) not in ours:
            raise
        raise UserError(f"{path}: can't write it: {error.strerror or error}.") from None
    finally:
        if not directly:
            with contextlib.suppress(OSError):
                temporary.unlink()


def _open_bytes(path: str | Path) -> IO[bytes]:
    if str(path).lower().endswith(".gz"):
        # The buffer finds line ends in C; GzipFile's own iteration calls Python for each line.
        return io.BufferedReader(gzip.open(path), buffer_size=1 << 16)
    return open(path, "rb")


def _decode(raw: bytes, path: str | Path, number: int) -> str:
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
