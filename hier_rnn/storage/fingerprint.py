"""`fingerprint`: by which the same data are known at another place, and other data at the same."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

from hier_rnn.errors import UserError
from hier_rnn.storage.manifest import MANIFEST

BYTES_AT_ONCE = 1 << 20
UNKNOWN = ""


def fingerprint(source: str) -> str:
    """Returns a checksum of the content of a source, wherever it is.

    A TensorFlow data set is known by its name; a folder by the names and the content of its files;
    an encoder or run directory by its manifest. Nothing is known of a pipe, which can be read but
    once.

    Args:
        source: `FILE`, `FOLDER` or `tfds:NAME`, as an option of `data` names it.

    Returns:
        The checksum; empty if nothing can be told.

    Raises:
        UserError: The source can't be read.
    """
    if source.startswith("tfds:"):
        return source
    path = Path(source)
    if (path / MANIFEST).is_file():
        path = path / MANIFEST
    checksum = hashlib.sha256()
    try:
        if path.is_dir():
            for file in sorted(file for file in path.rglob("*") if file.is_file()):
                checksum.update(file.relative_to(path).as_posix().encode() + b"\0")
                checksum.update(_of_file(file).encode())
            return checksum.hexdigest()
        return _of_file(path) if stat.S_ISREG(path.stat().st_mode) else UNKNOWN
    except OSError as error:
        raise UserError(f"{source}: can't read it: {error.strerror or error}.") from None


def _of_file(path: Path) -> str:
    checksum = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(BYTES_AT_ONCE):
            checksum.update(data)
    return checksum.hexdigest()
