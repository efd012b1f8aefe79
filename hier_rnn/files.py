"""Output files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from hier_rnn.errors import UserError


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
