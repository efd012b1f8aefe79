"""Documents read segment by segment, against a loop over their words that is written plainly."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from benchmarks.measure import peak_memory
from hier_rnn.model import segments
from hier_rnn.model.segments import pooled_by_segments
from hier_rnn.model.sentence_encoder import SentenceEncoder
from hier_rnn.packing.sentences import pack_sentences
from hier_rnn.recurrent.dropout_rng import DropoutRng

WIDTH, UNITS, N = 6, 3, 3
DOCUMENTS = [
    [0, 1, 2, 1, 5, 0, 4],
    [],
    [3, 1],
    [4, 4, 0, 2, 1, 0, 3, 3, 5, 2, 1],
    [2, 0, 4],
    [3] * 4,
]
POOLINGS = ("last", "max", "mean", "attention")
NO_DROPOUT = {"input_dropout": 0, "dropout": 0}
DROPOUT = {"dropout": 0.4, "recurrent_dropout": 0.4, "input_dropout": 0.3, "word_dropout": 0.2}
OPTIONS = {
    **{pooling: {"pooling": pooling} for pooling in POOLINGS},
    **{
        f"{pooling}, two layers": {"pooling": pooling, "layers": 2, "initial_state": "trainable"}
        for pooling in POOLINGS
    },
    "shared layers": {"share_layer_weights": True, "layers": 2, "initial_state": "trainable"},
}
QUICK = ("attention", "max, two layers", "last", "mean", "shared layers")
each_option = pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
each_pooling = pytest.mark.parametrize("pooling", POOLINGS)


def packed(documents):
    words = tf.constant([word for document in documents for word in document], tf.int32)
    return pack_sentences(words, tf.constant([len(d) for d in documents], tf.int32))


@pytest.fixture(scope="module")
def vectors():
    return tf.constant(np.random.default_rng(3).normal(size=(6, WIDTH)), tf.float32)


@pytest.fixture
def make(configure, randomize):
    def make(segment_words=N, **options):
        sentence = {"units": UNITS, "segment_words": segment_words, **NO_DROPOUT, **options}
        return randomize(SentenceEncoder(configure(sentence=sentence).sentence_encoder, WIDTH))

    return make


@pytest.fixture(scope="module")
def upstream():
    return tf.constant(np.random.default_rng(1).normal(size=(6, 2 * UNITS)), tf.float32)


def differentiated(function, encoder, vectors, upstream):
    """What a function of the vectors returns, and every gradient by name, dense."""
    sources = {name: weight.value for name, weight in encoder.named_weights().items()}
    with tf.GradientTape() as tape:
        tape.watch(vectors)
        result = function(vectors)
    gradients = tape.gradient(
        result, {**sources, "words": vectors}, upstream, tf.UnconnectedGradients.ZERO
    )
    return result, {name: tf.convert_to_tensor(g).numpy() for name, g in gradients.items()}


def lstm(inputs, hidden, cell, name, named, mask):
    """One direction's hidden and cell states, word by word."""
    kernel, recurrent, bias = (
        named[f"{name}/{part}"].value for part in ("kernel", "recurrent_kernel", "bias")
    )
    states = []
    for x in inputs:
        gates = tf.linalg.matvec(kernel, x, transpose_a=True) + bias
        gates += tf.linalg.matvec(recurrent, hidden * mask, transpose_a=True)
        enter, forget, candidate, output = tf.split(gates, 4)
        cell = tf.sigmoid(forget) * cell + tf.sigmoid(enter) * tf.tanh(candidate)
        hidden = tf.sigmoid(output) * tf.tanh(cell)
        states.append((hidden, cell))
    return states


