"""Models with random weights, of any options, in TensorFlow and in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.configuration.options import Configuration
from hier_rnn.inference.inference import Inference
from hier_rnn.model.classifier import Classifier
from hier_rnn.packing.batch import pack_batch, trie_builder
from hier_rnn.text.alphabet import Alphabet

ALPHABET = Alphabet(tuple("abcdefghij0123456789é語"))
CLASSES = 3


class Both:
    """The same random weights in TensorFlow's classifier and in NumPy's inference."""

    def __init__(self, configuration, classes=CLASSES, seed=0, alphabet=ALPHABET):
        self.configuration, self.alphabet = configuration, alphabet
        self.classifier = Classifier(configuration, alphabet.size, classes)
        random = np.random.default_rng(seed)
        self.weights = {}
        for name, weight in self.classifier.named_weights().items():
            self.weights[name] = random.normal(0, 0.5, weight.shape).astype(np.float32)
            weight.assign(self.weights[name])

    def inference(self, **options):
        return Inference(self.configuration, self.alphabet, self.weights, **options)

    def tensorflow(self, sentences):
        words = tf.constant([word for sentence in sentences for word in sentence], tf.string)
        lengths = tf.constant([len(sentence) for sentence in sentences], tf.int32)
        batch = pack_batch(words, lengths, trie_builder(self.configuration, self.alphabet))
        return self.classifier(batch, differentiable=False).numpy()


@pytest.fixture(scope="session")
def both():
    """`both(character_encoder={...}, seed=1)` makes a small model of these options."""

    def make(classes=CLASSES, seed=0, **groups):
        small = {
            "character_encoder": {"embedding_dim": 4, "units": 5},
            "sentence_encoder": {"units": 3},
        }
        for name, options in groups.items():
            small[name] = {**small.get(name, {}), **options}
        return Both(Configuration.model_validate(small), classes, seed)

    return make
