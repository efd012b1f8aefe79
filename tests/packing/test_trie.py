"""The prefix trie against a Python set of prefixes."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hier_rnn.packing.trie import build_trie, parent_states

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


def prefixes_by_half(trie):
    """Spells every prefix out, level by level, from what the trie says of parents."""
    spelled = [[], []]
    above = [[()], [()]]
    number = 0
    for sizes in trie.sizes.numpy():
        for half, size in enumerate(sizes):
            rows = range(number, number + size)
            parents = above[half]
            above[half] = [(*parents[trie.parents[i]], int(trie.characters[i])) for i in rows]
            spelled[half].append(above[half])
            number += size
    assert number == len(trie.parents) == len(trie.characters)
    return spelled


def spelled_by_state(trie):
    levels = zip(*prefixes_by_half(trie), strict=True)
    return [(), *(prefix for early, late in levels for prefix in (*early, *late))]


def check(words):
    trie = trie_of(words)
    early, late = ([p for level in half for p in level] for half in prefixes_by_half(trie))
    expected = {word[:length] for word in words for length in range(1, len(word) + 1)}
    assert {*early, *late} == expected
    assert (len(set(early)), len(set(late))) == (len(early), len(late))
    # What both halves have is what leads up to the border.
    common = sorted({*early} & {*late}, key=len)
    assert common == [common[-1][:length] for length in range(1, len(common) + 1)]
    assert abs(len(early) - len(late)) <= 2 * max(map(len, words), default=0)
    spelled = spelled_by_state(trie)
    assert [spelled[state] for state in trie.ends] == list(words)
    assert [
        (*spelled[parent], letter)
        for parent, letter in zip(parent_states(trie), trie.characters.numpy(), strict=True)
    ] == spelled[1:]


@settings(max_examples=200, deadline=None)
@given(words_of_few_letters)
@example([])
@example([()])
@example([(), (), ()])
@example([(0,), (0,), ()])
@example([(1,), (1, 2), (1, 2, 0), (1, 2, 0, 0)])
@example([(1, 2, 0, 0), (1, 2, 0), (1, 2), (1,)])
@example([(0, 1), (1, 0), (0, 1), (1, 1)])
@pytest.mark.slow
def test_every_distinct_prefix_once(words):
    check(words)


@settings(max_examples=20, deadline=None)
@given(words_of_many_letters)
def test_every_distinct_prefix_once_with_a_large_alphabet(words):
    check(words)


def test_letters_do_not_run_into_each_other_at_the_alphabet_s_borders():
    last = ALPHABET_SIZE - 1
    check([(0, last), (last, 0), (last, last), (0, 0), (last,), (0,)])


def test_words_of_three_hundred_letters():
    first = tuple(np.random.default_rng(0).integers(0, ALPHABET_SIZE, 300).tolist())
    check([first, (*first[:299], 7), first[:150], (5, *first[1:])])


@pytest.mark.slow
def test_keys_of_a_large_batch_do_not_overflow():
    """Few characters of so large an alphabet fit into a number."""
    size = 0x110000
    count = 3000
    characters = np.stack([np.arange(count), np.full(count, size - 1)], 1).astype(np.int32)
    trie = build_trie(tf.constant(characters.ravel()), tf.fill([count], 2), size)
    assert trie.sizes.numpy().sum(1).tolist() == [count, count]
    assert len(set(spelled_by_state(trie))) == 2 * count + 1
    assert set(trie.characters[count:].numpy()) == {size - 1}


def test_unshared_words_have_prefixes_of_their_own():
    words = [(1, 2), (), (1, 2), (1,), (2, 1, 1)]
    characters = np.array([letter for word in words for letter in word], np.int32)
    lengths = np.array([len(word) for word in words], np.int32)
    trie = build_trie(characters, lengths, ALPHABET_SIZE, shared=False)
    spelled = spelled_by_state(trie)
    assert [spelled[state] for state in trie.ends] == words
    assert trie.sizes.numpy().sum(1).tolist() == [4, 3, 1]
    assert len(set(trie.ends.numpy())) == 5


def test_everything_is_int32():
    assert {tensor.dtype for tensor in trie_of([(1, 2), ()])} == {tf.int32}
    assert {tensor.dtype for tensor in trie_of([])} == {tf.int32}
