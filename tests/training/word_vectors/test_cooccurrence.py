"""Counts against a double loop, and the bounds on memory."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hier_rnn.training.word_vectors import cooccurrence
from hier_rnn.training.word_vectors.cooccurrence import count_contexts, count_words

VOCABULARY = ["a", "b", "c", "d"]
TEXTS = st.lists(st.lists(st.sampled_from([*VOCABULARY, "unknown"]), max_size=12), max_size=8)


def brute_force(texts, window):
    """Returns near, followers (row before column) and text counts, dense."""
    size = len(VOCABULARY)
    near, followers = np.zeros((size, size)), np.zeros((size, size))
    in_text = np.zeros((size, len(texts)))
    row = {word: index for index, word in enumerate(VOCABULARY)}
    for number, text in enumerate(texts):
        for i, one in enumerate(text):
            if one not in row:
                continue
            in_text[row[one], number] = 1
            for j, other in enumerate(text):
                if i != j and abs(i - j) <= window and other in row:
                    near[row[one], row[other]] += 1 / abs(i - j)
                if 0 < j - i <= 2 and other in row:
                    followers[row[one], row[other]] += 1 / (j - i)
    return near, followers, in_text


@settings(max_examples=60, deadline=None)
@given(texts=TEXTS, window=st.integers(1, 6), words_at_once=st.sampled_from([1, 7, 1000]))
def test_contexts_equal_a_double_loop_however_the_text_is_chunked(texts, window, words_at_once):
    near, followers, in_text = brute_force(texts, window)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cooccurrence, "BUFFERED_WORDS", words_at_once)
        patch.setattr(cooccurrence, "BUFFERED_PAIRS", 3 * words_at_once)
        contexts = count_contexts(texts, VOCABULARY, window)
    np.testing.assert_allclose(contexts.near.toarray(), near, rtol=1e-5)
    np.testing.assert_allclose(
        contexts.adjacent.toarray(), np.hstack([followers.T, followers]), rtol=1e-5
    )
    np.testing.assert_array_equal(contexts.text.toarray(), in_text)
    assert (contexts.forgotten, contexts.text_share) == (0, 1)


@given(texts=st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=9), max_size=9))
def test_words_are_counted_and_sorted(texts):
    expected = Counter(word for text in texts for word in text)
    found = count_words(texts)
    assert dict(zip(found.words, found.counts.tolist(), strict=True)) == expected
    assert found.words == sorted(found.words, key=lambda word: (-expected[word], word))
    assert found.tokens == sum(expected.values())
    assert (found.pruned, found.undercount) == (0, 0)


def test_pruning_bounds_the_types_and_reports_the_loss():
    generator = np.random.default_rng(0)
    texts = [[f"w{n}" for n in generator.zipf(1.3, 50) if n < 10**6] for _ in range(400)]
    exact, pruned = count_words(texts), count_words(texts, maximum_types=300)
    assert len(exact.words) > 2000
    assert len(pruned.words) <= 300
    assert pruned.tokens == exact.tokens == pruned.counts.sum() + pruned.pruned
    of = dict(zip(pruned.words, pruned.counts.tolist(), strict=True))
    short = [n - of.get(word, 0) for word, n in zip(exact.words, exact.counts, strict=True)]
    assert min(short) >= 0 and max(short) <= pruned.undercount
    assert pruned.words[:5] == exact.words[:5]
    assert pruned.coverage == pytest.approx(1 - pruned.pruned / pruned.tokens)


def test_most_frequent_words_obey_both_limits():
    counted = count_words([["a"] * 5 + ["b"] * 3 + ["c"]])
    assert counted.most_frequent(2).words == ["a", "b"]
    assert counted.most_frequent(10, minimum_count=3).words == ["a", "b"]
    assert counted.most_frequent(10, minimum_count=3).coverage == pytest.approx(8 / 9)
    assert count_words([]).coverage == 0


def test_distinct_pairs_stay_within_the_limit_and_the_loss_is_reported(monkeypatch):
    monkeypatch.setattr(cooccurrence, "BUFFERED_WORDS", 500)
    monkeypatch.setattr(cooccurrence, "BUFFERED_PAIRS", 500)
    generator = np.random.default_rng(0)
    words = [f"w{n}" for n in range(100)]
    texts = [[f"w{min(n, 99)}" for n in generator.zipf(1.2, 30)] for _ in range(300)]
    whole = count_contexts(texts, words, window=4)
    bounded = count_contexts(texts, words, window=4, maximum_pairs=600)
    assert whole.near.nnz > 2000 and whole.text.nnz > 1200
    assert bounded.near.nnz <= 2 * 600
    assert bounded.adjacent.nnz <= 2 * 600
    assert bounded.text.nnz <= 600
    kept = 1 - bounded.near.sum() / whole.near.sum()
    assert bounded.forgotten == pytest.approx(kept, rel=1e-3)
    assert 0 < bounded.forgotten < 0.6
    # Every fourth text, say, as a whole: its words are those it really has.
    stride = round(1 / bounded.text_share)
    assert stride > 1
    np.testing.assert_array_equal(bounded.text.toarray(), whole.text.toarray()[:, ::stride])


def test_window_and_vocabulary_change_what_is_counted():
    text = [["a", "b", "c", "d", "a"]]
    assert (
        count_contexts(text, VOCABULARY, 1).near.sum()
        < count_contexts(text, VOCABULARY, 3).near.sum()
    )
    assert count_contexts(text, ["a", "b"], 1).near.shape == (2, 2)
