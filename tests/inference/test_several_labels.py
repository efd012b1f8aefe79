"""A run of several labels at work, and what its damage does."""

from __future__ import annotations

import json
import pickle
import shutil

import numpy as np
import pytest
from scipy.special import expit

import hier_rnn
from hier_rnn.errors import UserError

TEXTS = ["bad shop", "nice and why", "", "the my", "who is late? love it"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(several_run):
    return hier_rnn.load(several_run)


def test_labels_are_those_that_reach_their_thresholds(run):
    probabilities = run.probabilities(TEXTS)
    logits = np.array(list(run.logits(TEXTS)))
    np.testing.assert_allclose(probabilities, expit(logits / run.temperature), rtol=1e-5)
    found = run.predict(TEXTS)
    for row, prediction in zip(probabilities, found, strict=True):
        expected = {
            label
            for label, p, t in zip(run.labels, row, run.decision.thresholds, strict=True)
            if p >= np.float32(t)
        }
        assert set(prediction.labels) == expected
        shares = [row[run.labels.index(label)] for label in prediction.labels]
        assert shares == sorted(shares, reverse=True)
        assert prediction.label == run.labels[row.argmax()]
        assert prediction.probability == row.max()
    assert {len(prediction.labels) for prediction in found} > {1}


def test_texts_beside_change_nothing(run):
    alone = [run.predict([text])[0] for text in TEXTS]
    for one, other in zip(alone, run.predict(TEXTS), strict=True):
        assert one.labels == other.labels


def test_it_is_pickled(run):
    again = pickle.loads(pickle.dumps(run))
    assert [p.labels for p in again.predict(TEXTS)] == [p.labels for p in run.predict(TEXTS)]


@pytest.mark.parametrize(
    ("thresholds", "message"),
    [
        ([0.5, 0.5], "not 3 numbers from 0 to 1"),
        ([0.5, 0.5, 1.5], "not 3 numbers from 0 to 1"),
        ([0.5, 0.5, float("nan")], "not 3 numbers from 0 to 1"),
        ([0.5, 0.5, True], "not 3 numbers from 0 to 1"),
        ({"a": 1}, "not 3 numbers from 0 to 1"),
        ("0.5", "not 3 numbers from 0 to 1"),
        (None, "it has no thresholds, and data.multi_label is true"),
    ],
)
def test_damaged_thresholds(several_run, tmp_path, thresholds, message):
    run = shutil.copytree(several_run, tmp_path / "run")
    path = run / "calibration.json"
    content = {"temperature": 1.0, "thresholds": thresholds}
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match=message):
        hier_rnn.load(run, verify=False)


def test_thresholds_of_a_run_of_one_label(small_run, tmp_path):
    run = shutil.copytree(small_run, tmp_path / "run")
    content = {"temperature": 1.0, "thresholds": [0.5, 0.5, 0.5]}
    (run / "calibration.json").write_text(json.dumps(content))
    with pytest.raises(UserError, match="it has thresholds, and data.multi_label is false"):
        hier_rnn.load(run, verify=False)
