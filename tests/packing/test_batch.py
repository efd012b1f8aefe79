"""From strings to tries: spelling, marks, the mirror, and words that share nothing."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hier_rnn.configuration.options import Configuration
from hier_rnn.packing.batch import (
    TrieBuilder,
    pack_batch,
    prefixes_of_words,
    trie_builder,
)
from hier_rnn.packing.trie import parent_states
from hier_rnn.text.alphabet import BOS, EOS, Alphabet

ALPHABET = Alphabet(tuple("abcdefgßé語한क́🙂\u0627\x00"))
MARKS = (BOS, EOS)
SCRIPTS = [
    "abc",
    "ab",
    "",
    "ßé",
    "語한",
    "कa",
    "é",
    "🙂🙂a",
    "\u0627a",
    "unbekannt",
    "\x00a",
    "a\x00",
]

any_words = st.lists(
    st.text(st.sampled_from("abé語🙂x\x00") | st.characters(codec="utf-8"), max_size=9),
    max_size=8,
    unique=True,
)


def spelled(trie):
    """What each word reads, from its last character back to the first."""
    parents = parent_states(trie).numpy()
    words = []
    for state in trie.ends.numpy():
        letters = []
        while state:
            letters.append(int(trie.characters[state - 1]))
            state = parents[state - 1]
        words.append(letters[::-1])
    return words


def ids(words, marks):
    begin, end = ([marks[0]], [marks[1]]) if marks else ([], [])
    return [begin + ALPHABET.ids(word) + end for word in words]


@pytest.fixture(scope="module", params=[None, MARKS], ids=["plain", "marked"])
def builder(request):
    builder = TrieBuilder(ALPHABET.table(), request.param, bidirectional=True)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def shared(words):
        return builder(words)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def unshared(words):
        return builder(words, shared=False)

    return request.param, shared, unshared


@settings(max_examples=100, deadline=None)
@given(words=any_words)
@example(words=[])
@example(words=[""])
@example(words=["", "a"])
@example(words=SCRIPTS)
@example(words=["a" * 300, "a" * 299 + "é", "語" * 300])
@pytest.mark.slow
def test_words_are_read_from_both_ends(builder, words):
    marks, shared, _ = builder
    forward, backward = shared(tf.constant(words, tf.string))
    expected = ids(words, marks)
    assert spelled(forward) == expected
    assert spelled(backward) == [word[::-1] for word in expected]
    prefixes = {tuple(word[:n]) for word in expected for n in range(1, len(word) + 1)}
    suffixes = {tuple(word[n:]) for word in expected for n in range(len(word))}
    # What leads up to the border between the halves is there twice.
    border = max(map(len, expected), default=0)
    assert 0 <= len(forward.characters) - len(prefixes) <= border
    assert 0 <= len(backward.characters) - len(suffixes) <= border


@settings(max_examples=100, deadline=None)
@given(words=any_words)
@example(words=[])
@example(words=["", ""])
@example(words=["abc", "abc", "ab", ""])
@example(words=SCRIPTS)
@pytest.mark.slow
def test_unshared_words_have_prefixes_of_their_own(builder, words):
    marks, _, unshared = builder
    expected = ids(words, marks)
    forward, backward = unshared(tf.constant(words, tf.string))
    assert spelled(forward) == expected
    assert spelled(backward) == [word[::-1] for word in expected]
    lengths = [len(word) for word in expected]
    longest = max(lengths, default=0)
    for trie, mirrored in ((forward, False), (backward, True)):
        assert trie.sizes.numpy().sum(1).tolist() == [
            sum(length > level for length in lengths) for level in range(longest)
        ]
        numbers = prefixes_of_words(lengths)
        assert sorted(np.concatenate([[], *numbers])) == list(range(sum(lengths)))
        for own, word, end in zip(numbers, expected, trie.ends.numpy(), strict=True):
            letters = trie.characters.numpy()[own].tolist()
            assert letters == (word[::-1] if mirrored else word)
            assert end == (own[-1] + 1 if len(own) else 0)


def test_one_trie_unless_bidirectional():
    assert len(TrieBuilder(ALPHABET.table(), MARKS)(tf.constant(["ab"]))) == 1


def test_broken_utf8_becomes_the_unknown_character():
    (trie,) = TrieBuilder(ALPHABET.table(), None)(tf.constant([b"a\xff", b"a\xc3"]))
    a = ALPHABET.ids("a")
    assert spelled(trie) == [[*a, 0], [*a, 0]]


def test_mark_length():
    assert TrieBuilder(ALPHABET.table(), MARKS).mark_length == 1
    assert TrieBuilder(ALPHABET.table(), None).mark_length == 0


@pytest.mark.parametrize("boundary_marks", [True, False])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_options_decide_marks_and_directions(boundary_marks, bidirectional):
    configuration = Configuration.model_validate(
        {
            "text": {"boundary_marks": boundary_marks},
            "character_encoder": {"bidirectional": bidirectional},
        }
    )
    tries = trie_builder(configuration, ALPHABET)(tf.constant(["ab", ""]))
    assert len(tries) == 1 + bidirectional
    assert spelled(tries[0]) == ids(["ab", ""], MARKS if boundary_marks else None)


SENTENCES = [["ab", "a", "ab"], [], ["é", "ab"], ["ab", "ab", "abc", "a"]]


def packed(shared):
    builder = TrieBuilder(ALPHABET.table(), MARKS)
    words = [word for sentence in SENTENCES for word in sentence]
    lengths = tf.constant([len(sentence) for sentence in SENTENCES])
    batch = pack_batch(tf.constant(words), lengths, builder, shared=shared)
    return batch.prefix_tries[0], batch.sentences


@pytest.mark.parametrize("shared", [True, False])
def test_a_batch_s_rows_lead_to_the_words_of_its_sentences(shared):
    trie, sentences = packed(shared)
    by_word = spelled(trie)
    found = [[] for _ in SENTENCES]
    for rank, word in zip(sentences.ranks.numpy(), sentences.words.numpy(), strict=True):
        found[rank].append(by_word[word])
    found = [found[rank] for rank in sentences.order]
    assert found == [ids(sentence, MARKS) for sentence in SENTENCES]


def test_a_repeated_word_is_spelled_once_unless_unshared():
    assert len(packed(shared=True)[0].ends) == 4
    assert len(packed(shared=False)[0].ends) == 9


@pytest.mark.slow
def test_inside_a_data_set():
    builder = TrieBuilder(ALPHABET.table(), MARKS, bidirectional=True)
    batches = [(["ab", "a"], [2]), ([], [0, 0]), (["語", "語", "ab"], [1, 2])]
    signature = (tf.TensorSpec([None], tf.string), tf.TensorSpec([None], tf.int32))
    data = tf.data.Dataset.from_generator(lambda: iter(batches), output_signature=signature)
    data = data.map(lambda words, lengths: pack_batch(words, lengths, builder))
    for (words, lengths), found in zip(batches, data, strict=True):
        expected = pack_batch(tf.constant(words, tf.string), tf.constant(lengths), builder)
        for one, other in zip(tf.nest.flatten(found), tf.nest.flatten(expected), strict=True):
            np.testing.assert_array_equal(one, other)
