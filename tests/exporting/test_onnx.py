"""The ONNX graph computes what the run computes: in onnxruntime, from the page's own example."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hier_rnn
from hier_rnn.exporting.rounding import PRECISIONS

ROOT = Path(__file__).parents[2]
EXAMPLE = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "export.md").read_text("utf-8"), re.S)[
    1
]
OURS = ("hier_rnn", "tensorflow", "keras", "onnx", "h5py", "pydantic")


@pytest.fixture
def example(monkeypatch):
    """`example(folder)` is the example of the page, run on a folder; its names by name."""

    def example(folder: Path) -> dict:
        monkeypatch.setattr(sys, "argv", ["classify.py", str(folder)])
        names = {"__name__": "classify"}
        exec(compile(EXAMPLE, "docs/export.md", "exec"), names)
        return names

    return example


def graph_logits(names: dict, texts: list[str]) -> np.ndarray:
    """The example's logits: its probabilities are of these, at the temperature."""
    probabilities = names["classify"](texts)
    return np.log(probabilities) * names["description"]["temperature"]


def centred(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Logits as `graph_logits` has them: those of one text have a common constant."""
    scaled = logits / temperature
    return temperature * (scaled - np.log(np.exp(scaled).sum(1, keepdims=True)))


@pytest.mark.parametrize("weights", PRECISIONS)
def test_every_option(any_run, texts, logits, example, tmp_path, weights):
    any_run.predictor.export(tmp_path / "out", "onnx", weights)
    rounded = hier_rnn.load(tmp_path / "out")
    names = example(tmp_path / "out")
    for batch in (texts, [""], ["", " "], texts[:1], texts[::-1] * 3):
        expected = centred(logits(rounded, batch), 1.5)
        np.testing.assert_allclose(graph_logits(names, batch), expected, atol=1e-5)
    if weights == "float32":
        exact, same = (logits(p, texts) for p in (any_run.predictor, rounded))
        np.testing.assert_array_equal(exact, same)


def test_any_text(random_run, logits, example, tmp_path):
    run = random_run(text={"lowercase": True, "maximum_word_length": 7})
    run.predictor.export(tmp_path / "out")
    names = example(tmp_path / "out")

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.text(max_size=40), min_size=1, max_size=6))
    def check(texts):
        # A lone surrogate is no text that another program could hand over.
        texts = [re.sub("[\ud800-\udfff]", "", text) for text in texts]
        expected = centred(logits(run.predictor, texts), 1.5)
        np.testing.assert_allclose(graph_logits(names, texts), expected, atol=1e-5)

    check()


def test_pieces(random_run, texts, logits, example, tmp_path):
    run = random_run(text={"words": "sentencepiece"})
    run.predictor.export(tmp_path / "out")
    names = example(tmp_path / "out")
    assert [names["split"](text) for text in texts] == [run.predictor.words(text) for text in texts]
    expected = centred(logits(run.predictor, texts), 1.5)
    np.testing.assert_allclose(graph_logits(names, texts), expected, atol=1e-5)


def test_texts_beyond_any_length_are_cut_as_ours(random_run, example, tmp_path):
    run = random_run()
    run.predictor.export(tmp_path / "out")
    split = example(tmp_path / "out")["split"]
    for text in ("ab " * 200_000, "x" * 500_001, "\ufdfa" * 100_000):
        assert split(text) == run.predictor.words(text)


def test_the_example_runs_where_nothing_of_ours_is(random_run, tmp_path):
    run = random_run()
    run.predictor.export(tmp_path / "out")
    script = tmp_path / "classify.py"
    blocked = "".join(f"import sys; sys.modules[{name!r}] = None\n" for name in OURS)
    script.write_text(blocked + EXAMPLE, "utf-8")
    asked = ["abc de", "", "é ﬁ"]
    answer = subprocess.run(
        [sys.executable, script, tmp_path / "out"],
        input="".join(f"{text}\n" for text in asked).encode(),
        capture_output=True,
        check=True,
        env={"PYTHONIOENCODING": "utf-8"},
        timeout=120,
    )
    for line, prediction in zip(
        answer.stdout.decode().splitlines(), run.predictor.predict(asked), strict=True
    ):
        assert line == f"{prediction.label}\t{prediction.probability:.4f}"


def test_graph_of_standard_operators_that_onnx_accepts(random_run, texts, tmp_path):
    run = random_run(sentence_encoder={"segment_words": 3, "pooling": "attention"})
    run.predictor.export(tmp_path / "out")
    model = onnx.load(tmp_path / "out" / "model.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert [(o.domain, o.version) for o in model.opset_import] == [("", 17)]
    assert {node.domain for node in model.graph.node} == {""}
    assert not any(tensor.external_data for tensor in model.graph.initializer)
    assert [output.name for output in model.graph.output] == ["logits", "probabilities", "vectors"]


def test_vectors_are_those_of_encode(random_run, texts, example, tmp_path):
    run = random_run()
    run.predictor.export(tmp_path / "out")
    names = example(tmp_path / "out")
    seen = {}
    session = names["session"]

    class Recorder:
        def run(self, outputs, inputs):
            seen["vectors"] = session.run(["vectors"], inputs)[0]
            return session.run(outputs, inputs)

    names["session"] = Recorder()
    names["classify"](texts)
    np.testing.assert_allclose(seen["vectors"], run.predictor.encode(texts), atol=1e-5)


@pytest.mark.parametrize(("weights", "share"), [("float16", 0.62), ("int8", 0.45)])
def test_fewer_bits_make_smaller_files(random_run, tmp_path, weights, share):
    run = random_run(character_encoder={"units": 64}, sentence_encoder={"units": 32})
    whole = run.predictor.export(tmp_path / "whole")
    small = run.predictor.export(tmp_path / "small", weights=weights)
    assert small["model.onnx"] < share * whole["model.onnx"]
    assert small["model.safetensors"] < 0.62 * whole["model.safetensors"]


def test_no_number_is_widened_at_each_call(random_run, tmp_path):
    """What widens the weights is of constants alone, and onnxruntime computes it once, at start."""
    run = random_run()
    run.predictor.export(tmp_path / "out", weights="int8")
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
    onnxruntime.InferenceSession(tmp_path / "out" / "model.onnx", options)
    optimized = onnx.load(tmp_path / "optimized.onnx")
    stored = {t.name for t in optimized.graph.initializer if t.data_type == onnx.TensorProto.INT8}
    assert not stored


def test_description(random_run, tmp_path):
    random_run(text={"boundary_marks": False}).predictor.export(tmp_path / "out")
    description = json.loads((tmp_path / "out" / "export.json").read_text("utf-8"))
    assert description["format"] == 1
    assert description["labels"] == ["bad", "good", "né"]
    assert description["temperature"] == 1.5
    assert description["characters"]["begin"] is None
