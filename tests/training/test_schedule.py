"""Where a run stands in its phases, and at which learning rate."""

from __future__ import annotations

import pytest

from hier_rnn.configuration.options import Training
from hier_rnn.training.phases import resolve_phases
from hier_rnn.training.schedule import PhaseSchedule, learning_rate
from hier_rnn.training.state import TrainerState


class Sentences:
    """As much of an objective as says how long an epoch is, in examples as in classification."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def ends_epoch(self, state: TrainerState) -> bool:
        return state.examples >= (state.epoch + 1) * self.epoch

    def epochs_done(self, state: TrainerState) -> float:
        return (state.examples - state.phase_examples) / self.epoch

    def epochs_at_next_step(self, state: TrainerState, examples: int) -> float:
        return self.epochs_done(state) + examples / 2 / self.epoch


def walk(epoch: int = 10, batch: int = 5, scores: str = "", **options) -> tuple[list, TrainerState]:
    """Goes through a run's phases without training: (phase, rate, whether an epoch ended) by step.

    `scores` says of each evaluation whether it is the best so far (b) or not (-).
    """
    training = Training.model_validate({"warmup": 0, "schedule": "linear", **options})
    state, objective = TrainerState(), Sentences(epoch)
    schedule = PhaseSchedule(resolve_phases(training, ["a", "b"]), training, objective, state)
    judged = iter(scores)
    steps = []
    while schedule.phase:
        steps.append((state.phase, round(schedule.rate(batch), 6)))
        state.step += 1
        state.batch += 1
        state.examples += batch
        if objective.ends_epoch(state) or schedule.ends:
            state.begin_epoch()
            if next(judged, "b") == "b":
                state.best_epoch = state.epoch
            steps[-1] += ("evaluated",)
        schedule.advance()
    return steps, state


def test_epochs():
    steps, state = walk(epochs=2, learning_rate=1.0)
    # The rate is that of the middle of each step.
    assert steps == [(0, 0.875), (0, 0.625, "evaluated"), (0, 0.375), (0, 0.125, "evaluated")]
    assert (state.epoch, state.batch, state.phase) == (2, 0, 1)


def test_steps_end_within_an_epoch_with_an_evaluation():
    steps, state = walk(learning_rate=1.0, phases=[{"steps": 3}])
    assert steps == [(0, 0.833333), (0, 0.5, "evaluated"), (0, 0.166667, "evaluated")]
    assert state.epoch == 2


def test_a_phase_that_begins_within_an_epoch_has_its_whole_length():
    steps, _ = walk(
        phases=[{"steps": 1, "learning_rate": 8.0}, {"epochs": 1, "learning_rate": 1.0}]
    )
    assert steps == [(0, 4.0), (1, 0.75, "evaluated"), (1, 0.25, "evaluated")]


def test_each_phase_has_a_schedule_of_its_own():
    steps, _ = walk(warmup=0.5, learning_rate=1.0, phases=[{"epochs": 1}, {"epochs": 1}])
    assert [rate for _, rate, *_ in steps] == [0.5, 0.5, 0.5, 0.5]
    assert [phase for phase, *_ in steps] == [0, 0, 1, 1]


@pytest.mark.parametrize(("patience", "evaluations"), [(0, 6), (1, 2), (2, 5), (3, 6)])
def test_patience(patience, evaluations):
    _, state = walk(scores="b-b--b", epochs=6, patience=patience)
    assert state.epoch == evaluations


def test_patience_ends_a_phase_and_the_next_one_has_its_own():
    options = {"patience": 2, "phases": [{"epochs": 5}, {"epochs": 5}]}
    steps, state = walk(scores="b--" + "--", **options)
    assert state.epoch == 5
    assert [phase for phase, *_ in steps] == [0] * 6 + [1] * 4


def test_alternating_phases_shorter_than_an_epoch():
    phases = [{"steps": 1, "train": ["a"]}, {"steps": 1, "train": ["b"]}] * 3
    steps, state = walk(phases=phases)
    assert [phase for phase, *_ in steps] == [0, 1, 2, 3, 4, 5]
    assert state.epoch == 3


def test_each_restored_checkpoint_halves_the_rate():
    training = Training(warmup=0, schedule="constant", learning_rate=0.8)
    state = TrainerState(restored=2)
    schedule = PhaseSchedule(resolve_phases(training, ["a"]), training, Sentences(10), state)
    assert schedule.rate(5) == 0.2


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        ("cosine", [0, 1, 2, 2, 1.707107, 1, 0.292893, 0]),
        ("linear", [0, 1, 2, 2, 1.5, 1, 0.5, 0]),
        ("constant", [0, 1, 2, 2, 2, 2, 2, 2]),
    ],
)
def test_it_rises_in_a_line_then_falls(schedule, rates):
    places = [0, 0.1, 0.19999999, 0.2, 0.4, 0.6, 0.8, 1]
    found = [learning_rate(2.0, place, 0.2, schedule) for place in places]
    assert found == pytest.approx(rates, abs=1e-6)


def test_without_warm_up_it_starts_at_the_peak():
    assert learning_rate(2.0, 0, 0, "cosine") == 2
    assert learning_rate(2.0, 0.5, 0, "linear") == 1


def test_it_may_rise_all_the_way():
    assert learning_rate(2.0, 0.5, 1, "cosine") == 1
    assert learning_rate(2.0, 1, 1, "constant") == 2


def test_it_stays_at_the_end():
    assert learning_rate(2.0, 1.3, 0.1, "cosine") == 0
