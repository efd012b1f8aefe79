"""The packed LSTM against Keras, against a loop of NumPy, and against finite differences."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.packing.sentences import pack_sentences
from hier_rnn.recurrent.cell_weights import CellWeights
from hier_rnn.recurrent.dropout_rng import DropoutRng
from hier_rnn.recurrent.lstm import PackedLSTM

WORDS, WIDTH, UNITS = 6, 5, 4

SENTENCES = {
    "mixed": [[1, 2, 3], [4], [], [5, 0, 0, 1, 2, 2], [1, 2, 3], [0, 1]],
    "one": [[2, 0, 1, 5]],
    "one word": [[3]],
    "equal lengths": [[1, 2], [3, 4], [5, 1]],
    "empty first": [[], [1], [], [2, 3]],
    "long": [[0, 1, 2, 3, 4, 5] * 8, [1, 2]],
    "one empty": [[]],
    "only empty": [[], [], []],
    "none": [],
}
all_sentences = pytest.mark.parametrize("sentences", SENTENCES.values(), ids=SENTENCES)


def pack(sentences):
    words = tf.constant([word for sentence in sentences for word in sentence], tf.int32)
    return pack_sentences(words, tf.constant([len(s) for s in sentences], tf.int32))


def made(dtype="float32", recurrent_dropout=0.0, count=1):
    """A layer, vectors of words, and initial states for `count` sentences in order."""
    random = np.random.default_rng(0)
    shapes = {"kernel": (WIDTH, 4 * UNITS), "recurrent_kernel": (UNITS, 4 * UNITS)}
    shapes["bias"] = (4 * UNITS,)
    forward, backward = (
        CellWeights(
            *(
                keras.Variable(
                    random.normal(0, 0.5, shape), dtype=dtype, name=f"{direction}_{part}"
                )
                for part, shape in shapes.items()
            )
        )
        for direction in ("forward", "backward")
    )
    layer = PackedLSTM(forward, backward, recurrent_dropout)
    vectors = random.normal(size=(WORDS, WIDTH)).astype(dtype)
    return layer, vectors, random.normal(size=(2, 2, count, UNITS)).astype(dtype)


def by_rank(packed, states):
    """Initial states `(2, sentences, units)` from the order of the batch to that of rank."""
    return tf.gather(states, tf.argsort(packed.order), axis=1)


def rows_in_order(packed, values):
    """Rows of states, sentence by sentence and word by word."""
    ranks = packed.ranks.numpy()
    rows = [row for rank in packed.order.numpy() for row in np.flatnonzero(ranks == rank)]
    return tf.gather(values, tf.constant(rows, tf.int32))


def ours(layer, vectors, packed, hidden=None, cell=None, **options):
    """Both directions' states `(words of all sentences, 2 * units)`, and cell states likewise."""
    hidden, cell = (None if s is None else by_rank(packed, s) for s in (hidden, cell))
    output = layer(tf.convert_to_tensor(vectors), packed.words, packed, hidden, cell, **options)
    return tuple(
        rows_in_order(packed, tf.concat([forward, tf.gather(backward, packed.mirror)], 1))
        for forward, backward in (output.states, output.cells)
    )


def keras_states(layer, vectors, sentences, hidden=None, cell=None):
    longest = max(map(len, sentences))
    lengths = np.array([len(sentence) for sentence in sentences])
    padded = np.array([[*sentence, *[0] * (longest - len(sentence))] for sentence in sentences])
    mask = np.arange(longest) < lengths[:, None]
    initial = None
    if hidden is not None:
        initial = [hidden[0], cell[0], hidden[1], cell[1]]
    states = layer(tf.gather(vectors, padded), mask=tf.constant(mask), initial_state=initial)
    return tf.boolean_mask(states, mask)


def bidirectional(like):
    layer = keras.layers.Bidirectional(keras.layers.LSTM(UNITS, return_sequences=True))
    layer.build((None, None, WIDTH))
    layer.set_weights([weight.numpy() for weight in like.weights])
    return layer


