"""Learning to spell word vectors: what is learnt from, and that it is learnt."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
import tensorflow as tf
from sklearn.linear_model import Ridge

from hier_rnn.configuration.options import Configuration
from hier_rnn.initializers.rules import initialize
from hier_rnn.model.character_encoder import CharacterEncoder
from hier_rnn.model.classifier import assign
from hier_rnn.packing.batch import trie_builder
from hier_rnn.text.alphabet import Alphabet
from hier_rnn.training.pretraining import word_vector_objective
from hier_rnn.training.pretraining.word_vector_objective import WordVectorObjective, held_out_words
from hier_rnn.training.word_vectors.targets import Targets

STEMS = [
    *("walk", "talk", "look", "cook"),
    *("book", "show", "know", "play"),
    *("work", "turn", "help", "open"),
    *("start", "want", "need", "jump"),
]
WORDS = [stem + ending for ending in ("", "s", "ing", "ed", "er") for stem in STEMS]


def targets() -> Targets:
    """Vectors that depend on the stem and, less, on the ending."""
    generator = np.random.default_rng(0)
    stems = generator.normal(size=(1, len(STEMS), 8))
    vectors = (stems + 0.5 * generator.normal(size=(5, 1, 8))).reshape(-1, 8)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    counts = 1000 // np.arange(1, len(WORDS) + 1)
    return Targets(WORDS, counts, vectors.astype(np.float32), {})


def distillation(
    encoder: dict | None = None, text: dict | None = None, **options
) -> WordVectorObjective:
    """A small one, with its first weights."""
    configuration = Configuration.model_validate(
        {
            "text": text or {},
            "character_encoder": {"units": 24, "embedding_dim": 8, **(encoder or {})},
            "pretraining": {"batch_size": 16, "validation_share": 0.1, **options},
        }
    )
    alphabet = Alphabet.count(WORDS)
    made = WordVectorObjective(
        CharacterEncoder(configuration.character_encoder, alphabet.size),
        trie_builder(configuration, alphabet),
        targets(),
        configuration.pretraining,
        configuration.text,
        seed=0,
    )
    weights = made.named_weights()
    assign(weights, initialize({name: tuple(w.shape) for name, w in weights.items()}))
    return made


def an_epoch(model: WordVectorObjective, epoch: int = 0, skip: int = 0) -> list[list[int]]:
    """The words that the batches of an epoch are of."""
    found = []
    for batch in model.batches(epoch, skip):
        found.append(batch.words.numpy().tolist())
        if batch.last:
            return found


@pytest.mark.slow
def test_cosine_rises():
    model = distillation()
    weights = [weight.value for weight in model.named_weights().values()]
    before = model.validate()
    optimizer = tf.keras.optimizers.Adam(0.03)

    @tf.function(input_signature=[model.batches().element_spec])
    def step(batch):
        with tf.GradientTape() as tape:
            loss = model.loss(batch)
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))

    optimizer.build(weights)
    for batch in islice(model.batches(), 8 * model.steps):
        step(batch)
    after = model.validate()
    assert after["learnt_cosine"] > before["learnt_cosine"] + 0.4
    assert after["misspelled_cosine"] > before["misspelled_cosine"] + 0.3
    assert model.score(after) > model.score(before)
    parts = [after[f"{name}_cosine"] for name in ("learnt", "misspelled", "held_out")]
    assert model.score(after) == pytest.approx(np.mean(parts))


@pytest.mark.parametrize("at_once", [7, 1000])
@pytest.mark.slow
def test_the_map_that_fits_is_the_ridge_regression(monkeypatch, at_once):
    monkeypatch.setattr(word_vector_objective, "ENCODED_AT_ONCE", at_once)
    model = distillation({"bidirectional": True})
    before = model.validate()
    model.fit_projection()
    after = model.validate()
    assert after["learnt_cosine"] > before["learnt_cosine"] + 0.4
    learnt = np.flatnonzero(~held_out_words(WORDS, 0.1, 0))
    states = model._encoder(model._trie_builder(tf.constant([WORDS[i] for i in learnt]))).numpy()
    with_bias = np.hstack([states, np.ones((len(learnt), 1))])
    fitted = Ridge(alpha=word_vector_objective.RIDGE, fit_intercept=False).fit(
        with_bias, targets().vectors[learnt]
    )
    np.testing.assert_allclose(model.map.kernel, fitted.coef_.T[:-1], atol=1e-4)
    np.testing.assert_allclose(model.map.bias, fitted.coef_.T[-1], atol=1e-4)


@pytest.mark.parametrize("encoder", [{}, {"bidirectional": True}, {"projection": 6, "layers": 2}])
@pytest.mark.slow
def test_loss_is_the_weighted_mean_of_one_minus_cosine(encoder):
    model = distillation(encoder, frequency_exponent=1.0)
    made = targets()
    batch = next(iter(model.batches()))
    tries = model._trie_builder(tf.constant([WORDS[i] for i in batch.words.numpy()]))
    states = model._encoder(tries).numpy()
    mapped = states @ model.map.kernel.numpy() + model.map.bias.numpy()
    wanted = made.vectors[batch.words.numpy()]
    cosines = (mapped * wanted).sum(1) / np.linalg.norm(mapped, axis=1)
    weights = batch.weights.numpy()
    np.testing.assert_allclose(
        weights / weights[0], made.counts[batch.words] / made.counts[batch.words[0]], rtol=1e-5
    )
    exact = batch._replace(prefix_tries=tries)
    np.testing.assert_allclose(model.loss(exact), (weights * (1 - cosines)).mean(), rtol=1e-4)


@pytest.mark.slow
def test_an_epoch_has_every_learnt_word_and_fresh_copies():
    model = distillation(misspell={"copies_per_word": 1.0}, rewrites_per_word=0.5)
    learnt = set(np.flatnonzero(~held_out_words(WORDS, 0.1, 0)).tolist())
    first, second = an_epoch(model), an_epoch(model, 1)
    flat = [word for batch in first for word in batch]
    assert set(flat) == learnt
    assert len(flat) > 2 * len(learnt)
    assert first != second
    assert an_epoch(model) == first
    assert an_epoch(model, skip=3) == first[3:]
    assert len(first) == model.steps
    stream = [batch.words.numpy().tolist() for batch in islice(model.batches(), len(first) + 2)]
    assert stream == first + second[:2]


@pytest.mark.slow
def test_each_option_changes_what_is_learnt_from():
    def epoch(**options):
        return [word for words, _ in distillation(**options).epoch_batches(0) for word in words]

    base = epoch()
    plain = len(epoch(misspell={"copies_per_word": 0.0}, rewrites_per_word=0.0))
    assert plain == len(epoch(misspell={"kind": "none"}, rewrites_per_word=0.0)) == 72
    assert len(epoch(misspell={"copies_per_word": 2.0})) > len(base) > plain
    assert len(epoch(rewrites_per_word=1.0)) > len(base)
    assert epoch(misspell={"edits": 1}) != base
    assert epoch(misspell={"kind": "drop"}) != base
    assert epoch(group_size=1) != base
    assert (
        len(epoch(misspell={"copies_per_word": 0.0}, rewrites_per_word=0.0, validation_share=0.5))
        < plain
    )

    def first(**options):
        return next(iter(distillation(**options).batches()))

    assert len(first(batch_size=50).words) == 50
    np.testing.assert_allclose(first(frequency_exponent=0.0).weights, 1)
    assert np.std(first(frequency_exponent=1.0).weights) > np.std(first().weights) > 0


def test_held_out_are_rarer_words_with_all_their_spellings():
    words = ["the", "a", "of", "in", "Cat", "dog", "cat.", "emu", "CAT", "Emu.", "Dog", "bee"]

    def held_out(share, seed=0):
        mask = held_out_words(words, share, seed)
        return {word for word, held in zip(words, mask, strict=True) if held}

    assert held_out(0.3) == {"emu", "Emu.", "bee"}
    drawn = {frozenset(held_out(0.1, seed)) for seed in range(9)}
    assert drawn == {frozenset({"emu", "Emu."}), frozenset({"bee"})}
