"""An archive: arrays and JSON values in one safetensors file that has its own checksum.

What a training run keeps for itself (checkpoints, what counting found) changes too often to stand
in the directory's manifest. So the checksum, over names, types, shapes, values and JSON, stands in
the file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import safetensors.numpy

from hier_rnn.errors import UserError
from hier_rnn.files import write_atomically
from hier_rnn.storage.json_file import parse_json
from hier_rnn.storage.limits import read_file
from hier_rnn.storage.weights.weights_file import check_finite, load_tensors, read_header

CONTENT = "content"
LARGEST = 1 << 38  # bytes; nothing is taken in memory but what the file holds
KINDS = "fiub"  # of arrays: floats, integers, truth values

Tuple = TypeVar("Tuple", bound=NamedTuple)


def write_archive(path: Path, arrays: Mapping[str, np.ndarray], values: Any) -> None:
    """Writes arrays and JSON values, whole or not at all.

    Args:
        path: The file.
        arrays: By name.
        values: Whatever JSON can hold.

    Raises:
        UserError: The file can't be written.
    """
    kept = {name: np.require(array, requirements="C") for name, array in arrays.items()}
    text = json.dumps(values)
    content = json.dumps({"values": text, "sha256": _checksum(kept, text)})
    data = safetensors.numpy.save(kept, {CONTENT: content})
    with write_atomically(path, "wb") as file:
        file.write(data)


def read_archive(path: Path) -> tuple[dict[str, np.ndarray], Any]:
    """Returns the arrays and the JSON values that `write_archive` wrote.

    Raises:
        UserError: The file can't be read, is damaged, or has a value that is not finite.
    """
    data = read_file(path, LARGEST)
    header = read_header(data, path)
    content = parse_json(header.metadata.get(CONTENT, "null").encode(), path)
    if not isinstance(content, dict) or not isinstance(content.get("values"), str):
        raise UserError(f"{path}: damaged: not what was written here.")
    arrays = load_tensors(data, path)
    if any(array.dtype.kind not in KINDS for array in arrays.values()):
        raise UserError(f"{path}: damaged: an array that is not of numbers.")
    if content.get("sha256") != _checksum(arrays, content["values"]):
        raise UserError(f"{path}: damaged: its content and its checksum differ.")
    check_finite(path, arrays)
    return arrays, parse_json(content["values"].encode(), path)


def write_tuple(path: Path, value: NamedTuple) -> None:
    """Writes a named tuple: its arrays as arrays, everything else as JSON."""
    fields = value._asdict()
    arrays = {name: field for name, field in fields.items() if isinstance(field, np.ndarray)}
    write_archive(path, arrays, {name: fields[name] for name in fields if name not in arrays})


def read_tuple(path: Path, kind: type[Tuple]) -> Tuple:
    """Returns what `write_tuple` wrote.

    Args:
        path: The file.
        kind: The named tuple's type.

    Raises:
        UserError: The file can't be read, is damaged, or holds something else.
    """
    arrays, values = read_archive(path)
    if not isinstance(values, dict) or {*arrays, *values} != set(kind._fields):
        raise UserError(f"{path}: damaged: it holds no {kind.__name__}.")
    fields = {**arrays, **values}
    return kind._make(fields[name] for name in kind._fields)


def _checksum(arrays: Mapping[str, np.ndarray], values: str) -> str:
    checksum = hashlib.sha256(values.encode())
    for name in sorted(arrays):
        array = arrays[name]
        checksum.update(repr((name, array.dtype.str, array.shape)).encode())
        checksum.update(array.data)
    return checksum.hexdigest()