@pytest.mark.parametrize("given", [True, False], ids=["initial states", "zeros"])
@pytest.mark.parametrize("name", ["mixed", "one"])
def test_equal_to_keras(given, name, distance):
    sentences = SENTENCES[name]
    layer, vectors, initial = made(count=len(sentences))
    theirs = bidirectional(like=layer)
    vectors = tf.Variable(vectors)
    states = [tf.Variable(part) for part in initial] if given else []
    packed = pack(sentences)
    weight = np.random.default_rng(1).normal(size=(len(packed.words), 2 * UNITS))
    weight = weight.astype(np.float32)
    with tf.GradientTape(persistent=True) as tape:
        found, _ = ours(layer, vectors, packed, *states)
        our_loss = tf.reduce_sum(found * weight)
        expected = keras_states(theirs, vectors, sentences, *states)
        their_loss = tf.reduce_sum(expected * weight)
    np.testing.assert_allclose(found, expected, atol=1e-5, rtol=0)
    our_gradients, their_gradients = (
        tape.gradient(loss, [vectors, *states, *(w.value for w in weights)])
        for loss, weights in ((our_loss, layer.weights), (their_loss, theirs.weights))
    )
    for one, other in zip(our_gradients, their_gradients, strict=True):
        assert distance(one, other) < 1e-4


def test_a_keras_layer_s_weights_are_ours():
    layer, *_ = made()
    theirs = keras.layers.Bidirectional(keras.layers.LSTM(UNITS))
    theirs.build((None, None, WIDTH))
    assert [w.shape for w in layer.weights] == [w.shape for w in theirs.weights]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def numpy_states(parameters, sentences, mask=None):
    """Reads every sentence by itself from either end; `mask` by sentence in order."""
    states, cells = [], []
    for number, sentence in enumerate(sentences):
        sides = []
        for d, direction in enumerate(("forward", "backward")):
            kernel, recurrent, bias = (
                parameters[f"{direction}_{part}"] for part in ("kernel", "recurrent_kernel", "bias")
            )
            h, c = parameters["hidden"][d, number], parameters["cell"][d, number]
            side = []
            for word in sentence[:: -1 if d else 1]:
                entering = h if mask is None else h * mask[d, number]
                gates = parameters["vectors"][word] @ kernel + entering @ recurrent + bias
                enter, forget, candidate, output = np.split(gates, 4)
                c = sigmoid(forget) * c + sigmoid(enter) * np.tanh(candidate)
                h = sigmoid(output) * np.tanh(c)
                side.append((h, c))
            sides.append(side[:: -1 if d else 1])
        for (h, c), (backward_h, backward_c) in zip(*sides, strict=True):
            states.append(np.concatenate([h, backward_h]))
            cells.append(np.concatenate([c, backward_c]))
    return (np.array(values).reshape(-1, 2 * UNITS) for values in (states, cells))


def in_float64(sentences, rng=None):
    """Our states, cell states and a gradient by parameter, and the parameters."""
    layer, vectors, (hidden, cell) = made("float64", 0.4 if rng else 0.0, len(sentences))
    watched = {name: tf.Variable(value) for name, value in (("vectors", vectors),)}
    watched |= {"hidden": tf.Variable(hidden), "cell": tf.Variable(cell)}
    weights = {weight.name: weight.value for weight in layer.weights}
    packed = pack(sentences)
    weight = np.random.default_rng(1).normal(size=(len(packed.words), 2 * UNITS))
    with tf.GradientTape() as tape:
        states, cells = ours(
            layer, watched["vectors"], packed, watched["hidden"], watched["cell"], rng=rng
        )
        loss = tf.reduce_sum(states * weight)
    watched |= weights
    parameters = {name: value.numpy() for name, value in watched.items()}
    return states, cells, tape.gradient(loss, watched), parameters, weight


@all_sentences
def test_equal_to_a_loop_in_float64(sentences):
    states, cells, _, parameters, _ = in_float64(sentences)
    expected_states, expected_cells = numpy_states(parameters, sentences)
    np.testing.assert_allclose(states, expected_states, atol=1e-10, rtol=0)
    np.testing.assert_allclose(cells, expected_cells, atol=1e-10, rtol=0)


@pytest.mark.parametrize("name", ["mixed", "one", "empty first"])
def test_gradients_are_finite_differences(name, finite_differences, distance):
    sentences = SENTENCES[name]
    _, _, gradients, parameters, weight = in_float64(sentences)
    expected = finite_differences(
        lambda p: (next(iter(numpy_states(p, sentences))) * weight).sum(), parameters
    )
    for name, gradient in gradients.items():
        assert distance(gradient, expected[name]) < 1e-7, name


def test_recurrent_dropout_hides_the_same_units_throughout_a_sentence(
    known_rng, finite_differences, distance
):
    sentences = SENTENCES["mixed"]
    states, _, gradients, parameters, weight = in_float64(sentences, known_rng)
    (mask,) = known_rng.masks  # by rank
    mask = mask[:, pack(sentences).order.numpy()]
    assert len({tuple(row) for row in mask.reshape(-1, UNITS)}) > 2, "each sentence has its own"
    expected, _ = numpy_states(parameters, sentences, mask)
    np.testing.assert_allclose(states, expected, atol=1e-10, rtol=0)
    differences = finite_differences(
        lambda p: (next(iter(numpy_states(p, sentences, mask))) * weight).sum(), parameters
    )
    for name, gradient in gradients.items():
        assert distance(gradient, differences[name]) < 1e-7, name


