"""Matrix products of which each row has the same result in any company."""

from __future__ import annotations

import numpy as np

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
