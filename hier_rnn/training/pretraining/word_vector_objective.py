"""The objective `word-vectors`: the encoder learns to spell out given word vectors.

Character encoder and a linear map produce each word's vector from its letters, by cosine (Mimick:
Pinter et al. 2017, https://arxiv.org/abs/1707.06961). The unit of work is a word type, not a word
of text, and word types share their prefixes, so that an epoch takes seconds. Misspelled copies and
other cases and punctuation have the word's own vector as target.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from hier_rnn.configuration.options import Pretraining, Text
from hier_rnn.inference.word_vector_map import MAP
from hier_rnn.model.character_encoder import CharacterEncoder
from hier_rnn.model.replicas import mean
from hier_rnn.packing.batch import TrieBuilder
from hier_rnn.packing.share import Share
from hier_rnn.packing.stream import PackedStream
from hier_rnn.packing.trie import PrefixTrie
from hier_rnn.recurrent.dropout_rng import DropoutRng
from hier_rnn.text.misspelling import misspell
from hier_rnn.text.subtokens import content_subtokens, subtokens
from hier_rnn.training.pretraining.batches import grouped_permutation, packed_batches
from hier_rnn.training.pretraining.spelling_augmenter import SpellingAugmenter
from hier_rnn.training.pretraining.word_objective import WordObjective
from hier_rnn.training.word_vectors.targets import Targets

ENCODED_AT_ONCE = 8192
EVALUATED_WORDS = 2000
RIDGE = 1.0


class SpelledBatch(NamedTuple):
    """Spellings, each with the word whose vector it has."""

    prefix_tries: tuple[PrefixTrie, ...]
    words: tf.Tensor
    """int32 `(spellings,)`: indices of words."""
    weights: tf.Tensor
    """float32 `(spellings,)`: in the loss."""
    size: tf.Tensor
    """int32 `()`: spellings in the batch, of which a share may have but a part."""
    last: tf.Tensor
    """bool `()`: whether the epoch ends with this batch."""


class WordVectorObjective(WordObjective):
    """Encoder, linear map, and the words to learn.

    Args:
        encoder: The character encoder.
        trie_builder: Makes the tries of words.
        targets: Words and vectors.
        options: The `pretraining` options.
        text: The `text` options.
        seed: The run's seed.
    """

    score_name = "validation_cosine"

    def __init__(
        self,
        encoder: CharacterEncoder,
        trie_builder: TrieBuilder,
        targets: Targets,
        options: Pretraining,
        text: Text,
        seed: int,
    ) -> None:
        self._encoder, self._trie_builder = encoder, trie_builder
        self._words, self._options, self._seed = targets.words, options, seed
        self._vectors = tf.constant(targets.vectors, tf.float32)
        held_out = held_out_words(targets.words, options.validation_share, seed)
        self._held_out, self._learnt = np.flatnonzero(held_out), np.flatnonzero(~held_out)
        self._counts = targets.counts
        self._augment = SpellingAugmenter(
            targets.words, targets.counts, options, text, self._learnt
        )
        weights = np.maximum(targets.counts, 1).astype(np.float64) ** options.frequency_exponent
        self._weights = (weights / weights[self._learnt].mean()).astype(np.float32)
        self._sample = self._learnt_sample()
        self._misspelled = self._misspellings()
        self.steps = len(self.epoch_batches(0))
        self.expected_examples = self.steps * options.batch_size * options.epochs
        self.map = keras.layers.Dense(targets.vectors.shape[1], name=MAP)
        self.map.build((None, encoder.width))
        signature = [tf.TensorSpec([None], tf.string), tf.TensorSpec([None], tf.int32)]
        self._evaluate = tf.function(
            self._sum_of_cosines, input_signature=signature, autograph=False
        )

    def named_weights(self) -> dict[str, keras.Variable]:
        """Returns every weight by its name; the linear map's are not the encoder's."""
        return {
            **self._encoder.named_weights(),
            f"{MAP}/kernel": self.map.kernel,
            f"{MAP}/bias": self.map.bias,
        }

    def fit_projection(self) -> None:
        """Gives the linear map the least squares' weights for the encoder as it is."""
        width, dimensions = self.map.kernel.shape
        # The ridge keeps the map of fewer words than units from being anything at all.
        normal, products = RIDGE * np.eye(width + 1), np.zeros((width + 1, dimensions))
        for at in range(0, len(self._learnt), ENCODED_AT_ONCE):
            words = self._learnt[at : at + ENCODED_AT_ONCE]
            tries = self._trie_builder(tf.constant(self._spelled(words)))
            known = self._encoder(tries, differentiable=False).numpy()
            inputs = np.hstack([known, np.ones((len(words), 1), np.float32)])
            normal += inputs.T @ inputs
            products += inputs.T @ tf.gather(self._vectors, words).numpy()
        solution = np.linalg.solve(normal, products)
        self.map.kernel.assign(solution[:width])
        self.map.bias.assign(solution[width])

    def batches(self, epoch: int = 0, skip: int = 0, shares: Sequence[Share] = ()) -> PackedStream:
        """Returns the batches of epoch after epoch, without end, packed in the background.

        Args:
            epoch: The first epoch; it decides the order and the copies. Default 0.
            skip: Batches of the first epoch to leave out. Default 0.
            shares: Which shares of each batch to pack. Default none: the whole batch.
        """

        def pack(
            spellings: tf.Tensor, words: tf.Tensor, size: tf.Tensor, last: tf.Tensor
        ) -> SpelledBatch:
            weights = tf.gather(self._weights, words)
            return SpelledBatch(self._trie_builder(spellings), words, weights, size, last)

        return packed_batches(self.epoch_batches, (tf.string, tf.int32), pack, epoch, skip, shares)

    def loss(self, batch: SpelledBatch, rng: DropoutRng | None = None) -> tf.Tensor:
        """Returns the weighted mean of one minus the cosine.

        Args:
            batch: Spellings.
            rng: Source of dropout; default None, no dropout.
        """
        cosines = self._cosines(self._encoder(batch.prefix_tries, rng=rng), batch.words)
        return mean(batch.weights * (1 - cosines))

    def words_of(self, batch: SpelledBatch) -> int:
        """Returns how many spellings a batch has."""
        return int(batch.size)

    def validate(self) -> dict[str, float]:
        """Returns mean cosines: of learnt words, of misspellings of them, and of held-out words.

        The mean of the three is the score: a text has words of all three kinds.
        """
        cosines = {
            "learnt_cosine": self._mean_cosine(self._spelled(self._sample), self._sample),
            "misspelled_cosine": self._mean_cosine(*self._misspelled),
            "held_out_cosine": self._mean_cosine(self._spelled(self._held_out), self._held_out),
        }
        return {self.score_name: sum(cosines.values()) / len(cosines), **cosines}

    def score(self, metrics: Mapping[str, float]) -> float:
        """Returns the mean of the three cosines."""
        return metrics[self.score_name]

    def epoch_batches(self, epoch: int) -> list[tuple[list[str], np.ndarray]]:
        """Returns an epoch's batches: every learnt word and its copies, by index."""
        generator = np.random.default_rng((self._seed, epoch))
        copies, owners = self._augment(generator)
        spellings = self._spelled(self._learnt) + copies
        words = np.concatenate([self._learnt, owners]).astype(np.int32)
        order = grouped_permutation(spellings, self._options.group_size, generator)
        size = self._options.batch_size
        parts = [order[start : start + size] for start in range(0, len(order), size)]
        return [([spellings[i] for i in part], words[part]) for part in parts]

    def _spelled(self, indices: np.ndarray) -> list[str]:
        return [self._words[i] for i in indices]

    def _learnt_sample(self) -> np.ndarray:
        """A fixed sample of the learnt words, frequent ones more likely, as for copies."""
        size = min(EVALUATED_WORDS, len(self._learnt))
        chance = np.sqrt(np.maximum(self._counts[self._learnt], 1))
        generator = np.random.default_rng(self._seed)
        chosen = generator.choice(self._learnt, size, replace=False, p=chance / chance.sum())
        return np.sort(chosen)

    def _misspellings(self) -> tuple[list[str], np.ndarray]:
        """Misspellings of the sample, the same at each evaluation."""
        generator = np.random.default_rng(self._seed)
        written = misspell(self._spelled(self._sample), "mixed", 1.0, generator)
        known = set(self._words)
        kept = [i for i, word in enumerate(written) if word not in known]
        return [written[i] for i in kept], self._sample[kept]

    def _mean_cosine(self, spellings: list[str], words: np.ndarray) -> float:
        if not spellings:
            return 0.0
        size = self._options.batch_size
        total = sum(
            float(self._evaluate(spellings[at : at + size], words[at : at + size]))
            for at in range(0, len(spellings), size)
        )
        return total / len(spellings)

    def _sum_of_cosines(self, spellings: tf.Tensor, words: tf.Tensor) -> tf.Tensor:
        vectors = self._encoder(self._trie_builder(spellings), differentiable=False)
        return tf.reduce_sum(self._cosines(vectors, words))

    def _cosines(self, vectors: tf.Tensor, words: tf.Tensor) -> tf.Tensor:
        mapped = tf.nn.l2_normalize(self.map(vectors), 1)
        return tf.reduce_sum(mapped * tf.gather(self._vectors, words), 1)


def held_out_words(words: list[str], share: float, seed: int) -> np.ndarray:
    """Returns which words to hold out, `(words,)`, all spellings of one together.

    They are of the rarer half: a frequent word is worth more learnt than held out.

    Args:
        words: By descending count.
        share: Share of the distinct words to hold out.
        seed: Decides which.
    """
    meanings = [tuple(content_subtokens(subtokens(word))) for word in words]
    first = {meaning: rank for rank, meaning in reversed(list(enumerate(meanings)))}
    rare = sorted(m for m, rank in first.items() if rank >= len(words) // 2)
    number = min(len(rare), max(1, round(share * len(first))))
    generator = np.random.default_rng(seed)
    chosen = {rare[i] for i in generator.choice(len(rare), number, replace=False)} if rare else ()
    return np.array([meaning in chosen for meaning in meanings])
