"""A file with a vector for each text, from any teacher: NumPy, safetensors or HDF5.

It may be larger than memory: it is mapped, or read row by row, and only rows that are asked for are
taken in.
"""

from __future__ import annotations

import hashlib
import math
import mmap
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hier_rnn.errors import UserError
from hier_rnn.lines import require_regular
from hier_rnn.storage.weights.weights_file import LENGTH, read_header, shown

ROWS_AT_ONCE = 4096
BYTES = 16  # of the fingerprint
SAFETENSORS_TYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}
# What NumPy and h5py raise at damaged files.
DAMAGED = (
    *(OSError, RuntimeError, LookupError, ValueError, TypeError, AttributeError),
    *(ArithmeticError, MemoryError, EOFError, SyntaxError),
)
ACCEPTED = "Accepted: FILE.npy, FILE.safetensors, FILE.h5 or FILE.hdf5."


class TargetVectors(NamedTuple):
    """Vectors of texts, row for row.

    Attributes:
        path: The file.
        shape: `(texts, dimensions)`.
    """

    path: Path
    shape: tuple[int, int]
    array: Any
    """What is indexed: a mapped array or an HDF5 data set."""

    def rows(self, indices: np.ndarray) -> np.ndarray:
        """Returns vectors of length one, float32 `(len(indices), dimensions)`.

        Args:
            indices: Rows, in any order, each any number of times.
        """
        # HDF5 reads rows in rising order only, and each but once.
        used, places = np.unique(indices, return_inverse=True)
        vectors = np.asarray(self.array[used], np.float32)[places]
        unit: np.ndarray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit

    def check(self) -> str:
        """Goes through all vectors and returns their fingerprint.

        Raises:
            UserError: The file is damaged; a number is not finite; or a vector is zero
                throughout, and has no direction.
        """
        digest = hashlib.blake2b(repr(self.shape).encode(), digest_size=BYTES)
        for start in range(0, self.shape[0], ROWS_AT_ONCE):
            try:
                vectors = np.ascontiguousarray(self.array[start : start + ROWS_AT_ONCE])
            except DAMAGED as error:
                raise UserError(
                    f"{self.path}: can't read vectors {start + 1:,} and following: {error}."
                ) from None
            digest.update(vectors.data)
            # In 64 bits, in which no square of a finite number runs over.
            lengths = np.linalg.norm(vectors.astype(np.float64), axis=1)
            for wrong, problem in (
                (~np.isfinite(lengths), "has numbers that are not finite"),
                (lengths == 0, "is zero throughout, so it has no direction to learn"),
            ):
                if wrong.any():
                    row = start + int(wrong.argmax()) + 1
                    raise UserError(f"{self.path}: vector {row:,} {problem}.")
        return digest.hexdigest()


def open_target_vectors(path: str | Path) -> TargetVectors:
    """Opens a file of vectors.

    Args:
        path: `.npy`; or `.safetensors`, `.h5` or `.hdf5` with one array in it. The array is
            `(texts, dimensions)` of 16, 32 or 64 bits.

    Raises:
        UserError: It can't be read, is damaged, or holds something else.
    """
    path = Path(path)
    opener = _OPENERS.get(path.suffix.lower())
    if opener is None:
        raise UserError(f"{path}: unknown ending '{path.suffix}'. {ACCEPTED}")
    if not path.exists():
        raise UserError(f"{path}: no such file.")
    require_regular(path)
    try:
        array = opener(path)
    except UserError:
        raise
    except DAMAGED as error:
        raise UserError(f"{path}: can't read it: {error}.") from None
    if array.dtype.kind != "f" or len(array.shape) != 2 or not all(array.shape):
        raise UserError(
            f"{path}: holds {array.dtype} numbers of shape {tuple(array.shape)}. Accepted: floats"
            " of shape (texts, dimensions)."
        )
    return TargetVectors(path, (int(array.shape[0]), int(array.shape[1])), array)


def _open_npy(path: Path) -> Any:
    return np.load(path, mmap_mode="r", allow_pickle=False)


def _open_safetensors(path: Path) -> Any:
    with path.open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    header = read_header(data, path)
    name = _only(path, list(header.shapes))
    shape, dtype = header.shapes[name], header.dtypes[name]
    if dtype not in SAFETENSORS_TYPES:
        raise UserError(
            f"{path}: its numbers are {shown(dtype)}. Accepted: {', '.join(SAFETENSORS_TYPES)}."
        )
    kind, count = np.dtype(SAFETENSORS_TYPES[dtype]), math.prod(shape)
    start = len(data) - kind.itemsize * count
    if start != LENGTH + int.from_bytes(data[:LENGTH], "little"):
        raise UserError(f"{path}: damaged, or cut short.")
    return np.frombuffer(data, kind, count, start).reshape(shape)


def _open_hdf5(path: Path) -> Any:
    import h5py

    file = h5py.File(path, "r")
    found: list[str] = []

    def keep(name: str, item: Any) -> None:  # visited are neither soft nor external links
        if isinstance(item, h5py.Dataset):
            found.append(name)

    file.visititems(keep)
    return file[_only(path, found)]


def _only(path: Path, names: list[str]) -> str:
    if len(names) != 1:
        raise UserError(f"{path}: holds {len(names):,} arrays. Accepted: one, of all vectors.")
    return names[0]


_OPENERS: dict[str, Callable[[Path], Any]] = {
    ".npy": _open_npy,
    ".safetensors": _open_safetensors,
    ".h5": _open_hdf5,
    ".hdf5": _open_hdf5,
}
