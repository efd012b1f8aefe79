"""Small models with weights that are all different, and words in several scripts."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.configuration.options import Configuration
from hier_rnn.packing.batch import pack_batch
from hier_rnn.text.alphabet import Alphabet

ALPHABET = Alphabet(tuple("abcdeé語"))
SENTENCES = [
    ["abc", "a", "abd", "語é"],
    [],
    ["a"],
    ["abc", "abc", "abcde", "x", "dab", "e"],
    ["é", "abd"],
]


@pytest.fixture(scope="session")
def alphabet():
    return ALPHABET


@pytest.fixture(scope="session")
def sentences():
    return SENTENCES


def configured(character=(), sentence=(), **groups):
    return Configuration.model_validate(
        {
            "character_encoder": {"embedding_dim": 4, "units": 5, **dict(character)},
            "sentence_encoder": {"units": 3, **dict(sentence)},
            **groups,
        }
    )


@pytest.fixture(scope="session")
def configure():
    return configured


def randomized(model, seed=0):
    random = np.random.default_rng(seed)
    for weight in model.named_weights().values():
        weight.assign(random.normal(0, 0.5, weight.shape))
    return model


@pytest.fixture(scope="session")
def randomize():
    """Gives every weight values of its own, those that start at zero too."""
    return randomized


@pytest.fixture(scope="session")
def pack():
    def pack(sentences, builder, shared=True):
        words = tf.constant([word for sentence in sentences for word in sentence], tf.string)
        lengths = tf.constant([len(sentence) for sentence in sentences], tf.int32)
        return pack_batch(words, lengths, builder, shared=shared)

    return pack


@pytest.fixture(scope="session")
def gradients():
    """A loss and its gradient by the name of a weight, dense."""

    def gradients(model, loss):
        named = {name: weight.value for name, weight in model.named_weights().items()}
        with tf.GradientTape() as tape:
            value = loss()
        found = tape.gradient(value, named)
        assert all(gradient is not None for gradient in found.values())
        return {name: tf.convert_to_tensor(g).numpy() for name, g in found.items()}

    return gradients


@pytest.fixture(scope="session")
def distance():
    """Largest difference over the largest value expected."""

    def distance(found, expected):
        found, expected = (np.asarray(tf.convert_to_tensor(x)) for x in (found, expected))
        assert found.shape == expected.shape
        return np.abs(found - expected).max() / max(np.abs(expected).max(), 1e-3)

    return distance
