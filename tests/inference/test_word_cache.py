"""What is kept of words: exact, bounded, whoever asks, and a word is spelled out once."""

from __future__ import annotations

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from hier_rnn.inference import word_cache, word_values
from hier_rnn.inference.word_cache import WordCache
from hier_rnn.inference.word_values import WordValues


def value_of(word):
    return np.array([len(word), *map(ord, word[-3:].rjust(3))], np.float32)


class Computed:
    """Values of words, which notes what was asked for."""

    def __init__(self):
        self.asked = []

    def __call__(self, words):
        self.asked.append(list(words))
        for start in range(0, len(words), 2):  # in blocks
            yield np.array([value_of(word) for word in words[start : start + 2]])


@pytest.fixture
def computed():
    return Computed()


def look_up(values, words, threads=1, pool=None):
    distinct = list(dict.fromkeys(words))
    found = values(distinct, threads, pool)
    np.testing.assert_array_equal(found, [value_of(word) for word in distinct])
    assert len(values.cache) <= values.cache.capacity


def test_a_word_is_computed_once(computed):
    values = WordValues(computed, 4)
    for words in (["ab", "é", ""], ["語", "ab"], ["ab"], ["", "zz", "a" * 50]):
        look_up(values, words)
    assert computed.asked == [["", "ab", "é"], ["語"], ["a" * 50, "zz"]]
    assert len(values.cache) == 6


def test_a_cleared_cache_asks_again(computed):
    values = WordValues(computed, 4)
    for _ in range(2):
        look_up(values, ["ab", "c"])
        values.cache.clear()
        assert len(values.cache) == 0
    assert computed.asked == [["ab", "c"]] * 2


def test_nothing_to_look_up(computed):
    assert WordValues(computed, 4)([], 2, None).shape == (0, 4)
    assert computed.asked == []


def test_bounded_and_exact_over_a_long_stream(computed):
    values, random = WordValues(computed, 4, capacity=20), np.random.default_rng(0)
    for _ in range(100):
        look_up(values, [f"a{n}" for n in random.integers(0, 60, random.integers(1, 30))])
    assert len(values.cache) == 20


def test_a_full_cache_keeps_most_of_what_it_knows(computed):
    """However words follow each other: here, always in the same order."""
    values, words = WordValues(computed, 4, capacity=90), [f"a{n}" for n in range(100)]
    for _ in range(20):
        for word in words:
            look_up(values, [word])
    assert 100 < len(computed.asked) < 100 + 20 * 60


def test_more_words_than_fit(computed):
    values = WordValues(computed, 4, capacity=3)
    look_up(values, ["a", "b"])
    look_up(values, ["c", "a", "d", "a", "e", "c", "f", "g"])
    look_up(values, ["b", "a"])
    assert len(values.cache) == 3


def test_long_words_are_not_kept(computed):
    values = WordValues(computed, 4)
    look_up(values, ["a" * 65, "b" * 64])
    assert len(values.cache) == 1


def test_the_default_capacity_counts_all_that_a_word_takes(monkeypatch):
    monkeypatch.setattr(word_cache, "CACHE_BYTES", 10_000)
    monkeypatch.setattr(word_cache, "WORD_BYTES", 100)
    assert WordCache(100).capacity == 20


def test_many_words_are_cut_for_threads(computed, monkeypatch):
    monkeypatch.setattr(word_values, "AT_ONCE", 30)
    monkeypatch.setattr(word_values, "AT_LEAST", 10)
    words = [f"a{number:03}" for number in range(100)]
    for threads, parts in ((1, 4), (2, 4), (3, 6)):
        computed.asked.clear()
        with ThreadPoolExecutor(2) as pool:
            look_up(WordValues(computed, 4), words, threads, pool)
        assert len(computed.asked) == parts
        assert sorted(word for part in computed.asked for word in part) == words
    computed.asked.clear()
    look_up(WordValues(computed, 4), words[:12], 2, None)
    assert computed.asked == [words[:12]]


def test_any_number_of_threads(computed):
    """More words than fit, all the time: every value is its word's."""
    values = WordValues(computed, 4, capacity=50)
    together = threading.Barrier(8, timeout=60)

    def ask(seed):
        random = np.random.default_rng(seed)
        together.wait()
        for _ in range(200):
            look_up(values, [f"a{n}" for n in random.integers(0, 120, 12)])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(8), timeout=60))
    assert len(values.cache) == 50


def test_a_copy_begins_without_words():
    cache = WordCache(4, 10)
    cache.put(["a"], np.ones((1, 4), np.float32))
    copy = pickle.loads(pickle.dumps(cache))
    assert (len(cache), len(copy), copy.capacity) == (1, 0, 10)
    assert copy.get(["a"], np.empty((1, 4), np.float32)).tolist() == [0]
