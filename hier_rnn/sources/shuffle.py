"""A stream in random order, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

import numpy as np

Item = TypeVar("Item")


def shuffled(
    iterable: Iterable[Item], buffer: int, generator: np.random.Generator
) -> Iterator[Item]:
    """Streams the items in random order; every order is as likely when all fit the buffer.

    When they do not, an item comes at most `buffer` places early and the order stays near the
    original: sources sorted by class want a buffer that holds them.

    Args:
        iterable: The items.
        buffer: How many items are held at a time, at least 1.
        generator: Decides the order.
    """
    if buffer < 1:
        raise ValueError(f"buffer must be at least 1. Received: {buffer}")
    held: list[Item] = []
    for item in iterable:
        if len(held) < buffer:
            held.append(item)
        else:
            place = generator.integers(buffer)
            yield held[place]
            held[place] = item
    for place in generator.permutation(len(held)):
        yield held[place]
