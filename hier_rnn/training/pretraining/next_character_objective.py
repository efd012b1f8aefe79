"""The objective `next-character`: the encoder learns to predict each word's next character.

A character language model of single words, end of word included. Words of a text that begin alike
have the same states and the same predictions until they part, so the loss over a whole text is a
sum over distinct prefixes, each weighted by how many words of the text pass through it.
A bidirectional encoder learns both directions, each with a softmax of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from hier_rnn.configuration.options import Pretraining
from hier_rnn.model.character_encoder import CharacterEncoder
from hier_rnn.model.next_character import NextCharacter
from hier_rnn.model.replicas import total
from hier_rnn.packing.batch import TrieBuilder
from hier_rnn.packing.share import Share
from hier_rnn.packing.stream import PackedStream
from hier_rnn.packing.trie import PrefixTrie, parent_states, prefix_counts
from hier_rnn.recurrent.dropout_rng import DropoutRng
from hier_rnn.text.alphabet import EOS
from hier_rnn.training.pretraining.batches import grouped_permutation, packed_batches
from hier_rnn.training.pretraining.word_objective import WordObjective

# A word that weighs as much as this many average words of a batch is spread over several batches.
HEAVY = 8
EVALUATED_AT_ONCE = 8192


class CountedWords(NamedTuple):
    """What a language model learns from and what it is evaluated on.

    Attributes:
        words: Distinct words by descending count.
        counts: How often each is seen, `(words,)`.
        held_out_words: Distinct words of held-out texts.
        held_out_counts: How often each is seen there.
        metadata: Figures on the counting by name.
    """

    words: list[str]
    counts: np.ndarray
    held_out_words: list[str]
    held_out_counts: np.ndarray
    metadata: dict[str, float]


class CountedBatch(NamedTuple):
    """Distinct words of a text."""

    prefix_tries: tuple[PrefixTrie, ...]
    counts: tf.Tensor
    """float32 `(words,)`: how often each is seen."""
    size: tf.Tensor
    """int32 `()`: words in the batch, of which a share may have but a part."""
    last: tf.Tensor
    """bool `()`: whether the epoch ends with this batch."""


class NextCharacterObjective(WordObjective):
    """Encoder, predictions of the next character, and the words to learn.

    Args:
        encoder: The character encoder.
        trie_builder: Makes the tries of words.
        corpus: Words and their counts.
        options: The `pretraining` options.
        seed: The run's seed.
    """

    score_name = "bits_per_character"

    def __init__(
        self,
        encoder: CharacterEncoder,
        trie_builder: TrieBuilder,
        corpus: CountedWords,
        options: Pretraining,
        seed: int,
    ) -> None:
        self._encoder, self._trie_builder, self._corpus = encoder, trie_builder, corpus
        self._options, self._seed = options, seed
        self.next_character = NextCharacter(encoder.options, encoder.alphabet_size)
        self.steps = -(-len(corpus.words) // options.batch_size)
        self.expected_examples = self.steps * options.batch_size * options.epochs
        signature = [tf.TensorSpec([None], tf.string), tf.TensorSpec([None], tf.float32)]
        self._evaluate = tf.function(
            self._held_out_surprise, input_signature=signature, autograph=False
        )

    def named_weights(self) -> dict[str, keras.Variable]:
        """Returns every weight by its name; those of the predictions are not the encoder's."""
        return {**self._encoder.named_weights(), **self.next_character.named_weights()}

    def batches(self, epoch: int = 0, skip: int = 0, shares: Sequence[Share] = ()) -> PackedStream:
        """Returns the batches of epoch after epoch; see `WordObjective.batches`."""

        def pack(
            words: tf.Tensor, counts: tf.Tensor, size: tf.Tensor, last: tf.Tensor
        ) -> CountedBatch:
            return CountedBatch(self._trie_builder(words), counts, size, last)

        return packed_batches(
            self.epoch_batches, (tf.string, tf.float32), pack, epoch, skip, shares
        )

    def loss(self, batch: CountedBatch, rng: DropoutRng | None = None) -> tf.Tensor:
        """Returns the mean surprise at a character of the text, in nats.

        Args:
            batch: Words with their counts.
            rng: Source of dropout; default None, no dropout.
        """
        surprise, characters = self.surprise(batch, rng)
        return surprise / total(characters)

    def surprise(
        self, batch: CountedBatch, rng: DropoutRng | None = None, differentiable: bool = True
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the surprise at all characters of the text, in nats, and how many they are.

        Args:
            batch: Words with their counts.
            rng: Source of dropout; default None, no dropout.
            differentiable: Whether to keep what the gradient needs. Default True.
        """
        marked = self._trie_builder.mark_length > 0
        states = self._encoder.states(batch.prefix_tries, rng, differentiable)
        surprise = characters = tf.constant(0.0)
        for direction, (layers, trie) in enumerate(zip(states, batch.prefix_tries, strict=True)):
            prefixes, following, counts = predictions(trie, batch.counts, marked)
            losses = self.next_character.losses(layers[-1], prefixes, following, direction)
            surprise += tf.reduce_sum(counts * losses)
            characters += tf.reduce_sum(counts)
        return surprise, characters

    def words_of(self, batch: CountedBatch) -> int:
        """Returns how many distinct words a batch has."""
        return int(batch.size)

    def validate(self) -> dict[str, float]:
        """Returns the bits per character of held-out text, end of word included."""
        words, counts = self._corpus.held_out_words, self._corpus.held_out_counts
        nats = characters = 0.0
        for at in range(0, len(words), EVALUATED_AT_ONCE):
            part = slice(at, at + EVALUATED_AT_ONCE)
            surprise, seen = self._evaluate(words[part], counts[part].astype(np.float32))
            nats += float(surprise)
            characters += float(seen)
        return {"bits_per_character": nats / characters / math.log(2)}

    def _held_out_surprise(
        self, words: tf.Tensor, counts: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        batch = CountedBatch(self._trie_builder(words), counts, tf.size(words), tf.constant(True))
        return self.surprise(batch, differentiable=False)

    def score(self, metrics: Mapping[str, float]) -> float:
        """Returns the negative of the bits per character."""
        return -metrics[self.score_name]

    def epoch_batches(self, epoch: int) -> list[tuple[list[str], np.ndarray]]:
        """Returns an epoch's batches of words and counts."""
        words, counts = self._corpus.words, self._corpus.counts
        generator = np.random.default_rng((self._seed, epoch))
        parts = portions(counts, self.steps)
        once, spread = np.flatnonzero(parts == 1), np.flatnonzero(parts > 1)
        order = grouped_permutation([words[i] for i in once], self._options.group_size, generator)
        offset = generator.integers(self.steps, size=len(spread))
        batches = []
        for number, rare in enumerate(np.array_split(once[order], self.steps)):
            frequent = spread[(number - offset) % self.steps < parts[spread]]
            chosen = np.concatenate([rare, frequent])
            share = (counts[chosen] / parts[chosen]).astype(np.float32)
            batches.append(([words[i] for i in chosen], share))
        return batches


def predictions(
    trie: PrefixTrie, counts: tf.Tensor, marked: bool
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Returns the distinct predictions that words ask for: prefix, next character, how often.

    Args:
        trie: The words' prefixes.
        counts: How often each word is seen, float32 `(words,)`.
        marked: Whether words stand between marks, the first of which is not predicted. If not,
            the end of a word is predicted all the same.
    """
    parents, passing = parent_states(trie), prefix_counts(trie, counts)
    if marked:
        first = tf.reduce_sum(trie.sizes[:1])
        return parents[first:], trie.characters[first:], passing[first:]
    ends = tf.fill(tf.shape(trie.ends), EOS)
    return (
        tf.concat([parents, trie.ends], 0),
        tf.concat([trie.characters, ends], 0),
        tf.concat([passing, counts], 0),
    )


def portions(counts: np.ndarray, batches: int) -> np.ndarray:
    """Returns over how many batches to spread each word, so that none dominates its batch.

    Args:
        counts: How often each word is seen, `(words,)`.
        batches: Batches in an epoch.
    """
    parts: np.ndarray = np.clip(np.ceil(counts / counts.mean() / HEAVY), 1, batches)
    return parts.astype(int)
