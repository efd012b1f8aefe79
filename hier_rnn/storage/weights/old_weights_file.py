"""Reading `*.weights.h5`, the weights of directories written before there were manifests.

HDF5 can do much that weights do not need: data in other files, links, filters, objects. All of it
is refused: accepted are plain contiguous float32 data sets, as they were written.
"""

from __future__ import annotations

import io
import logging
from pathlib import Path
from typing import Any

import numpy as np

from hier_rnn.errors import UserError
from hier_rnn.storage.limits import NAME_CHARACTERS, WEIGHTS
from hier_rnn.storage.weights.weights_file import Shapes, check_finite, check_shapes, shown

logger = logging.getLogger(__name__)

# What h5py raises at damaged files: RuntimeError for what HDF5 itself finds wrong, OverflowError
# for an address that no file can have.
DAMAGED = (
    *(OSError, RuntimeError, LookupError, ValueError, TypeError, AttributeError),
    *(ArithmeticError, MemoryError),
)


def parse_old_weights(
    data: bytes, path: Path, shapes: Shapes | None = None
) -> dict[str, np.ndarray]:
    """Returns the weights of an HDF5 file by name.

    Args:
        data: The file's content.
        path: The file, for the message.
        shapes: Of the weights that it must have, exactly these; None if any will do.

    Raises:
        UserError: As `parse_weights`, or the file uses what HDF5 can besides plain data.
    """
    try:
        import h5py  # only for old directories
    except ImportError:  # a light install
        raise UserError(
            f"{path}: weights of an older format, which take h5py to read. Install it: pip install"
            " h5py."
        ) from None

    logger.warning(
        "%s: written before directories had a manifest: it is read without checksums.", path.parent
    )
    found: dict[str, Any] = {}

    def keep(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = item
        if len(found) > WEIGHTS or len(name) > NAME_CHARACTERS:
            raise UserError(f"{path}: more than {WEIGHTS:,} weights, or names too long.")

    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            file.visititems(keep)  # which follows neither soft nor external links
            for name, item in found.items():
                _check_plain(path, name, item)
            if shapes is not None:
                check_shapes(path, {name: item.shape for name, item in found.items()}, shapes)
            weights = {name: np.asarray(found[name][()]) for name in shapes or found}
    except UserError:
        raise
    except DAMAGED as error:
        raise UserError(f"{path}: can't read the weights: {error}.") from None
    check_finite(path, weights)
    return weights


def _check_plain(path: Path, name: str, item: Any) -> None:
    if item.dtype != np.float32 or item.shape is None:
        raise UserError(f"{path}: weight {shown(name)}: its numbers are not 32-bit floats.")
    elsewhere = item.external is not None or item.is_virtual
    plain = item.chunks is None and item.id.get_create_plist().get_nfilters() == 0
    if elsewhere or not plain or item.id.get_storage_size() != item.nbytes:
        raise UserError(
            f"{path}: weight {shown(name)}: its numbers do not stand plainly in the file (external,"
            " virtual, compressed or left out), which is not read."
        )
