"""A stream in random order, or a random part of it, in bounded memory."""

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


def sample(iterable: Iterable[Item], count: int, generator: np.random.Generator) -> list[Item]:
    """Returns some items in random order; each set of them is as likely (Vitter 1985).

    Args:
        iterable: The items.
        count: How many are wanted; all, if there are no more.
        generator: Decides which.
    """
    kept: list[Item] = []
    for number, item in enumerate(iterable):
        if len(kept) < count:
            kept.append(item)
        elif (place := int(generator.integers(number + 1))) < count:
            kept[place] = item
    return [kept[place] for place in generator.permutation(len(kept))]
