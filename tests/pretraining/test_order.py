"""The order in which words are learnt."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from hier_rnn.pretraining.order import grouped_permutation

WORDS = [f"{a}{b}{c}" for a in "xyz" for b in "abc" for c in "mnop"]


def together(group_size: int) -> int:
    """How many words are followed by their alphabetical neighbour."""
    order = grouped_permutation(WORDS, group_size, np.random.default_rng(0))
    assert sorted(order) == list(range(len(WORDS)))
    ordered = sorted(WORDS)
    after = dict(itertools.pairwise(ordered))
    return sum(after.get(WORDS[a]) == WORDS[b] for a, b in itertools.pairwise(order))


def test_neighbours_stay_together_in_groups():
    assert together(1) < 6
    assert together(4) >= 3 * 8
    assert together(100) >= len(WORDS) - 2


@pytest.mark.parametrize("group_size", [1, 4])
def test_the_generator_decides(group_size):
    orders = [
        grouped_permutation(WORDS, group_size, np.random.default_rng(seed)).tolist()
        for seed in (0, 0, 1)
    ]
    assert orders[0] == orders[1] != orders[2]
