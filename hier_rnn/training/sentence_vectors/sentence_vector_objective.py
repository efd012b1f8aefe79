"""The objective `sentence-vectors`: both encoders learn a teacher's vectors of texts.

Character encoder, sentence encoder and a linear map produce each text's vector. The loss is one
minus the cosine to the teacher's vector, and how the similarities between the texts of a batch
differ from those between the teacher's vectors (Tung and Mori 2019,
https://arxiv.org/abs/1907.09682; as distributions, Fang et al. 2021,
https://arxiv.org/abs/2101.04731). Misspelled copies of a text have the text's own vector as target.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf

from hier_rnn.configuration.options import Configuration
from hier_rnn.inference.inference import Inference
from hier_rnn.inference.sentence_vector_map import MAP, mapped
from hier_rnn.model.character_encoder import CharacterEncoder
from hier_rnn.model.replicas import everyone, mean
from hier_rnn.model.sentence_encoder import SentenceEncoder
from hier_rnn.packing.batch import TrieBuilder
from hier_rnn.packing.share import Share
from hier_rnn.recurrent.dropout_rng import DropoutRng
from hier_rnn.text.alphabet import Alphabet
from hier_rnn.text.misspelling import misspell
from hier_rnn.training.objective import BatchSize, Losses, PhaseBatches
from hier_rnn.training.phases import ResolvedPhase
from hier_rnn.training.sentence_vectors.taught_texts import TaughtTexts, held_out_share, is_held_out
from hier_rnn.training.sentence_vectors.text_batches import TextBatch, TextBatches
from hier_rnn.training.state import TrainerState

NEIGHBOURS = 10
TEMPERATURE = 0.05
MISSPELLED_SHARE = 0.5  # of the words, in validation


class SentenceVectorObjective:
    """Both encoders, a linear map, and the texts to learn; see `training.objective.Objective`.

    Args:
        configuration: The run's options.
        encoder: The character encoder.
        alphabet: Its characters.
        trie_builder: Makes the tries of words.
        texts: Texts and the teacher's vectors.
    """

    option_group = "pretraining"
    unit = "texts"
    score_name = "validation_cosine"

    def __init__(
        self,
        configuration: Configuration,
        encoder: CharacterEncoder,
        alphabet: Alphabet,
        trie_builder: TrieBuilder,
        texts: TaughtTexts,
    ) -> None:
        options = configuration.pretraining
        self._configuration, self._options = configuration, options.sentences
        self._alphabet, self._trie_builder = alphabet, trie_builder
        share = held_out_share(options.validation_share, texts.counted.texts)
        self._batches = TextBatches(texts, options.sentences, share, configuration.seed)
        self.expected_examples = self._batches.texts_per_epoch * options.sentences.epochs
        self._character_encoder = encoder
        self._sentence_encoder = SentenceEncoder(configuration.sentence_encoder, encoder.width)
        self._map = keras.layers.Dense(self._batches.dimensions, name=MAP)
        self._map.build((None, self._sentence_encoder.width))
        held_out = [row for row in range(texts.counted.texts) if is_held_out(row, share)]
        self._targets = texts.vectors.rows(np.array(held_out))
        self._held_out = [texts.words(text) for text in texts.counted.held_out]
        generator = np.random.default_rng(configuration.seed)
        self._misspelled = [
            misspell(words, "mixed", MISSPELLED_SHARE, generator) for words in self._held_out
        ]

    def named_weights(self) -> dict[str, keras.Variable]:
        """Returns every weight by its name; the linear map's are not the encoders'."""
        return {
            **self._character_encoder.named_weights(),
            **self._sentence_encoder.named_weights(),
            f"{MAP}/kernel": self._map.kernel,
            f"{MAP}/bias": self._map.bias,
        }

    def begin(
        self, phase: ResolvedPhase, epoch: int, batch: int, shares: Sequence[Share] = ()
    ) -> PhaseBatches:
        """Begins or takes up the training."""
        batches = self._batches.packed(self._trie_builder, epoch, batch, shares)
        return PhaseBatches(batches, batches.element_spec, self.losses)

    def losses(self, batch: TextBatch, rng: DropoutRng | None = None) -> Losses:
        """Returns the losses; reported is the cosine's.

        Args:
            batch: Texts and targets.
            rng: Source of dropout; default None, no dropout.
        """
        if batch.places and rng is not None:
            rng = rng.at(batch.places)
        words = self._character_encoder(batch.batch.prefix_tries, rng=rng)
        pooled = self._sentence_encoder(words, batch.batch.sentences, rng=rng)
        vectors = tf.nn.l2_normalize(self._map(pooled), 1)
        cosine = mean(1 - tf.reduce_sum(vectors * batch.targets, 1))
        weight = self._options.similarity_weight
        if not weight:
            return Losses(cosine, cosine)
        return Losses(cosine, cosine + weight * similarity_loss(vectors, batch.targets))

    def size(self, batch: TextBatch) -> BatchSize:
        """Returns how many texts and words a batch has."""
        return BatchSize(int(batch.texts), int(batch.words))

    def ends_epoch(self, batch: TextBatch, state: TrainerState) -> bool:
        """Returns whether an epoch ended with this batch."""
        return bool(batch.last)

    def epochs_done(self, state: TrainerState) -> float:
        """Returns how many epochs are done."""
        return state.epoch - state.phase_epoch

    def epochs_at_next_step(self, state: TrainerState, examples: int) -> float:
        """Returns how many epochs are done when the next step begins."""
        return state.epoch - state.phase_epoch + min(state.batch / self._batches.steps, 1)

    def validate(self) -> dict[str, float]:
        """Returns how near the held-out texts' vectors are to the teacher's.

        The mean cosine, that of misspelled copies (half of the words), and which share of each
        text's ten nearest among the held-out texts are those of the teacher.
        """
        vectors = self._vectors(self._held_out)
        misspelled = self._vectors(self._misspelled)
        return {
            "validation_cosine": float((vectors * self._targets).sum(1).mean()),
            "misspelled_cosine": float((misspelled * self._targets).sum(1).mean()),
            "neighbour_overlap": neighbour_overlap(vectors, self._targets),
        }

    def score(self, metrics: Mapping[str, float]) -> float:
        """Returns the mean cosine of the held-out texts."""
        return metrics[self.score_name]

    def texts(self, epoch: int, batch: int) -> list[str]:
        """Returns the texts of a batch as they were learnt, misspelled."""
        for number, (texts, _) in enumerate(self._batches.words(epoch)):
            if number == batch:
                return [" ".join(words) for words in texts]
        return []

    def _vectors(self, texts: Sequence[list[str]]) -> np.ndarray:
        weights = {name: weight.numpy() for name, weight in self.named_weights().items()}
        inference = Inference(self._configuration, self._alphabet, weights)
        return mapped(np.array(list(inference.vectors(texts))), weights)


def similarity_loss(vectors: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    """Returns how far the similarities between texts are from those of the teacher, in nats.

    For each text, the others are a distribution, likelier the more similar: the mean divergence of
    the learnt ones from the teacher's.

    Args:
        vectors: Of length one, `(texts, dimensions)`.
        targets: Likewise.
    """
    others, first = everyone(vectors)
    others_targets, _ = everyone(targets)
    itself = -1e9 * tf.one_hot(first + tf.range(tf.shape(vectors)[0]), tf.shape(others)[0])
    ours = tf.matmul(vectors, others, transpose_b=True) / TEMPERATURE + itself
    theirs = tf.matmul(targets, others_targets, transpose_b=True) / TEMPERATURE + itself
    wanted = tf.nn.softmax(theirs)
    cross_entropy = tf.nn.softmax_cross_entropy_with_logits(wanted, ours)
    entropy = tf.nn.softmax_cross_entropy_with_logits(wanted, theirs)
    return mean(cross_entropy - entropy)


def neighbour_overlap(vectors: np.ndarray, targets: np.ndarray) -> float:
    """Returns which share of each text's ten nearest texts are the same by both.

    Args:
        vectors: Of length one, `(texts, dimensions)`.
        targets: Of length one, as many.
    """
    count = min(NEIGHBOURS, len(vectors) - 1)
    nearest = []
    for rows in (vectors, targets):
        similarities = rows @ rows.T
        np.fill_diagonal(similarities, -np.inf)
        nearest.append(np.argpartition(-similarities, count - 1, axis=1)[:, :count])
    pairs = zip(nearest[0].tolist(), nearest[1].tolist(), strict=True)
    return sum(len({*a} & {*b}) for a, b in pairs) / (count * len(vectors))
