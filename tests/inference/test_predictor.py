"""A finished run classifies: the same text has the same answer in any company."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

import hier_rnn
from hier_rnn.errors import UserError
from hier_rnn.inference import inference, word_cache, word_values
from hier_rnn.inference.predictor import Prediction, Predictor
from hier_rnn.sources.source import open_source
from hier_rnn.storage.weights.weights_file import read_weights, weights_bytes

ROOT = Path(__file__).parents[2]
TEXTS = [
    "good shop",
    "",
    "my café is sad",
    "why",
    "  ",
    "bad " * 300,
    "x" * 5000,
    "好吃 😀 naïve ﬁne",
    "bad\x00word \ud800 broken",
    "good\nnice\tlove",
]


@pytest.fixture(scope="module")
def predictor(small_run) -> Predictor:
    return hier_rnn.load(small_run)


@pytest.fixture
def damaged(small_run, tmp_path) -> Path:
    """A copy of a run, to be damaged."""
    return Path(shutil.copytree(small_run, tmp_path / "run"))


def test_it_has_learnt_what_the_run_learnt(predictor, tiny):
    examples = list(open_source(tiny().data.validation))
    predictions = predictor.predict([example.text for example in examples])
    hits = [p.label == e.label for p, e in zip(predictions, examples, strict=True)]
    assert np.mean(hits) > 0.8
    for prediction in predictions:
        assert isinstance(prediction, Prediction)
        place = int(prediction.probabilities.argmax())
        assert prediction.label == predictor.labels[place]
        assert prediction.probability == pytest.approx(prediction.probabilities[place])
        assert prediction.probabilities.sum() == pytest.approx(1)


def test_every_way_to_ask_agrees(predictor):
    logits = np.array(list(predictor.logits(TEXTS)))
    words = [predictor.words(text) for text in TEXTS]
    np.testing.assert_array_equal(list(predictor.logits_of_words(words)), logits)
    probabilities = softmax(logits / predictor.temperature, axis=1)
    np.testing.assert_allclose(predictor.probabilities(TEXTS), probabilities, atol=1e-7)
    predicted = [prediction.probabilities for prediction in predictor.predict(TEXTS)]
    np.testing.assert_allclose(predicted, probabilities, atol=1e-7)


def test_alone_or_in_any_batch(predictor, small_run, monkeypatch):
    together = predictor.probabilities(TEXTS)
    for text, expected in zip(TEXTS, together, strict=True):
        np.testing.assert_allclose(predictor.probabilities([text])[0], expected, atol=1e-6)
    again = predictor.probabilities(TEXTS[::-1] * 3)
    np.testing.assert_allclose(again, np.tile(together[::-1], (3, 1)), atol=1e-6)
    # In tiny windows, batches and a cache that is full all the time.
    for name, value in {"WINDOW_SENTENCES": 3, "BATCH_SENTENCES": 2, "BATCH_WORDS": 4}.items():
        monkeypatch.setattr(inference, name, value)
    monkeypatch.setattr(word_values, "AT_ONCE", 2)
    monkeypatch.setattr(word_cache, "CACHE_BYTES", 2000)
    np.testing.assert_allclose(hier_rnn.load(small_run).probabilities(TEXTS), together, atol=1e-6)


def test_another_process_in_another_folder(predictor, small_run, tmp_path):
    code = (
        "import sys, numpy, hier_rnn\n"
        "texts = [t.replace('~', chr(0xd800)) for t in eval(sys.argv[2])]\n"
        "print([p.probabilities.tolist() for p in hier_rnn.load(sys.argv[1]).predict(texts)])"
    )
    shutil.copytree(small_run, tmp_path / "elsewhere")
    texts = repr([text.replace("\ud800", "~").replace("\x00", "") for text in TEXTS])
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    answer = subprocess.run(
        [sys.executable, "-c", code, "elsewhere", texts],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert answer.returncode == 0, answer.stderr
    expected = predictor.probabilities([text.replace("\x00", "") for text in TEXTS])
    np.testing.assert_allclose(eval(answer.stdout), expected, atol=1e-6)


def test_an_empty_text_has_an_answer(predictor):
    empty, blank = predictor.predict(["", " \n\t "])
    np.testing.assert_array_equal(empty.probabilities, blank.probabilities)
    assert empty.label in predictor.labels
    assert predictor.predict([]) == []
    assert predictor.probabilities([]).shape == (0, 3)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(), max_size=40), min_size=1, max_size=5))
def test_any_unicode(predictor, texts):
    together = predictor.probabilities(texts)
    assert np.isfinite(together).all()
    np.testing.assert_allclose(together.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(predictor.probabilities(texts[:1])[0], together[0], atol=1e-6)


def test_the_temperature_changes_probabilities_and_no_label(damaged, predictor):
    (damaged / "calibration.json").write_text('{"temperature": 3.0}')
    found = hier_rnn.load(damaged, verify=False)
    np.testing.assert_array_equal(list(found.logits(TEXTS)), list(predictor.logits(TEXTS)))
    logits = np.array(list(found.logits(TEXTS)))
    np.testing.assert_allclose(found.probabilities(TEXTS), softmax(logits / 3, axis=1), atol=1e-7)
    labels = [[p.label for p in predictor.predict(TEXTS)] for predictor in (found, predictor)]
    assert labels[0] == labels[1]


def test_it_streams(predictor):
    read = 0

    def texts():
        nonlocal read
        for number in range(20_000):
            read += 1
            yield f"good shop {number % 100}"

    answers = predictor.logits(texts())
    next(answers)
    assert read <= inference.WINDOW_SENTENCES
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert sum(1 for _ in answers) == 19_999
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB


def test_a_weight_that_is_missing_or_of_another_shape(damaged):
    path = damaged / "model.safetensors"
    weights = read_weights(path)
    path.write_bytes(weights_bytes({n: w for n, w in weights.items() if n != "head/bias"}))
    with pytest.raises(UserError, match=r"model.safetensors: .*'head/bias'"):
        hier_rnn.load(damaged, verify=False)
    path.write_bytes(weights_bytes({**weights, "head/bias": np.zeros(4, np.float32)}))
    with pytest.raises(UserError, match=r"'head/bias'.*\(4,\).*\(3,\)"):
        hier_rnn.load(damaged, verify=False)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("model.safetensors", None, r"model.safetensors: missing"),
        ("model.safetensors", "", r"model.safetensors: damaged"),
        ("labels.json", None, r"labels.json: missing"),
        ("labels.json", "[]", r"labels.json: damaged"),
        ("alphabet.json", "{", r"alphabet.json: damaged"),
        ("config.toml", "[training]\nepochs = 3", r"config.toml: damaged"),
        ("calibration.json", "{", r"calibration.json: damaged"),
        ("calibration.json", None, r"calibration.json: missing"),
    ],
)
def test_a_damaged_run(damaged, name, content, message):
    if content is None:
        (damaged / name).unlink()
    else:
        (damaged / name).write_text(content)
    with pytest.raises(UserError, match=message):
        hier_rnn.load(damaged)


def test_a_run_holds_nothing_that_could_run(small_run):
    header = (small_run / "model.safetensors").read_bytes()
    length = int.from_bytes(header[:8], "little")
    entries = json.loads(header[8 : 8 + length])
    assert {entry["dtype"] for name, entry in entries.items() if name[:2] != "__"} == {"F32"}
    assert {path.suffix for path in small_run.rglob("*") if path.is_file()} <= {
        *(".json", ".jsonl", ".md", ".safetensors", ".toml", ".txt", ".model"),
    }
