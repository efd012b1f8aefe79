"""A text that is no text is told, with its place, before anything is computed."""

from __future__ import annotations

import math

import numpy as np
import pytest

import hier_rnn
from hier_rnn.inference.inference import Inference
from hier_rnn.inference.word_values import WordValues


@pytest.fixture(scope="module")
def predictor(small_run):
    return hier_rnn.load(small_run)


@pytest.fixture(scope="module")
def encoder(small_run):
    return hier_rnn.load_encoder(small_run)


@pytest.fixture(params=["predict", "predictions", "probabilities", "encode", "logits", "vectors"])
def ask(request, predictor, encoder):
    """Every public call that takes texts or words."""
    if request.param == "vectors":
        return lambda words: list(encoder(words))
    return lambda texts: list(getattr(predictor, request.param)(texts))


@pytest.fixture
def nothing_computed(monkeypatch):
    def fail(*_):
        raise AssertionError("computed")

    monkeypatch.setattr(Inference, "_window", fail)
    monkeypatch.setattr(WordValues, "__call__", fail)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("parcel", r"s: a list is expected. Received: 'parcel' \(str\). .*\['parcel'\]"),
        (b"parcel", r"a list is expected. Received: b'parcel' \(bytes\)"),
        (None, r"a list is expected. Received: None \(NoneType\)"),
        (7, r"a list is expected. Received: 7 \(int\)"),
        ({"text": ["good"]}, r"a list is expected. Received: a dict"),
        ([None], r"(texts|words)\[0\]: a str is expected. Received: None \(NoneType\)"),
        (["good", math.nan], r"\[1\]: a str is expected. Received: nan \(float\)"),
        (["good", b"abc"], r"\[1\]: a str is expected. Received: b'abc' \(bytes\)"),
        (["good", "bad", 3], r"\[2\]: a str is expected. Received: 3 \(int\)"),
        ([["good"]], r"\[0\]: a str is expected. Received: \['good'\] \(list\)"),
        (np.array(["good", None], object), r"\[1\]: a str is expected. Received: None"),
        (np.array([1.5]), r"\[0\]: a str is expected. Received: .*1.5.*\(float64\)"),
        ([["x" * 1000]], r"Received: \['x{30,40}… \(list\)"),
    ],
    ids=str,
)
def test_what_is_no_list_of_texts(ask, nothing_computed, texts, message):
    with pytest.raises(TypeError, match=message):
        ask(texts)


def test_at_once(predictor):
    """Not only when the first answer is asked for."""
    for ask in (predictor.predictions, predictor.logits):
        with pytest.raises(TypeError, match=r"texts\[1\]"):
            ask(["good", None])


def test_a_stream_is_checked_as_it_comes(predictor, encoder):
    def texts():
        yield "good"
        yield 5

    for ask in (predictor.predict, encoder):
        with pytest.raises(TypeError, match=r"\[1\]: a str is expected. Received: 5 \(int\)"):
            ask(texts())


def test_words_of_sentences(predictor):
    for sentences, message in (
        ([["good"], "bad"], r"sentences\[1\]: a list is expected. Received: 'bad'"),
        ([["good"], ["bad", None]], r"sentences\[1\]\[1\]: a str is expected. Received: None"),
    ):
        with pytest.raises(TypeError, match=message):
            list(predictor.logits_of_words(sentences))


def test_whatever_holds_texts(predictor):
    texts = ["good shop", "", "bad"]
    expected = predictor.probabilities(texts)
    for held in (tuple(texts), np.array(texts), np.array(texts, object), iter(texts)):
        np.testing.assert_array_equal(predictor.probabilities(held), expected)
