"""How much memory there is, asked before much is taken: `check_memory`."""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from hier_rnn.errors import UserError

GIGABYTE = 1 << 30
_CONTAINER = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def machine_memory() -> int:
    """Returns the bytes of memory that this process may ever have: the machine's or a limit on it.

    Returns:
        Bytes; where it can't be found out, more than any machine has.
    """
    limits = [1 << 62]
    if sys.platform == "win32":
        limits.append(_windows_memory())
    else:
        import resource

        with contextlib.suppress(ValueError, OSError):  # a system that does not say
            limits.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
        limits.append(resource.getrlimit(resource.RLIMIT_AS)[0])
        for path in _CONTAINER:
            with contextlib.suppress(OSError, ValueError):  # no container, or one without limit
                limits.append(int(path.read_text()))
    return min(limit for limit in limits if limit > 0)


def check_memory(what: str, size: int) -> None:
    """Makes sure that something fits into memory, before it is taken.

    Args:
        what: What needs it, for the message.
        size: Bytes.

    Raises:
        UserError: It is more than there is.
    """
    there = machine_memory()
    if size > there:
        raise UserError(
            f"{what} takes {_shown(size)} of memory, and this machine has {_shown(there)}."
        )


def check_training_memory(shapes: Mapping[str, tuple[int, ...]], copies: int) -> None:
    """Makes sure that a model can be trained here.

    Args:
        shapes: Of its weights.
        copies: How often each weight is held: itself, gradient, the optimizer's memory and so on.

    Raises:
        UserError: It takes more memory than there is; the largest weight is named.
    """
    count = sum(math.prod(shape) for shape in shapes.values())
    largest = max(shapes, key=lambda name: math.prod(shapes[name]))
    what = (
        f"A model of {count:,} parameters (of which {largest}, {shapes[largest]}, has most), held"
        f" {copies} times while it trains,"
    )
    check_memory(what, 4 * copies * count)


def _windows_memory() -> int:
    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            ("total", ctypes.c_ulonglong),
            ("others", ctypes.c_ulonglong * 6),
        )

    status = Status()
    status.length = ctypes.sizeof(status)
    ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))  # type: ignore[attr-defined]
    return int(status.total)


def _shown(size: int) -> str:
    return f"{size / GIGABYTE:,.1f} GiB"
