"""Weights on disk: a safetensors file, each weight under its name.

Names, types and shapes stand in a header, which is compared with what the model has and with the
size of the file before a single weight is read (https://github.com/huggingface/safetensors).
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from mmap import mmap
from pathlib import Path
from typing import TypeGuard

import numpy as np
import safetensors
import safetensors.numpy

from hier_rnn.errors import UserError
from hier_rnn.storage.json_file import parse_json
from hier_rnn.storage.limits import HEADER, HEADER_ENTRY, NAME_CHARACTERS, WEIGHTS, read_file

logger = logging.getLogger(__name__)

Shapes = Mapping[str, tuple[int, ...]]

DTYPES = {"F32": 4, "F16": 2}
MOST_BYTES = 1 << 36  # of a file whose weights are not known
LENGTH = 8  # bytes that say how long the header is
METADATA = "__metadata__"


@dataclass(frozen=True)
class Header:
    """What a weights file says of itself."""

    shapes: dict[str, tuple[int, ...]]
    dtypes: dict[str, str]
    metadata: dict[str, str]


def weights_bytes(weights: Mapping[str, np.ndarray]) -> bytes:
    """Returns the content of a weights file, the same for the same weights.

    Args:
        weights: Values by name. Those of float16 stay so, all others are written as float32.
    """
    contiguous = {
        name: np.require(values, np.float16 if values.dtype == np.float16 else np.float32, "C")
        for name, values in weights.items()
    }
    return bytes(safetensors.numpy.save(contiguous))


def largest_size(shapes: Shapes) -> int:
    """Returns how many bytes a file of these weights may have at most."""
    return HEADER + sum(HEADER_ENTRY + 4 * math.prod(shape) for shape in shapes.values())


def read_weights(path: Path, shapes: Shapes | None = None) -> dict[str, np.ndarray]:
    """Returns the weights of a file that belongs to no directory; as `parse_weights`."""
    limit = MOST_BYTES if shapes is None else largest_size(shapes)
    return parse_weights(read_file(path, limit), path, shapes)


def parse_weights(data: bytes, path: Path, shapes: Shapes | None = None) -> dict[str, np.ndarray]:
    """Returns the weights of a file by name, as float32.

    Args:
        data: The file's content.
        path: The file, for the message.
        shapes: Of the weights that it must have, exactly these; None if any will do.

    Raises:
        UserError: The file is damaged; a weight is missing, too many, of another shape or not of
            32 or 16 bits; a value is not finite.
    """
    header = read_header(data, path)
    for name, dtype in header.dtypes.items():
        if dtype not in DTYPES:
            raise UserError(
                f"{path}: weight {shown(name)}: its numbers are {shown(dtype)}. Accepted: F32, F16."
            )
    if shapes is not None:
        check_shapes(path, header.shapes, shapes)
    tensors = load_tensors(data, path)
    if "F16" in header.dtypes.values():
        logger.debug("%s: weights of 16 bits are widened to 32.", path)
    weights = {name: tensors[name].astype(np.float32, copy=False) for name in shapes or tensors}
    check_finite(path, weights)
    return weights


def load_tensors(data: bytes, path: Path) -> dict[str, np.ndarray]:
    """Returns the tensors of a file whose header was read.

    Raises:
        UserError: The header is not about just the bytes that follow it.
    """
    try:
        return safetensors.numpy.load(data)
    except safetensors.SafetensorError as error:
        raise UserError(f"{path}: damaged: {error}.") from None


def read_header(data: bytes | mmap, path: Path) -> Header:
    """Returns the header of a weights file, of which each number was compared with its size.

    Raises:
        UserError: It is damaged.
    """
    length = int.from_bytes(data[:LENGTH], "little")
    if len(data) < LENGTH or length > len(data) - LENGTH:
        raise UserError(f"{path}: damaged, or cut short: not a safetensors file.")
    content = parse_json(data[LENGTH : LENGTH + length], path)
    if not isinstance(content, dict):
        raise UserError(f"{path}: damaged: its header is no table.")
    metadata = content.pop(METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise UserError(f"{path}: damaged: its header's {METADATA} are not texts.")
    if len(content) > WEIGHTS or any(len(name) > NAME_CHARACTERS for name in content):
        raise UserError(
            f"{path}: {len(content):,} weights, or names of more than {NAME_CHARACTERS:,}"
            f" characters. Accepted: {WEIGHTS:,} weights at most."
        )
    header = Header({}, {}, metadata)
    for name, entry in content.items():
        fields: dict[str, object] = entry if isinstance(entry, dict) else {}
        dtype, shape = fields.get("dtype"), fields.get("shape")
        if not isinstance(dtype, str) or not _is_shape(shape, len(data)):
            raise UserError(f"{path}: damaged: weight {shown(name)} has no type and shape.")
        header.dtypes[name], header.shapes[name] = dtype, tuple(shape)
    return header


def _is_shape(shape: object, size: int) -> TypeGuard[list[int]]:
    return (
        isinstance(shape, list)
        and len(shape) <= 8
        and all(type(length) is int and 0 <= length <= size for length in shape)
        and math.prod(shape) <= size
    )


def check_shapes(path: Path, found: Shapes, expected: Shapes) -> None:
    """Makes sure that the weights of a file are those of a model, no fewer and no more.

    Args:
        path: The file, for the message.
        found: Shapes of what the file has.
        expected: Shapes of what the model has.

    Raises:
        UserError: They are not.
    """
    for name, shape in expected.items():
        if name not in found:
            raise UserError(f"{path}: damaged: there is no weight '{name}'.")
        if found[name] != tuple(shape):
            raise UserError(
                f"{path}: weight '{name}' has shape {found[name]}, and config.toml beside it asks"
                f" for {tuple(shape)}."
            )
    if unknown := [name for name in found if name not in expected]:
        raise UserError(
            f"{path}: weight {shown(unknown[0])} is none of the model that config.toml beside it"
            " describes."
        )


def check_finite(path: Path, weights: Mapping[str, np.ndarray]) -> None:
    """Makes sure that every value is a number.

    Raises:
        UserError: One is infinite or NaN.
    """
    for name, values in weights.items():
        if not np.isfinite(values).all():
            raise UserError(
                f"{path}: weight {shown(name)}: {np.size(values) - np.isfinite(values).sum():,} of"
                f" {np.size(values):,} values are not finite."
            )


def shown(name: str) -> str:
    """Returns a name from a stranger's file, short and without anything a terminal would act on."""
    return repr(name if len(name) <= 80 else name[:77] + "...")
