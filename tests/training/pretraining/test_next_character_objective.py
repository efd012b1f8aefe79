"""The character language model over the trie against each word by itself."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.configuration.options import Configuration
from hier_rnn.initializers.rules import initialize
from hier_rnn.model.character_encoder import CharacterEncoder
from hier_rnn.model.classifier import assign
from hier_rnn.packing.batch import trie_builder
from hier_rnn.text.alphabet import Alphabet
from hier_rnn.training.pretraining.next_character_objective import (
    CountedBatch,
    CountedWords,
    NextCharacterObjective,
    portions,
)

WORDS = ["walk", "walks", "walked", "wall", "a", "talk", "talks", "all", "ä?"]
COUNTS = np.array([50, 20, 9, 7, 400, 5, 3, 2, 1])
HELD_OUT = ["walk", "walls", "z"]
HELD_OUT_COUNTS = np.array([3, 2, 1])


def language_model(
    marks: bool = True, encoder: dict | None = None, **options
) -> NextCharacterObjective:
    """A small one, with its first weights."""
    configuration = Configuration.model_validate(
        {
            "text": {"boundary_marks": marks},
            "character_encoder": {"units": 12, "embedding_dim": 6, **(encoder or {})},
            "pretraining": {"batch_size": 4, "group_size": 1, **options},
        }
    )
    alphabet = Alphabet.count(WORDS)
    made = NextCharacterObjective(
        CharacterEncoder(configuration.character_encoder, alphabet.size),
        trie_builder(configuration, alphabet),
        CountedWords(WORDS, COUNTS, HELD_OUT, HELD_OUT_COUNTS, {}),
        configuration.pretraining,
        seed=0,
    )
    weights = made.named_weights()
    assign(weights, initialize({name: tuple(w.shape) for name, w in weights.items()}))
    return made


def packed(model: NextCharacterObjective, words, counts) -> CountedBatch:
    tries = model._trie_builder(tf.constant(words))
    size = tf.constant(len(counts))
    return CountedBatch(tries, tf.constant(counts, tf.float32), size, tf.constant(True))


@pytest.mark.parametrize("marks", [True, False])
@pytest.mark.parametrize("encoder", [{}, {"bidirectional": True, "layers": 2}])
@pytest.mark.slow
def test_loss_and_gradient_are_those_of_every_word_by_itself(marks, encoder):
    model = language_model(marks, encoder)
    weights = [weight.value for weight in model.named_weights().values()]
    with tf.GradientTape() as tape:
        total, characters = model.surprise(packed(model, WORDS, COUNTS))
    found = tape.gradient(total, weights)
    with tf.GradientTape() as tape:
        apart = [model.surprise(packed(model, [word], [1.0]))[0] for word in WORDS]
        brute = tf.reduce_sum(tf.stack(apart) * COUNTS.astype(np.float32))
    wanted = tape.gradient(brute, weights)
    np.testing.assert_allclose(total, brute, rtol=1e-5)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(
            tf.convert_to_tensor(one), tf.convert_to_tensor(other), rtol=1e-3, atol=2e-3
        )
    directions = 2 if encoder else 1
    of_text = sum(COUNTS * np.array([len(word) + 1 for word in WORDS]))
    assert float(characters) == pytest.approx(directions * of_text)


@pytest.mark.parametrize("marks", [True, False])
@pytest.mark.slow
def test_bits_are_those_of_a_count_by_hand(marks):
    model = language_model(marks)
    encoder, layer = model._encoder, model.next_character
    ids = {character: i for i, character in enumerate(Alphabet.count(WORDS).characters, 3)}
    bits = characters = 0.0
    for word, count in zip(HELD_OUT, HELD_OUT_COUNTS, strict=True):
        spelled = [ids.get(character, 0) for character in word]
        read = ([1] if marks else []) + spelled
        # One word's trie is a chain: state i has read i characters.
        states = encoder.states(model._trie_builder(tf.constant([word])))[0][-1]
        for i, character in enumerate([*spelled, 2], start=len(read) - len(spelled)):
            chances = tf.nn.softmax(states[i : i + 1] @ layer.kernels[0] + layer.biases[0])[
                0
            ].numpy()
            bits -= count * math.log2(chances[character])
            characters += count
    assert model.validate()["bits_per_character"] == pytest.approx(bits / characters, rel=1e-5)
    assert model.score(model.validate()) == -model.validate()["bits_per_character"]


@pytest.mark.slow
def test_it_learns():
    model = language_model()
    before = model.validate()["bits_per_character"]
    weights = [weight.value for weight in model.named_weights().values()]
    optimizer = tf.keras.optimizers.Adam(0.02)
    batch = packed(model, WORDS, COUNTS)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = model.loss(batch)
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return loss

    optimizer.build(weights)
    losses = [float(step()) for _ in range(60)]
    assert losses[-1] < 0.5 * losses[0]
    assert model.validate()["bits_per_character"] < before


def test_an_epoch_has_every_word_as_often_as_the_text():
    model = language_model(batch_size=3)
    seen = dict.fromkeys(WORDS, 0.0)
    batches = model.epoch_batches(0)
    for words, counts in batches:
        assert len(set(words)) == len(words)
        for word, count in zip(words, counts, strict=True):
            seen[word] += count
    np.testing.assert_allclose([seen[word] for word in WORDS], COUNTS, rtol=1e-5)
    assert len(batches) == model.steps == 3
    assert [words for words, _ in model.epoch_batches(0)] == [words for words, _ in batches]
    assert [words for words, _ in model.epoch_batches(1)] != [words for words, _ in batches]


def test_no_word_rules_a_batch():
    counts = np.array([10_000, 3_000, 10, 10, 10, 10, 10, 1, 1, 1, 1, 1])
    assert portions(counts, batches=20).tolist() == [2, 1, *[1] * 10]
    assert portions(np.concatenate([counts, np.ones(988)]), 20).tolist()[:3] == [20, 20, 1]
    assert portions(counts, batches=1).tolist() == [1] * 12


def test_batches_pack_in_the_background():
    model = language_model(batch_size=100)
    batch = next(iter(model.batches()))
    assert batch.last
    assert model.words_of(batch) == len(WORDS)
    np.testing.assert_allclose(model.loss(batch), model.loss(packed(model, WORDS, COUNTS)), 1e-5)
