"""The character encoder against stacked Keras layers that read every word by itself."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.model.character_encoder import CharacterEncoder
from hier_rnn.packing.batch import TrieBuilder, trie_builder
from hier_rnn.recurrent.dropout_rng import DropoutRng
from hier_rnn.text.alphabet import BOS, EOS

WORDS = ["abc", "ab", "", "abd", "語é", "x", "abcde", "a" * 9, "dab"]
OPTIONS = {
    "plain": {},
    "reset before": {"reset_after": False},
    "two layers": {"layers": 2},
    "bidirectional": {"bidirectional": True, "layers": 2},
    "projection": {"projection": 6, "bidirectional": True},
    "trainable initial states": {"initial_state": "trainable", "layers": 2, "bidirectional": True},
    "shared layers": {"share_layer_weights": True, "layers": 3, "embedding_dim": 5},
    "everything": {
        "share_layer_weights": True,
        "layers": 2,
        "embedding_dim": 5,
        "bidirectional": True,
        "reset_after": False,
        "initial_state": "trainable",
        "projection": 3,
    },
}
QUICK = ("plain", "bidirectional", "everything")


@pytest.fixture
def make(configure, randomize, alphabet):
    """An encoder of these options, and the builder that goes with it."""

    def make(**options):
        configuration = configure(character=options)
        encoder = CharacterEncoder(configuration.character_encoder, alphabet.size)
        return randomize(encoder), trie_builder(configuration, alphabet)

    return make


def keras_vectors(encoder, spelled):
    """The words' vectors by Keras, and its layers by the names of ours."""
    options, named = encoder.options, encoder.named_weights()
    longest = max(map(len, spelled))
    mask = tf.constant(np.arange(longest) < np.array([len(word) for word in spelled])[:, None])
    layers, ends = {}, []
    for direction in ("/forward", "/backward") if options.bidirectional else ("",):
        words = [word[::-1] for word in spelled] if direction == "/backward" else spelled
        padded = [[*word, *[0] * (longest - len(word))] for word in words]
        states = tf.gather(named["character_encoder/embedding"].value, padded)
        for number in range(options.layers):
            name = (
                f"character_encoder/gru_{0 if options.share_layer_weights else number}{direction}"
            )
            if name not in layers:
                layers[name] = keras.layers.GRU(
                    options.units,
                    reset_after=options.reset_after,
                    return_sequences=True,
                    return_state=True,
                )
                layers[name].build((None, None, states.shape[-1]))
                layers[name].set_weights(
                    [named[f"{name}/{part}"] for part in ("kernel", "recurrent_kernel", "bias")]
                )
            initial = None
            if options.initial_state == "trainable":
                state = named[f"character_encoder/initial_state_{number}{direction}"].value
                initial = tf.repeat(state[None], len(words), 0)
            states, end = layers[name](states, mask=mask, initial_state=initial)
        ends.append(end)
    vectors = tf.concat(ends, 1)
    if options.projection:
        kernel, bias = (
            named[f"character_encoder/projection/{p}"].value for p in ("kernel", "bias")
        )
        vectors = vectors @ kernel + bias
    return vectors, layers


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(options, id=name, marks=() if name in QUICK else pytest.mark.slow)
        for name, options in OPTIONS.items()
    ],
)
def test_equal_to_keras(options, make, alphabet, distance):
    encoder, builder = make(**options)
    spelled = [[BOS, *alphabet.ids(word), EOS] for word in WORDS]
    ours = {name: weight.value for name, weight in encoder.named_weights().items()}
    with tf.GradientTape(persistent=True) as tape:
        found = encoder(builder(tf.constant(WORDS)))
        expected, layers = keras_vectors(encoder, spelled)
        weight = np.random.default_rng(1).normal(size=expected.shape)
        our_loss, their_loss = (tf.reduce_sum(x * weight) for x in (found, expected))
    assert found.shape == (len(WORDS), encoder.width)
    np.testing.assert_allclose(found, expected, atol=1e-5, rtol=0)
    theirs = {
        f"{name}/{weight.name}": weight.value
        for name, layer in layers.items()
        for weight in layer.weights
    }
    assert theirs.keys() <= ours.keys()
    found = tape.gradient(our_loss, ours)
    expected = tape.gradient(their_loss, {**ours, **theirs})
    for name in ours:
        assert distance(found[name], expected[name]) < 1e-4, name


