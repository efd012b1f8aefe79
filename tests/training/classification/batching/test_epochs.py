"""How long an epoch is, and how many there are."""

from __future__ import annotations

import pytest

from hier_rnn.configuration.options import Training
from hier_rnn.training.classification.batching.epochs import (
    epochs_of_run,
    expected_sentences,
    passes_per_epoch,
)
from hier_rnn.training.phases import resolve_phases


def test_how_many_sentences_are_to_be_expected():
    def total(words: float, **options) -> int:
        training = Training.model_validate(options)
        return expected_sentences(resolve_phases(training, ["a"]), training, 10, words)

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
        ({"maximum_steps": 30}, 10),  # three steps per epoch
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