def test_recurrent_dropout_is_decided_by_the_seed():
    layer, vectors, _ = made(recurrent_dropout=0.5)
    packed = pack(SENTENCES["mixed"])

    def states(seed):
        rng = None if seed is None else DropoutRng(tf.constant([0, seed]))
        return ours(layer, vectors, packed, rng=rng)[0].numpy()

    np.testing.assert_array_equal(states(1), states(1))
    assert np.abs(states(1) - states(2)).max() > 1e-3
    assert np.abs(states(1) - states(None)).max() > 1e-3


@all_sentences
def test_without_a_gradient_the_states_are_the_same(sentences):
    layer, vectors, initial = made(count=len(sentences))
    packed = pack(sentences)
    kept, light = (
        ours(layer, vectors, packed, *initial, differentiable=differentiable)
        for differentiable in (True, False)
    )
    for one, other in zip(kept, light, strict=True):
        assert one.shape == (len(packed.words), 2 * UNITS)
        np.testing.assert_allclose(one, other, atol=1e-6, rtol=0)


@pytest.mark.parametrize("name", ["one empty", "only empty", "none"])
def test_sentences_without_words_have_no_gradient(name):
    states, _, gradients, *_ = in_float64(SENTENCES[name])
    assert states.shape == (0, 2 * UNITS)
    for gradient in gradients.values():
        assert not tf.convert_to_tensor(gradient).numpy().any()


def test_an_empty_sentence_s_initial_state_has_no_gradient():
    _, _, gradients, *_ = in_float64(SENTENCES["mixed"])
    for part in ("hidden", "cell"):
        moved = np.abs(gradients[part]).max((0, 2)) > 0
        assert moved.tolist() == [bool(sentence) for sentence in SENTENCES["mixed"]]


def test_a_sentence_does_not_depend_on_its_batch(distance):
    """Order and company change nothing, up to the rounding of the matrix product."""
    sentences = SENTENCES["mixed"]
    layer, vectors, _ = made()
    together, _ = ours(layer, vectors, pack(sentences))
    pieces = np.split(together, np.cumsum([len(s) for s in sentences])[:-1])
    for sentence, piece in zip(sentences, pieces, strict=True):
        alone, _ = ours(layer, vectors, pack([sentence]))
        np.testing.assert_allclose(piece, alone, atol=1e-6, rtol=0)
    reversed_states, _ = ours(layer, vectors, pack(sentences[::-1]))
    np.testing.assert_allclose(reversed_states, np.concatenate(pieces[::-1]), atol=1e-6, rtol=0)


@pytest.mark.slow
def test_inside_a_graph_whose_sizes_are_unknown(distance):
    layer, vectors, _ = made()

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, WIDTH]),
            tf.TensorSpec([None], tf.int32),
            tf.TensorSpec([None], tf.int32),
        ]
    )
    def run(vectors, words, lengths):
        packed = pack_sentences(words, lengths)
        with tf.GradientTape() as tape:
            tape.watch(vectors)
            forward, backward = layer(vectors, packed.words, packed).states
            loss = tf.reduce_sum(forward) + 2 * tf.reduce_sum(backward)
        return tape.gradient(loss, [vectors, *(w.value for w in layer.weights)])

    for sentences in SENTENCES.values():
        words = tf.constant([word for sentence in sentences for word in sentence], tf.int32)
        lengths = tf.constant([len(sentence) for sentence in sentences], tf.int32)
        packed = pack(sentences)
        with tf.GradientTape() as tape:
            watched = tf.Variable(vectors)
            forward, backward = layer(tf.convert_to_tensor(watched), packed.words, packed).states
            loss = tf.reduce_sum(forward) + 2 * tf.reduce_sum(backward)
        expected = tape.gradient(loss, [watched, *(w.value for w in layer.weights)])
        for one, other in zip(run(vectors, words, lengths), expected, strict=True):
            assert distance(one, other) < 1e-5


@all_sentences
def test_projections_stand_for_the_inputs(sentences):
    layer, vectors, initial = made(count=len(sentences))
    packed = pack(sentences)
    expected = ours(layer, vectors, packed, *initial, differentiable=False)
    projections = layer.project(tf.convert_to_tensor(vectors))
    assert projections.shape == (WORDS, 2, 4 * UNITS)
    found = ours(layer, projections, packed, *initial, differentiable=False)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