def test_layers_that_share_weights_sum_their_gradients(make, gradients, distance):
    shared, builder = make(share_layer_weights=True, layers=3, embedding_dim=5)
    separate, _ = make(layers=3, embedding_dim=5)
    assert len(shared.cells) == 1
    values = shared.named_weights()
    for name, weight in separate.named_weights().items():
        weight.assign(values[name.replace("gru_1", "gru_0").replace("gru_2", "gru_0")])
    tries = builder(tf.constant(WORDS))
    np.testing.assert_allclose(shared(tries), separate(tries), atol=1e-6)
    one, three = (
        gradients(model, lambda model=model: tf.reduce_sum(model(tries) ** 2))
        for model in (shared, separate)
    )
    for part in ("kernel", "recurrent_kernel", "bias"):
        layers = [three[f"character_encoder/gru_{layer}/{part}"] for layer in range(3)]
        assert distance(one[f"character_encoder/gru_0/{part}"], sum(layers)) < 1e-5
        assert distance(one[f"character_encoder/gru_0/{part}"], layers[0]) > 1e-2
    assert distance(one["character_encoder/embedding"], three["character_encoder/embedding"]) < 1e-5


@pytest.mark.slow
def test_prefixes_that_are_not_shared_change_nothing(make, gradients, distance):
    encoder, builder = make(bidirectional=True, layers=2)
    tries = [builder(tf.constant(WORDS), shared=shared) for shared in (True, False)]
    np.testing.assert_allclose(encoder(tries[0]), encoder(tries[1]), atol=1e-6)
    one, other = (gradients(encoder, lambda t=t: tf.reduce_sum(encoder(t) ** 2)) for t in tries)
    for name in one:
        assert distance(one[name], other[name]) < 1e-5, name


def test_a_word_does_not_depend_on_the_others(make):
    encoder, builder = make(bidirectional=True)
    together = encoder(builder(tf.constant(WORDS)))
    for word, vector in zip(WORDS, together, strict=True):
        np.testing.assert_allclose(encoder(builder(tf.constant([word])))[0], vector, atol=1e-6)
    turned = encoder(builder(tf.constant(WORDS[::-1])))
    np.testing.assert_allclose(turned[::-1], together, atol=1e-6)


def test_no_words(make):
    encoder, builder = make(bidirectional=True, layers=2, projection=3)
    assert encoder(builder(tf.constant([], tf.string))).shape == (0, 3)


def test_embeddings_given_for_each_prefix(make):
    encoder, builder = make(bidirectional=True, layers=2)
    tries = builder(tf.constant(WORDS), shared=False)
    embedded = tuple(tf.gather(encoder.embedding, trie.characters) for trie in tries)
    np.testing.assert_allclose(encoder(tries, embeddings=embedded), encoder(tries), atol=1e-6)
    moved = encoder(tries, embeddings=tuple(2 * values for values in embedded))
    assert np.abs(moved - encoder(tries)).max() > 1e-2


def test_states_of_every_layer(make):
    encoder, builder = make(bidirectional=True, layers=2)
    tries = builder(tf.constant(WORDS))
    states = encoder.states(tries)
    assert [len(layers) for layers in states] == [2, 2]
    for layers, trie in zip(states, tries, strict=True):
        assert {layer.shape for layer in layers} == {(1 + len(trie.characters), 5)}
    ends = [tf.gather(layers[-1], t.ends) for layers, t in zip(states, tries, strict=True)]
    np.testing.assert_array_equal(tf.concat(ends, 1), encoder(tries))


def test_marks_tell_a_word_from_a_prefix(make, alphabet):
    encoder, marked = make()
    plain = TrieBuilder(alphabet.table(), None)
    ab = tf.constant(["ab"])
    assert np.abs(encoder(marked(ab)) - encoder(plain(ab))).max() > 1e-2


DROPOUTS = [
    {"embedding_dropout": 0.5},
    {"dropout": 0.5, "layers": 2},
    {"recurrent_dropout": 0.5},
]


@pytest.mark.parametrize("options", DROPOUTS, ids=lambda options: next(iter(options)))
def test_dropout_is_decided_by_the_seed_and_only_there_with_noise(options, make):
    encoder, builder = make(**options)
    without, _ = make(layers=options.get("layers", 1))
    tries = builder(tf.constant(WORDS))

    def vectors(seed):
        return encoder(tries, rng=DropoutRng(tf.constant([0, seed]))).numpy()

    np.testing.assert_array_equal(vectors(1), vectors(1))
    assert np.abs(vectors(1) - vectors(2)).max() > 1e-3
    np.testing.assert_array_equal(encoder(tries), without(tries))
    assert np.abs(vectors(1) - without(tries)).max() > 1e-3


def test_dropout_between_layers_needs_layers(make):
    encoder, builder = make(dropout=0.5)
    tries = builder(tf.constant(WORDS))
    np.testing.assert_array_equal(
        encoder(tries, rng=DropoutRng(tf.constant([0, 1]))), encoder(tries)
    )


def test_without_a_gradient_the_vectors_are_the_same(make):
    encoder, builder = make(layers=2, bidirectional=True)
    tries = builder(tf.constant(WORDS))
    np.testing.assert_allclose(encoder(tries, differentiable=False), encoder(tries), atol=1e-6)
