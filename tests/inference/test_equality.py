"""NumPy computes what TensorFlow does, whatever the options and whatever the text."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hier_rnn
from hier_rnn.inference import inference
from hier_rnn.inference.attribution import Attribution
from hier_rnn.inference.engine import sentence_encoder
from hier_rnn.text.tokenizer import Tokenizer

CHARACTERS = "abcé語xyz"  # the last three are in no alphabet


def sentences_of(draw, words=12):
    vocabulary = [
        "".join(draw.choices(CHARACTERS, k=draw.choice([0, 1, 2, 3, 5, 9, 30])))
        for _ in range(words)
    ]
    lengths = draw.choices([0, 1, 2, 3, 6, 7, 20], k=draw.choice([1, 2, 9]))
    return [draw.choices(vocabulary, k=length) for length in lengths]


def close(found, expected):
    np.testing.assert_allclose(np.array(list(found)), expected, atol=1e-5, rtol=0)


OPTIONS = {
    "deep": {"character_encoder": {"layers": 3}, "sentence_encoder": {"layers": 3}},
    "both ways": {"character_encoder": {"bidirectional": True, "layers": 2}},
    "projection": {"character_encoder": {"projection": 6}},
    "reset before": {"character_encoder": {"reset_after": False, "bidirectional": True}},
    "shared layers": {
        "character_encoder": {"units": 6, "embedding_dim": 6, "layers": 3},
        "sentence_encoder": {"units": 3, "layers": 2},
    },
    "initial states": {
        "character_encoder": {"initial_state": "trainable", "layers": 2},
        "sentence_encoder": {"initial_state": "trainable", "layers": 2},
    },
    "no marks": {"text": {"boundary_marks": False}},
    "long words": {"text": {"maximum_word_length": 1000}},
}
OPTIONS["shared layers"]["character_encoder"]["share_layer_weights"] = True
OPTIONS["shared layers"]["sentence_encoder"]["share_layer_weights"] = True


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_every_option(both, options):
    model, draw = both(**options), random.Random(str(options))
    for sentences in ([[], [""], ["語x"]], sentences_of(draw)):
        close(model.inference().logits(sentences), model.tensorflow(sentences))


@pytest.mark.parametrize("pooling", ["max", "mean", "last", "attention"])
@pytest.mark.parametrize("segment_words", [0, 3])
def test_every_pooling(both, pooling, segment_words):
    options = {"pooling": pooling, "segment_words": segment_words, "layers": 2}
    model = both(sentence_encoder={**options, "initial_state": "trainable"})
    for sentences in ([[]], [["a"], [], ["b", "a", "c", "語", "a", "a", "x"], ["b"] * 3]):
        close(model.inference().logits(sentences), model.tensorflow(sentences))


@pytest.mark.slow
def test_options_together(both, monkeypatch):
    """A wide grid of them, cut into batches and parts of any size."""
    draw = random.Random(0)
    for seed in range(100):
        shared, units = draw.random() < 0.3, draw.choice([4, 5, 16])
        character = {
            "embedding_dim": units if shared else 4,
            "units": units,
            "layers": draw.choice([1, 2, 3]),
            "bidirectional": draw.random() < 0.5,
            "reset_after": draw.random() < 0.5,
            "projection": draw.choice([0, 6]),
            "share_layer_weights": shared,
            "initial_state": draw.choice(["zeros", "trainable"]),
        }
        width = character["projection"] or units * (1 + character["bidirectional"])
        shared = draw.random() < 0.3 and width % 2 == 0
        sentence = {
            "units": width // 2 if shared else 3,
            "layers": draw.choice([1, 2, 3]),
            "pooling": draw.choice(["max", "mean", "last", "attention"]),
            "share_layer_weights": shared,
            "initial_state": draw.choice(["zeros", "trainable"]),
            "segment_words": draw.choice([0, 0, 1, 3, 5]),
        }
        text = {"boundary_marks": draw.random() < 0.5}
        model = both(
            classes=draw.choice([1, 2, 5]),
            seed=seed,
            character_encoder=character,
            sentence_encoder=sentence,
            text=text,
        )
        monkeypatch.setattr(inference, "BATCH_SENTENCES", draw.choice([1, 3, 256]))
        monkeypatch.setattr(inference, "LONG_SENTENCE", draw.choice([4, 8192]))
        monkeypatch.setattr(sentence_encoder, "ROWS_AT_ONCE", draw.choice([1, 5, 1 << 14]))
        sentences = sentences_of(draw)
        close(model.inference().logits(sentences), model.tensorflow(sentences))


@pytest.fixture(scope="module")
def readers(both):
    """Models that normalize in every way, each with what makes words of texts."""
    texts = itertools.product(["none", "NFC", "NFKC", "NFD"], [False, True])
    options = [{"normalization": form, "lowercase": lower} for form, lower in texts]
    models = [
        both(text={**text, "maximum_word_length": 7}, character_encoder={"bidirectional": True})
        for text in options
    ]
    return [(model, model.inference(), Tokenizer(model.configuration.text)) for model in models]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=5), st.integers(0, 7))
@pytest.mark.slow
def test_any_text(readers, texts, number):
    model, inference, words = readers[number]
    sentences = list(map(words, texts))
    close(inference.logits(sentences), model.tensorflow(sentences))


def test_a_real_run(small_run):
    """As TensorFlow reads the same directory."""
    predictor = hier_rnn.load(small_run)
    texts = ["good shop", "", "my café is sad", "x" * 5000, "好吃 😀 naïve ﬁne", "bad " * 300]
    sentences = list(map(predictor.words, texts))
    attribution = Attribution(predictor.configuration, predictor.alphabet, predictor.weights)
    import tensorflow as tf

    from hier_rnn.packing.batch import pack_batch

    words = tf.constant([word for sentence in sentences for word in sentence], tf.string)
    lengths = tf.constant(list(map(len, sentences)), tf.int32)
    expected = attribution._classifier(pack_batch(words, lengths, attribution._spelling)).numpy()
    close(predictor.logits(texts), expected)
