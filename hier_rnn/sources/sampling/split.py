"""Part of a source set aside, class by class, for want of validation data."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from functools import partial

import numpy as np

from hier_rnn.errors import UserError
from hier_rnn.sources.example import Example, Source


def stratified_split(source: Source, share: float, seed: int) -> tuple[Source, Source]:
    """Sets aside a share of every class, drawn at random, and leaves the order as it is.

    The source is read once here and again each time a part is; two integers per example are held
    here, and one byte per example afterwards. A class keeps at least one example to train on; but
    for that the whole share, and each class's, is exact to one example. An example of several
    labels is drawn as one of its rarest (what is easiest to lose, as of Sechidis et al. 2011).

    Args:
        source: Examples with labels.
        share: Of the examples to set aside, above 0 and below 1.
        seed: Decides which.

    Returns:
        The rest, and the part set aside.

    Raises:
        UserError: Every class has a single example.
    """
    if not 0 < share < 1:
        raise UserError(f"The share to set aside lies between 0 and 1. Received: {share}")
    numbers: dict[str | None, int] = {}
    ends, labels = array("q", [0]), array("q")
    for example in source:
        for label in example.labels or (example.label,):
            labels.append(numbers.setdefault(label, len(numbers)))
        ends.append(len(labels))
    of_class = _rarest(np.frombuffer(labels, np.int64), np.frombuffer(ends, np.int64))
    generator = np.random.default_rng(seed)
    held_out = np.zeros(len(of_class), bool)
    sizes = np.bincount(of_class)
    members = np.split(np.argsort(of_class, kind="stable"), np.cumsum(sizes)[:-1])
    for indices, count in zip(members, _counts(sizes, share, source.name), strict=True):
        held_out[generator.permutation(indices)[:count]] = True
    _keep_one(np.frombuffer(labels, np.int64), np.frombuffer(ends, np.int64), held_out)
    return (
        Source(f"{source.name} without {share:.0%}", partial(_part, source, held_out, False)),
        Source(f"{share:.0%} of {source.name}", partial(_part, source, held_out, True)),
    )


def _rarest(labels: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Returns the rarest label of each example, `(examples,)`.

    Args:
        labels: Of all examples, one after the other.
        ends: Where each example's begin, and the last one's end.
    """
    counts = np.bincount(labels)
    # By example, then by how rare: the first of each example is what is looked for.
    order = np.lexsort((labels, counts[labels], np.repeat(np.arange(len(ends) - 1), np.diff(ends))))
    rarest: np.ndarray = labels[order[ends[:-1]]]
    return rarest


def _keep_one(labels: np.ndarray, ends: np.ndarray, held_out: np.ndarray) -> None:
    """Gives back an example of each label that has none left to train on."""
    examples = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
    left = np.bincount(labels[~held_out[examples]], minlength=labels.max() + 1)
    for label in np.flatnonzero(left == 0):
        held_out[examples[labels == label][0]] = False


def _counts(sizes: np.ndarray, share: float, name: str) -> np.ndarray:
    """How many to set aside of each class: the largest remainders make up the rounding."""
    if sizes.max() < 2:
        raise UserError(
            f"{name}: can't set aside {share:.0%}: there is one example of each class. Give"
            " validation data (data.validation), or more examples."
        )
    exact = share * sizes
    counts: np.ndarray = np.minimum(exact.astype(int), np.maximum(sizes - 1, 0))
    missing = max(round(share * sizes.sum()), 1) - counts.sum()
    # A stable sort: of classes as far from their share, the first seen goes first.
    for number in np.argsort(counts - exact, kind="stable"):
        if missing > 0 and counts[number] < sizes[number] - 1:
            counts[number] += 1
            missing -= 1
    return counts


def _part(source: Source, held_out: np.ndarray, wanted: bool) -> Iterator[Example]:
    index = -1
    for index, example in enumerate(source):
        if index < len(held_out) and held_out[index] == wanted:
            yield example
    if index + 1 != len(held_out):
        raise UserError(
            f"{source.name}: it changed while it was in use: {len(held_out)} examples at first,"
            f" {index + 1} now."
        )
