"""Matrix products: one processor for each, and a row's result the same in any company.

Batches are computed side by side, a thread each. BLAS, which would split every product over all
processors, is asked to use one thread for each product meanwhile: on two processors that is faster
by half, and so is what other threads of the program compute at the same time.
"""

from __future__ import annotations

# Before a fork this takes a lock that whoever is inside needs: ours has to be registered after it,
# as what is registered last is called first.
import concurrent.futures.thread  # noqa: F401
import contextlib
import os
import threading
from collections.abc import Iterator

import numpy as np
from threadpoolctl import ThreadpoolController


class _OneThreadEach:
    """Counts who computes; the first one in sets BLAS's threads, the last one out restores them.

    A fork waits until nobody is inside: whatever lock somebody held in there, ours or BLAS's, would
    be held in the child for ever.
    """

    def __init__(self) -> None:
        controllers = ThreadpoolController().lib_controllers
        self._libraries = [library for library in controllers if library.user_api == "blas"]
        self._gate = threading.Condition()
        self._inside = self._forking = 0
        self._before: list[int] = []

    def enter(self) -> None:
        with self._gate:
            while self._forking:
                self._gate.wait()
            if self._inside == 0:
                self._before = [library.num_threads for library in self._libraries]
                for library in self._libraries:
                    library.set_num_threads(1)
            self._inside += 1

    def leave(self) -> None:
        with self._gate:
            self._inside -= 1
            if self._inside == 0:
                for library, threads in zip(self._libraries, self._before, strict=True):
                    library.set_num_threads(threads)
                self._gate.notify_all()

    def before_fork(self) -> None:
        self._gate.acquire()
        self._forking += 1
        while self._inside:
            self._gate.wait()

    def after_fork(self) -> None:
        self._forking -= 1
        self._gate.notify_all()
        self._gate.release()

    def after_fork_in_child(self) -> None:
        """Whoever waited was another thread, which is not here."""
        self._gate = threading.Condition()
        self._forking = 0


_state = _OneThreadEach()
if hasattr(os, "register_at_fork"):  # where there is fork
    os.register_at_fork(
        before=_state.before_fork,
        after_in_parent=_state.after_fork,
        after_in_child=_state.after_fork_in_child,
    )


@contextlib.contextmanager
def one_thread_each() -> Iterator[None]:
    """Makes BLAS use one thread for each product of the whole process while the block lasts."""
    _state.enter()
    try:
        yield
    finally:
        _state.leave()


COLUMNS = 16  # a multiple of them is computed alike in a large product and in a small one
SMALL_PRODUCT = 1_000_000  # multiplications; OpenBLAS has other routines for so few
SMALL_DEPTH = 448  # up to it they sum in the same order


def padded(width: int) -> int:
    """Returns the width, filled up with zeros, at which products of any size are rounded alike."""
    return -(-width // COLUMNS) * COLUMNS


def product(rows: np.ndarray, matrix: np.ndarray, out: np.ndarray) -> None:
    """Writes `rows @ matrix` into `out`, each row the same to the last bit in any company.

    BLAS chooses how it sums by the number of rows: a lone row has a routine of its own, and so have
    small products. Such rows are given companions. That helps with OpenBLAS on all processors but
    those with AVX2 and without AVX-512: its routine for them rounds a row by where it stands.

    Args:
        rows: `(..., rows, width)`.
        matrix: `(..., width, columns)`; columns as `padded` has them.
        out: `(..., rows, columns)`.
    """
    count, (depth, columns) = rows.shape[-2], matrix.shape[-2:]
    needed = max(2, count)
    if depth > SMALL_DEPTH:
        needed = max(needed, SMALL_PRODUCT // (depth * columns) + 1)
    if needed == count:
        np.matmul(rows, matrix, out=out)
        return
    filled = np.zeros((*rows.shape[:-2], needed, depth), np.float32)
    filled[..., :count, :] = rows
    out[...] = np.matmul(filled, matrix)[..., :count, :]


class Affine:
    """`rows @ kernel + bias`, each row the same in any company.

    Args:
        kernel: `(width, columns)`.
        bias: `(columns,)`.
    """

    def __init__(self, kernel: np.ndarray, bias: np.ndarray) -> None:
        self._columns = len(bias)
        more = padded(self._columns) - self._columns
        self._kernel = np.pad(kernel, [(0, 0), (0, more)])
        self._bias = np.pad(bias, (0, more))

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Returns `(rows, columns)` of rows `(rows, width)`."""
        result = np.empty((len(rows), len(self._bias)), np.float32)
        product(rows, self._kernel, result)
        result += self._bias
        return result[:, : self._columns]
