"""How much each character of a sentence speaks for a class, by gradients (TensorFlow)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from hier_rnn.configuration.options import Configuration
from hier_rnn.tensorflow_setup import import_tensorflow
from hier_rnn.text.alphabet import Alphabet

if TYPE_CHECKING:
    from hier_rnn.packing.batch import PackedBatch

AT_ONCE = 4096  # words of the copies of a sentence that are differentiated together


class Attribution:
    """Integrated gradients of a classifier (Sundararajan et al. 2017).

    Along the line from the zero embedding to the character's; words share no prefixes here, so that
    each has a share of its own.

    Args:
        configuration: The options.
        alphabet: The characters.
        weights: By name.

    Raises:
        UserError: TensorFlow was imported before this process was forked.
    """

    def __init__(
        self,
        configuration: Configuration,
        alphabet: Alphabet,
        weights: Mapping[str, np.ndarray],
    ) -> None:
        # Imported here: classifying needs none of it, and it takes seconds.
        import_tensorflow()
        from hier_rnn.model.classifier import Classifier, assign
        from hier_rnn.packing.batch import trie_builder

        self._classifier = Classifier(configuration, alphabet.size, len(weights["head/bias"]))
        assign(self._classifier.named_weights(), dict(weights))
        self._spelling = trie_builder(configuration, alphabet)

    def __call__(self, words: list[str], class_index: int, steps: int) -> list[list[float]]:
        """Returns what each character of each word adds to the logit of a class.

        Args:
            words: The words of a sentence.
            class_index: The class.
            steps: Points on the line.

        Raises:
            UserError: This process was forked since TensorFlow was imported.
        """
        import_tensorflow()
        import tensorflow as tf

        from hier_rnn.packing.batch import pack_batch, prefixes_of_words

        if not words:
            return []
        marks = self._spelling.mark_length
        spelled = [len(word) + 2 * marks for word in words]
        totals = [np.zeros(length) for length in spelled]
        # The points of the line are a batch: the same words again, with other embeddings.
        at_once = max(1, AT_ONCE // len(words))
        points = (np.arange(steps, dtype=np.float32) + 0.5) / steps
        for some in (points[start : start + at_once] for start in range(0, steps, at_once)):
            copies = len(some)
            lengths = tf.fill([copies], len(words))
            batch = pack_batch(tf.constant(words * copies), lengths, self._spelling, shared=False)
            prefixes = prefixes_of_words(spelled * copies)
            point_of = np.empty([sum(spelled) * copies, 1], np.float32)
            for number, prefix in enumerate(prefixes):
                point_of[prefix] = some[number // len(words)]
            for number, share in enumerate(self._shares(batch, prefixes, point_of, class_index)):
                totals[number % len(words)] += share / steps
        return [
            total[marks : marks + len(word)].tolist()
            for total, word in zip(totals, words, strict=True)
        ]

    def _shares(
        self,
        batch: PackedBatch,
        prefixes: list[np.ndarray],
        point_of: np.ndarray,
        class_index: int,
    ) -> Iterator[np.ndarray]:
        """Yields, for each word, its characters' embeddings times the gradient at their point."""
        import tensorflow as tf

        encoder = self._classifier.character_encoder
        embeddings = [tf.gather(encoder.embedding, trie.characters) for trie in batch.prefix_tries]
        points = [values * point_of for values in embeddings]
        with tf.GradientTape() as tape:
            tape.watch(points)
            vectors = encoder(batch.prefix_tries, embeddings=tuple(points))
            logits = self._classifier.from_word_vectors(vectors, batch.sentences)[:, class_index]
        by_direction = [
            tf.reduce_sum(values * tf.convert_to_tensor(gradient), 1).numpy()
            for values, gradient in zip(embeddings, tape.gradient(logits, points), strict=True)
        ]
        for numbers in prefixes:
            read = by_direction[0][numbers]
            if len(by_direction) == 2:
                read = read + by_direction[1][numbers][::-1]
            yield read
