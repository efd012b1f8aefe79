"""The prefix trie of a batch's words: each distinct prefix once, level by level.

`walk`, `walks` and `walking` share the prefixes `w`, `wa`, `wal` and `walk`, and a recurrent
network that has read a shared prefix is in the same state, so it needs to read it once.

A trie is in two halves: the words that come first in sorted order, and the others. No prefix has
its parent in the other half, so a network can read the halves side by side, each on a processor of
its own. The few prefixes that words of both halves share stand in both.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

HALVES = 2


class PrefixTrie(NamedTuple):
    """The prefixes of some words, each once in its half.

    Level `t` holds those of `t + 1` characters. A *state index* numbers the states of a network
    that reads the trie: 0 is the state before any character, `1 + i` the state after prefix `i`.
    """

    sizes: tf.Tensor
    """int32 `(levels, 2)`: prefixes at each level, of the first half and then of the second."""
    parents: tf.Tensor
    """int32 `(prefixes,)`: the parent's index within its half of the level above; 0 at the first
    level."""
    characters: tf.Tensor
    """int32 `(prefixes,)`: the identifier of each prefix's last character."""
    ends: tf.Tensor
    """int32 `(words,)`: the state index of each word's last character; 0 for an empty word."""


def build_trie(
    characters: tf.Tensor, lengths: tf.Tensor, alphabet_size: int, shared: bool = True
) -> PrefixTrie:
    """Builds the prefix trie of words, exactly.

    The words are sorted so that equal prefixes stand together. A prefix is then new where its word
    differs, at that character or an earlier one, from the word before. So the whole trie takes a
    few dozen operations, however long the words are.

    Args:
        characters: Character identifiers of all words, one word after the other, int32
            `(characters,)`.
        lengths: Characters in each word, int32 `(words,)`; 0 is an empty word.
        alphabet_size: Every identifier is below it.
        shared: Whether words share their prefixes. Without, each word has prefixes of its own, so
            that one can tell what each word contributes. Default True.
    """
    words = tf.range(tf.size(lengths))
    order = _grouped(characters, lengths, alphabet_size) if shared else words
    starts = tf.gather(tf.cumsum(lengths, exclusive=True), order)
    ordered = tf.gather(lengths, order)
    # Every character, level by level.
    levels = tf.range(tf.reduce_max(tf.concat([lengths, [0]], 0)))
    level, word = tf.unstack(tf.cast(tf.where(ordered > levels[:, None]), tf.int32), 2, axis=1)
    place = tf.gather(starts, word) + level
    letter = tf.gather(characters, place)
    before = tf.maximum(word - 1, 0)
    there = tf.logical_and(word > 0, tf.gather(ordered, before) > level)
    same = tf.where(there, tf.gather(starts, before) + level, place)
    differs = tf.not_equal(tf.gather(characters, same), letter) | ~(there & shared)
    differing = tf.where(differs, level, tf.int32.max)
    first = tf.math.unsorted_segment_min(differing, word, tf.size(lengths))
    # A word is in the half in which the middle of its own prefixes is.
    prefixes = ordered - tf.minimum(first, ordered)
    twice_the_middle = 2 * tf.cumsum(prefixes) - prefixes
    half = HALVES * twice_the_middle // (2 * tf.reduce_sum(prefixes) + 1)
    first = tf.where(tf.equal(half, tf.concat([[-1], half[:-1]], 0)), first, 0)
    new = level >= tf.gather(first, word)
    # A prefix that is not new is the last new one of its level.
    states = tf.cumsum(tf.cast(new, tf.int32))
    by_place = tf.scatter_nd(place[:, None], states, tf.shape(characters))
    half_level = HALVES * level + tf.gather(half, word)
    sizes = tf.math.unsorted_segment_sum(
        tf.cast(new, tf.int32), half_level, HALVES * tf.size(levels)
    )
    level, place, half_level = (tf.boolean_mask(rows, new) for rows in (level, place, half_level))
    # The first prefix of a half of a level has as many before it as there are above and beside it.
    above = tf.gather(tf.concat([[0] * HALVES, tf.cumsum(sizes, exclusive=True)], 0), half_level)
    parents = tf.gather(by_place, tf.maximum(place - 1, 0)) - 1 - above
    last = tf.cumsum(lengths) - 1
    return PrefixTrie(
        sizes=tf.reshape(sizes, [-1, HALVES]),
        parents=tf.where(level > 0, parents, 0),
        characters=tf.gather(characters, place),
        ends=tf.where(
            lengths > 0, tf.gather(tf.concat([by_place, [0]], 0), tf.maximum(last, 0)), 0
        ),
    )


