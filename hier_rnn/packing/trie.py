"""The prefix trie of a batch's words: each distinct prefix once, level by level.

`walk`, `walks` and `walking` share the prefixes `w`, `wa`, `wal` and `walk`, and a recurrent network
that has read a shared prefix is in the same state, so it needs to read it once.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf


class PrefixTrie(NamedTuple):
    """The distinct prefixes of some words, ordered by level: level `t` holds those of `t + 1`
    characters.

    A *state index* numbers the states of a network that reads the trie: 0 is the state before any
    character, `1 + i` the state after prefix `i`.
    """

    sizes: tf.Tensor
    """int32 `(levels,)`: distinct prefixes at each level."""
    parents: tf.Tensor
    """int32 `(prefixes,)`: the parent's index within the level above; 0 at the first level."""
    characters: tf.Tensor
    """int32 `(prefixes,)`: the identifier of each prefix's last character."""
    ends: tf.Tensor
    """int32 `(words,)`: the state index of each word's last character; 0 for an empty word."""


def build_trie(characters: tf.Tensor, lengths: tf.Tensor, alphabet_size: int) -> PrefixTrie:
    """Builds the prefix trie of words, exactly, without sorting them.

    Args:
        characters: Character identifiers of all words, one word after the other, int32
            `(characters,)`.
        lengths: Characters in each word, int32 `(words,)`; 0 is an empty word.
        alphabet_size: Every identifier is below it.
    """
    words = tf.shape(lengths)[0]
    levels = tf.reduce_max(tf.concat([lengths, [0]], 0))
    starts = tf.cumsum(lengths, exclusive=True)

    def rows(size: tf.Tensor) -> tf.TensorArray:
        return tf.TensorArray(tf.int32, size, element_shape=[None], infer_shape=False)

    def level(t, word, node, offset, sizes, parents, letters, finished, ends):
        """Extends the prefixes `node` of the words `word`, which are longer than `t`."""
        letter = tf.gather(characters, tf.gather(starts, word) + t)
        key = tf.cast(node, tf.int64) * alphabet_size + tf.cast(letter, tf.int64)
        distinct, node = tf.unique(key)
        length = tf.gather(lengths, word)
        done, more = tf.equal(length, t + 1), tf.greater(length, t + 1)
        size = tf.size(distinct)
        return (
            t + 1,
            tf.boolean_mask(word, more),
            tf.boolean_mask(node, more),
            offset + size,
            sizes.write(t, [size]),
            parents.write(t, tf.cast(distinct // alphabet_size, tf.int32)),
            letters.write(t, tf.cast(distinct % alphabet_size, tf.int32)),
            finished.write(t, tf.boolean_mask(word, done)),
            ends.write(t, tf.boolean_mask(node, done) + offset + 1),
        )

    word = tf.boolean_mask(tf.range(words), lengths > 0)
    vector, scalar = tf.TensorShape([None]), tf.TensorShape([])
    state = tf.while_loop(
        lambda t, *_: t < levels,
        level,
        (0, word, tf.zeros_like(word), 0, *(rows(levels) for _ in range(5))),
        shape_invariants=(scalar, vector, vector, scalar, *(tf.TensorShape(None),) * 5),
    )

    def concat(array: tf.TensorArray) -> tf.Tensor:
        return tf.cond(levels > 0, array.concat, lambda: tf.zeros([0], tf.int32))

    sizes, parents, letters, finished, ends = map(concat, state[4:])
    ends = tf.scatter_nd(finished[:, None], ends, words[None])
    return PrefixTrie(sizes, parents, letters, ends)
