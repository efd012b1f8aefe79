"""Messages between the server and a worker, over the worker's standard input and output.

A frame is two lengths (little-endian, 32 bits each), a JSON object and raw bytes. Nothing in it is
ever executed, as a pickle would be.
"""

from __future__ import annotations

import asyncio
import json
import struct
from typing import Any, BinaryIO, NamedTuple

PREDICT, EXPLAIN = "predict", "explain"
"""What a server asks of a worker."""
_LENGTHS = struct.Struct("<II")


class Frame(NamedTuple):
    """A message."""

    message: dict[str, Any]
    payload: bytes


def encoded(message: dict[str, Any], payload: bytes = b"") -> bytes:
    """Returns a frame's bytes.

    Args:
        message: JSON values; its strings may hold any code point.
        payload: Bytes that follow the message.
    """
    head = json.dumps(message).encode()
    return _LENGTHS.pack(len(head), len(payload)) + head + payload


async def receive(reader: asyncio.StreamReader) -> Frame:
    """Returns the next frame.

    Raises:
        asyncio.IncompleteReadError: The other side is gone.
    """
    head, payload = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
    message = json.loads(await reader.readexactly(head))
    return Frame(message, await reader.readexactly(payload))


def read(file: BinaryIO) -> Frame | None:
    """Returns the next frame of a blocking stream, or None when the other side is gone."""
    lengths = file.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    head, payload = _LENGTHS.unpack(lengths)
    content = file.read(head + payload)
    if len(content) < head + payload:
        return None
    return Frame(json.loads(content[:head]), content[head:])
