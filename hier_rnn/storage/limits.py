"""What a file of a run or encoder directory may be at most: `read_file` and the limits for each.

A directory may come from a stranger or from a bad disk, so each of its files is read through
`read_file`, which neither follows a link nor waits on a pipe nor reads a device.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from hier_rnn.errors import UserError
from hier_rnn.memory import check_memory

KILOBYTE, MEGABYTE = 1 << 10, 1 << 20

# Bytes of a file, by its name.
LIMITS = {
    "README.md": MEGABYTE,
    "alphabet.json": 32 * MEGABYTE,  # every code point of Unicode fits
    "calibration.json": 32 * MEGABYTE,  # a threshold for each label
    "config.toml": MEGABYTE,
    "data.json": MEGABYTE,
    "evaluation.json": 256 * MEGABYTE,
    "facts.json": 16 * MEGABYTE,
    "labels.json": 16 * MEGABYTE,
    "manifest.json": MEGABYTE,
    "metrics.jsonl": 64 * MEGABYTE,
    "pretraining.toml": MEGABYTE,
    "study.json": 256 * MEGABYTE,
    "words.model": 64 * MEGABYTE,
    "words.txt": 64 * MEGABYTE,
}
LABELS, LABEL_CHARACTERS = 1_000_000, 10_000
VOCABULARY, WORD_CHARACTERS = 200_000, 1_000
WEIGHTS, NAME_CHARACTERS = 10_000, 1_000
HEADER = 64 * KILOBYTE  # of a weights file, besides what its weights need
HEADER_ENTRY = 2 * KILOBYTE


def read_file(path: Path, limit: int) -> bytes:
    """Returns the content of a regular file.

    Args:
        path: The file; a symbolic link is refused wherever it points to.
        limit: Bytes that it may have.

    Raises:
        UserError: It can't be read, is no regular file, or is larger.
    """
    try:
        _check_regular(path, os.lstat(path).st_mode)  # before it is opened: a device may act on it
        flags = os.O_RDONLY
        for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
            flags |= getattr(os, name, 0)
        with open(os.open(path, flags), "rb") as file:
            status = os.fstat(file.fileno())
            _check_regular(path, status.st_mode)
            check_size(path, status.st_size, limit)
            check_memory(f"{path}", status.st_size)
            data = file.read(status.st_size + 1)
    except OSError as error:
        if error.errno == errno.ELOOP:
            _check_regular(path, stat.S_IFLNK)
        raise UserError(f"{path}: can't be read: {error.strerror or error}.") from None
    check_size(path, len(data), limit)
    return data


def check_size(path: Path, size: int, limit: int) -> None:
    """Makes sure that a file is not too large.

    Raises:
        UserError: It is.
    """
    if size > limit:
        raise UserError(f"{path}: too large: {size:,} bytes or more. Accepted: {limit:,} at most.")


def _check_regular(path: Path, mode: int) -> None:
    if stat.S_ISREG(mode):
        return
    kinds = {
        stat.S_IFLNK: "a symbolic link",
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a named pipe",
        stat.S_IFSOCK: "a socket",
    }
    kind = kinds.get(stat.S_IFMT(mode), "a device")
    raise UserError(
        f"{path}: {kind}, and not a regular file, which alone is read from a run or encoder"
        " directory. Put the file itself there."
    )
