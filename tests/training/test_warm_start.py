"""The warm start: the encoder learns to spell the training text before the labels."""

from __future__ import annotations

import numpy as np
import pytest

from hier_rnn.initializers.rules import initialize
from hier_rnn.model.shapes import weight_shapes
from hier_rnn.runs.run_directory import RunDirectory
from hier_rnn.runs.weights_file import read_weights
from hier_rnn.text.alphabet import FIRST, Alphabet
from hier_rnn.training.classify import train_classifier

EMBEDDING = "character_encoder/embedding"


def test_training_starts_from_what_the_warm_start_learnt(tiny, tmp_path, capsys):
    rule = {"pattern": EMBEDDING, "initializer": "constant", "options": {"value": 0.5}}
    training = {"warm_start_epochs": 2, "freeze_encoder": True, "moving_average": 0.9, "epochs": 1}
    configuration = tiny(initializers={"rules": [rule]}, training=training)
    train_classifier(configuration, tmp_path / "run")
    assert "warm start" in capsys.readouterr().err

    run = RunDirectory(tmp_path / "run")
    learnt = read_weights(run.checkpoints / "warm_start" / "encoder.weights.h5")
    found = read_weights(run.weights)
    alphabet = run.read_alphabet()
    rows = Alphabet.load(run.checkpoints / "warm_start" / "alphabet.json").ids(
        "".join(alphabet.characters)
    )
    np.testing.assert_array_equal(found[EMBEDDING][FIRST:], learnt[EMBEDDING][rows])
    first = initialize(weight_shapes(configuration, alphabet.size, 3), [])
    for name in learnt.keys() - {EMBEDDING}:
        np.testing.assert_array_equal(found[name], learnt[name])
        assert not np.array_equal(found[name], first[name])
    # It began where the rule says, and has not gone far.
    assert np.abs(found[EMBEDDING][FIRST:] - 0.5).max() == pytest.approx(0, abs=0.1)
