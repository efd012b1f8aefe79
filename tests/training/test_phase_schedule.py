"""Where a run stands in its phases."""

from __future__ import annotations

import pytest
from hier_rnn.training.course import Course, epochs_of_run, passes_per_epoch

from hier_rnn.configuration.options import Training
from hier_rnn.training.phases import resolve_phases
from hier_rnn.training.state import Progress


def walk(epoch: int = 10, batch: int = 5, scores: str = "", **options) -> tuple[list, Progress]:
    """Goes a run's course without training: (phase, rate, whether an epoch ended) of each step.

    `scores` says of each evaluation whether it is the best so far (b) or not (-).
    """
    training = Training.model_validate({"warmup": 0, "schedule": "linear", **options})
    progress = Progress()
    course = Course(resolve_phases(training, ["a", "b"]), training, epoch, progress)
    judged = iter(scores)
    steps = []
    while course.phase:
        steps.append((progress.phase, round(course.rate(batch), 6)))
        progress.step += 1
        progress.batch += 1
        progress.sentences += batch
        if course.ends_epoch or course.ends:
            progress.epoch += 1
            progress.batch = 0
            if next(judged, "b") == "b":
                progress.best_epoch = progress.epoch
            steps[-1] += ("evaluated",)
        course.advance()
    return steps, progress


def test_epochs():
    steps, progress = walk(epochs=2, learning_rate=1.0)
    # The rate is that of the middle of each step.
    assert steps == [(0, 0.875), (0, 0.625, "evaluated"), (0, 0.375), (0, 0.125, "evaluated")]
    assert (progress.epoch, progress.batch, progress.phase) == (2, 0, 1)


def test_steps_end_within_an_epoch_with_an_evaluation():
    steps, progress = walk(learning_rate=1.0, phases=[{"steps": 3}])
    assert steps == [(0, 0.833333), (0, 0.5, "evaluated"), (0, 0.166667, "evaluated")]
    assert progress.epoch == 2


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
    _, progress = walk(scores="b-b--b", epochs=6, patience=patience)
    assert progress.epoch == evaluations


def test_patience_ends_a_phase_and_the_next_one_has_its_own():
    options = {"patience": 2, "phases": [{"epochs": 5}, {"epochs": 5}]}
    steps, progress = walk(scores="b--" + "--", **options)
    assert progress.epoch == 5
    assert [phase for phase, *_ in steps] == [0] * 6 + [1] * 4


def test_alternating_phases_shorter_than_an_epoch():
    phases = [{"steps": 1, "train": ["a"]}, {"steps": 1, "train": ["b"]}] * 3
    steps, progress = walk(phases=phases)
    assert [phase for phase, *_ in steps] == [0, 1, 2, 3, 4, 5]
    assert progress.epoch == 3


def test_the_length_of_the_bar():
    def total(words: float, **options) -> int:
        training = Training.model_validate(options)
        return Course(resolve_phases(training, ["a"]), training, 10, Progress()).total(words)

    assert total(7, epochs=3) == 30
    assert total(7, batch_size=4, phases=[{"epochs": 2}, {"steps": 6}]) == 20 + 24
    assert total(7, batch_size=21, batch_by="words", phases=[{"steps": 6}]) == 18
    assert total(0, batch_size=21, batch_by="words", phases=[{"steps": 6}]) == 126


@pytest.mark.parametrize(
    ("options", "passes"),
    [
        ({}, 40),  # three steps a pass
        ({"minimum_steps_per_epoch": 0}, 1),
        ({"minimum_steps_per_epoch": 2}, 1),
        ({"minimum_steps_per_epoch": 7}, 2),
        ({"batch_size": 1000}, 120),
        ({"batch_size": 8}, 10),
        ({"batch_size": 64, "batch_by": "words"}, 10),
    ],
)
def test_little_training_data_is_passed_over_several_times_an_epoch(options, passes):
    assert passes_per_epoch(Training.model_validate(options), 96, 8.0) == passes


@pytest.mark.parametrize(
    ("options", "epochs"),
    [
        ({"maximum_steps": 30}, 10),  # three steps an epoch
        ({"maximum_steps": 32}, 11),
        ({"maximum_steps": 0}, 20),
        ({"maximum_steps": 1000}, 20),
        ({"maximum_steps": 1}, 1),
        ({"maximum_steps": 30, "minimum_steps_per_epoch": 6}, 5),
        ({"maximum_steps": 30, "batch_size": 16}, 5),
        ({"maximum_steps": 120, "batch_size": 64, "batch_by": "words"}, 10),
    ],
)
def test_much_training_data_has_fewer_epochs(options, epochs):
    training = Training.model_validate({"epochs": 20, "minimum_steps_per_epoch": 0, **options})
    assert epochs_of_run(training, 96, 8.0) == epochs
