"""Every item once, in an order the generator decides, evenly when all fit the buffer."""

from __future__ import annotations

from collections import Counter
from itertools import count, islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hier_rnn.sources.sampling.shuffle import sample, shuffled


@given(st.integers(0, 50), st.integers(1, 60), st.integers(0, 2**32))
def test_every_item_once(size, buffer, seed):
    assert sorted(shuffled(range(size), buffer, np.random.default_rng(seed))) == list(range(size))


def test_the_generator_decides():
    first, again, other = (
        list(shuffled(range(100), 30, np.random.default_rng(seed))) for seed in (1, 1, 2)
    )
    assert first == again != other
    assert first != list(range(100))


def test_all_orders_are_as_likely_when_all_fit():
    generator = np.random.default_rng(0)
    orders = Counter(tuple(shuffled("abc", 3, generator)) for _ in range(6000))
    assert len(orders) == 6
    assert all(abs(seen - 1000) < 150 for seen in orders.values())  # five standard deviations


def test_the_buffer_is_what_is_held():
    held = 10
    first = list(islice(shuffled(count(), held, np.random.default_rng(0)), 1000))
    assert all(item <= place + held for place, item in enumerate(first))
    assert list(shuffled(range(9), 1, np.random.default_rng(0))) == list(range(9))


def test_no_buffer():
    with pytest.raises(ValueError, match="at least 1. Received: 0"):
        list(shuffled("abc", 0, np.random.default_rng(0)))


def test_a_sample_is_a_random_part():
    generator = np.random.default_rng(0)
    assert sorted(sample(range(5), 9, generator)) == [0, 1, 2, 3, 4]
    seen = Counter(item for _ in range(2000) for item in sample(range(10), 3, generator))
    assert len(seen) == 10 and all(500 < count < 700 for count in seen.values())
    firsts = Counter(sample(range(10), 3, generator)[0] for _ in range(2000))
    assert all(130 < count < 270 for count in firsts.values())
    assert sample([], 3, generator) == []
