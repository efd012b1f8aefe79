"""Word vectors from spellings."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hier_rnn
from hier_rnn.errors import UserError
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.storage.weights.weights_file import weights_bytes


@pytest.fixture(scope="module")
def encoder(small_run):
    return hier_rnn.load_encoder(small_run)


def test_the_run_or_its_encoder(encoder, small_run):
    alone = hier_rnn.load_encoder(small_run / "encoder")
    words = ["shop", "shpo", "", "shop"]
    vectors = encoder(words)
    assert vectors.shape == (4, 8)
    assert vectors.dtype == np.float32
    np.testing.assert_array_equal(vectors, alone(words))
    np.testing.assert_array_equal(vectors[0], vectors[3])
    assert not np.allclose(vectors[0], vectors[1])


def test_no_words(encoder):
    assert encoder([]).shape == (0, 8)


def test_words_are_normalized_as_in_training(encoder):
    first, second = encoder(["café", "cafe\u0301"])
    np.testing.assert_array_equal(first, second)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=12), max_size=6))
def test_any_spelling_has_a_vector_of_its_own(encoder, words):
    together = encoder(words)
    assert together.shape == (len(words), 8)
    assert np.isfinite(together).all()
    for word, vector in zip(words, together, strict=True):
        np.testing.assert_allclose(encoder([word])[0], vector, atol=1e-6)


def test_mistakes(small_run, tmp_path):
    with pytest.raises(UserError, match=r"none: no such folder"):
        hier_rnn.load_encoder(tmp_path / "none")
    with pytest.raises(UserError, match=r"not an encoder directory"):
        hier_rnn.load_encoder(tmp_path)
    path = Path(shutil.copytree(small_run / "encoder", tmp_path / "encoder"))
    (path / "encoder.safetensors").write_bytes(b"")
    with pytest.raises(UserError, match=r"encoder.safetensors: damaged"):
        hier_rnn.load_encoder(path)
    (path / "config.toml").write_text("[character_encoder]\nunits = 9\nembedding_dim = 4\n")
    with pytest.raises(UserError, match=r"config.toml: damaged"):
        hier_rnn.load_encoder(path)


TEXTS = ["the shop is good", "", "late", "love the the café", "shpo  is lat"]


def test_vectors_of_texts_are_the_mapped_ones_of_the_sentence_encoder(taught, small_run):
    encoder, pooled = hier_rnn.load_encoder(taught), hier_rnn.load(small_run).encode(TEXTS)
    found = encoder.encode(TEXTS)
    assert found.shape == (5, 4) and found.dtype == np.float32 and encoder.encodes_texts
    weights = EncoderDirectory(taught).read_sentence_vector_map()
    mapped = pooled @ weights["sentence_vectors/kernel"] + weights["sentence_vectors/bias"]
    mapped /= np.linalg.norm(mapped, axis=1, keepdims=True)
    np.testing.assert_allclose(found, mapped, atol=1e-6)
    for text, vector in zip(TEXTS, found, strict=True):
        np.testing.assert_allclose(encoder.encode([text])[0], vector, atol=1e-6)
    assert encoder.encode([]).shape == (0, 4)
    # Its vectors of words are the character encoder's, as ever.
    words = ["shop", "shpo"]
    np.testing.assert_array_equal(encoder(words), hier_rnn.load_encoder(small_run)(words))
    again = pickle.loads(pickle.dumps(encoder))
    np.testing.assert_array_equal(again.encode(TEXTS), found)


def test_mistakes_with_texts(taught, encoder, tmp_path):
    with pytest.raises(UserError, match=r"holds a character encoder alone"):
        encoder.encode(TEXTS)
    assert not encoder.encodes_texts
    with pytest.raises(TypeError, match=r"texts"):
        hier_rnn.load_encoder(taught).encode("one text")
    path = Path(shutil.copytree(taught, tmp_path / "taught"))
    directory = EncoderDirectory(path)
    wrong = {"sentence_vectors/kernel": np.ones((3, 4)), "sentence_vectors/bias": np.ones(4)}
    directory.write({directory.sentence_vector_map: weights_bytes(wrong)})
    with pytest.raises(UserError, match=r"sentence_vectors.safetensors: damaged: no linear map"):
        hier_rnn.load_encoder(path)
    directory.sentence_vector_map.write_bytes(b"")
    with pytest.raises(UserError, match=r"sentence_vectors.safetensors: damaged"):
        hier_rnn.load_encoder(path)


def test_words_are_cut_as_a_classifiers_are(encoder):
    limit = encoder.configuration.text.maximum_word_length
    head, tail = "a" * (limit - limit // 2), "b" * (limit // 2)
    long, cut = encoder([head + "x" * 1_000_000 + tail, head + tail])
    np.testing.assert_array_equal(long, cut)
