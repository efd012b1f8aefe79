"""A run with segments, trained initial states and the next-character loss, from end to end."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import hier_rnn
from hier_rnn.configuration.options import Configuration
from hier_rnn.storage.weights.weights_file import read_weights
from hier_rnn.training.classification.train import train_classifier

pytestmark = pytest.mark.slow  # for the training that all of them use

LONG = "red green blue red green blue red green blue red good"
LINES = [
    ("good", LONG),
    ("good", "fine good"),
    ("bad", LONG.replace("good", "bad")),
    ("bad", "bad"),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("long")
    source = folder / "data.tsv"
    source.write_text("".join(f"{label}\t{text}\n" for label, text in LINES * 4))
    configuration = Configuration.model_validate(
        {
            "data": {"train": str(source), "validation": str(source)},
            "character_encoder": {"embedding_dim": 4, "units": 8, "initial_state": "trainable"},
            "sentence_encoder": {"units": 6, "segment_words": 4, "initial_state": "trainable"},
            "training": {
                "epochs": 3,
                "minimum_steps_per_epoch": 0,
                "batch_size": 8,
                "next_character_weight": 0.5,
            },
        }
    )
    train_classifier(configuration, folder / "run")
    return folder / "run"


def test_the_run_holds_every_weight_and_its_encoder_only_the_encoders(run):
    weights = read_weights(run / "model.safetensors")
    assert {name.split("/")[0] for name in weights} == {
        "character_encoder",
        "sentence_encoder",
        "head",
        "next_character",
    }
    moved = [name for name in weights if "initial_state" in name and np.any(weights[name])]
    assert len(moved) == 5  # they start at zero
    encoder = read_weights(run / "encoder" / "encoder.safetensors")
    assert {name.split("/")[0] for name in encoder} == {"character_encoder"}
    assert hier_rnn.load_encoder(run)(["red", "rde"]).shape == (2, 8)


def test_a_document_has_the_same_answer_in_any_company(run):
    predictor = hier_rnn.load(run)
    texts = [LONG, "bad", "", LONG + " " + LONG, "fine good"]
    together = predictor.probabilities(texts)
    for text, expected in zip(texts, together, strict=True):
        np.testing.assert_allclose(predictor.probabilities([text])[0], expected, atol=1e-6)
    np.testing.assert_allclose(predictor.probabilities(texts[::-1])[::-1], together, atol=1e-6)


def test_it_is_used_with_the_segments_it_was_trained_with(run, tmp_path):
    by_segments = hier_rnn.load(run)
    copy = Path(shutil.copytree(run, tmp_path / "copy"))
    options = (copy / "config.toml").read_text()
    options = re.sub("segment_words = [0-9]+", "segment_words = 0", options)
    (copy / "config.toml").write_text(options)
    whole = hier_rnn.load(copy, verify=False)
    texts = [LONG, "fine good"]
    change = whole.probabilities(texts) - by_segments.probabilities(texts)
    long, short = np.abs(change).max(1)
    assert long > 1e-5 > short


def test_a_long_document_can_be_explained(run):
    predictor = hier_rnn.load(run)
    words = predictor.words(LONG)
    shares = predictor.character_attributions(words, 0, steps=4)
    assert [len(share) for share in shares] == [len(word) for word in words]
    assert all(np.isfinite(share).all() and np.any(share) for share in shares)
