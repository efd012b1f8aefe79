"""What is kept of words: exact, bounded, and a word is spelled out once."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.configuration.options import Configuration
from hier_rnn.inference import word_cache
from hier_rnn.inference.word_cache import WordCache
from hier_rnn.model.character_encoder import CharacterEncoder
from hier_rnn.packing.batch import spelling_of
from hier_rnn.text.alphabet import Alphabet

ALPHABET = Alphabet(tuple("abcdefghij0123456789é語"))


def randomized(encoder, seed):
    random = np.random.default_rng(seed)
    for weight in encoder.weights:
        weight.assign(random.normal(0, 0.5, weight.shape))
    return encoder


@pytest.fixture
def encoder_and_spelling():
    options = {"embedding_dim": 4, "units": 5, "bidirectional": True}
    configuration = Configuration.model_validate({"character_encoder": options})
    encoder = randomized(CharacterEncoder(configuration.character_encoder, ALPHABET.size), seed=0)
    return encoder, spelling_of(configuration, ALPHABET)


@pytest.fixture
def cached(encoder_and_spelling):
    """Makes a cache, and looks words up in it."""
    encoder, spelling = encoder_and_spelling

    def make(capacity=None):
        cache = WordCache(lambda words: encoder(spelling(words)), [encoder.width], capacity)

        def look_up(words):
            table, rows = cache.values(words)
            assert len(cache) <= cache.capacity
            return tf.gather(table, rows).numpy()

        return cache, look_up

    return make


@pytest.fixture
def spelled_out(encoder_and_spelling):
    """The vectors of words, each by itself, without a cache."""
    encoder, spelling = encoder_and_spelling

    def vectors(words):
        distinct = list(dict.fromkeys(words))
        found = encoder(spelling(tf.constant(distinct))).numpy()
        return np.array([found[distinct.index(word)] for word in words])

    return vectors


def close(found, expected):
    np.testing.assert_allclose(found, expected, atol=1e-6, rtol=0)


def test_vectors_are_those_of_the_encoder(cached, spelled_out):
    cache, look_up = cached()
    for words in (["ab", "é", "ab", ""], ["語", "ab"], ["ab"], ["", "zz", "a" * 300]):
        close(look_up(words), spelled_out(words))
    assert len(cache) == 6


def test_a_word_is_spelled_out_once(encoder_and_spelling, cached):
    cache, look_up = cached()
    before = look_up(["ab", "cd"])
    randomized(encoder_and_spelling[0], seed=1)
    np.testing.assert_array_equal(look_up(["cd", "ab"]), before[::-1])
    assert len(cache) == 2


def test_correct_after_weights_change_and_clear(encoder_and_spelling, cached, spelled_out):
    cache, look_up = cached()
    before = look_up(["ab", "cd"])
    randomized(encoder_and_spelling[0], seed=1)
    cache.clear()
    assert len(cache) == 0
    after = look_up(["cd", "ab", "e"])
    assert np.abs(after[:2] - before[::-1]).max() > 1e-2
    close(after, spelled_out(["cd", "ab", "e"]))


def test_bounded_and_exact_over_a_long_stream(cached, spelled_out):
    cache, look_up = cached(capacity=20)
    expected = spelled_out([f"a{number}" for number in range(60)])
    random = np.random.default_rng(0)
    sizes = []
    for _ in range(30):
        numbers = random.integers(0, 60, random.integers(1, 12))
        close(look_up([f"a{number}" for number in numbers]), expected[numbers])
        sizes.append(len(cache))
    assert max(sizes) > 15
    assert any(later < earlier for earlier, later in pairwise(sizes))


def test_a_full_cache_starts_over_with_the_batch_that_did_not_fit(cached, spelled_out):
    cache, look_up = cached(capacity=4)
    look_up(["a", "b", "c"])
    close(look_up(["c", "d", "e", "c"]), spelled_out(["c", "d", "e", "c"]))
    assert len(cache) == 3
    close(look_up(["a", "c", "d", "e"]), spelled_out(["a", "c", "d", "e"]))
    assert len(cache) == 4


def test_a_batch_of_more_distinct_words_than_fit(cached, spelled_out):
    cache, look_up = cached(capacity=3)
    look_up(["a", "b"])
    words = ["c", "a", "d", "a", "e", "c"]
    close(look_up(words), spelled_out(words))
    close(look_up(["b", "a"]), spelled_out(["b", "a"]))
    assert len(cache) <= 3


def test_more_words_than_are_encoded_at_once(cached, spelled_out, monkeypatch):
    monkeypatch.setattr(word_cache, "ENCODED_AT_ONCE", 3)
    words = [f"a{number}" for number in range(8)]
    expected = spelled_out(words)
    for capacity in (8, 4):
        close(cached(capacity)[1](words), expected)


def test_expected_words_are_spelled_out_with_the_first_new_one(cached, spelled_out):
    cache, look_up = cached()
    look_up(["ab"])
    cache.expect([["ab", "cd"], [], ["e", "cd"]])
    look_up(["ab"])
    assert len(cache) == 1
    close(look_up(["e", "ab"]), spelled_out(["e", "ab"]))
    assert len(cache) == 3
    close(look_up(["cd", "f"]), spelled_out(["cd", "f"]))
    assert len(cache) == 4


def test_without_room_for_all_expected_words_each_waits(cached, spelled_out):
    cache, look_up = cached(capacity=3)
    cache.expect([["a", "b"], ["c", "d"]])
    close(look_up(["a", "b"]), spelled_out(["a", "b"]))
    assert len(cache) == 2


def test_the_table_grows_with_the_words(cached, spelled_out):
    cache, look_up = cached(capacity=40)
    words, rooms = [f"a{number}" for number in range(40)], []
    for known in (3, 4, 13, 40):
        close(look_up(words[:known]), spelled_out(words[:known]))
        rooms.append(len(cache._table.numpy()))
    assert rooms == [3, 6, 13, 40]


@pytest.mark.parametrize(("shape", "capacity"), [([4], 25), ([2, 8], 6), ([200], 5)])
def test_the_default_capacity_is_in_bytes(monkeypatch, shape, capacity):
    """But what is spelled out at once has room."""
    monkeypatch.setattr(word_cache, "CACHE_BYTES", 400)
    monkeypatch.setattr(word_cache, "ENCODED_AT_ONCE", 5)
    assert WordCache(lambda words: words, shape).capacity == capacity
