"""The warm start: the encoder learns to spell the training text before the labels."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import pytest

from hier_rnn.inference.word_vector_map import MAP
from hier_rnn.initializers.rules import initialize
from hier_rnn.model.weight_specs import weight_shapes
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.storage.encoder_options import take_encoder_options
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.storage.weights.weights_file import read_weights
from hier_rnn.text.alphabet import FIRST_CHARACTER
from hier_rnn.training.classification.train import train_classifier
from hier_rnn.training.events import Stage
from hier_rnn.training.pretraining.pretrain import pretrain

EMBEDDING = "character_encoder/embedding"


@pytest.mark.slow
def test_training_starts_from_what_the_warm_start_learnt(tiny, tmp_path, caplog):
    caplog.set_level(logging.INFO, "hier_rnn")
    rule = {"pattern": EMBEDDING, "initializer": "constant", "options": {"value": 0.5}}
    training = {"warm_start_epochs": 2, "freeze_encoder": True, "moving_average": 0.9, "epochs": 1}
    configuration = tiny(initializers={"rules": [rule]}, training=training)
    events = []
    train_classifier(configuration, tmp_path / "run", keep_checkpoints=True, on_event=events.append)
    assert "warm start" in caplog.text
    stages = {event.name: event for event in events if isinstance(event, Stage)}
    assert list(stages) == [
        "counting words",
        "counting contexts",
        "factorizing counts",
        "counting words by label",
        "learning to spell",
    ]
    assert stages["counting words"].done == stages["counting words"].total == 60
    assert 0 < stages["learning to spell"].done <= stages["learning to spell"].total

    run = RunDirectory(tmp_path / "run")
    learnt = read_weights(run.checkpoints / "warm_start" / "encoder.safetensors")
    found = read_weights(run.weights)
    alphabet = run.read_alphabet()
    directory = EncoderDirectory(run.checkpoints / "warm_start")
    rows = directory.read_alphabet().ids("".join(alphabet.characters))
    np.testing.assert_array_equal(found[EMBEDDING][FIRST_CHARACTER:], learnt[EMBEDDING][rows])
    first = initialize(weight_shapes(configuration, alphabet.size, 3), [])
    for name in learnt.keys() - {EMBEDDING}:
        np.testing.assert_array_equal(found[name], learnt[name])
        assert not np.array_equal(found[name], first[name])
    # It began where the rule says, and has not gone far.
    assert np.abs(found[EMBEDDING][FIRST_CHARACTER:] - 0.5).max() == pytest.approx(0, abs=0.1)


def warm_started(run: RunDirectory) -> RunDirectory:
    return RunDirectory(run.checkpoints / "warm_start")


def encoder_weights(path: Path) -> dict[str, np.ndarray]:
    return read_weights(path / "encoder.safetensors")


@pytest.mark.slow
def test_from_an_encoder_it_goes_on(tiny, small_run, tmp_path):
    known = encoder_weights(small_run / "encoder")
    text = tmp_path / "other.tsv"
    text.write_text("x\tžluť žluť late shop\ny\tlove žluť shop\n" * 4, "utf-8")
    training = {"warm_start_epochs": 5, "encoder_learning_rate_multiplier": 0.0, "epochs": 1}
    sources = {"train": str(text), "validation": str(text), "encoder": str(small_run)}
    run = RunDirectory(tmp_path / "run")
    train_classifier(tiny(data=sources, training=training), run.path, keep_checkpoints=True)

    start = warm_started(run)
    assert json.loads((start.path / "facts.json").read_text())["encoder"] == str(small_run)
    paths = (small_run / "encoder", start.path)
    old, extended = (EncoderDirectory(path).read_alphabet() for path in paths)
    assert extended.characters[: len(old.characters)] == old.characters
    assert {"ž", "ť"} <= set(extended.characters[len(old.characters) :])
    characters = run.read_alphabet().characters
    assert extended.characters[: len(characters)] == characters  # and then those of other cases
    # It has not gone far, and the labels, as the rate says, moved nothing.
    learnt, found = encoder_weights(start.path), read_weights(run.weights)
    for name, values in known.items():
        np.testing.assert_array_equal(found[name], learnt[name][: len(found[name])])
        moved = np.abs(learnt[name][1 : len(values)] - values[1:]).max()
        assert 0 < moved < 0.2


@pytest.mark.slow
def test_a_frozen_encoder_stays_as_it_is(tiny, small_run, tmp_path):
    training = {"warm_start_epochs": 1, "freeze_encoder": True, "epochs": 1}
    run = RunDirectory(tmp_path / "run")
    configuration = tiny(data={"encoder": str(small_run)}, training=training)
    train_classifier(configuration, run.path, keep_checkpoints=True)
    assert not warm_started(run).path.exists()
    found = read_weights(run.weights)
    for name, values in encoder_weights(small_run / "encoder").items():
        np.testing.assert_array_equal(found[name], values)


@pytest.mark.slow
def test_pieces_stay_those_of_the_encoder(tiny, data, tmp_path):
    pieces = {"words": "sentencepiece", "vocabulary_size": 40}
    short = {"minimum_count": 1, "epochs": 1}
    texts = {"text": [data["train"]]}
    pretrain(tiny(data=texts, text=pieces, pretraining=short), tmp_path / "encoder")
    training = {"warm_start_epochs": 1, "epochs": 1}
    configuration = tiny(data={"encoder": str(tmp_path / "encoder")}, training=training)
    run = RunDirectory(tmp_path / "run")
    train_classifier(take_encoder_options(configuration), run.path, keep_checkpoints=True)
    model = (tmp_path / "encoder" / "words.model").read_bytes()
    assert run.words_model.read_bytes() == warm_started(run).words_model.read_bytes() == model


@pytest.mark.parametrize(
    ("patterns", "kept"),
    [
        (["character_encoder/.*kernel", ".*/kernel"], 1),  # what the second decides comes later
        ([".*/kernel"], 1),
        (["head"], 0),
    ],
)
@pytest.mark.slow
def test_it_has_the_rules_that_decide_the_encoder(tiny, tmp_path, patterns, kept):
    rules = [{"pattern": pattern, "initializer": "random_normal"} for pattern in patterns]
    facts = facts_of_warm_start(tiny, rules, tmp_path / "run")
    assert facts["initializers"] == rules[:kept]


@pytest.mark.slow
def test_a_rule_may_take_everything_from_a_run(tiny, small_run, tmp_path):
    """Though no run has what the warm start alone needs."""
    rule = {"pattern": ".*", "initializer": "pretrained", "options": {"path": str(small_run)}}
    assert facts_of_warm_start(tiny, [rule], tmp_path / "run")["initializers"] == [rule]


def facts_of_warm_start(tiny, rules: list[dict], path: Path) -> dict:
    training = {"warm_start_epochs": 1, "epochs": 1}
    train_classifier(
        tiny(initializers={"rules": rules}, training=training), path, keep_checkpoints=True
    )
    return json.loads((warm_started(RunDirectory(path)).path / "facts.json").read_text())


@pytest.mark.slow
def test_it_learns_what_labels_say_of_words(tiny, tmp_path):
    def width(weight: float, name: str) -> int:
        training = {
            "warm_start_epochs": 1,
            "warm_start_label_feature_weight": weight,
            "epochs": 1,
        }
        train_classifier(tiny(training=training), tmp_path / name, keep_checkpoints=True)
        start = warm_started(RunDirectory(tmp_path / name)).path
        return EncoderDirectory(start).read_word_vector_map()[f"{MAP}/kernel"].shape[1]

    assert width(0.5, "with") == width(0.0, "without") + 3  # labels
