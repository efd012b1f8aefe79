"""A source cut into folds, class by class: each example is held out once."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from hier_rnn.errors import UserError
from hier_rnn.sources.example import Example, Source

SINGLES_NAMED = 3


@dataclass(frozen=True)
class Folds:
    """A source in folds.

    Args:
        source: The examples that are in a fold.
        of: The fold of each, from 0, `(examples,)`.
        count: How many folds there are.
        left_out: Examples of classes that have no other, which are in none.
    """

    source: Source
    of: np.ndarray
    count: int
    left_out: int

    def rest(self, fold: int) -> Source:
        """Returns what is trained on while a fold is held out, from 0."""
        name = f"{self.source.name} without fold {fold + 1} of {self.count}"
        return Source(name, partial(self._read, fold, False))

    def held_out(self, fold: int) -> Source:
        """Returns the examples of a fold, from 0, in order."""
        name = f"fold {fold + 1} of {self.count} of {self.source.name}"
        return Source(name, partial(self._read, fold, True))

    def _read(self, fold: int, wanted: bool) -> Iterator[Example]:
        index = -1
        for index, example in enumerate(self.source):
            if index < len(self.of) and (self.of[index] == fold) == wanted:
                yield example
        if index + 1 != len(self.of):
            raise UserError(
                f"{self.source.name}: it changed while it was in use: {len(self.of)} examples at"
                f" first, {index + 1} now."
            )


def stratified_folds(source: Source, count: int, seed: int, leave_out_singles: bool) -> Folds:
    """Deals each class's examples, in random order, to the folds in turn.

    Of any class, and of all examples, two folds differ by one at the most.

    Args:
        source: Examples with labels; read once here, and again with each part.
        count: How many folds, at least 2.
        seed: Decides which example is in which.
        leave_out_singles: What to do with a class of one example, which can't be both trained on
            and held out: leave it out of all, or refuse it.

    Raises:
        UserError: There are fewer examples than folds, or a class of one example.
    """
    numbers: dict[str | None, int] = {}
    classes = array("q")
    places: dict[str | None, str] = {}
    for example in source:
        if example.label not in numbers:
            numbers[example.label] = len(numbers)
            places[example.label] = example.where
        classes.append(numbers[example.label])
    sizes = Counter(classes)
    singles = frozenset(label for label, number in numbers.items() if sizes[number] == 1)
    if singles and not leave_out_singles:
        first = sorted(singles, key=str)[:SINGLES_NAMED]
        named = ", ".join(f"'{label}' at {places[label]}" for label in first)
        raise UserError(
            f"{source.name}: {len(singles):,} of {len(numbers):,} classes have one example, which"
            f" can't be both trained on and held out: {named}."
        )
    if singles:
        source = Source(source.name, partial(_without, source, singles))
    single = {numbers[label] for label in singles}
    of_class = np.array([number for number in classes if number not in single], np.int64)
    if len(of_class) < count:
        raise UserError(
            f"{source.name}: {len(of_class):,} examples can't be cut into {count} folds."
        )
    generator = np.random.default_rng(seed)
    # A stable order by class of a random order of all: dealt out, each class goes round the folds.
    shuffled = generator.permutation(len(of_class))
    dealt = shuffled[np.argsort(of_class[shuffled], kind="stable")]
    folds = np.empty(len(of_class), np.int32)
    folds[dealt] = np.arange(len(of_class)) % count
    return Folds(source, folds, count, len(singles))


def _without(source: Source, labels: frozenset[str | None]) -> Iterator[Example]:
    return (example for example in source if example.label not in labels)
