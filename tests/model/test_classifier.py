"""The whole model: its weights' names, what it does not depend on, and sharing an encoder."""

from __future__ import annotations

from itertools import product

import keras
import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.configuration.options import Configuration
from hier_rnn.model.character_encoder import CharacterEncoder
from hier_rnn.model.classifier import Classifier, assign
from hier_rnn.model.weight_specs import weight_shapes
from hier_rnn.packing.batch import trie_builder
from hier_rnn.recurrent.dropout_rng import DropoutRng

CLASSES = 3
CHARACTER_OPTIONS = {
    "layers": (1, 2),
    "bidirectional": (False, True),
    "reset_after": (True, False),
    "projection": (0, 6),
    "initial_state": ("zeros", "trainable"),
    "share_layer_weights": (False, True),
}
SENTENCE_OPTIONS = {
    "layers": (1, 3),
    "pooling": ("max", "attention"),
    "initial_state": ("zeros", "trainable"),
    "share_layer_weights": (False, True),
}


def combinations(options):
    return [dict(zip(options, values, strict=True)) for values in product(*options.values())]


@pytest.mark.parametrize(
    ("group", "options"),
    [("character_encoder", o) for o in combinations(CHARACTER_OPTIONS)]
    + [("sentence_encoder", o) for o in combinations(SENTENCE_OPTIONS)],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value.values())),
)
def test_weights_are_those_that_the_options_promise(group, options, alphabet):
    groups = {
        "character_encoder": {"embedding_dim": 2, "units": 2},
        "sentence_encoder": {"units": 1},
    }
    groups[group] |= options
    configuration = Configuration.model_validate(groups)
    model = Classifier(configuration, alphabet.size, CLASSES)
    named = model.named_weights()
    shapes = weight_shapes(configuration, alphabet.size, CLASSES)
    assert [(name, tuple(weight.shape)) for name, weight in named.items()] == list(shapes.items())
    assert {id(weight) for weight in model.weights} == {id(weight) for weight in named.values()}
    assert len(model.trainable_weights) == len(named)


@pytest.fixture
def make(configure, randomize, alphabet):
    """A model of these options, and the builder that goes with it."""

    def make(seed=0, encoder=None, **groups):
        configuration = configure(**groups)
        model = Classifier(configuration, alphabet.size, CLASSES, encoder)
        return randomize(model, seed), trie_builder(configuration, alphabet)

    return make


RICH = {
    "character": {"bidirectional": True, "layers": 2, "initial_state": "trainable"},
    "sentence": {"layers": 2, "pooling": "attention", "initial_state": "trainable"},
}
MODELS = {"default": {}, "rich": RICH, "last": {"sentence": {"pooling": "last"}}}
models = pytest.mark.parametrize("groups", MODELS.values(), ids=MODELS)


@models
@pytest.mark.slow
def test_a_sentence_s_logits_do_not_depend_on_its_batch(groups, make, pack, sentences):
    model, builder = make(**groups)
    together = model(pack(sentences, builder)).numpy()
    assert together.shape == (len(sentences), CLASSES)
    for sentence, logits in zip(sentences, together, strict=True):
        np.testing.assert_allclose(model(pack([sentence], builder))[0], logits, atol=2e-6)
    order = [3, 0, 4, 2, 1]
    turned = model(pack([sentences[i] for i in order], builder))
    np.testing.assert_allclose(turned, together[order], atol=2e-6)
    company = [["語"] * 30, *sentences, [], ["cab", "abcdeabcde"]]
    np.testing.assert_allclose(model(pack(company, builder))[1:-2], together, atol=2e-6)
    unshared = model(pack(sentences, builder, shared=False))
    np.testing.assert_allclose(unshared, together, atol=2e-6)


@models
@pytest.mark.slow
def test_nor_does_its_gradient(groups, make, pack, sentences, gradients, distance):
    model, builder = make(**groups)
    weight = np.random.default_rng(1).normal(size=(len(sentences), CLASSES)).astype(np.float32)

    def of(numbers, shared=True):
        batch = pack([sentences[i] for i in numbers], builder, shared=shared)
        return gradients(model, lambda: tf.reduce_sum(model(batch) * weight[numbers]))

    together, turned = of([0, 1, 2, 3, 4]), of([3, 0, 4, 2, 1])
    unshared = of([0, 1, 2, 3, 4], shared=False)
    alone = [of([number]) for number in range(len(sentences))]
    for name, gradient in together.items():
        assert distance(turned[name], gradient) < 1e-4, name
        assert distance(unshared[name], gradient) < 1e-4, name
        assert distance(sum(one[name] for one in alone), gradient) < 1e-4, name


@models
@pytest.mark.parametrize("batch", [[], [[]], [[], []], [["a"]]], ids=str)
def test_small_batches(groups, batch, make, pack, gradients):
    model, builder = make(**groups)
    packed = pack(batch, builder)
    logits = model(packed)
    assert logits.shape == (len(batch), CLASSES)
    if batch and not batch[0]:
        np.testing.assert_array_equal(
            logits, np.tile(model.named_weights()["head/bias"], (len(batch), 1))
        )
    for gradient in gradients(model, lambda: tf.reduce_sum(model(packed) ** 2)).values():
        assert np.isfinite(gradient).all()


def test_a_frozen_encoder_and_no_gradient_at_all_change_no_logit(make, pack, sentences):
    model, builder = make(**RICH)
    batch = pack(sentences, builder)
    expected = model(batch)
    np.testing.assert_allclose(model(batch, frozen_encoder=True), expected, atol=2e-6)
    np.testing.assert_allclose(model(batch, differentiable=False), expected, atol=2e-6)


