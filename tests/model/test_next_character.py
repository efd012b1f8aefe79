"""The next-character loss: against words read one by one, and training along with a classifier."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.model.character_encoder import CharacterEncoder
from hier_rnn.model.classifier import Classifier
from hier_rnn.model.next_character import NextCharacter
from hier_rnn.model.weight_specs import weight_shapes
from hier_rnn.packing.batch import trie_builder
from hier_rnn.packing.trie import build_trie, parent_states, prefix_counts
from hier_rnn.recurrent.dropout_rng import DropoutRng

WORDS = ["abc", "a", "abd", "語é", "abcde", "", "zzz"]
COUNTS = [3.0, 1.0, 2.0, 4.0, 1.0, 5.0, 2.0]


def trie_of(spelled, size=20):
    letters = tf.constant([letter for word in spelled for letter in word], tf.int32)
    return build_trie(letters, tf.constant([len(word) for word in spelled], tf.int32), size)


@pytest.mark.parametrize(
    "spelled", [[(1, 2, 3), (1, 2), (), (4,), (1, 2, 5, 5)], [(), ()], []], ids=len
)
def test_prefixes_count_as_often_as_words_have_them(spelled):
    trie = trie_of(spelled)
    counts = [2.0, 3.0, 7.0, 1.5, 4.0][: len(spelled)]
    found = prefix_counts(trie, tf.constant(counts)).numpy()
    expected = Counter()
    for word, count in zip(spelled, counts, strict=True):
        expected.update({word[:length]: count for length in range(1, len(word) + 1)})
    prefixes = [()]  # by state index
    for parent, letter in zip(parent_states(trie).numpy(), trie.characters.numpy(), strict=True):
        prefixes.append((*prefixes[parent], int(letter)))
    summed = Counter()  # both halves of a trie may have a prefix
    for prefix, count in zip(prefixes[1:], found.tolist(), strict=True):
        summed[prefix] += count
    assert summed == expected


@pytest.fixture
def make(configure, randomize, alphabet):
    def make(weight=0.5, **groups):
        training = {"next_character_weight": weight}
        configuration = configure(training=training, **groups)
        model = randomize(Classifier(configuration, alphabet.size, 3))
        return model, trie_builder(configuration, alphabet)

    return make


def word_by_word(encoder, predictor, spelled, counts, direction=0):
    """The mean loss of the characters of words, each read by itself as far as it is known."""
    total = number = 0.0
    for letters, count in zip(spelled, counts, strict=True):
        for length in range(1, len(letters)):
            one = trie_of([letters[:length]])
            tries = (one, one) if encoder.options.bidirectional else (one,)
            state = encoder.states(tries)[direction][-1][-1]
            logits = tf.linalg.matvec(
                predictor.kernels[direction], state, transpose_a=True
            ) + tf.convert_to_tensor(predictor.biases[direction])
            total -= count * tf.nn.log_softmax(logits)[letters[length]]
            number += count
    return total / number


@pytest.mark.parametrize("bidirectional", [False, True], ids=["forward", "bidirectional"])
@pytest.mark.slow
def test_equal_to_words_one_by_one(bidirectional, make, alphabet):
    model, builder = make(character={"bidirectional": bidirectional, "layers": 2})
    encoder, predictor = model.character_encoder, model.next_character
    tries = builder(tf.constant(WORDS))
    states = encoder.states(tries)
    spelled = [(1, *alphabet.ids(word), 2) for word in WORDS]
    for direction, trie in enumerate(tries):
        counts = prefix_counts(trie, tf.constant(COUNTS))
        found = predictor.loss(states[direction][-1], trie, counts, direction)
        letters = [word[::-1] for word in spelled] if direction else spelled
        expected = word_by_word(encoder, predictor, letters, COUNTS, direction)
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_without_marks_the_first_character_is_predicted(configure, randomize, alphabet):
    configuration = configure(text={"boundary_marks": False})
    encoder = randomize(CharacterEncoder(configuration.character_encoder, alphabet.size))
    predictor = randomize(NextCharacter(configuration.character_encoder, alphabet.size))
    (trie,) = trie_builder(configuration, alphabet)(tf.constant(["a"]))
    states = encoder.states((trie,))[0][-1]
    found = predictor.loss(states, trie, prefix_counts(trie, tf.constant([2.0])))
    logits = predictor.biases[0].numpy()  # the initial state is zeros
    letter = alphabet.ids("a")[0]
    np.testing.assert_allclose(found, -tf.nn.log_softmax(logits)[letter], rtol=1e-5)
    for nothing in ([""], []):
        (trie,) = trie_builder(configuration, alphabet)(tf.constant(nothing, tf.string))
        states = encoder.states((trie,))[0][-1]
        assert predictor.loss(states, trie, prefix_counts(trie, tf.ones(len(nothing)))) == 0


@pytest.mark.parametrize("bidirectional", [False, True], ids=["forward", "bidirectional"])
def test_weights_are_there_when_the_option_is(bidirectional, configure, alphabet):
    character = {"bidirectional": bidirectional}
    for weight, parts in ((0.0, 0), (0.5, 4 if bidirectional else 2)):
        configuration = configure(character=character, training={"next_character_weight": weight})
        named = Classifier(configuration, alphabet.size, 3).named_weights()
        shapes = weight_shapes(configuration, alphabet.size, 3)
        assert {name: tuple(weight.shape) for name, weight in named.items()} == shapes
        assert list(named) == list(shapes)
        assert sum(name.startswith("next_character/") for name in named) == parts


@pytest.mark.parametrize("bidirectional", [False, True], ids=["forward", "bidirectional"])
def test_joint_training_shares_the_encoder(bidirectional, make, pack, sentences):
    model, builder = make(character={"bidirectional": bidirectional})
    batch = pack(sentences, builder)
    logits, loss = model.logits_and_lm_loss(batch)
    np.testing.assert_array_equal(logits, model(batch))
    counted = Counter(word for sentence in sentences for word in sentence)
    tries = builder(tf.constant(list(counted)))
    states = model.character_encoder.states(tries)
    losses = []
    for direction, trie in enumerate(tries):
        counts = prefix_counts(trie, tf.constant(list(counted.values()), tf.float32))
        losses.append(model.next_character.loss(states[direction][-1], trie, counts, direction))
    np.testing.assert_allclose(loss, np.mean(losses), rtol=1e-5)
    named = {name: weight.value for name, weight in model.named_weights().items()}
    with tf.GradientTape() as tape:
        _, loss = model.logits_and_lm_loss(batch)
    found = tape.gradient(loss, named)
    for name, gradient in found.items():
        reached = name.startswith(("character_encoder/", "next_character/"))
        assert (gradient is not None) == reached, name


def test_dropout_is_drawn_once_for_both(make, pack, sentences):
    model, builder = make(character={"embedding_dropout": 0.5, "recurrent_dropout": 0.3})
    batch, rng = pack(sentences, builder), tf.constant([3, 4])
    logits, loss = model.logits_and_lm_loss(batch, DropoutRng(rng))
    np.testing.assert_array_equal(logits, model(batch, rng=DropoutRng(rng)))
    assert abs(loss - model.logits_and_lm_loss(batch)[1]) > 1e-3


def test_a_frozen_encoder_stays_and_the_predictor_learns(make, pack, sentences):
    model, builder = make()
    batch = pack(sentences, builder)
    named = {name: weight.value for name, weight in model.named_weights().items()}
    with tf.GradientTape() as tape:
        _, loss = model.logits_and_lm_loss(batch, frozen_encoder=True)
    found = tape.gradient(loss, {n: w for n, w in named.items() if n.startswith("next_character")})
    assert all(gradient is not None for gradient in found.values())


def test_prediction_ignores_it(make, pack, sentences, configure, alphabet):
    model, builder = make()
    without = Classifier(configure(), alphabet.size, 3)
    values = model.named_weights()
    for name, weight in without.named_weights().items():
        weight.assign(values[name])
    batch = pack(sentences, builder)
    np.testing.assert_array_equal(without(batch), model(batch))