def _grouped(characters: tf.Tensor, lengths: tf.Tensor, alphabet_size: int) -> tf.Tensor:
    """Returns an order of the words in which those of an equal prefix are together, `(words,)`.

    By the numbers that as many characters as fit make, from the last to the first (radix sort).
    """
    fitting = 63 // int(alphabet_size).bit_length()
    powers = tf.constant(
        [(int(alphabet_size) + 1) ** i for i in reversed(range(fitting))], tf.int64
    )
    starts = tf.cumsum(lengths, exclusive=True)
    longest = tf.reduce_max(tf.concat([lengths, [0]], 0))
    last = tf.maximum(tf.size(characters) - 1, 0)
    padded = tf.concat([characters, [0]], 0)

    def sort(chunk: tf.Tensor, order: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        within = chunk * fitting + tf.range(fitting)
        places = tf.minimum(starts[:, None] + within, last)
        letters = tf.where(within < lengths[:, None], tf.gather(padded, places) + 1, 0)
        keys = tf.reduce_sum(tf.cast(letters, tf.int64) * powers, 1)
        return chunk - 1, tf.gather(order, tf.argsort(tf.gather(keys, order), stable=True))

    chunks = (longest + fitting - 1) // fitting
    order = tf.range(tf.size(lengths))
    return tf.while_loop(lambda chunk, _: chunk >= 0, sort, (chunks - 1, order))[1]


def parent_states(trie: PrefixTrie) -> tf.Tensor:
    """Returns the state index of each prefix's parent, int32 `(prefixes,)`."""
    sizes = tf.reshape(trie.sizes, [-1])
    starts = tf.cumsum(sizes, exclusive=True)
    above = tf.concat([[0] * HALVES, 1 + starts], 0)[: tf.size(sizes)]
    return trie.parents + tf.repeat(above, sizes)


def prefix_counts(trie: PrefixTrie, word_counts: tf.Tensor) -> tf.Tensor:
    """Returns how often each prefix is read when every word is read by itself, `(prefixes,)`.

    Args:
        trie: The words' prefixes.
        word_counts: How often each word is read, float32 `(words,)`.
    """
    sizes = tf.reduce_sum(trie.sizes, 1)
    levels = tf.size(sizes)
    starts = tf.cumsum(sizes, exclusive=True)
    states = tf.reduce_sum(sizes) + 1
    ending = tf.math.unsorted_segment_sum(word_counts, trie.ends, states)[1:]
    # Within the level above.
    parents = parent_states(trie) - tf.repeat(tf.concat([[0], 1 + starts], 0)[:levels], sizes)

    def level(
        t: tf.Tensor, below: tf.Tensor, counts: tf.TensorArray
    ) -> tuple[tf.Tensor, tf.Tensor, tf.TensorArray]:
        """From the counts of the level below, those of a level."""
        start, size = starts[t], sizes[t]
        passing = ending[start : start + size] + below
        above = sizes[tf.maximum(t - 1, 0)]
        summed = tf.math.unsorted_segment_sum(passing, parents[start : start + size], above)
        return t - 1, summed, counts.write(t, passing)

    array = tf.TensorArray(ending.dtype, levels, element_shape=[None], infer_shape=False)
    deepest = tf.reduce_sum(sizes[-1:])
    *_, counts = tf.while_loop(
        lambda t, *_: t >= 0,
        level,
        (levels - 1, tf.zeros([deepest], ending.dtype), array),
        shape_invariants=(tf.TensorShape([]), tf.TensorShape([None]), tf.TensorShape(None)),
    )
    return tf.cond(levels > 0, counts.concat, lambda: tf.zeros([0], ending.dtype))
