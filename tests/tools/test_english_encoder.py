"""What the English encoder is made of, without downloading anything."""

from __future__ import annotations

import numpy as np

import hier_rnn
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.storage.weights.weights_file import read_header
from tools.english_encoder import choose_words, export, word_vectors


def test_words_of_both_in_order():
    texts = ["Refund now", "a refund, please", "my refund", "rEFUND Xy9"]
    chosen = choose_words(texts, ["the", "12", "of", "now", "a" * 26])
    assert chosen == ["the", "of", "now", "refund"]


def test_a_words_vector_is_one_beside_the_other():
    generator = np.random.default_rng(0)
    words = [f"w{i}" for i in range(600)]
    taught = generator.normal(size=(600, 220)).astype(np.float16)
    glove_words = ["other", *words[:500]]
    glove = generator.normal(size=(501, 100)).astype(np.float16)
    known, vectors = word_vectors(words, taught, glove_words, glove)
    assert known == words[:500] and vectors.shape == (500, 300)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-4)
    own = glove[1:].astype(np.float32)
    own -= own.mean(0)
    own /= np.linalg.norm(own, axis=1, keepdims=True)
    np.testing.assert_allclose(vectors[:, :100] * np.sqrt(2), own, atol=1e-5)


def test_exported_in_16_bits_with_a_card(small_run, tmp_path):
    run = RunDirectory(small_run)
    made = EncoderDirectory(tmp_path / "made")
    facts = {
        "objective": "sentence-vectors",
        "texts": 1234,
        "validation_cosine": 0.71,
        "misspelled_cosine": 0.65,
        "neighbour_overlap": 0.432,
        "version": "1.2.3",
    }
    made.finish(
        run.read_configuration(),
        run.read_alphabet(),
        run.read_weights(),
        run.read_vocabulary(),
        facts,
        sentence_vector_map={
            "sentence_vectors/kernel": np.ones((12, 4), np.float32),
            "sentence_vectors/bias": np.zeros(4, np.float32),
        },
    )
    out = tmp_path / "english"
    export(EncoderDirectory(made.path), out, ["folder/text.tsv"], 34, "Letters (CC BY 4.0)")
    header = read_header((out / "encoder.safetensors").read_bytes(), out)
    assert set(header.dtypes.values()) == {"F16"}
    texts = ["good shop", "bad"]
    whole, rounded = (hier_rnn.load_encoder(path).encode(texts) for path in (made.path, out))
    np.testing.assert_allclose(rounded, whole, atol=0.01)
    card = (out / "README.md").read_text()
    for expected in (
        "1,234",
        "34 are single words",
        "text.tsv: Letters (CC BY 4.0)",
        "0.710",
        "43%",
    ):
        assert expected in card
    assert "folder" not in card