def test_a_frozen_encoder_leaves_the_others_gradients(make, pack, sentences, distance):
    model, builder = make(**RICH)
    batch = pack(sentences, builder)
    named = model.named_weights()
    others = {n: w.value for n, w in named.items() if not n.startswith("character_encoder/")}

    def found(frozen):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(list(others.values()))
            loss = tf.reduce_sum(model(batch, frozen_encoder=frozen) ** 2)
        return tape.gradient(loss, others)

    frozen, free = found(True), found(False)
    for name in others:
        assert distance(frozen[name], free[name]) < 1e-5, name


def test_head_dropout_is_decided_by_the_seed_and_only_there_with_noise(make, pack, sentences):
    quiet = {"sentence": {"input_dropout": 0, "dropout": 0}}
    model, builder = make(**quiet, head={"dropout": 0.5})
    without, _ = make(**quiet, head={"dropout": 0})
    batch = pack(sentences, builder)

    def logits(model, seed):
        return model(batch, rng=DropoutRng(tf.constant([0, seed]))).numpy()

    np.testing.assert_array_equal(logits(model, 1), logits(model, 1))
    assert np.abs(logits(model, 1) - logits(model, 2)).max() > 1e-3
    np.testing.assert_array_equal(logits(without, 1), without(batch))
    np.testing.assert_array_equal(model(batch), without(batch))


@pytest.mark.slow
def test_masks_are_drawn_apart(make, pack, sentences):
    """With every kind of dropout on, a step repeats exactly, and the next one differs."""
    rate = 0.3
    model, builder = make(
        character={
            "layers": 2,
            "embedding_dropout": rate,
            "dropout": rate,
            "recurrent_dropout": rate,
        },
        sentence={
            "layers": 2,
            "word_dropout": rate,
            "input_dropout": rate,
            "dropout": rate,
            "recurrent_dropout": rate,
        },
        head={"dropout": rate},
    )
    batch = pack(sentences, builder)
    step = tf.function(lambda number: model(batch, rng=DropoutRng(tf.stack([7, number]))))
    np.testing.assert_array_equal(step(tf.constant(1)), step(tf.constant(1)))
    assert np.abs(step(tf.constant(1)) - step(tf.constant(2))).max() > 1e-3


def test_two_models_on_one_encoder_share_its_variables(
    configure, make, alphabet, pack, sentences, gradients
):
    configuration = configure()
    encoder = CharacterEncoder(configuration.character_encoder, alphabet.size)
    one, builder = make(encoder=encoder)
    other, _ = make(seed=1, encoder=encoder, sentence={"units": 2, "pooling": "mean"})
    batch = pack(sentences, builder)
    ours, theirs = one.named_weights(), other.named_weights()
    for name in ours:
        shared = name.startswith("character_encoder/")
        assert (ours[name] is theirs[name]) == shared, name

    for trained, still in ((one, other), (other, one)):
        before = {name: weight.numpy() for name, weight in still.named_weights().items()}
        logits = still(batch).numpy()
        for name, gradient in gradients(
            trained, lambda model=trained: tf.reduce_sum(model(batch) ** 2)
        ).items():
            trained.named_weights()[name].assign_sub(0.1 * gradient)
        assert np.abs(still(batch) - logits).max() > 1e-3
        for name, weight in still.named_weights().items():
            moved = (weight.numpy() != before[name]).any()
            assert moved == name.startswith("character_encoder/"), name


def test_a_joint_loss_on_a_shared_encoder_has_the_sum_of_gradients(
    configure, make, alphabet, pack, sentences, gradients, distance
):
    encoder = CharacterEncoder(configure().character_encoder, alphabet.size)
    one, builder = make(encoder=encoder)
    other, _ = make(seed=1, encoder=encoder, sentence={"units": 2})
    batch = pack(sentences, builder)

    def loss(*models):
        return sum(tf.reduce_sum(model(batch) ** 2) for model in models)

    apart = [gradients(encoder, lambda model=model: loss(model)) for model in (one, other)]
    jointly = gradients(encoder, lambda: loss(one, other))
    for name, gradient in jointly.items():
        assert distance(apart[0][name] + apart[1][name], gradient) < 1e-5, name


def test_assign_sets_weights_by_name(make):
    model, _ = make()
    values = {name: weight.numpy() + 1 for name, weight in model.named_weights().items()}
    before = model.named_weights()["head/bias"].numpy()
    del values["head/bias"]
    assign(model.named_weights(), values)
    for name, value in values.items():
        np.testing.assert_array_equal(model.named_weights()[name], value)
    np.testing.assert_array_equal(model.named_weights()["head/bias"], before)


@pytest.mark.slow
def test_it_learns(make, pack, sentences):
    """Sentences that differ by a letter or by the order of their words."""
    batch_of = [["abc", "a"], ["a", "abc"], ["abd", "a"]]
    model, builder = make()
    batch = pack(batch_of, builder)
    labels = tf.constant([0, 1, 2])
    optimizer = keras.optimizers.Adam(0.02)
    optimizer.build(model.trainable_variables)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, model(batch))
            loss = tf.reduce_mean(losses)
        optimizer.apply(tape.gradient(loss, model.trainable_variables))
        return loss

    losses = [float(step()) for _ in range(80)]
    assert losses[-1] < 0.2 < losses[0]
    assert tf.argmax(model(batch), 1).numpy().tolist() == [0, 1, 2]