def plainly(encoder, vectors, documents, masks=None):
    """The pooled vectors by the words of the documentation: a document, a segment, a layer."""
    options, named = encoder.options, encoder.named_weights()

    def initial(layer, direction, part):
        name = f"sentence_encoder/initial_state_{layer}/{direction}/{part}"
        return named[name].value if name in named else tf.zeros(UNITS)

    def of(document, masks):
        first = [[initial(n, "forward", p) for p in ("hidden", "cell")] for n in range(layers)]
        carried, states = first, []
        for start in range(0, len(document), options.segment_words):
            below = [vectors[word] for word in document[start : start + options.segment_words]]
            handed_on = []
            for n in range(layers):
                cell = f"sentence_encoder/lstm_{0 if options.share_layer_weights else n}"
                forward = lstm(below, *carried[n], f"{cell}/forward", named, masks[n][0])
                own = [initial(n, "backward", part) for part in ("hidden", "cell")]
                backward = lstm(below[::-1], *own, f"{cell}/backward", named, masks[n][1])[::-1]
                handed_on.append([tf.stop_gradient(value) for value in forward[-1]])
                below = [
                    tf.concat([f, b], 0) for (f, _), (b, _) in zip(forward, backward, strict=True)
                ]
            carried = handed_on
            states += below
        if not states:
            return tf.zeros(2 * UNITS)
        states = tf.stack(states)
        if options.pooling == "last":
            return tf.concat([states[-1, :UNITS], states[0, UNITS:]], 0)
        if options.pooling == "max":
            return tf.reduce_max(states, 0)
        if options.pooling == "mean":
            return tf.reduce_mean(states, 0)
        kernel, bias, query = (
            named[f"sentence_encoder/attention/{part}"].value
            for part in ("kernel", "bias", "query")
        )
        scores = tf.linalg.matvec(tf.tanh(states @ kernel + bias), query)
        return tf.reduce_sum(tf.nn.softmax(scores)[:, None] * states, 0)

    layers = options.layers
    if masks is None:
        masks = np.ones((len(documents), layers, 2, UNITS), np.float32)
    return tf.stack([of(d, m) for d, m in zip(documents, masks, strict=True)])


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(options, id=name, marks=() if name in QUICK else pytest.mark.slow)
        for name, options in OPTIONS.items()
    ],
)
@pytest.mark.slow
def test_equal_to_a_plain_loop(options, make, vectors, upstream, distance):
    encoder = make(**options)
    found, gradients = differentiated(
        lambda v: encoder(v, packed(DOCUMENTS)), encoder, vectors, upstream
    )
    expected, expected_gradients = differentiated(
        lambda v: plainly(encoder, v, DOCUMENTS), encoder, vectors, upstream
    )
    np.testing.assert_allclose(found, expected, atol=1e-5)
    for name, gradient in expected_gradients.items():
        assert np.abs(gradient).max() > 0, name
        assert distance(gradients[name], gradient) < 1e-4, name


@each_option
@pytest.mark.slow
def test_in_a_graph_and_without_gradient(options, make, vectors, upstream):
    encoder = make(**options)
    documents = packed(DOCUMENTS)
    expected, gradients = differentiated(
        lambda v: encoder(v, documents), encoder, vectors, upstream
    )
    np.testing.assert_allclose(
        encoder(vectors, documents, differentiable=False), expected, atol=1e-6
    )
    if options.get("layers", 1) == 1:  # tracing takes its time
        graph = tf.function(lambda v, documents: encoder(v, documents))
        found, in_graph = differentiated(lambda v: graph(v, documents), encoder, vectors, upstream)
        np.testing.assert_allclose(found, expected, atol=1e-6)
        for name, gradient in gradients.items():
            np.testing.assert_allclose(in_graph[name], gradient, atol=1e-5, err_msg=name)


@each_option
@pytest.mark.slow
def test_segments_as_long_as_the_longest_document_change_nothing(options, make, vectors, upstream):
    results = []
    for segment_words in (0, 11, 12, 1000):
        encoder = make(segment_words, **options, **DROPOUT)
        results.append(
            differentiated(
                lambda v, encoder=encoder: encoder(
                    v, packed(DOCUMENTS), rng=DropoutRng(tf.constant([4, 5]))
                ),
                encoder,
                vectors,
                upstream,
            )
        )
    whole, gradients = results[0]
    for found, others in results[1:]:
        np.testing.assert_array_equal(found, whole)
        for name, gradient in gradients.items():
            np.testing.assert_array_equal(others[name], gradient, err_msg=name)


@each_pooling
def test_one_segment_in_two_passes_is_the_plain_way(pooling, make, vectors, upstream, distance):
    encoder = make(11, pooling=pooling, layers=2, initial_state="trainable")
    documents = packed(DOCUMENTS)

    def in_two_passes(v):
        initial = encoder._initial_state(documents, None)
        pooled = pooled_by_segments(encoder, v, documents, initial, None, True)
        return tf.gather(pooled, documents.order)

    whole, gradients = differentiated(lambda v: encoder(v, documents), encoder, vectors, upstream)
    found, two_passes = differentiated(in_two_passes, encoder, vectors, upstream)
    np.testing.assert_allclose(found, whole, atol=1e-6)
    for name, gradient in gradients.items():
        assert distance(two_passes[name], gradient) < 1e-5, name


@each_pooling
def test_the_option_changes_long_documents_only(pooling, make, vectors):
    by_segments, whole = (
        make(n, pooling=pooling)(vectors, packed(DOCUMENTS)).numpy() for n in (N, 0)
    )
    long = np.array([len(document) > N for document in DOCUMENTS])
    np.testing.assert_allclose(by_segments[~long], whole[~long], atol=1e-6)
    assert np.abs(by_segments[long] - whole[long]).max() > 1e-3


