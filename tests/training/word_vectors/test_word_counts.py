"""Words are counted exactly, in whatever order, and in bounded memory."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hier_rnn.training.word_vectors.word_counts import count_words


@given(texts=st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=9), max_size=9))
def test_words_are_counted_and_sorted(texts):
    expected = Counter(word for text in texts for word in text)
    found = count_words(texts)
    assert dict(zip(found.words, found.counts.tolist(), strict=True)) == expected
    assert found.words == sorted(found.words, key=lambda word: (-expected[word], word))
    assert found.tokens == sum(expected.values())
    assert found.pruned == 0


@given(
    texts=st.lists(st.lists(st.text(max_size=4), max_size=9), max_size=9),
    maximum_types=st.integers(1, 6),
    order=st.randoms(use_true_random=False),
)
def test_the_most_frequent_are_kept_whatever_has_to_wait_on_disk(texts, maximum_types, order):
    exact = Counter(word for text in texts for word in text)
    expected = sorted(exact.items(), key=lambda item: (-item[1], item[0]))[:maximum_types]
    for _ in range(2):
        found = count_words(texts, maximum_types)
        assert list(zip(found.words, found.counts.tolist(), strict=True)) == expected
        assert found.pruned == exact.total() - sum(count for _, count in expected)
        order.shuffle(texts)


def test_what_is_left_out_is_known():
    generator = np.random.default_rng(0)
    texts = [[f"w{n}" for n in generator.zipf(1.3, 50) if n < 10**6] for _ in range(400)]
    exact, pruned = count_words(texts), count_words(texts, maximum_types=300)
    assert len(exact.words) > 2000
    assert pruned.words == exact.words[:300]
    assert pruned.tokens == exact.tokens == pruned.counts.sum() + pruned.pruned
    assert pruned.coverage == pytest.approx(1 - pruned.pruned / pruned.tokens)


def test_most_frequent_words_obey_both_limits():
    counted = count_words([["a"] * 5 + ["b"] * 3 + ["c"]])
    assert counted.most_frequent(2).words == ["a", "b"]
    assert counted.most_frequent(10, minimum_count=3).words == ["a", "b"]
    assert counted.most_frequent(10, minimum_count=3).coverage == pytest.approx(8 / 9)
    assert count_words([]).coverage == 0
