"""`evaluate --cross-validate` and `check --label-errors` in the shell."""

from __future__ import annotations

import json

import pytest

OPTIONS = """\
[character_encoder]
embedding_dim = 4
units = 8
[sentence_encoder]
units = 6
[training]
epochs = 2
batch_size = 20
minimum_steps_per_epoch = 0
warm_start_epochs = 0
"""


@pytest.fixture
def options(tmp_path):
    (tmp_path / "options.toml").write_text(OPTIONS)
    return tmp_path / "options.toml"


@pytest.fixture
def eager():
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_folds_their_mean_and_the_labels_that_are_doubted(call, data, options, tmp_path, eager):
    files = {name: tmp_path / name for name in ("cv.json", "predictions.jsonl", "check.json")}
    result = call(
        *("evaluate", "--cross-validate", "3", "--data", data["train"], "--config", options),
        *("--training.learning_rate", "0.1", "--json", files["cv.json"]),
        *("--predictions", files["predictions.jsonl"]),
    )
    assert result.status == 0
    for expected in ("3 folds of", "mean", "deviation", "--label-errors --predictions"):
        assert expected in result.out
    assert "fold 2 of 3" in result.err
    document = json.loads(files["cv.json"].read_text())
    assert len(document["per_fold"]) == document["folds"] == 3
    assert len(files["predictions.jsonl"].read_text().splitlines()) == 60

    checked = call(
        *("check", data["train"], "--label-errors", "--predictions", files["predictions.jsonl"]),
        *("--json", files["check.json"], "--show", "1"),
    )
    assert checked.status == 0
    assert "probably" in checked.out
    assert "agree with" in checked.err
    found = json.loads(files["check.json"].read_text())["label_errors"]
    assert found["examples"] == 60
    for error in found["errors"]:
        assert error["where"].startswith(data["train"])
        assert error["label"] != error["suggested"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--cross-validate", "5"], "--data SRC is needed"),
        (["--cross-validate", "1", "--data", "x.tsv"], "--cross-validate"),
        (["RUN", "--cross-validate", "3", "--data", "x.tsv"], "trains classifiers of its own"),
        (["--cross-validate", "3", "--data", "x.tsv", "--report", "r"], "--report"),
        (["RUN", "--training.epochs", "3"], "--training.epochs: only with --cross-validate"),
        (["RUN", "--config", "x.toml"], "--config: only with --cross-validate"),
        (["--cross-validate", "3", "--data", "x.tsv", "--training.epoch", "3"], "training.epochs"),
    ],
)
def test_mistakes_are_told(call, arguments, message):
    result = call("evaluate", *arguments)
    assert result.status == 2
    assert message in result.err


def test_the_help_has_no_hundred_options(call):
    result = call("evaluate", "--help")
    assert "--cross-validate" in result.out
    assert "--training.epochs N" not in result.out


def test_predictions_without_label_errors_are_a_mistake(call, data, tmp_path):
    result = call("check", data["train"], "--predictions", tmp_path / "x.jsonl")
    assert result.status == 2
    assert "--predictions are for --label-errors" in result.err
