"""Batches of words: groups of alphabetical neighbours, epoch after epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import numpy as np
import tensorflow as tf

from hier_rnn.packing.share import Share
from hier_rnn.packing.stream import PackedStream


def grouped_permutation(
    words: list[str], group_size: int, generator: np.random.Generator
) -> np.ndarray:
    """Returns an order of words in which alphabetical neighbours stay together in groups.

    They share most of their prefixes, so that a batch of such groups costs about half as much as a
    batch drawn at random.

    Args:
        words: The words.
        group_size: Words in a group; 1 is any order at all.
        generator: Decides the order of the groups.
    """
    if group_size == 1:
        return generator.permutation(len(words))
    ordered = np.array(sorted(range(len(words)), key=words.__getitem__), int)
    # Cut at another place each time, or the same words would always stand together.
    cuts = np.arange(int(generator.integers(group_size)), len(words), group_size)
    groups = np.split(ordered, cuts)
    return np.concatenate([groups[i] for i in generator.permutation(len(groups))])


def packed_batches(
    batches: Callable[[int], Sequence[tuple[list[str], np.ndarray]]],
    types: tuple[tf.DType, tf.DType],
    pack: Callable[[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor], Any],
    epoch: int = 0,
    skip: int = 0,
    shares: Sequence[Share] = (),
) -> PackedStream:
    """Returns the batches of epoch after epoch, without end, packed while the last one trains.

    Args:
        batches: Makes an epoch's batches: words, and a number for each. It runs in a thread.
        types: Of the two.
        pack: Makes a batch, or a share of one, of both, of how many words the batch has and of
            whether the epoch ends with it.
        epoch: The first epoch.
        skip: Batches of the first epoch to leave out, as they have been trained on.
        shares: Which shares of each batch to pack. Default none: the whole batch.
    """

    def columns() -> Iterator[tuple[np.ndarray, np.ndarray, bool]]:
        left_out = skip
        # An epoch is made while the one before it trains: a twentieth of the time.
        with ThreadPoolExecutor(1) as background:
            coming = background.submit(batches, epoch)
            for following in count(epoch + 1):
                made = coming.result()
                coming = background.submit(batches, following)
                for index in range(left_out, len(made)):
                    words, numbers = made[index]
                    # As bytes, since NumPy's own strings lose a NUL at their end.
                    spelled = np.array([word.encode() for word in words], dtype=object)
                    yield spelled, numbers, index == len(made) - 1
                left_out = 0

    signature = (
        tf.TensorSpec([None], types[0]),
        tf.TensorSpec([None], types[1]),
        tf.TensorSpec([], tf.bool),
    )

    def whole(words: tf.Tensor, numbers: tf.Tensor, last: tf.Tensor) -> Any:
        return pack(words, numbers, tf.size(words), last)

    def shared(words: tf.Tensor, numbers: tf.Tensor, last: tf.Tensor) -> tuple[Any, ...]:
        size = tf.size(words)
        stretches = [share.stretch(size) for share in shares]
        return tuple(pack(words[rows], numbers[rows], size, last) for rows in stretches)

    return PackedStream(columns, signature, shared if shares else whole)
