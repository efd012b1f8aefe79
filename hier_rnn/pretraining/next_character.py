"""The objective `next-character`: the encoder learns to foresee each word's next character.

A character language model of single words, end of word included. Words of a text that begin alike
have the same states and the same predictions until they part, so the loss over a whole text is a
sum over distinct prefixes, each weighted by how many words of the text pass through it.
A bidirectional encoder learns both directions, each with a softmax of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from hier_rnn.configuration.options import Pretraining
from hier_rnn.model.character_encoder import CharacterEncoder
from hier_rnn.packing.batch import Spelling
from hier_rnn.packing.trie import PrefixTrie
from hier_rnn.pretraining.order import grouped_permutation
from hier_rnn.recurrent.noise import Noise
from hier_rnn.text.alphabet import END

SOFTMAX = "next_character"
# A word that makes up more than this share of a batch is spread over several.
LARGEST_SHARE = 1 / 64
EVALUATED_AT_ONCE = 8192


class CountedWords(NamedTuple):
    """What a language model learns from and what it is evaluated on.

    Attributes:
        words: Distinct words by descending count.
        counts: How often each is seen, `(words,)`.
        held_out_words: Distinct words of held-out texts.
        held_out_counts: How often each is seen there.
        facts: Figures on the counting by name.
    """

    words: list[str]
    counts: np.ndarray
    held_out_words: list[str]
    held_out_counts: np.ndarray
    facts: dict[str, float]


class Predictions(NamedTuple):
    """Every distinct prediction of a next character that the words of a trie ask for."""

    states: tf.Tensor
    """int32 `(predictions,)`: the state index of the prefix."""
    characters: tf.Tensor
    """int32 `(predictions,)`: the character that follows it."""
    weights: tf.Tensor
    """float32 `(predictions,)`: how many words of the text ask for it."""


class CountedBatch(NamedTuple):
    """Words with their predictions, a direction."""

    tries: tuple[PrefixTrie, ...]
    predictions: tuple[Predictions, ...]
    words: tf.Tensor
    """int32 `()`: distinct words in the batch."""


def predictions(trie: PrefixTrie, counts: tf.Tensor, marked: bool) -> Predictions:
    """Returns the distinct predictions of a trie's words.

    Args:
        trie: The words' prefixes.
        counts: Weight of each word, float32 `(words,)`.
        marked: Whether words begin with a begin mark, which needs no foresight, and end with an
            end mark. If not, the end of a word is predicted all the same.
    """
    starts = 1 + tf.cumsum(trie.sizes, exclusive=True)
    above = tf.concat([[0], starts], 0)[: tf.size(trie.sizes)]
    parents = trie.parents + tf.repeat(above, trie.sizes)
    ending = tf.math.unsorted_segment_sum(counts, trie.ends, 1 + tf.size(trie.characters))

    def level(t: tf.Tensor, passing: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Adds the words that pass through a level's prefixes to the prefixes above."""
        start, size = starts[t], trie.sizes[t]
        return t - 1, tf.tensor_scatter_nd_add(
            passing, parents[start - 1 : start - 1 + size, None], passing[start : start + size]
        )

    _, passing = tf.while_loop(
        lambda t, _: t >= 0,
        level,
        (tf.size(trie.sizes) - 1, ending),
        shape_invariants=(tf.TensorShape([]), tf.TensorShape([None])),
    )
    if marked:
        first = tf.size(trie.characters) - tf.reduce_sum(trie.sizes[1:])
        return Predictions(parents[first:], trie.characters[first:], passing[1 + first :])
    ends = tf.where(ending > 0)[:, 0]
    return Predictions(
        tf.concat([parents, tf.cast(ends, tf.int32)], 0),
        tf.concat([trie.characters, tf.fill(tf.shape(ends), END)], 0),
        tf.concat([passing[1:], tf.gather(ending, ends)], 0),
    )


