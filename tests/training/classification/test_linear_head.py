"""With a given sentence encoder the head begins as a linear classifier."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError
from hier_rnn.storage.encoder_options import take_encoder_options
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.storage.training_record import read_training_record
from hier_rnn.storage.weights.weights_file import read_weights
from hier_rnn.training.classification.linear_head import (
    STRENGTHS,
    as_indicators,
    choose_strength,
    cross_entropy,
    logistic_regression,
    sigmoid,
    softmax,
)
from hier_rnn.training.classification.objective import ClassificationObjective
from hier_rnn.training.classification.train import train_classifier
from hier_rnn.training.phases import for_given_encoder

KERNEL = "sentence_encoder/lstm_0/forward/kernel"


def examples(count: int, classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    targets = generator.integers(classes, size=count)
    centres = generator.normal(size=(classes, 5))
    return centres[targets] + generator.normal(size=(count, 5)), targets


@pytest.mark.parametrize("classes", [2, 4])
def test_probabilities_are_scikit_learns(classes):
    vectors, targets = examples(200, classes)
    weights = np.linspace(0.5, 2, classes)
    indicators = as_indicators(targets, classes)
    fitted = logistic_regression(vectors, indicators, weights, softmax, 0.1)
    found = softmax(vectors @ fitted[0] + fitted[1])
    # Of two classes scikit-learn has one row of weights, which are regularized half as much.
    model = LogisticRegression(C=0.1 if classes > 2 else 0.2, tol=1e-8, max_iter=1000)
    model.fit(vectors, targets, sample_weight=weights[targets])
    np.testing.assert_allclose(found, model.predict_proba(vectors), atol=5e-3)
    again = logistic_regression(vectors, indicators, weights, softmax, 0.1, fitted)
    np.testing.assert_allclose(again[0], fitted[0], atol=5e-3)


def test_of_several_labels_each_is_scikit_learns():
    vectors, targets = examples(300, 4)
    several = np.stack([targets % 2, targets // 2], 1).astype(np.float32)
    fitted = logistic_regression(vectors, several, np.ones(2), sigmoid, 0.1)
    found = sigmoid(vectors @ fitted[0] + fitted[1])
    for label in range(2):
        model = LogisticRegression(C=0.1, tol=1e-8, max_iter=1000).fit(vectors, several[:, label])
        chances = model.predict_proba(vectors)[:, 1]
        np.testing.assert_allclose(found[:, label], chances, atol=5e-3)


def test_the_loss_of_several_labels_weighs_those_that_a_text_has():
    logits, targets = np.array([[2.0, -1.0]]), np.array([[1.0, 0.0]], np.float32)
    chances = sigmoid(logits)
    found = cross_entropy(chances, targets, np.array([3.0, 5.0]), sigmoid, 1e-12)
    expected = -3 * np.log(chances[0, 0]) - np.log(1 - chances[0, 1])
    np.testing.assert_allclose(found, [expected], rtol=1e-6)


def test_a_class_without_examples_is_no_mistake():
    vectors, targets = examples(60, 3)
    indicators = as_indicators(2 * targets, 6)
    kernel, bias = logistic_regression(vectors, indicators, np.ones(6), softmax, 1.0)
    found = softmax(vectors @ kernel + bias)
    assert found.shape == (60, 6)
    np.testing.assert_allclose(found.sum(1), 1)
    assert found[:, [1, 3, 5]].max() < found.max()
    assert (found.argmax(1) == 2 * targets).mean() > 0.8


def test_few_noisy_examples_are_regularized_more():
    generator = np.random.default_rng(1)
    vectors, targets = examples(400, 3)
    clear = choose_strength(vectors, as_indicators(targets, 3), np.ones(3), softmax, generator)
    noise, targets = generator.normal(size=(30, 40)), generator.integers(3, size=30)
    noisy = choose_strength(noise, as_indicators(targets, 3), np.ones(3), softmax, generator)
    assert noisy == min(STRENGTHS) < clear


@pytest.fixture
def starting(eager, tiny, taught):
    """`starting(training={...})` starts from both encoders."""

    def make(data: dict | None = None, **groups) -> Configuration:
        made = tiny(data={"encoder": str(taught), **(data or {})}, **groups)
        return take_encoder_options(made)

    return make


def rows(run: Path) -> list[dict]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.slow
def test_the_linear_head_is_kept_where_training_makes_nothing_better(starting, tmp_path, small_run):
    training = {"learning_rate": 1e-9}
    result = train_classifier(starting(training=training), tmp_path / "run")
    first, *others = rows(tmp_path / "run")
    assert first["epoch"] == first["step"] == 0 and first["validation_accuracy"] > 0.9
    assert len(others) == 2
    assert result.best_epoch == 0 and result.scores["validation_loss"] == first["validation_loss"]
    found, given = (
        read_weights(path / "model.safetensors") for path in (tmp_path / "run", small_run)
    )
    for name in given:
        same = np.array_equal(found[name], given[name])
        assert same != name.startswith("head/") or name.endswith("embedding")
    again = train_classifier(starting(training=training), tmp_path / "run")
    assert not again.trained and again.best_epoch == 0
    record = read_training_record(RunDirectory(tmp_path / "run"))
    assert record.kept == first
    assert record.best == first["validation_accuracy"]


@pytest.mark.slow
def test_several_labels_have_a_linear_head_as_well(starting, tmp_path, label_sets):
    training = {"learning_rate": 1e-9}
    result = train_classifier(starting(data=label_sets, training=training), tmp_path / "run")
    first, *_ = rows(tmp_path / "run")
    assert first["epoch"] == 0 and result.best_epoch == 0
    without = {**training, "linear_head": False}
    train_classifier(starting(data=label_sets, training=without), tmp_path / "without")
    assert first["validation_loss"] < rows(tmp_path / "without")[0]["validation_loss"]


@pytest.mark.slow
def test_what_is_hardly_better_is_not_kept(starting, tmp_path, monkeypatch):
    shares = iter([0.75, 0.83, 0.84, 0.80])
    monkeypatch.setattr(ClassificationObjective, "validate", lambda self: metrics(next(shares)))
    # Of 24 examples the standard error is 0.0884.
    result = train_classifier(starting(training={"epochs": 3}), tmp_path / "run")
    assert result.best_epoch == 2 and result.scores["validation_accuracy"] == 0.84
    assert [row["kept"] for row in rows(tmp_path / "run")] == [1, 0, 1, 0]
    assert train_classifier(starting(training={"epochs": 3}), tmp_path / "run").best_epoch == 2


def metrics(share: float) -> dict[str, float]:
    return {
        "validation_loss": 1.0,
        "validation_accuracy": share,
        "validation_macro_f1": share,
    }


@pytest.mark.slow
def test_without_a_linear_head_it_begins_as_ever(starting, tmp_path):
    train_classifier(starting(training={"linear_head": False}), tmp_path / "run")
    assert rows(tmp_path / "run")[0]["epoch"] == 1


@pytest.mark.slow
def test_the_character_encoder_alone(starting, tmp_path, small_run, tiny):
    data = {"transfer": "character"}
    train_classifier(starting(data=data), tmp_path / "one")
    given = take_encoder_options(tiny(data={"encoder": str(small_run)}))
    train_classifier(given, tmp_path / "other")
    one, other = (read_weights(tmp_path / name / "model.safetensors") for name in ("one", "other"))
    assert all(np.array_equal(one[name], other[name]) for name in other)


@pytest.mark.slow
def test_the_sentence_encoder_alone(starting, tmp_path, small_run):
    data = {"transfer": "sentence"}
    training = {"linear_head": False, "learning_rate": 1e-9}
    made = starting(data=data, training=training)
    assert made.transferred == ("sentence_encoder",)
    train_classifier(made, tmp_path / "run")
    found, given = (
        read_weights(path / "model.safetensors") for path in (tmp_path / "run", small_run)
    )
    np.testing.assert_allclose(found[KERNEL], given[KERNEL], atol=1e-6)
    gru = "character_encoder/gru_0/kernel"
    assert not np.allclose(found[gru], given[gru], atol=0.01)


def test_rates_and_phases_of_what_is_given(starting):
    training = {"epochs": 10, "learning_rate_multipliers": {"head": 2.0}}
    made = for_given_encoder(starting(training=training))
    factors = made.learning_rate_multipliers
    assert list(factors) == ["head", "sentence_encoder", "character_encoder"]
    assert [(phase.freeze, phase.epochs) for phase in made.phases] == [
        (("character_encoder",), 5),
        ((), 5),
    ]
    alone = for_given_encoder(starting(data={"transfer": "sentence"}, training=training))
    assert list(alone.learning_rate_multipliers) == ["head", "sentence_encoder"]
    assert alone.phases == ()


@pytest.mark.slow
def test_frozen_by_a_factor_of_0(starting, tmp_path, small_run):
    training = {
        "sentence_encoder_learning_rate_multiplier": 0.0,
        "freeze_encoder": True,
        "linear_head": False,
    }
    train_classifier(starting(training=training), tmp_path / "run")
    found, given = (
        read_weights(path / "model.safetensors") for path in (tmp_path / "run", small_run)
    )
    assert np.array_equal(found[KERNEL], given[KERNEL])
    assert not np.array_equal(found["head/kernel"], given["head/kernel"])


def test_a_sentence_encoder_that_is_not_there_or_of_another_size(starting, tiny, small_run):
    with pytest.raises(UserError, match=r"data.transfer: both, but .* a character encoder alone"):
        take_encoder_options(tiny(data={"encoder": str(small_run), "transfer": "both"}))
    message = r"sentence_encoder.units: 7 contradicts .*\(data.transfer character\)"
    with pytest.raises(UserError, match=message):
        starting(sentence_encoder={"units": 7})
    other = starting(data={"transfer": "character"}, sentence_encoder={"units": 7})
    assert other.sentence_encoder.units == 7


def test_its_dropout_is_the_runs_own(starting):
    made = starting(sentence_encoder={"input_dropout": 0.25})
    assert made.sentence_encoder.units == 6
    assert made.sentence_encoder.input_dropout == 0.25


@pytest.mark.slow
def test_interrupted_it_ends_the_same(starting, tmp_path, monkeypatch):

    train_classifier(starting(), tmp_path / "whole")
    size, steps = ClassificationObjective.size, []

    def interrupted(self, batch):
        steps.append(batch)
        if len(steps) == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return size(self, batch)

    monkeypatch.setattr(ClassificationObjective, "size", interrupted)
    with pytest.raises(KeyboardInterrupt, match="saved after step 2"):
        train_classifier(starting(), tmp_path / "broken")
    train_classifier(starting(), tmp_path / "broken")
    one, other = (
        read_weights(tmp_path / name / "model.safetensors") for name in ("whole", "broken")
    )
    assert all(np.array_equal(one[name], other[name]) for name in one)
    assert [r["epoch"] for r in rows(tmp_path / "broken")] == [0, 1, 2]
