"""The model runs where Python does not: in a data set, and in a saved graph of raw texts."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.model.classifier import Classifier
from hier_rnn.packing.batch import TrieBuilder, pack_batch, trie_builder


class Exported(tf.Module):
    """What a server would run: texts in, logits out."""

    def __init__(self, classifier: Classifier, builder: TrieBuilder) -> None:
        super().__init__()
        self.classifier = classifier
        self.builder = builder

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def texts(self, texts):
        words = tf.strings.split(texts)
        lengths = tf.cast(words.row_lengths(), tf.int32)
        batch = pack_batch(words.values, lengths, self.builder)
        return self.classifier(batch, differentiable=False)


@pytest.fixture(scope="module")
def model(configure, randomize, alphabet):
    configuration = configure(
        character={"bidirectional": True, "initial_state": "trainable"},
        sentence={"pooling": "attention", "initial_state": "trainable"},
    )
    model = randomize(Classifier(configuration, alphabet.size, 3))
    return model, trie_builder(configuration, alphabet)


@pytest.mark.slow
def test_a_saved_model_takes_raw_texts(model, pack, sentences, tmp_path):
    classifier, builder = model
    tf.saved_model.save(Exported(classifier, builder), str(tmp_path), signatures={})
    loaded = tf.saved_model.load(str(tmp_path))
    unseen = ["eé語 zzz", "ab" * 150, ""]
    for batch in (sentences, [text.split() for text in unseen], [[]], [[], []], []):
        expected = classifier(pack(batch, builder))
        texts = tf.constant([" ".join(words) for words in batch], tf.string)
        np.testing.assert_allclose(loaded.texts(texts), expected, atol=2e-6)
    assert np.isfinite(loaded.texts(tf.constant([b"a\xff \xc3(", b"\x00"]))).all()


@pytest.mark.slow
def test_in_a_data_set(model, pack, sentences):
    classifier, builder = model

    def logits(text):
        words = tf.strings.split(text)
        batch = pack_batch(words, tf.size(words)[None], builder)
        return classifier(batch, differentiable=False)[0]

    data = tf.data.Dataset.from_tensor_slices([" ".join(words) for words in sentences])
    found = np.stack([row.numpy() for row in data.map(logits, num_parallel_calls=2)])
    np.testing.assert_allclose(found, classifier(pack(sentences, builder)), atol=2e-6)