@each_pooling
@pytest.mark.slow
def test_a_document_is_the_same_in_any_batch(pooling, make, vectors):
    encoder = make(pooling=pooling, initial_state="trainable")

    def of(documents, **options):
        return encoder(vectors, packed(documents), **options).numpy()

    together = of(DOCUMENTS)
    for options in ({}, {"differentiable": False}):
        alone = np.concatenate([of([document], **options) for document in DOCUMENTS])
        np.testing.assert_allclose(alone, together, atol=1e-6)
        order = [3, 5, 0, 2, 4, 1]
        np.testing.assert_allclose(
            of([DOCUMENTS[i] for i in order], **options), together[order], atol=1e-6
        )
        company = [[1] * 20, *DOCUMENTS, [5, 4, 3] * 5, []]
        np.testing.assert_allclose(of(company, **options)[1:-2], together, atol=1e-6)


@pytest.mark.parametrize("pooling", ["max", "attention"])
@pytest.mark.slow
def test_no_gradient_leaks_from_one_document_to_another(pooling, make):
    encoder = make(pooling=pooling, layers=2, initial_state="trainable")
    lengths = [7, 11, 3, 0, 9]
    owners = np.repeat(range(5), lengths)  # no word is in two documents
    words = tf.constant(np.random.default_rng(0).normal(size=(30, WIDTH)), tf.float32)
    documents = pack_sentences(tf.range(30), tf.constant(lengths))
    for number in (0, 1, 4):
        chosen = tf.one_hot([number] * (2 * UNITS), 5, axis=0)
        _, gradients = differentiated(lambda v: encoder(v, documents), encoder, words, chosen)
        assert not gradients["words"][owners != number].any()
        assert gradients["words"][owners == number].any(1).all()


@pytest.fixture
def begin_anew(monkeypatch):
    """`begin_anew()` lets each segment begin as a document does: no gradient stops at a border."""

    def patch():
        monkeypatch.setattr(
            segments._Reading, "_first_states", staticmethod(lambda carried, initial: initial)
        )

    return patch


def test_the_state_crosses_a_border_and_the_gradient_does_not(make, vectors, begin_anew):
    encoder = make(pooling="last")
    document = [0, 1, 2, 3, 4, 5, 3]
    forward = tf.constant([[1.0] * UNITS + [0.0] * UNITS])
    result, gradients = differentiated(
        lambda v: encoder(v, packed([document])), encoder, vectors, forward
    )
    moved = tf.tensor_scatter_nd_add(vectors, [[0]], [[0.5] * WIDTH])
    changed = encoder(moved, packed([document]))
    assert np.abs(changed - result)[0, :UNITS].max() > 1e-5  # through two borders
    read = np.abs(gradients["words"]).max(1) > 0
    np.testing.assert_array_equal(read, [word == 3 for word in range(6)])
    begin_anew()
    np.testing.assert_array_equal(
        encoder(moved, packed([document]))[0, :UNITS],
        encoder(vectors, packed([document]))[0, :UNITS],
    )


def test_the_forward_initial_state_has_gradient_from_the_first_segment_alone(
    make, vectors, begin_anew
):
    """And the backward one from every segment."""
    encoder = make(pooling="last", initial_state="trainable")
    name = "sentence_encoder/initial_state_0/{}/hidden"
    found = []
    for document in ([0, 1], [0, 1, 2, 3]):
        _, gradients = differentiated(
            lambda v, d=document: encoder(v, packed([d])),
            encoder,
            vectors,
            tf.ones([1, 2 * UNITS]),
        )
        found.append([np.abs(gradients[name.format(d)]).max() for d in ("forward", "backward")])
    assert (np.array(found) > 0).tolist() == [[True, True], [False, True]]
    encoder = make(pooling="mean", initial_state="trainable")
    gradients = []
    for carries in (True, False):
        if not carries:
            begin_anew()
        _, found = differentiated(
            lambda v: encoder(v, packed([[0, 1, 2] * 3])), encoder, vectors, tf.ones([1, 2 * UNITS])
        )
        gradients.append(found)
    carried, cut = gradients
    backward = name.format("backward")
    np.testing.assert_allclose(carried[backward], cut[backward], rtol=1e-5)
    # Three equal segments that all begin alike have three times the gradient of the first.
    forward = name.format("forward")
    np.testing.assert_allclose(3 * carried[forward], cut[forward], rtol=1e-4)


