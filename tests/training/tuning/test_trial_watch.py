"""A trial is ended in time, or shortened so that it fits, or pruned."""

from __future__ import annotations

import time

import pytest

from hier_rnn.training.events import EndTraining, Evaluated, Stage, Started, Step
from hier_rnn.training.tuning.budget import Budget
from hier_rnn.training.tuning.trial_watch import Pruned, TimeUp, TooLong, TrialWatch

ADJUSTABLE = {"training.epochs": 12, "training.warm_start_epochs": 40}


class Scores:
    """Stands for a search: hopeless below a half."""

    score_name = "validation_accuracy"

    def __init__(self) -> None:
        self.reported: dict[int, float] = {}

    def report(self, epoch: int, score: float) -> None:
        self.reported[epoch] = score

    @property
    def hopeless(self) -> bool:
        return max(self.reported.values()) < 0.5


class Clock:
    """Stands for the time."""

    def __init__(self, monkeypatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


@pytest.fixture
def watch(clock):
    def watch(seconds: float, adjustable=ADJUSTABLE) -> TrialWatch:
        budget = Budget(seconds, 0.0, begun=clock.now)
        return TrialWatch(budget, Scores(), adjustable, lambda event: None)

    return watch


def started(total: int) -> Started:
    return Started("sentences", 0, total, 0, 0, ())


def step(done: int) -> Step:
    return Step(done, 1, done, 0.5, 100.0)


def evaluated(score: float) -> Evaluated:
    return Evaluated({"validation_accuracy": score}, "validation_accuracy", True)


def test_a_training_that_fits_goes_on(watch, clock):
    listener = watch(1000)
    listener(started(100))
    for done in range(1, 100):
        clock.now += 1
        listener(step(done))
    listener(evaluated(0.7))
    assert listener.epoch_scores == [0.7]
    assert not listener.cut_short
    assert listener.beginning_seconds == 1
    assert listener.seconds == 99


def test_a_training_that_does_not_fit_is_to_have_fewer_epochs(watch, clock):
    listener = watch(100)
    listener(started(1200))
    with pytest.raises(TooLong) as raised:
        for done in range(1, 100):
            clock.now += 1
            listener(step(done))
    assert raised.value.name == "training.epochs"
    assert raised.value.value == 1  # of 1,200 seconds for 12 epochs, fewer than 100 are left


def test_a_long_warm_start_is_to_have_a_quarter_of_the_time(watch, clock):
    listener = watch(100)
    with pytest.raises(TooLong) as raised:
        for done in range(0, 100, 2):
            listener(Stage("learning to spell", done, 400, "words"))
            clock.now += 1
    assert raised.value.name == "training.warm_start_epochs"
    assert raised.value.value == 5  # 200 seconds at 40 epochs, and 25 are allowed


def test_what_was_given_is_not_shortened_but_cut(watch, clock):
    listener = watch(60, {})
    listener(started(1000))
    with pytest.raises(EndTraining):
        for done in range(1, 100):
            clock.now += 1
            listener(step(done))
    assert listener.cut_short
    assert clock.now < 1060
    listener(evaluated(0.1))  # what the training then does is no reason to prune
    assert listener.epoch_scores == [0.1]


def test_the_end_of_the_time_leaves_room_for_evaluations(watch, clock):
    listener = watch(60, {})
    listener(started(1000))
    listener(step(1))
    clock.now += 6  # the evaluation takes so long
    listener(evaluated(0.7))
    with pytest.raises(EndTraining):
        for done in range(2, 100):
            clock.now += 1
            listener(step(done))
    assert clock.now <= 1060 - 2 * 6


def test_before_the_first_step_there_is_nothing_to_end_well(watch, clock):
    listener = watch(60, {})
    clock.now += 60
    with pytest.raises(TimeUp):
        listener(Stage("counting words", 1, 2, "texts"))


def test_the_warm_start_is_not_counted_for_the_trial(watch, clock):
    listener = watch(1000)
    clock.now += 5
    listener(Stage("learning to spell", 0, 10, "words"))
    clock.now += 50
    listener(Stage("learning to spell", 10, 10, "words"))
    listener(started(10))
    clock.now += 5
    listener(step(1))
    assert listener.beginning_seconds == 10


def test_what_is_worse_than_others_is_pruned(watch):
    listener = watch(1000)
    listener(started(10))
    listener(evaluated(0.6))
    listener = watch(1000)
    with pytest.raises(Pruned):
        listener(evaluated(0.4))


def test_a_trial_that_goes_on_has_its_scores_of_before(watch):
    listener = watch(1000)
    rows = ({"validation_accuracy": 0.6}, {"validation_accuracy": 0.7})
    listener(Started("sentences", 0, 10, 4, 2, rows))
    assert listener.epoch_scores == [0.6, 0.7]
    assert listener._search.reported == {1: 0.6, 2: 0.7}
