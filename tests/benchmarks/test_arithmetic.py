from __future__ import annotations

import tensorflow as tf

from benchmarks.arithmetic import Counts, counts, operations
from benchmarks.peers.task import configuration
from hier_rnn.packing.batch import pack_batch, trie_builder
from hier_rnn.text.alphabet import Alphabet

SENTENCES = [["walk", "walks", "walking"], ["walk", "on"], ["x"]]


def test_shared_prefixes_are_counted_once():
    # w, wa, wal, walk, walks, walki, walkin, walking; o, on; x
    assert counts(SENTENCES, marks=False) == Counts(11, 5, 6, 3)


def test_it_counts_what_the_engine_computes():
    # The halves of the trie have nothing in common but the mark before every word.
    sentences = [["walk", "walks", "only"], ["walk", "on"]]
    for marks in (False, True):
        options = configuration(4, 8, 8, 1e-3, marks)
        builder = trie_builder(options, Alphabet.count(sentences))
        words = tf.constant([word for sentence in sentences for word in sentence])
        packed = pack_batch(words, tf.constant([3, 2]), builder)
        counted = counts(sentences, marks)
        assert counted.prefixes + marks == packed.prefix_tries[0].characters.shape[0]
        assert counted.words == packed.sentences.words.shape[0]


def test_operations_of_one_character_and_one_word():
    options = configuration(2, 3, 5, 1e-3, marks=False)
    once = operations(Counts(1, 1, 1, 1), options, alphabet_size=1, classes=7, training=False)
    gru = 2 * 9 + 3 * 9
    lstm = 2 * (3 * 20 + 5 * 20)
    assert once == 2 * (gru + lstm + 10 * 7)
    assert operations(Counts(1, 1, 1, 1), options, 1, 7, training=True) == 3 * once
