"""The study is read as it was written, and nothing else is taken for one."""

from __future__ import annotations

import json

import pytest

from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError
from hier_rnn.storage.tuning.study import Study, Trial, read_study

FIRST = Trial(0, "finished", {}, 0.5, (0.4, 0.5), 9.0, 1.0)
SECOND = Trial(1, "pruned", {"head.dropout": 0.1}, 0.6, (0.6,), 4.0, 1.0)
THIRD = Trial(2, "failed", {"head.dropout": 0.2}, None, (), 2.0, 2.0, "diverged")


@pytest.fixture
def study() -> Study:
    trials = [FIRST, SECOND, THIRD]
    return Study(
        Configuration(seed=3),
        20.5,
        trials,
        {"head.dropout": 0.3},
        "validation_accuracy",
        {"train": "abc"},
    )


@pytest.fixture
def path(study, tmp_path):
    study.write(tmp_path / "study.json")
    return tmp_path / "study.json"


def test_it_is_read_as_it_was_written(study, path):
    assert read_study(path) == study


def test_the_best_is_of_those_that_came_to_a_run(study):
    assert study.best == FIRST
    study.trials.append(Trial(3, "cut short", {}, 0.7, (0.7,), 3.0, 1.0))
    assert study.best == study.trials[3]
    assert Study(Configuration()).best is None


def test_of_losses_the_lowest_is_the_best(study):
    other = Trial(1, "finished", {}, 0.4, (0.4,), 3.0, 1.0)
    study = Study(Configuration(), trials=[FIRST, other], score_name="validation_loss")
    assert study.best == other


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("format", "1"),
        ("seconds", -1),
        ("seconds", "soon"),
        ("running", 3),
        ("score_name", 3),
        ("data", {"train": 3}),
        ("trials", {}),
        ("trials", [3]),
        ("options", {"seed": -1}),
        ("more", 1),
    ],
)
def test_what_is_no_study_is_refused(path, where, value):
    content = json.loads(path.read_text())
    content[where] = value
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match=r"study\.json"):
        read_study(path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("number", 5),
        ("state", "well"),
        ("options", []),
        ("score", "high"),
        ("score", True),
        ("epoch_scores", [None]),
        ("seconds", None),
        ("beginning_seconds", -1),
        ("message", 3),
    ],
)
def test_what_is_no_trial_is_refused(path, name, value):
    content = json.loads(path.read_text())
    content["trials"][1][name] = value
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match="trial 1 is none"):
        read_study(path)


def test_a_number_that_is_none_is_refused(path):
    path.write_text(path.read_text().replace("20.5", "NaN"))
    with pytest.raises(UserError, match="not what a study has"):
        read_study(path)
