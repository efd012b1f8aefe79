"""The GRU over a trie against Keras, against a loop of NumPy, and against finite differences."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.packing.trie import build_trie
from hier_rnn.recurrent.cell_weights import CellWeights
from hier_rnn.recurrent.dropout_rng import DropoutRng
from hier_rnn.recurrent.gru import TrieGRU

LETTERS, WIDTH, UNITS = 6, 5, 7

WORDS = {
    "shared": [(1, 2, 3), (1, 2), (1,), (1, 2, 4, 4, 4, 1), (3, 3), (3, 3, 0), (5,)],
    "empty words": [(), (2, 1), (), (2, 1, 1)],
    "repeated": [(1, 2), (1, 2), (1, 2)],
    "nothing shared": [(0, 1), (1, 0), (2, 2)],
    "one letter": [(4,)],
    "long": [tuple(range(6)) * 10, tuple(range(6)) * 8 + (0,)],
    "only empty": [(), ()],
    "none": [],
}
both_resets = pytest.mark.parametrize("reset_after", [True, False], ids=["after", "before"])
all_words = pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)


def trie_of(words):
    characters = tf.constant([letter for word in words for letter in word], tf.int32)
    return build_trie(characters, tf.constant([len(w) for w in words], tf.int32), LETTERS)


def with_prefixes(words):
    """All prefixes as words of their own, so that every state is the end of a word."""
    return sorted({word[:length] for word in words for length in range(len(word) + 1)} | {()})


def gru(random, reset_after, width, dtype="float32", recurrent_dropout=0.0):
    shapes = {"kernel": (width, 3 * UNITS), "recurrent_kernel": (UNITS, 3 * UNITS)}
    shapes["bias"] = (2, 3 * UNITS) if reset_after else (3 * UNITS,)
    weights = {
        name: keras.Variable(random.normal(0, 0.5, shape), dtype=dtype, name=name)
        for name, shape in shapes.items()
    }
    return TrieGRU(CellWeights(**weights), recurrent_dropout)


def values(layer):
    return [weight.numpy() for weight in layer.weights]


def made(reset_after, seed=0, dtype="float32", recurrent_dropout=0.0):
    random = np.random.default_rng(seed)
    layer = gru(random, reset_after, WIDTH, dtype, recurrent_dropout)
    return layer, random.normal(size=(LETTERS, WIDTH)), random.normal(size=UNITS)


def keras_ends(layer, table, initial, words):
    """The state after each word, of a padded and masked batch."""
    longest = max(1, *map(len, words))
    padded = np.array([[*word, *[0] * (longest - len(word))] for word in words])
    mask = np.arange(longest) < np.array([len(word) for word in words])[:, None]
    state = None if initial is None else tf.repeat(initial[None], len(words), 0)
    return layer(tf.gather(table, padded), mask=tf.constant(mask), initial_state=state)[1]


@both_resets
@pytest.mark.parametrize("given", [True, False], ids=["initial state", "zeros"])
def test_equal_to_keras(reset_after, given, distance):
    words = WORDS["shared"] + WORDS["empty words"] + WORDS["repeated"]
    ours, table, initial = made(reset_after)
    theirs = keras.layers.GRU(UNITS, reset_after=reset_after, return_state=True)
    theirs.build((None, None, WIDTH))
    theirs.set_weights(values(ours))
    table = tf.Variable(table, dtype=tf.float32)
    initial = tf.Variable(initial, dtype=tf.float32) if given else None
    weight = np.random.default_rng(1).normal(size=(len(words), UNITS)).astype(np.float32)
    trie = trie_of(words)
    with tf.GradientTape(persistent=True) as tape:
        states = ours(tf.convert_to_tensor(table), trie.characters, trie, initial)
        found = tf.gather(states, trie.ends)
        our_loss = tf.reduce_sum(found * weight)
        expected = keras_ends(theirs, table, initial, words)
        their_loss = tf.reduce_sum(expected * weight)
    np.testing.assert_allclose(found, expected, atol=1e-5, rtol=0)
    outer = [table, *([initial] if given else [])]
    our_gradients, their_gradients = (
        tape.gradient(loss, outer + [w.value for w in layer.weights])
        for loss, layer in ((our_loss, ours), (their_loss, theirs))
    )
    for one, other in zip(our_gradients, their_gradients, strict=True):
        assert distance(one, other) < 1e-4


@both_resets
@pytest.mark.slow
def test_inside_a_graph_whose_sizes_are_unknown(reset_after, distance):
    layer, table, initial = made(reset_after)
    table, initial = tf.constant(table, tf.float32), tf.constant(initial, tf.float32)

    def gradients(characters, lengths):
        trie = build_trie(characters, lengths, LETTERS)
        with tf.GradientTape() as tape:
            tape.watch([table, initial])
            states = layer(table, trie.characters, trie, initial)
            loss = tf.reduce_sum(tf.gather(states, trie.ends) ** 2)
        return tape.gradient(loss, [table, initial, *(w.value for w in layer.weights)])

    vector = tf.TensorSpec([None], tf.int32)
    in_graph = tf.function(gradients, input_signature=[vector, vector])
    for words in WORDS.values():
        characters = tf.constant([letter for word in words for letter in word], tf.int32)
        lengths = tf.constant([len(word) for word in words], tf.int32)
        found, expected = in_graph(characters, lengths), gradients(characters, lengths)
        for one, other in zip(found, expected, strict=True):
            assert distance(one, other) < 1e-5


@both_resets
def test_a_keras_layer_s_weights_are_ours(reset_after):
    ours, *_ = made(reset_after)
    theirs = keras.layers.GRU(UNITS, reset_after=reset_after)
    theirs.build((None, None, WIDTH))
    assert [w.name for w in ours.weights] == [w.name for w in theirs.weights]
    assert [w.shape for w in ours.weights] == [w.shape for w in theirs.weights]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def numpy_ends(parameters, words, reset_after, mask=1.0):
    """Reads every word from its first letter."""
    kernel, recurrent, bias = (parameters[k] for k in ("kernel", "recurrent_kernel", "bias"))
    input_bias, recurrent_bias = bias if reset_after else (bias, 0)
    ends = []
    for word in words:
        h = parameters["initial"]
        for letter in word:
            x = parameters["table"][letter] @ kernel + input_bias
            inner = (h * mask) @ recurrent + recurrent_bias
            update = sigmoid(x[:UNITS] + inner[:UNITS])
            reset = sigmoid(x[UNITS : 2 * UNITS] + inner[UNITS : 2 * UNITS])
            if reset_after:
                candidate = np.tanh(x[2 * UNITS :] + reset * inner[2 * UNITS :])
            else:
                entering = reset * h * mask
                candidate = np.tanh(x[2 * UNITS :] + entering @ recurrent[:, 2 * UNITS :])
            h = update * h + (1 - update) * candidate
        ends.append(h)
    return np.array(ends).reshape(-1, UNITS)


def in_float64(reset_after, words, rng=None):
    """Our states after each word and a gradient by parameter, and the parameters."""
    rate = 0.4 if rng else 0.0
    layer, table, initial = made(reset_after, dtype="float64", recurrent_dropout=rate)
    table, initial = tf.Variable(table), tf.Variable(initial)
    trie = trie_of(words)
    weight = np.random.default_rng(1).normal(size=(len(words), UNITS))
    watched = {"table": table, "initial": initial}
    watched |= {weight.name: weight.value for weight in layer.weights}
    with tf.GradientTape() as tape:
        states = layer(tf.convert_to_tensor(table), trie.characters, trie, initial, rng=rng)
        ends = tf.gather(states, trie.ends)
        loss = tf.reduce_sum(ends * weight)
    parameters = {name: value.numpy() for name, value in watched.items()}
    return ends, tape.gradient(loss, watched), parameters, weight


@both_resets
@all_words
def test_equal_to_a_loop_in_float64(reset_after, words):
    words = with_prefixes(words)
    found, _, parameters, _ = in_float64(reset_after, words)
    expected = numpy_ends(parameters, words, reset_after)
    np.testing.assert_allclose(found, expected, atol=1e-10, rtol=0)


@both_resets
@pytest.mark.parametrize("name", ["shared", "empty words"])
def test_gradients_are_finite_differences(reset_after, name, finite_differences, distance):
    words = with_prefixes(WORDS[name])
    _, gradients, parameters, weight = in_float64(reset_after, words)
    expected = finite_differences(
        lambda p: (numpy_ends(p, words, reset_after) * weight).sum(), parameters
    )
    for name, gradient in gradients.items():
        assert distance(gradient, expected[name]) < 1e-7, name


@both_resets
@pytest.mark.slow
def test_recurrent_dropout_hides_units_from_the_recurrent_product(
    reset_after, known_rng, finite_differences, distance
):
    words = with_prefixes(WORDS["shared"])
    found, gradients, parameters, weight = in_float64(reset_after, words, known_rng)
    (mask,) = (mask.ravel() for mask in known_rng.masks)
    assert 0 < (mask == 0).sum() < UNITS
    expected = numpy_ends(parameters, words, reset_after, mask)
    np.testing.assert_allclose(found, expected, atol=1e-10, rtol=0)
    assert np.abs(found - numpy_ends(parameters, words, reset_after)).max() > 1e-2
    differences = finite_differences(
        lambda p: (numpy_ends(p, words, reset_after, mask) * weight).sum(), parameters
    )
    for name, gradient in gradients.items():
        assert distance(gradient, differences[name]) < 1e-7, name


def test_recurrent_dropout_is_decided_by_the_seed():
    layer, table, _ = made(reset_after=True, recurrent_dropout=0.5)
    trie = trie_of(WORDS["shared"])
    table = tf.constant(table, tf.float32)

    def states(seed):
        rng = None if seed is None else DropoutRng(tf.constant([0, seed]))
        return layer(table, trie.characters, trie, rng=rng).numpy()

    np.testing.assert_array_equal(states(1), states(1))
    assert np.abs(states(1) - states(2)).max() > 1e-3
    assert np.abs(states(1) - states(None)).max() > 1e-3


@both_resets
@all_words
def test_without_a_gradient_the_states_are_the_same(reset_after, words):
    layer, table, initial = made(reset_after)
    table, initial = tf.constant(table, tf.float32), tf.constant(initial, tf.float32)
    trie = trie_of(words)
    kept, light = (
        layer(table, trie.characters, trie, initial, differentiable=differentiable)
        for differentiable in (True, False)
    )
    assert kept.shape == (1 + len(trie.characters), UNITS)
    np.testing.assert_allclose(kept, light, atol=1e-6, rtol=0)
    np.testing.assert_array_equal(kept[0], initial)


@pytest.mark.parametrize("name", ["none", "only empty"])
def test_words_without_letters_have_the_gradient_of_the_initial_state_alone(name):
    words = WORDS[name]
    ends, gradients, _, weight = in_float64(True, words)
    assert ends.shape == (len(words), UNITS)
    np.testing.assert_allclose(gradients["initial"], weight.sum(0), atol=1e-12)
    for name in ("table", "kernel", "recurrent_kernel", "bias"):
        assert not tf.convert_to_tensor(gradients[name]).numpy().any()


@both_resets
def test_a_stacked_layer_reads_the_states_below(reset_after, distance):
    """The second layer's rows are the prefixes themselves."""
    words = WORDS["shared"]
    ours, table, initial = made(reset_after)
    upper = gru(np.random.default_rng(5), reset_after, UNITS)
    theirs = [
        keras.layers.GRU(
            UNITS, reset_after=reset_after, return_sequences=layer == 0, return_state=layer == 1
        )
        for layer in (0, 1)
    ]
    for one, other, width in zip((ours, upper), theirs, (WIDTH, UNITS), strict=True):
        other.build((None, None, width))
        other.set_weights(values(one))
    table = tf.Variable(table, dtype=tf.float32)
    initial = tf.constant(initial, tf.float32)
    trie = trie_of(words)
    weight = np.random.default_rng(1).normal(size=(len(words), UNITS)).astype(np.float32)
    our_weights = [w.value for layer in (ours, upper) for w in layer.weights]
    their_weights = [w.value for layer in theirs for w in layer.weights]
    with tf.GradientTape() as tape:
        below = ours(tf.convert_to_tensor(table), trie.characters, trie)
        own = tf.range(tf.size(trie.characters))
        found = tf.gather(upper(below[1:], own, trie, initial), trie.ends)
        loss = tf.reduce_sum(found * weight)
    our_gradients = tape.gradient(loss, [table, *our_weights])
    longest = max(map(len, words))
    padded = np.array([[*word, *[0] * (longest - len(word))] for word in words])
    mask = tf.constant(np.arange(longest) < np.array([len(word) for word in words])[:, None])
    with tf.GradientTape() as tape:
        below = theirs[0](tf.gather(table, padded), mask=mask)
        state = tf.repeat(initial[None], len(words), 0)
        expected = theirs[1](below, mask=mask, initial_state=state)[1]
        loss = tf.reduce_sum(expected * weight)
    their_gradients = tape.gradient(loss, [table, *their_weights])
    np.testing.assert_allclose(found, expected, atol=1e-5, rtol=0)
    for one, other in zip(our_gradients, their_gradients, strict=True):
        assert distance(one, other) < 1e-4