class LanguageModel:
    """Encoder, a softmax for each direction, and the words to learn.

    Args:
        encoder: The character encoder.
        spelling: Makes the tries of words.
        corpus: Words and their counts.
        options: The `pretraining` options.
        seed: The run's seed.
    """

    score_name = "bits_per_character"

    def __init__(
        self,
        encoder: CharacterEncoder,
        spelling: Spelling,
        corpus: CountedWords,
        options: Pretraining,
        seed: int,
    ) -> None:
        self._encoder, self._spelling, self._corpus = encoder, spelling, corpus
        self._options, self._seed = options, seed
        self.softmaxes = {}
        for direction in encoder.directions:
            softmax = keras.layers.Dense(encoder.alphabet_size)
            softmax.build((None, encoder.options.units))
            self.softmaxes[direction] = softmax

    def named_weights(self) -> dict[str, keras.Variable]:
        """Returns every weight by its name; the softmax's are not the encoder's."""
        named = self._encoder.named_weights()
        for direction, softmax in self.softmaxes.items():
            named[f"{SOFTMAX}/{direction}/kernel"] = softmax.kernel
            named[f"{SOFTMAX}/{direction}/bias"] = softmax.bias
        return named

    def batches(self, epoch: int, skip: int = 0) -> tf.data.Dataset:
        """Returns an epoch's batches, packed in the background; see `Distillation.batches`."""
        signature = (tf.TensorSpec([None], tf.string), tf.TensorSpec([None], tf.float32))
        data = tf.data.Dataset.from_generator(
            lambda: self._portions(epoch, skip), output_signature=signature
        )
        return data.map(self.pack, num_parallel_calls=1, deterministic=True).prefetch(2)

    def steps(self) -> float:
        """Returns how many batches an epoch has."""
        return -(-len(self._corpus.words) // self._options.batch_size)

    def pack(self, words: tf.Tensor, counts: tf.Tensor) -> CountedBatch:
        """Returns a batch.

        Args:
            words: Distinct words, string `(words,)`.
            counts: How often each is seen, float32 `(words,)`.
        """
        tries = self._spelling(words)
        marked = self._spelling.mark_length > 0
        asked = tuple(predictions(trie, counts, marked) for trie in tries)
        return CountedBatch(tries, asked, tf.size(words))

    def loss(self, batch: CountedBatch, noise: Noise | None = None) -> tf.Tensor:
        """Returns the mean surprise at a character of the text, in nats.

        Args:
            batch: Words with their counts.
            noise: Source of dropout; default None, no dropout.
        """
        surprise, characters = self.surprise(batch, noise)
        return surprise / characters

    def surprise(
        self, batch: CountedBatch, noise: Noise | None = None, differentiable: bool = True
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the surprise at all characters of the text, in nats, and how many they are.

        Args:
            batch: Words with their counts.
            noise: Source of dropout; default None, no dropout.
            differentiable: Whether to keep what the gradient needs. Default True.
        """
        states = self._encoder.states(batch.tries, noise, differentiable)
        total = characters = tf.constant(0.0)
        for layers, softmax, asked in zip(
            states, self.softmaxes.values(), batch.predictions, strict=True
        ):
            # Prefixes that are parents, each once: its logits serve all its children.
            distinct, rows = tf.unique(asked.states)
            logits = softmax(tf.gather(layers[-1], distinct))
            scores = tf.gather_nd(logits, tf.stack([rows, asked.characters], 1))
            surprises = tf.gather(tf.reduce_logsumexp(logits, 1), rows) - scores
            total += tf.reduce_sum(asked.weights * surprises)
            characters += tf.reduce_sum(asked.weights)
        return total, characters

    def words_of(self, batch: CountedBatch) -> int:
        """Returns how many distinct words a batch has."""
        return int(batch.words)

    def validate(self) -> dict[str, float]:
        """Returns the bits per character of held-out text, end of word included."""
        words, counts = self._corpus.held_out_words, self._corpus.held_out_counts
        total = characters = 0.0
        for at in range(0, len(words), EVALUATED_AT_ONCE):
            part = slice(at, at + EVALUATED_AT_ONCE)
            surprise, seen = self._evaluate(words[part], counts[part].astype(np.float32))
            total += float(surprise)
            characters += float(seen)
        return {"bits_per_character": total / characters / math.log(2)}

    @tf.function(
        input_signature=[tf.TensorSpec([None], tf.string), tf.TensorSpec([None], tf.float32)]
    )
    def _evaluate(self, words: tf.Tensor, counts: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return self.surprise(self.pack(words, counts), differentiable=False)

    def score(self, figures: dict[str, float]) -> float:
        """Returns what is to be as high as possible."""
        return -figures[self.score_name]

    def _portions(self, epoch: int, skip: int) -> Iterator[tuple[list[str], np.ndarray]]:
        """Yields an epoch's batches of words and counts."""
        words, counts = self._corpus.words, self._corpus.counts
        batches = int(self.steps())
        generator = np.random.default_rng((self._seed, epoch))
        parts = portions(counts, batches)
        once = np.flatnonzero(parts == 1)
        order = grouped_permutation([words[i] for i in once], self._options.group_size, generator)
        spread = np.flatnonzero(parts > 1)
        offset = generator.integers(batches, size=len(spread))
        for batch, rare in enumerate(np.array_split(once[order], batches)):
            if batch >= skip:
                frequent = spread[(batch - offset) % batches < parts[spread]]
                chosen = np.concatenate([rare, frequent])
                yield (
                    [words[i] for i in chosen],
                    (counts[chosen] / parts[chosen]).astype(np.float32),
                )


def portions(counts: np.ndarray, batches: int) -> np.ndarray:
    """Returns over how many batches to spread each word, so that none rules its batch.

    Args:
        counts: How often each word is seen, `(words,)`.
        batches: Batches in an epoch.
    """
    share = counts / (counts.sum() / batches)
    return np.clip(np.ceil(share / LARGEST_SHARE), 1, batches).astype(int)
