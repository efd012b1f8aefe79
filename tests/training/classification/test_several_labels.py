"""Training on several labels: the loss, the run, and that it goes on bit for bit."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import expit

import hier_rnn
from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError
from hier_rnn.sources.example import Example
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.storage.training_record import read_training_record
from hier_rnn.training.classification.tasks.several_labels import SeveralLabelsTask
from hier_rnn.training.classification.train import train_classifier

LABELS = ["a", "b", "c"]
FREQUENCIES = [0.5, 0.25, 0.1]


def task(weights=(1.0, 1.0, 1.0), smoothing=0.0):
    return SeveralLabelsTask(LABELS, FREQUENCIES, weights, smoothing)


def test_targets():
    examples = [Example(None, "x", "", labels=labels) for labels in (("c", "a"), ())]
    targets = [task().target(example) for example in examples]
    assert targets == [(2, 0), ()]
    assert task().batch(targets).tolist() == [[1, 0, 1], [0, 0, 0]]
    assert task().read(examples, "x").tolist() == [[True, False, True], [False] * 3]


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_the_loss_is_binary_cross_entropy(smoothing):
    weights = np.array([1.0, 2.0, 0.5])
    logits = np.random.default_rng(0).normal(0, 2, (4, 3)).astype(np.float32)
    targets = np.array([[1, 0, 1], [0, 0, 0], [1, 1, 1], [0, 1, 0]], np.float32)
    smooth = (1 - smoothing) * targets + smoothing * np.array(FREQUENCIES)
    p = expit(logits.astype(np.float64))
    wanted = -(weights * smooth * np.log(p) + (1 - smooth) * np.log(1 - p)).sum(1).mean()
    found = task(weights, smoothing).loss(tf.constant(logits), tf.constant(targets))
    assert float(found) == pytest.approx(wanted, rel=1e-5)


def test_metrics_are_at_the_best_threshold_of_all():
    targets = np.array([[True, False, False], [False, True, False], [False, False, False]])
    logits = np.where(targets, -1.0, -3.0)  # never above one half
    assert task().metrics(targets, logits)["validation_micro_f1"] == 1
    decision = task().decision(targets, logits)
    assert decision.reached(decision.probabilities(logits)).tolist() == targets.tolist()


@pytest.mark.slow
def test_a_run_learns_and_says_how_it_decides(several_run, label_sets):
    configuration = RunDirectory(several_run).read_configuration()
    assert configuration.data.multi_label is True
    assert configuration.training.validation_metric == "micro_f1"
    record = read_training_record(RunDirectory(several_run))
    assert record.headline == "micro_f1"
    assert record.best > 0.8
    content = json.loads((several_run / "calibration.json").read_text())
    assert len(content["thresholds"]) == 3
    run = hier_rnn.load(several_run)
    assert run.multi_label
    found = run.evaluate(label_sets["test"])
    assert found.scores.micro_f1 > 0.75


@pytest.mark.slow
def test_an_interrupted_run_ends_with_the_same_weights(tiny, label_sets, tmp_path):
    configuration = tiny(data=label_sets)
    train_classifier(configuration, tmp_path / "whole")

    def stop(event):
        if getattr(event, "step", 0) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_classifier(configuration, tmp_path / "stopped", on_event=stop)
    train_classifier(configuration, tmp_path / "stopped")
    for name in ("model.safetensors", "calibration.json"):
        whole, stopped = ((tmp_path / run / name).read_bytes() for run in ("whole", "stopped"))
        assert whole == stopped


@pytest.mark.slow
def test_the_warm_start_and_a_tenth_set_aside(tiny, label_sets, tmp_path):
    data = {"train": label_sets["train"], "validation": ""}
    training = {"warm_start_epochs": 2, "class_weights": "balanced", "label_smoothing": 0.1}
    result = train_classifier(tiny(data=data, training=training), tmp_path / "run")
    assert set(result.scores) == {
        f"validation_{name}" for name in ("loss", "accuracy", "micro_f1", "macro_f1")
    }


def test_texts_without_any_label(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"label": [], "text": "x"}\n' * 3)
    data = {"train": [str(path)], "validation": str(path), "multi_label": True}
    with pytest.raises(UserError, match="none of its 3 texts has a label"):
        train_classifier(Configuration.model_validate({"data": data}), tmp_path / "run")
