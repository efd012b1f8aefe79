"""Shares of a batch: together they are the batch, and each knows where its rows stand in it."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.packing.sentences import pack_sentences, segment_of
from hier_rnn.packing.share import Share, share_of_texts

TEXTS = ["a b a", "", "c", "b d e f a", "c a", "", "g"]


def columns(texts: list[str]) -> tuple[tf.Tensor, tf.Tensor]:
    words = [text.split() for text in texts]
    return (
        tf.constant([word for text in words for word in text], tf.string),
        tf.constant([len(text) for text in words], tf.int32),
    )


@pytest.mark.parametrize("count", [1, 2, 3, 10])
def test_each_row_stands_where_it_says(count):
    words, lengths = columns(TEXTS)
    distinct, indices = tf.unique(words)
    whole = pack_sentences(indices, lengths)
    seen: list[int] = []
    for number in range(count):
        own, sentences, places = share_of_texts(words, lengths, Share(number, count))
        assert places.texts.numpy().tolist() == list(range(number, len(TEXTS), count))
        assert tf.gather(distinct, places.words).numpy().tolist() == own.numpy().tolist()
        rows = places.rows(sentences)
        there = tf.gather(distinct, tf.gather(whole.words, rows))
        assert there.numpy().tolist() == tf.gather(own, sentences.words).numpy().tolist()
        ranks = tf.gather(whole.order, places.texts)
        assert tf.gather(places.ranks, sentences.order).numpy().tolist() == ranks.numpy().tolist()
        assert int(places.size) == len(TEXTS)
        seen += rows.numpy().tolist()
    assert sorted(seen) == list(range(len(whole.words)))


@pytest.mark.parametrize("first", [0, 2, 4])
def test_rows_of_a_segment_stand_where_they_do_in_that_of_the_batch(first):
    words, lengths = columns(TEXTS)
    distinct, indices = tf.unique(words)
    whole = segment_of(pack_sentences(indices, lengths), tf.constant(first), 2).sentences
    own, sentences, places = share_of_texts(words, lengths, Share(1, 2))
    segment = segment_of(sentences, tf.constant(first), 2).sentences
    there = tf.gather(distinct, tf.gather(whole.words, places.rows(segment, first)))
    assert there.numpy().tolist() == tf.gather(own, segment.words).numpy().tolist()


def test_stretches_cover_all_rows():
    for rows in (0, 1, 2, 7, 8):
        parts = [list(range(rows))[Share(number, 3).stretch(rows)] for number in range(3)]
        assert [row for part in parts for row in part] == list(range(rows))


def test_a_batch_of_empty_texts_has_shares():
    words, lengths = columns(["", "", ""])
    _, sentences, places = share_of_texts(words, lengths, Share(0, 2))
    assert places.rows(sentences).shape == (0,)
    assert np.array_equal(places.texts, [0, 2])
