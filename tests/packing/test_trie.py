"""The prefix trie against a Python set of prefixes."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hier_rnn.packing.trie import build_trie

ALPHABET_SIZE = 1000

words_of_few_letters = st.lists(st.lists(st.integers(0, 2), max_size=8).map(tuple), max_size=12)
words_of_many_letters = st.lists(
    st.lists(st.integers(0, ALPHABET_SIZE - 1), max_size=20).map(tuple), max_size=6
)


@tf.function(
    input_signature=[tf.TensorSpec([None], tf.int32), tf.TensorSpec([None], tf.int32)],
)
def built(characters, lengths):
    return build_trie(characters, lengths, ALPHABET_SIZE)


def trie_of(words):
    characters = np.array([letter for word in words for letter in word], np.int32)
    return built(characters, np.array([len(word) for word in words], np.int32))


def prefixes_in_order(trie):
    """Spells every state out, level by level, from what the trie says of parents."""
    spelled, above = [()], [()]
    number = 0
    for size in trie.sizes.numpy():
        level = [
            (*above[trie.parents[i]], int(trie.characters[i])) for i in range(number, number + size)
        ]
        spelled += level
        number += size
        above = level
    assert number == len(trie.parents) == len(trie.characters)
    return spelled


def check(words):
    trie = trie_of(words)
    spelled = prefixes_in_order(trie)
    expected = {word[:length] for word in words for length in range(len(word) + 1)} | {()}
    assert len(spelled) == len(expected)
    assert set(spelled) == expected
    assert [spelled[state] for state in trie.ends] == list(words)
    assert trie.sizes.numpy().tolist() == [
        sum(len(prefix) == level for prefix in expected)
        for level in range(1, 1 + max(map(len, expected)))
    ]


@settings(max_examples=200, deadline=None)
@given(words_of_few_letters)
@example([])
@example([()])
@example([(), (), ()])
@example([(0,), (0,), ()])
@example([(1,), (1, 2), (1, 2, 0), (1, 2, 0, 0)])
@example([(1, 2, 0, 0), (1, 2, 0), (1, 2), (1,)])
@example([(0, 1), (1, 0), (0, 1), (1, 1)])
def test_every_distinct_prefix_once(words):
    check(words)


@settings(max_examples=50, deadline=None)
@given(words_of_many_letters)
def test_every_distinct_prefix_once_with_a_large_alphabet(words):
    check(words)


def test_letters_do_not_run_into_each_other_at_the_alphabet_s_borders():
    last = ALPHABET_SIZE - 1
    check([(0, last), (last, 0), (last, last), (0, 0), (last,), (0,)])


def test_words_of_three_hundred_letters():
    first = tuple(np.random.default_rng(0).integers(0, ALPHABET_SIZE, 300).tolist())
    check([first, (*first[:299], 7), first[:150], (5, *first[1:])])


def test_keys_of_a_large_batch_do_not_overflow():
    """Few characters of so large an alphabet fit into a number."""
    size = 0x110000
    count = 3000
    characters = np.stack([np.arange(count), np.full(count, size - 1)], 1).astype(np.int32)
    trie = build_trie(tf.constant(characters.ravel()), tf.fill([count], 2), size)
    assert trie.sizes.numpy().tolist() == [count, count]
    assert trie.parents[count:].numpy().tolist() == list(range(count))
    assert set(trie.characters[count:].numpy()) == {size - 1}


def test_unshared_words_have_prefixes_of_their_own():
    words = [(1, 2), (), (1, 2), (1,), (2, 1, 1)]
    characters = np.array([letter for word in words for letter in word], np.int32)
    lengths = np.array([len(word) for word in words], np.int32)
    trie = build_trie(characters, lengths, ALPHABET_SIZE, shared=False)
    spelled = prefixes_in_order(trie)
    assert [spelled[state] for state in trie.ends] == words
    assert trie.sizes.numpy().tolist() == [4, 3, 1]
    assert len(set(trie.ends.numpy())) == 5


def test_everything_is_int32():
    assert {tensor.dtype for tensor in trie_of([(1, 2), ()])} == {tf.int32}
    assert {tensor.dtype for tensor in trie_of([])} == {tf.int32}
