"""The randomness of one training step: every mask from a stream of its own."""

from __future__ import annotations

import tensorflow as tf

from hier_rnn.packing.sentences import PackedSentences
from hier_rnn.packing.share import Places


class DropoutRng:
    """Draws dropout masks from a step's seed, so that a step can be repeated exactly.

    Args:
        seed: Two integers, int32 `(2,)`; for example a run's seed and the number of the step.
        places: Where the rows of a share stand in the whole batch: what is drawn for a row is then
            the same in whichever share it is. Default None: the batch is whole.
    """

    def __init__(self, seed: tf.Tensor, places: Places | None = None) -> None:
        self._seed, self._places = seed, places
        self._draws = 0

    def at(self, places: Places) -> DropoutRng:
        """Returns the same source for a share whose rows stand in these places."""
        return DropoutRng(self._seed, places)

    def fold_in(self, number: int | tf.Tensor) -> DropoutRng:
        """Returns a source by this number, whose draws leave those of this one as they are."""
        fold = tf.random.experimental.stateless_fold_in
        folded = fold(fold(self._seed, 0), number)  # its own draws count from 1
        return DropoutRng(folded, self._places)

    @property
    def words(self) -> tf.Tensor | None:
        """Where the distinct words stand; None where the batch is whole, as the next two."""
        return None if self._places is None else self._places.words

    @property
    def texts(self) -> tf.Tensor | None:
        """Where the texts stand."""
        return None if self._places is None else self._places.texts

    def rows(self, sentences: PackedSentences, first: int | tf.Tensor = 0) -> tf.Tensor | None:
        """Where packed rows stand; arguments as `Places.rows`."""
        return None if self._places is None else self._places.rows(sentences, first)

    def uniform(
        self, shape: tf.Tensor | list[int | tf.Tensor], places: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Returns numbers in [0, 1), float32 of this shape.

        Args:
            shape: The shape.
            places: Where in the whole batch the rows stand, int32 `(rows,)`. Default None: there.
        """
        self._draws += 1
        seed = tf.random.experimental.stateless_fold_in(self._seed, self._draws)
        if places is None:
            return tf.random.stateless_uniform(shape, seed)
        # As many as it takes: what is drawn first does not depend on how much is drawn.
        count = 1 + tf.reduce_max(tf.concat([places, [-1]], 0))
        whole = tf.concat([[count], tf.convert_to_tensor(shape)[1:]], 0)
        return tf.gather(tf.random.stateless_uniform(whole, seed), places)

    def mask(
        self, shape: tf.Tensor | list[int | tf.Tensor], rate: float, places: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Returns zeros with probability `rate`, else `1 / (1 - rate)`; as `uniform`."""
        return tf.cast(self.uniform(shape, places) >= rate, tf.float32) / (1 - rate)

    def mask_by_rank(self, shape: list[int | tf.Tensor], rate: float) -> tf.Tensor:
        """Returns a mask for each text by its rank.

        Args:
            shape: `(directions, texts, units)`.
            rate: Share that is dropped.
        """
        if self._places is None:
            return self.mask(shape, rate)
        whole = self.mask([shape[0], self._places.size, shape[2]], rate)
        return tf.gather(whole, self._places.ranks, axis=1)

    def dropout(self, values: tf.Tensor, rate: float, places: tf.Tensor | None = None) -> tf.Tensor:
        """Returns `values` with units dropped (Srivastava et al. 2014); `places` as `uniform`."""
        return values * self.mask(tf.shape(values), rate, places) if rate else values
