"""Initial states given from Python instead of the encoder's own."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.model.character_encoder import CharacterEncoder
from hier_rnn.model.sentence_encoder import SentenceEncoder
from hier_rnn.packing.batch import trie_builder
from hier_rnn.packing.sentences import pack_sentences

WIDTH, UNITS = 6, 3
SENTENCES = [[0, 1, 2, 1, 3], [], [3], [4, 4, 0, 2, 1, 0, 3], [2, 0]]
segments = pytest.mark.parametrize("segment_words", [0, 3], ids=["whole", "in segments"])


def packed(sentences=SENTENCES):
    words = tf.constant([word for sentence in sentences for word in sentence], tf.int32)
    return pack_sentences(words, tf.constant([len(s) for s in sentences], tf.int32))


@pytest.fixture(scope="module")
def vectors():
    return tf.constant(np.random.default_rng(3).normal(size=(5, WIDTH)), tf.float32)


@pytest.fixture
def encoders(configure, randomize):
    """One with trained states, one without, all else equal."""

    def encoders(**options):
        made = []
        for initial_state in ("trainable", "zeros"):
            sentence = {"layers": 2, "initial_state": initial_state, **options}
            made.append(SentenceEncoder(configure(sentence=sentence).sentence_encoder, WIDTH))
        trained, zeros = made
        values = randomize(trained).named_weights()
        for name, weight in zeros.named_weights().items():
            weight.assign(values[name])
        return trained, zeros

    return encoders


def states_of(encoder):
    named = encoder.named_weights()
    return np.array(
        [
            [
                [
                    [named[f"sentence_encoder/initial_state_{layer}/{direction}/{part}"].numpy()]
                    for direction in ("forward", "backward")
                ]
                for part in ("hidden", "cell")
            ]
            for layer in range(2)
        ]
    )


@segments
def test_what_was_trained_can_be_given(segment_words, encoders, vectors):
    trained, zeros = encoders(segment_words=segment_words)
    expected = trained(vectors, packed())
    given = zeros(vectors, packed(), initial_state=states_of(trained))
    np.testing.assert_allclose(given, expected, atol=1e-6)
    assert np.abs(zeros(vectors, packed()) - expected).max() > 0.01
    np.testing.assert_allclose(
        trained(vectors, packed(), initial_state=tf.zeros([1])), zeros(vectors, packed()), atol=1e-6
    )


@segments
def test_each_sentence_has_its_own(segment_words, encoders, vectors):
    _, encoder = encoders(segment_words=segment_words)
    states = np.random.default_rng(0).normal(size=(2, 2, 2, 5, UNITS)).astype(np.float32)
    together = encoder(vectors, packed(), initial_state=states)
    for number, sentence in enumerate(SENTENCES):
        own = states[:, :, :, number : number + 1]
        alone = encoder(vectors, packed([sentence]), initial_state=own)
        np.testing.assert_allclose(alone[0], together[number], atol=1e-6)


@segments
def test_the_gradient_reaches_them(segment_words, encoders, vectors):
    _, encoder = encoders(segment_words=segment_words)
    states = tf.random.stateless_normal([2, 2, 2, 5, UNITS], [1, 2])
    with tf.GradientTape() as tape:
        tape.watch(states)
        loss = tf.reduce_sum(encoder(vectors, packed(), initial_state=states))
    gradient = np.abs(tape.gradient(loss, states)).max((0, 1, 2, 4))
    assert (gradient > 0).tolist() == [bool(sentence) for sentence in SENTENCES]


@pytest.mark.parametrize("bidirectional", [False, True], ids=["forward", "bidirectional"])
def test_of_the_character_encoder(bidirectional, configure, randomize, alphabet):
    words = tf.constant(["abc", "a", "", "語é", "abd"])
    made = []
    for initial_state in ("trainable", "zeros"):
        character = {"layers": 2, "bidirectional": bidirectional, "initial_state": initial_state}
        configuration = configure(character=character)
        made.append(CharacterEncoder(configuration.character_encoder, alphabet.size))
    trained, zeros = made
    values = randomize(trained).named_weights()
    for name, weight in zeros.named_weights().items():
        weight.assign(values[name])
    tries = trie_builder(configuration, alphabet)(words)
    directions = ("/forward", "/backward") if bidirectional else ("",)
    states = tf.constant(
        [
            [values[f"character_encoder/initial_state_{layer}{d}"].numpy() for d in directions]
            for layer in range(2)
        ]
    )
    with tf.GradientTape() as tape:
        tape.watch(states)
        given = zeros(tries, initial_state=states)
    np.testing.assert_allclose(given, trained(tries), atol=1e-6)
    assert np.abs(tape.gradient(given, states)).min() > 0
    assert np.abs(zeros(tries) - given).max() > 0.01