@pytest.mark.slow
def test_recurrent_dropout_is_the_same_throughout_a_document(make, vectors, upstream, distance):
    encoder = make(layers=2, recurrent_dropout=0.5)
    seed = tf.constant([1, 9])
    documents = packed(DOCUMENTS)
    draws = DropoutRng(seed).fold_in(0).fold_in(0)
    by_rank = tf.stack([draws.mask([2, 6, UNITS], 0.5) for _ in range(2)])
    masks = tf.transpose(tf.gather(by_rank, documents.order, axis=2), [2, 0, 1, 3])
    assert 0 < np.mean(masks == 0) < 1
    found, gradients = differentiated(
        lambda v: encoder(v, documents, rng=DropoutRng(seed)), encoder, vectors, upstream
    )
    no_dropout = encoder(vectors, documents)
    assert np.abs(found - no_dropout).max() > 0.01
    expected, by_hand = differentiated(
        lambda v: plainly(encoder, v, DOCUMENTS, masks), encoder, vectors, upstream
    )
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert distance(gradients["words"], by_hand["words"]) < 1e-4


@pytest.mark.parametrize("pooling", ["max", "attention"])
@pytest.mark.slow
def test_both_passes_drop_the_same(pooling, make, vectors, upstream, begin_anew):
    """The gradient with dropout is that of what came out: one with other masks is far off."""
    encoder = make(pooling=pooling, layers=2, **DROPOUT)
    begin_anew()  # with no state carried there is no gradient that stops
    documents = packed(DOCUMENTS)

    def loss(v, number=1):
        return encoder(v, documents, rng=DropoutRng(tf.stack([7, number])))

    _, gradients = differentiated(loss, encoder, vectors, upstream)
    named = encoder.named_weights()
    random = np.random.default_rng(2)
    directions = {
        name: random.normal(0, 0.01, gradient.shape).astype(np.float32)
        for name, gradient in gradients.items()
    }
    sides = []
    for sign in (1, -1):
        for name, weight in named.items():
            weight.assign_add(sign * directions[name])
        sides.append(loss(vectors + sign * directions["words"]))
        for name, weight in named.items():
            weight.assign_sub(sign * directions[name])
    slope = tf.reduce_sum((sides[0] - sides[1]) * upstream) / 2
    products = {name: (gradient * directions[name]).sum() for name, gradient in gradients.items()}
    assert abs(slope - sum(products.values())) < 0.02 * sum(map(abs, products.values()))
    np.testing.assert_array_equal(loss(vectors), loss(vectors))
    assert np.abs(loss(vectors, 2) - loss(vectors)).max() > 0.01


def test_layers_drop_differently_in_each_segment(make, vectors, begin_anew):
    """Equal segments that begin alike differ by dropout alone."""
    encoder = make(pooling="mean", layers=2, dropout=0.5, input_dropout=0)
    begin_anew()
    rng = DropoutRng(tf.constant([0, 3]))
    one, two = (encoder(vectors, packed([[0, 1, 2] * k]), rng=rng).numpy() for k in (1, 2))
    assert np.abs(one - two).max() > 1e-3
    np.testing.assert_allclose(
        encoder(vectors, packed([[0, 1, 2]])), encoder(vectors, packed([[0, 1, 2] * 2])), atol=1e-6
    )


@pytest.mark.parametrize("documents", [[], [[]], [[], []], [[1]], [[0] * 9]], ids=len)
@each_pooling
def test_small_batches(documents, pooling, make, vectors):
    encoder = make(pooling=pooling, initial_state="trainable")
    upstream = tf.ones([len(documents), 2 * UNITS])
    found, gradients = differentiated(
        lambda v: encoder(v, packed(documents)), encoder, vectors, upstream
    )
    np.testing.assert_allclose(
        found, encoder(vectors, packed(documents), differentiable=False), atol=1e-6
    )
    assert all(np.isfinite(gradient).all() for gradient in gradients.values())
    for row, document in zip(found, documents, strict=True):
        assert np.any(row) == bool(document)


@pytest.mark.slow
def test_memory_is_bounded_by_the_segment(configure):
    """Of 16 documents of 1,000 words, whole and in segments of 20."""
    words = tf.random.stateless_normal([100, 8], [0, 0])

    def gradient_of(segment_words):
        options = {"units": 48, "segment_words": segment_words}
        encoder = SentenceEncoder(configure(sentence=options).sentence_encoder, 8)

        @tf.function(reduce_retracing=True)
        def gradient(words, documents):
            with tf.GradientTape() as tape:
                tape.watch(words)
                loss = tf.reduce_sum(encoder(words, documents))
            return tape.gradient(loss, words)

        def of(length):
            gradient(words, pack_sentences(tf.range(16 * length) % 100, tf.fill([16], length)))

        of(10), of(50)  # what is prepared once is not to count
        return peak_memory(lambda: of(1000))

    segments, whole = gradient_of(20), gradient_of(0)
    assert whole is None or segments < whole / 2
