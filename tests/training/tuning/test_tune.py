"""Tuning as a whole: trials, the best one's run, going on, and the end of the time."""

from __future__ import annotations

import shutil
import time

import numpy as np
import pytest

import hier_rnn
from hier_rnn.errors import UserError
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.storage.tuning.study import read_study
from hier_rnn.storage.weights.weights_file import read_weights
from hier_rnn.training.classification.train import train_classifier
from hier_rnn.training.classification.warm_start import SPELLING
from hier_rnn.training.events import Evaluated, Stage, Step
from hier_rnn.training.tuning import tune as module
from hier_rnn.training.tuning.events import TrialEnded, TrialStarted, TuningStarted
from hier_rnn.training.tuning.space import with_options
from hier_rnn.training.tuning.tune import tune

pytest.importorskip("optuna")

pytestmark = pytest.mark.slow  # each trains several times


@pytest.fixture(scope="module")
def tuned(eager, tiny, tmp_path_factory):
    out, events = tmp_path_factory.mktemp("tuned") / "run", []
    result = tune(tiny(), out, minutes=5, trials=3, on_event=events.append)
    return result, events


def test_the_best_trials_run_is_left_and_is_what_its_options_give(tuned, tiny, tmp_path):
    result, _ = tuned
    assert len(result.trials) == 3
    assert result.best.score == max(
        trial.score for trial in result.trials if trial.state == "finished"
    )
    assert result.trials[0].options == {}
    assert result.trials[1].options.keys() >= {"head.dropout", "sentence_encoder.pooling"}
    assert "training.learning_rate" not in result.trials[1].options  # it was given
    again = train_classifier(with_options(tiny(), result.best.options), tmp_path / "again")
    weights = read_weights(again.run / "model.safetensors")
    kept = read_weights(result.run / "model.safetensors")
    assert kept.keys() == weights.keys()
    for name, values in weights.items():
        np.testing.assert_array_equal(kept[name], values)


def test_what_is_left_is_an_ordinary_run(tuned):
    result, _ = tuned
    run = hier_rnn.load(result.run)
    assert run.predict(["the good shop"])[0].label in run.labels
    assert hier_rnn.load_encoder(result.run)(["good"]).shape == (1, 8)
    assert RunDirectory(result.run).finished
    assert sorted(entry.name for entry in (result.run / "tuning").iterdir()) == ["study.json"]


def test_what_it_tells(tuned):
    result, events = tuned
    assert isinstance(events[0], TuningStarted)
    assert events[0].seconds == 300
    assert [e.number for e in events if isinstance(e, TrialStarted)] == [0, 1, 2]
    ended = [event for event in events if isinstance(event, TrialEnded)]
    assert [event.trial for event in ended] == list(result.trials)
    assert ended[0].best
    assert any(isinstance(event, Step) for event in events)


def test_more_trials_go_on_from_those_that_were(tuned, tiny, tmp_path):
    result, _ = tuned
    out = tmp_path / "run"
    shutil.copytree(result.run, out)
    again = tune(tiny(), out, minutes=5, trials=3)
    assert again.trials == result.trials
    assert again.best == result.best
    more = tune(tiny(), out, minutes=5, trials=4)
    assert more.trials[:3] == result.trials
    assert len(more.trials) == 4
    assert more.seconds > result.seconds
    with pytest.raises(UserError, match="a tuning with other options: seed 0 instead of 5"):
        tune(tiny(seed=5), out, minutes=5)
    fresh = tune(tiny(seed=5), out, minutes=5, trials=1, force=True)
    assert len(fresh.trials) == 1
    assert hier_rnn.load(out).configuration.seed == 5


def test_other_data_are_refused(tuned, tiny, tmp_path, data):
    result, _ = tuned
    shutil.copytree(result.run, tmp_path / "run")
    others = {**data, "train": data["validation"]}
    with pytest.raises(UserError, match="not the data"):
        tune(tiny(data=others), tmp_path / "run", minutes=5, trials=4)
    assert len(read_study(tmp_path / "run" / "tuning" / "study.json").trials) == 3
    assert len(tune(tiny(), tmp_path / "run", minutes=5, trials=4).trials) == 4


def test_after_a_mistake_in_the_first_trial_the_place_is_free(eager, tiny, tmp_path):
    wrong = tiny(training={"class_weights": {"nobody": 2.0}})
    with pytest.raises(UserError, match="there is no label 'nobody'"):
        tune(wrong, tmp_path / "run", minutes=5, trials=1)
    assert len(tune(tiny(), tmp_path / "run", minutes=5, trials=1).trials) == 1


