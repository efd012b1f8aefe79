"""Counts against a double loop, and the bounds on memory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hier_rnn.training.word_vectors import cooccurrence, pair_sums
from hier_rnn.training.word_vectors.cooccurrence import UNIT, count_contexts

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
        patch.setattr(pair_sums, "BUFFERED_PAIRS", 3 * words_at_once)
        patch.setattr(pair_sums, "HELD_PAIRS", words_at_once)  # the rest is on disk for a while
        contexts = count_contexts(texts, VOCABULARY, window)
    np.testing.assert_allclose(contexts.near.toarray(), near, rtol=1e-5)
    np.testing.assert_allclose(
        contexts.adjacent.toarray(), np.hstack([followers.T, followers]), rtol=1e-5
    )
    np.testing.assert_array_equal(contexts.text.toarray(), in_text)
    assert (contexts.forgotten, contexts.text_share) == (0, 1)


def test_distinct_pairs_stay_within_the_limit_and_the_loss_is_reported(monkeypatch):
    monkeypatch.setattr(cooccurrence, "BUFFERED_WORDS", 500)
    monkeypatch.setattr(pair_sums, "BUFFERED_PAIRS", 500)
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


def test_the_order_of_the_texts_changes_no_sum_to_the_last_bit(monkeypatch):
    monkeypatch.setattr(cooccurrence, "BUFFERED_WORDS", 200)
    generator = np.random.default_rng(1)
    texts = [[f"w{n}" for n in generator.integers(0, 30, 20)] for _ in range(200)]
    words = [f"w{n}" for n in range(30)]
    one = count_contexts(texts, words, window=40, maximum_pairs=700)
    other = count_contexts(texts[::-1], words, window=40, maximum_pairs=700)
    assert one.forgotten == other.forgotten > 0
    for view in ("near", "adjacent"):
        first, second = getattr(one, view), getattr(other, view)
        assert (first != second).nnz == 0 and first.dtype == np.float32


def test_distances_that_do_not_divide_the_unit_are_rounded():
    near = count_contexts([["a", *["x"] * 16, "b"]], ["a", "b"], window=17).near
    assert near[0, 1] == np.float32(round(UNIT / 17) / UNIT)
