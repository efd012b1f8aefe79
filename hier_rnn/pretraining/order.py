"""In which order words are learnt."""

from __future__ import annotations

import numpy as np


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
    ordered = np.array(sorted(range(len(words)), key=words.__getitem__))
    # Cut at another place each time, or the same words would always stand together.
    cuts = np.arange(int(generator.integers(group_size)), len(words), group_size)
    groups = np.split(ordered, cuts)
    return np.concatenate([groups[i] for i in generator.permutation(len(groups))])
