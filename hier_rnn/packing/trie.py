"""The prefix trie of a batch's words: each distinct prefix once, level by level.

`walk`, `walks` and `walking` share the prefixes `w`, `wa`, `wal` and `walk`, and a recurrent
network that has read a shared prefix is in the same state, so it needs to read it once.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf


class PrefixTrie(NamedTuple):
    """The distinct prefixes of some words; level `t` holds those of `t + 1` characters.

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


def build_trie(
    characters: tf.Tensor, lengths: tf.Tensor, alphabet_size: int | tf.Tensor
) -> PrefixTrie:
    """Builds the prefix trie of words, exactly, without sorting them.

    Args:
        characters: Character identifiers of all words, one word after the other, int32
            `(characters,)`.
        lengths: Characters in each word, int32 `(words,)`; 0 is an empty word.
        alphabet_size: Every identifier is below it; an int, or int64 `()`.
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


def parent_states(trie: PrefixTrie) -> tf.Tensor:
    """Returns the state index of each prefix's parent, int32 `(prefixes,)`."""
    starts = tf.cumsum(trie.sizes, exclusive=True)
    above = tf.concat([[0], 1 + starts], 0)[: tf.size(trie.sizes)]
    return trie.parents + tf.repeat(above, trie.sizes)


def prefix_counts(trie: PrefixTrie, word_counts: tf.Tensor) -> tf.Tensor:
    """Returns how often each prefix is read when every word is read by itself, `(prefixes,)`.

    Args:
        trie: The words' prefixes.
        word_counts: How often each word is read, float32 `(words,)`.
    """
    levels = tf.size(trie.sizes)
    starts = tf.cumsum(trie.sizes, exclusive=True)
    states = tf.reduce_sum(trie.sizes) + 1
    ending = tf.math.unsorted_segment_sum(word_counts, trie.ends, states)[1:]

    def level(t, below, counts):
        """From the counts of the level below, those of a level."""
        start, size = starts[t], trie.sizes[t]
        own = ending[start : start + size] + below
        parents = trie.parents[start : start + size]
        above = trie.sizes[tf.maximum(t - 1, 0)]
        return t - 1, tf.math.unsorted_segment_sum(own, parents, above), counts.write(t, own)

    array = tf.TensorArray(ending.dtype, levels, element_shape=[None], infer_shape=False)
    deepest = tf.reduce_sum(trie.sizes[-1:])
    *_, counts = tf.while_loop(
        lambda t, *_: t >= 0,
        level,
        (levels - 1, tf.zeros([deepest], ending.dtype), array),
        shape_invariants=(tf.TensorShape([]), tf.TensorShape([None]), tf.TensorShape(None)),
    )
    return tf.cond(levels > 0, counts.concat, lambda: tf.zeros([0], ending.dtype))