def test_something_else_is_left_alone(eager, tiny, small_run, tmp_path):
    with pytest.raises(UserError, match="holds no tuning"):
        tune(tiny(), small_run, minutes=5, trials=1)
    (tmp_path / "run" / "tuning").mkdir(parents=True)
    study = tmp_path / "run" / "tuning" / "study.json"
    for damaged in ("{", "[]", '{"format": 1}', '{"format": 99}'):
        study.write_text(damaged)
        with pytest.raises(UserError, match=r"study\.json: (damaged|written by a later)"):
            tune(tiny(), tmp_path / "run", minutes=5, trials=1)


def test_ctrl_c_keeps_the_best_and_the_same_call_goes_on(eager, tiny, tmp_path):
    out = tmp_path / "run"

    def interrupt(event) -> None:
        if isinstance(event, TrialStarted) and event.number == 1:
            interrupt.armed = True
        if isinstance(event, Evaluated) and getattr(interrupt, "armed", False):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match=r"the best of 1 trial is kept in .*minutes left"):
        tune(tiny(), out, minutes=5, trials=2, on_event=interrupt)
    assert hier_rnn.load(out).labels
    study = read_study(out / "tuning" / "study.json")
    assert len(study.trials) == 1
    assert study.running
    result = tune(tiny(), out, minutes=5, trials=2)
    assert len(result.trials) == 2
    assert dict(result.trials[1].options) == dict(study.running)


def test_ctrl_c_in_the_first_trial_keeps_its_best_epoch(eager, tiny, tmp_path):
    out, seen = tmp_path / "run", []

    def interrupt(event) -> None:
        seen.append(event)
        evaluations = sum(isinstance(one, Evaluated) for one in seen)
        if evaluations == 2 and isinstance(event, Step):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="the best of 1 trial is kept"):
        tune(tiny(training={"epochs": 4}), out, minutes=5, trials=2, on_event=interrupt)
    trial = read_study(out / "tuning" / "study.json").trials[0]
    assert trial.state == "cut short"
    assert trial.epochs == 2
    assert hier_rnn.load(out).labels


def test_at_the_end_of_the_time_a_trial_ends_with_its_best_weights(eager, tiny, tmp_path):
    long = tiny(training={"epochs": 100_000})
    begun = time.monotonic()
    result = tune(long, tmp_path / "run", minutes=8 / 60)
    assert time.monotonic() - begun < 8
    assert [trial.state for trial in result.trials] == ["cut short"]
    assert hier_rnn.load(tmp_path / "run").labels


def test_too_little_time_is_said(eager, tiny, tmp_path):
    with pytest.raises(UserError, match="minutes are too few"):
        tune(tiny(), tmp_path / "run", minutes=0.001)


@pytest.mark.parametrize("minutes", [0, -1, float("nan"), float("inf")])
def test_a_time_that_is_none_is_refused(tiny, tmp_path, minutes):
    with pytest.raises(UserError, match="minutes: a number above 0"):
        tune(tiny(), tmp_path / "run", minutes=minutes)
    assert not (tmp_path / "run").exists()


def test_a_trial_that_fails_is_no_end_but_three_in_a_row_are(eager, tiny, tmp_path, monkeypatch):
    calls = []

    def train(*arguments, **settings):
        calls.append(arguments)
        if len(calls) > 1:
            raise UserError("diverged")
        return train_classifier(*arguments, **settings)

    monkeypatch.setattr(module, "train_classifier", train)
    with pytest.raises(UserError, match="diverged"):
        tune(tiny(), tmp_path / "run", minutes=5, trials=9)
    assert len(calls) == 4
    trials = read_study(tmp_path / "run" / "tuning" / "study.json").trials
    assert [trial.state for trial in trials] == ["finished", "failed", "failed"]
    assert trials[1].message == "diverged"
    assert hier_rnn.load(tmp_path / "run").labels


def test_all_trials_share_one_warm_start(eager, tiny, tmp_path):
    events = []
    configuration = tiny(training={"warm_start_epochs": 1})
    result = tune(configuration, tmp_path / "run", minutes=5, trials=2, on_event=events.append)
    assert [trial.state for trial in result.trials] == ["finished", "finished"]
    second = next(
        place
        for place, event in enumerate(events)
        if isinstance(event, TrialStarted) and event.number == 1
    )
    spelling = [isinstance(event, Stage) and event.name == SPELLING for event in events]
    assert any(spelling[:second])
    assert not any(spelling[second:])
    # What the second trial began with is what it would have learnt by itself.
    options = result.trials[1].options
    alone = train_classifier(with_options(configuration, options), tmp_path / "alone")
    if result.best.number == 1:
        kept = read_weights(result.run / "model.safetensors")
        for name, values in read_weights(alone.run / "model.safetensors").items():
            np.testing.assert_array_equal(kept[name], values)
    assert alone.scores["validation_accuracy"] == result.trials[1].score
