"""So many labels of a training source, and a file of them to train on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hier_rnn.files import write_atomically
from hier_rnn.sources.example import Example


def subset(examples: Sequence[Example], count: int, seed: int) -> list[Example]:
    """Returns so many of the examples, classes in proportion and each with one example at least.

    A seed's larger subsets hold its smaller ones, so that a learning curve is of labels added.
    Source: seats by Webster's method, after a first seat for all.

    Args:
        examples: All of them.
        count: How many; at least as many as there are classes.
        seed: Decides which.
    """
    sizes = Counter(example.label for example in examples)
    drawn = Counter[str | None]()
    turns = {}
    for index in np.random.default_rng(seed).permutation(len(examples)).tolist():
        label = examples[index].label
        turns[index] = (drawn[label] + 0.5) / sizes[label] if drawn[label] else 0.0
        drawn[label] += 1
    chosen = sorted(turns, key=turns.__getitem__)[:count]
    return [examples[index] for index in sorted(chosen)]


def write_subset(path: Path, examples: Sequence[Example]) -> str:
    """Writes examples as TSV, white space in labels and texts as single spaces; returns its name.

    Args:
        path: The file.
        examples: What it is to hold.

    Raises:
        UserError: It can't be written.
    """
    with write_atomically(path) as file:
        for example in examples:
            file.write(f"{_one_line(example.label)}\t{_one_line(example.text)}\n")
    return str(path)


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())
