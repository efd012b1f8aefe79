"""Exported runs of several labels: thresholds travel along."""

from __future__ import annotations

import json

import numpy as np
import pytest

import hier_rnn
from hier_rnn.exporting.export import export_run

TEXTS = ["bad shop", "nice and why", "the my", "who is late? love it"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(several_run):
    return hier_rnn.load(several_run)


def given_by(run) -> np.ndarray:
    return run.decision.reached(run.probabilities(TEXTS))


@pytest.mark.parametrize("format", ["onnx", "savedmodel"])
def test_the_folder_is_a_run(run, several_run, tmp_path, format):
    if format == "onnx":
        pytest.importorskip("onnx")
    export_run(several_run, tmp_path / "exported", format)
    exported = hier_rnn.load(tmp_path / "exported")
    assert exported.decision == run.decision
    assert [p.labels for p in exported.predict(TEXTS)] == [p.labels for p in run.predict(TEXTS)]


def test_saved_model(run, several_run, tmp_path):
    import tensorflow as tf

    export_run(several_run, tmp_path / "exported", "savedmodel")
    signature = tf.saved_model.load(str(tmp_path / "exported" / "1")).signatures["serving_default"]
    answer = signature(texts=tf.constant(TEXTS))
    np.testing.assert_allclose(answer["probabilities"], run.probabilities(TEXTS), atol=1e-5)
    np.testing.assert_array_equal(answer["given"], given_by(run))


def test_onnx(run, several_run, tmp_path):
    onnx = pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    export_run(several_run, tmp_path / "exported", "onnx")
    description = json.loads((tmp_path / "exported" / "export.json").read_text())
    assert description["probabilities"] == "sigmoid"
    assert description["thresholds"] == list(run.decision.thresholds)
    path = str(tmp_path / "exported" / "model.onnx")
    graph = onnx.load(path).graph
    assert [output.name for output in graph.output][-1] == "given"
    session = runtime.InferenceSession(path)
    assert {output.name: output.type for output in session.get_outputs()}["given"] == "tensor(bool)"
