"""The sentence encoder against stacked Keras layers and pooling by hand."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.model.sentence_encoder import SentenceEncoder
from hier_rnn.packing.sentences import pack_sentences
from hier_rnn.recurrent.dropout_rng import DropoutRng

WIDTH = 6  # twice the units, as layers that share weights need
SENTENCES = [[0, 1, 2, 1], [], [3], [4, 4, 0, 2, 1, 0, 3], [2, 0]]
OPTIONS = {
    "max": {"pooling": "max"},
    "mean": {"pooling": "mean"},
    "last": {"pooling": "last"},
    "attention": {"pooling": "attention"},
    "two layers": {"layers": 2},
    "trainable initial states": {"initial_state": "trainable", "layers": 2},
    "shared layers": {"share_layer_weights": True, "layers": 3},
    "everything": {
        "share_layer_weights": True,
        "layers": 2,
        "initial_state": "trainable",
        "pooling": "attention",
    },
}
QUICK = ("max", "two layers", "everything")


def packed(sentences=SENTENCES):
    words = tf.constant([word for sentence in sentences for word in sentence], tf.int32)
    return pack_sentences(words, tf.constant([len(s) for s in sentences], tf.int32))


@pytest.fixture(scope="module")
def vectors():
    return tf.Variable(np.random.default_rng(3).normal(size=(5, WIDTH)), dtype=tf.float32)


@pytest.fixture
def make(configure, randomize):
    def make(**options):
        configuration = configure(sentence=options)
        return randomize(SentenceEncoder(configuration.sentence_encoder, WIDTH))

    return make


def pooled(states, units, options, named):
    if options.pooling == "max":
        return tf.reduce_max(states, 0)
    if options.pooling == "mean":
        return tf.reduce_mean(states, 0)
    if options.pooling == "last":
        return tf.concat([states[-1, :units], states[0, units:]], 0)
    kernel, bias, query = (
        named[f"sentence_encoder/attention/{part}"].value for part in ("kernel", "bias", "query")
    )
    scores = tf.linalg.matvec(tf.tanh(states @ kernel + bias), query)
    return tf.reduce_sum(tf.nn.softmax(scores)[:, None] * states, 0)


def keras_vectors(encoder, vectors):
    """Sentences one by one, by Keras, and its layers by the number of ours."""
    options, named = encoder.options, encoder.named_weights()
    layers = {}
    for number in range(1 if options.share_layer_weights else options.layers):
        lstm = keras.layers.LSTM(options.units, return_sequences=True)
        layers[number] = keras.layers.Bidirectional(lstm)
        layers[number].build((None, None, WIDTH))
        layers[number].set_weights(
            [
                named[f"sentence_encoder/lstm_{number}/{direction}/{part}"]
                for direction in ("forward", "backward")
                for part in ("kernel", "recurrent_kernel", "bias")
            ]
        )
    results = []
    for sentence in SENTENCES:
        if not sentence:
            results.append(tf.zeros([2 * options.units]))
            continue
        states = tf.gather(vectors, [sentence])
        for number in range(options.layers):
            initial = None
            if options.initial_state == "trainable":
                initial = [
                    named[f"sentence_encoder/initial_state_{number}/{direction}/{part}"].value[None]
                    for direction in ("forward", "backward")
                    for part in ("hidden", "cell")
                ]
            layer = layers[0 if options.share_layer_weights else number]
            states = layer(states, initial_state=initial)
        results.append(pooled(states[0], options.units, options, named))
    return tf.stack(results), layers


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(options, id=name, marks=() if name in QUICK else pytest.mark.slow)
        for name, options in OPTIONS.items()
    ],
)
def test_equal_to_keras(options, make, vectors, distance):
    encoder = make(**options)
    ours = {name: weight.value for name, weight in encoder.named_weights().items()}
    ours["words"] = vectors
    with tf.GradientTape(persistent=True) as tape:
        found = encoder(tf.convert_to_tensor(vectors), packed())
        expected, layers = keras_vectors(encoder, vectors)
        weight = np.random.default_rng(1).normal(size=expected.shape)
        our_loss, their_loss = (tf.reduce_sum(x * weight) for x in (found, expected))
    assert found.shape == (len(SENTENCES), encoder.width)
    np.testing.assert_allclose(found, expected, atol=1e-5, rtol=0)
    theirs = {}
    for number, layer in layers.items():
        for direction, side in (
            ("forward", layer.forward_layer),
            ("backward", layer.backward_layer),
        ):
            for weight in side.weights:
                name = f"sentence_encoder/lstm_{number}/{direction}/{weight.name}"
                theirs[name] = weight.value
    assert theirs.keys() <= ours.keys()
    found = tape.gradient(our_loss, ours)
    expected = tape.gradient(their_loss, {**ours, **theirs})
    for name in ours:
        assert distance(found[name], expected[name]) < 1e-4, name


def test_layers_that_share_weights_sum_their_gradients(make, vectors, gradients, distance):
    shared = make(share_layer_weights=True, layers=2)
    separate = make(layers=2)
    assert len(shared.cells) == 1
    values = shared.named_weights()
    for name, weight in separate.named_weights().items():
        weight.assign(values[name.replace("lstm_1", "lstm_0")])
    words = tf.convert_to_tensor(vectors)
    one, two = (
        gradients(model, lambda model=model: tf.reduce_sum(model(words, packed()) ** 2))
        for model in (shared, separate)
    )
    for name, gradient in one.items():
        both = two[name], two[name.replace("lstm_0", "lstm_1")]
        assert distance(gradient, sum(both)) < 1e-5
        assert distance(gradient, both[0]) > 1e-2


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("sentences", [[], [[]], [[], []]], ids=["none", "one", "two"])
def test_empty_sentences_only(options, sentences, make, vectors):
    encoder = make(**options)
    for words in (tf.convert_to_tensor(vectors), tf.zeros([0, WIDTH])):
        found = encoder(words, packed(sentences))
        np.testing.assert_array_equal(found, np.zeros((len(sentences), encoder.width)))


def test_an_empty_sentence_has_no_gradient_of_its_own(make, vectors, gradients):
    encoder = make(**OPTIONS["everything"])
    words = tf.convert_to_tensor(vectors)
    for gradient in gradients(
        encoder, lambda: tf.reduce_sum(encoder(words, packed([[]])))
    ).values():
        assert not gradient.any()


DROPOUTS = [
    {"word_dropout": 0.5},
    {"input_dropout": 0.5},
    {"dropout": 0.5, "layers": 2},
    {"recurrent_dropout": 0.5},
]
NONE = {"word_dropout": 0, "input_dropout": 0, "dropout": 0, "recurrent_dropout": 0}


@pytest.mark.parametrize("options", DROPOUTS, ids=lambda options: next(iter(options)))
def test_dropout_is_decided_by_the_seed_and_only_there_with_noise(options, make, vectors):
    encoder = make(**{**NONE, **options})
    without = make(**{**NONE, "layers": options.get("layers", 1)})
    words = tf.convert_to_tensor(vectors)

    def found(seed):
        return encoder(words, packed(), rng=DropoutRng(tf.constant([0, seed]))).numpy()

    np.testing.assert_array_equal(found(1), found(1))
    assert np.abs(found(1) - found(2)).max() > 1e-3
    np.testing.assert_array_equal(encoder(words, packed()), without(words, packed()))
    assert np.abs(found(1) - without(words, packed())).max() > 1e-3


@pytest.mark.parametrize("option", ["word_dropout", "input_dropout"])
def test_when_all_is_dropped_words_are_zeros(option, make, vectors):
    encoder = make(**{**NONE, option: 0.99999})
    words = tf.convert_to_tensor(vectors)
    found = encoder(words, packed(), rng=DropoutRng(tf.constant([0, 1])))
    np.testing.assert_allclose(found, encoder(tf.zeros_like(words), packed()), atol=1e-6)


def test_a_word_is_dropped_in_one_place_and_stays_in_others(make):
    """With one distinct word, dropping it everywhere or nowhere would leave two outcomes."""
    encoder = make(**{**NONE, "word_dropout": 0.5, "pooling": "mean"})
    words = tf.ones([1, WIDTH])
    sentences = packed([[0]] * 40)
    found = encoder(words, sentences, rng=DropoutRng(tf.constant([0, 1]))).numpy()
    kept, dropped = encoder(words, packed([[0]])), encoder(0 * words, packed([[0]]))
    is_kept = np.abs(found - kept).max(1) < 1e-6
    is_dropped = np.abs(found - dropped).max(1) < 1e-6
    assert (is_kept ^ is_dropped).all()
    assert 10 < is_kept.sum() < 30


def test_word_dropout_gives_a_dropped_word_no_gradient(make):
    encoder = make(**{**NONE, "word_dropout": 0.99999})
    words = tf.Variable(tf.ones([5, WIDTH]))
    with tf.GradientTape() as tape:
        rng = DropoutRng(tf.constant([0, 1]))
        loss = tf.reduce_sum(encoder(tf.convert_to_tensor(words), packed(), rng=rng))
    assert not tf.convert_to_tensor(tape.gradient(loss, words)).numpy().any()


def test_without_a_gradient_the_vectors_are_the_same(make, vectors):
    encoder = make(**OPTIONS["everything"])
    words = tf.convert_to_tensor(vectors)
    np.testing.assert_allclose(
        encoder(words, packed(), differentiable=False), encoder(words, packed()), atol=1e-6
    )
