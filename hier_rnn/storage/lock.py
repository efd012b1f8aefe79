"""`RunLock`: one training at a time writes into a directory.

The lock is the operating system's own on an open file (`flock`; `msvcrt.locking` on Windows), so it
ends with the process that holds it, however that ends, and cannot be left behind. Linux carries it
over NFS to other machines where the server has its lock service; a file system without locks is
told of and trusted. What the file says, the process and its machine, is for the message alone.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import socket
import sys
from pathlib import Path
from types import TracebackType

from hier_rnn.errors import UserError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

logger = logging.getLogger(__name__)

LOCK = ".lock"
NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}
BEYOND = 1 << 30  # Windows locks bytes, and a locked one can't be read


class RunLock:
    """Holds a directory, from `with` to its end.

    Args:
        directory: The directory; made if need be, and taken away if nothing was put into it.

    Raises:
        UserError: Another process trains into it, or it can't be written.
    """

    def __init__(self, directory: Path) -> None:
        self._directory, self._path = Path(directory), Path(directory) / LOCK
        self._made: list[Path] = []
        self._descriptor = -1

    def __enter__(self) -> RunLock:
        try:
            self._make_directory()
            while self._descriptor < 0:
                self._descriptor = self._open()
        except OSError as error:
            self._remove_made()
            raise UserError(
                f"{self._directory}: can't write there: {error.strerror or error}. Give another"
                " `out`."
            ) from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # Windows does not take away an open file; elsewhere it goes while the lock still holds.
        if sys.platform == "win32":
            os.close(self._descriptor)
        with contextlib.suppress(OSError):
            self._path.unlink()
        if sys.platform != "win32":
            os.close(self._descriptor)
        self._remove_made()

    def _open(self) -> int:
        """Returns the locked file, or -1 if it went while it was waited for: then once more."""
        flags = os.O_RDWR | os.O_CREAT
        for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
            flags |= getattr(os, name, 0)
        descriptor = os.open(self._path, flags, 0o666)
        try:
            _lock(descriptor)
        except OSError as error:
            if error.errno in NO_LOCKS:
                logger.warning(
                    "%s: this file system has no locks. Make sure that no other process trains"
                    " into this directory.",
                    self._directory,
                )
            else:
                owner = _owner(descriptor)
                os.close(descriptor)
                raise UserError(
                    f"{self._directory}: {owner} trains into it at this moment. Wait for its end,"
                    " or give another `out`."
                ) from None
        try:
            if not os.path.samestat(os.fstat(descriptor), os.stat(self._path)):
                raise FileNotFoundError
        except FileNotFoundError:
            os.close(descriptor)
            return -1
        holder = json.dumps({"process": os.getpid(), "host": socket.gethostname()}).encode()
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, holder, 0) if hasattr(os, "pwrite") else os.write(descriptor, holder)
        return descriptor

    def _make_directory(self) -> None:
        folders = (self._directory, *self._directory.absolute().parents)
        missing = [folder for folder in folders if not folder.exists()]
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
            self._made.insert(0, folder)

    def _remove_made(self) -> None:
        with contextlib.suppress(OSError):  # something is in it, as there should be
            for folder in self._made:
                folder.rmdir()


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":
        os.lseek(descriptor, BEYOND, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _owner(descriptor: int) -> str:
    """Says who holds the lock, as far as the file tells."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    try:
        owner = json.loads(os.read(descriptor, 1000))
        return f"process {int(owner['process'])} on {str(owner['host'])[:100]!r}"
    except (ValueError, KeyError, TypeError, RecursionError):  # it has only just begun to write
        return "another process"