@both_resets
@pytest.mark.parametrize("name", ["shared", "long", "none"])
def test_rounded_factors_change_states_and_gradients_little(reset_after, name):
    def run(precision):
        layer, table, initial = made(reset_after)
        layer.precision = precision
        table, trie = tf.Variable(table, dtype=tf.float32), trie_of(WORDS[name])
        weights = [weight.value for weight in layer.weights]
        with tf.GradientTape() as tape:
            states = layer(
                tf.convert_to_tensor(table), trie.characters, trie, tf.constant(initial, tf.float32)
            )
            loss = tf.reduce_sum(tf.sin(states))
        return states, tape.gradient(loss, [table, *weights])

    states, gradients = run(None)
    found, rounded = run(tf.bfloat16)
    np.testing.assert_allclose(found, states, atol=0.05)
    assert WORDS[name] == [] or not np.array_equal(found, states)
    for ours, exact in zip(rounded, gradients, strict=True):
        ours, exact = (np.ravel(tf.convert_to_tensor(g)) for g in (ours, exact))
        assert np.linalg.norm(ours - exact) <= 0.05 * np.linalg.norm(exact)


def test_nothing_is_rounded_where_no_gradient_is_wanted():
    layer, table, initial = made(True)
    trie = trie_of(WORDS["shared"])
    given = tf.constant(table, tf.float32), trie.characters, trie, tf.constant(initial, tf.float32)
    exact = layer(*given, differentiable=False)
    layer.precision = tf.bfloat16
    assert np.array_equal(layer(*given, differentiable=False), exact)
