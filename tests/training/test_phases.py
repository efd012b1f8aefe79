"""Which weights train when."""

from __future__ import annotations

import pytest

from hier_rnn.configuration.options import Configuration, Training
from hier_rnn.errors import UserError
from hier_rnn.training.phases import for_given_encoder, multiplier, resolve_phases

NAMES = [
    "character_encoder/embedding",
    "character_encoder/gru_0/kernel",
    "sentence_encoder/lstm_0/forward/kernel",
    "sentence_encoder/lstm_0/forward/bias",
    "sentence_encoder/initial_state_0/forward/hidden",
    "head/kernel",
    "head/bias",
]


def phases(**options):
    return resolve_phases(Training.model_validate(options), NAMES)


def test_without_phases_everything_trains_for_the_whole_run():
    assert phases(epochs=7, learning_rate=0.5) == [(tuple(NAMES), 7, None, 0.5)]


def test_each_phase_trains_what_it_names_but_for_what_it_freezes():
    first, second = phases(
        epochs=9,
        phases=[
            {"train": ["head"], "epochs": 2},
            {"freeze": ["character_encoder", ".*/bias"], "steps": 30, "learning_rate": 0.1},
        ],
    )
    assert first == (("head/kernel", "head/bias"), 2, None, 2e-3)
    assert second.trainable == (NAMES[2], NAMES[4], NAMES[5])
    assert (second.epochs, second.steps, second.learning_rate) == (None, 30, 0.1)


def test_a_phase_without_a_length_has_the_epochs_of_training():
    first, second = phases(epochs=9, phases=[{"steps": 5}, {}])
    assert (first.epochs, first.steps) == (None, 5)
    assert (second.epochs, second.steps) == (9, None)


def test_freeze_encoder_holds_in_every_phase():
    for phase in phases(freeze_encoder=True, phases=[{"epochs": 1}, {"train": [".*"]}]):
        assert phase.trainable == tuple(NAMES[2:])


def test_learning_rate_factors_by_the_first_pattern_that_matches():
    factors = {"character_encoder/embedding": 0.5, "character_encoder": 0.1, ".*/bias": 2.0}
    assert [multiplier(name, factors) for name in NAMES] == [0.5, 0.1, 1, 2, 1, 1, 2]


def test_a_factor_of_0_freezes():
    [phase] = phases(learning_rate_multipliers={"head": 0, "sentence_encoder": 3.0})
    assert phase.trainable == tuple(NAMES[:-2])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"phases": [{"epochs": 1}, {"train": ["heads"]}]},
            r"training.phases, phase 2: the pattern 'heads' matches no weight. Did you mean 'head'",
        ),
        (
            {"phases": [{"freeze": ["sentence_encoder/lstm_1"]}]},
            r"phase 1: .* Did you mean 'sentence_encoder/lstm_0'",
        ),
        ({"phases": [{"train": ["(head"]}]}, r"phase 1: .*not a regular expression"),
        (
            {"learning_rate_multipliers": {"charater_encoder": 1}},
            r"learning_rate_multipliers: .* Did you mean 'character_encoder'",
        ),
        (
            {"phases": [{"train": ["head"], "freeze": ["head/.*"]}]},
            r"phase 1: no weight trains. The weights are: character_encoder/embedding, ",
        ),
        ({"phases": [{"epochs": 1, "steps": 1}]}, r"phase 1: received epochs and steps"),
    ],
)
def test_mistakes(options, message):
    with pytest.raises(UserError, match=message):
        phases(**options)


@pytest.mark.parametrize(
    ("multipliers", "factors"),
    [
        ({}, [0.5, 0.5, 1]),
        # What the user says of the encoder, or of part of it, wins.
        ({"character_encoder": 3}, [3, 3, 1]),
        ({".*/embedding": 3}, [3, 0.5, 1]),
        ({".*": 3}, [3, 3, 3]),
    ],
)
def test_an_encoder_to_start_from_has_a_rate_of_its_own(multipliers, factors):
    training = {"encoder_learning_rate_multiplier": 0.5, "learning_rate_multipliers": multipliers}
    made = Configuration.model_validate({"data": {"encoder": "DIR"}, "training": training})
    found = for_given_encoder(made).learning_rate_multipliers
    assert [multiplier(name, found) for name in NAMES[:3]] == factors
    without = Configuration.model_validate({"training": training})
    assert for_given_encoder(without) == without.training


def given(**training):
    made = Configuration.model_validate({"data": {"encoder": "DIR"}, "training": training})
    return resolve_phases(for_given_encoder(made), NAMES)


def test_a_given_encoder_trains_after_a_share_of_the_epochs():
    frozen, all_names = tuple(NAMES[2:]), tuple(NAMES)
    assert given(epochs=8) == [(frozen, 4, None, 2e-3), (all_names, 4, None, 2e-3)]
    assert given(epochs=8, frozen_encoder_share=0.25)[0] == (frozen, 2, None, 2e-3)
    assert given(epochs=8, frozen_encoder_share=0) == [(all_names, 8, None, 2e-3)]
    assert given(epochs=8, frozen_encoder_share=1) == [(frozen, 8, None, 2e-3)]
    assert given(epochs=1) == [(all_names, 1, None, 2e-3)]


def test_an_encoder_that_never_trains_makes_no_phases():
    for training in ({"encoder_learning_rate_multiplier": 0.0}, {"freeze_encoder": True}):
        assert given(epochs=8, **training) == [(tuple(NAMES[2:]), 8, None, 2e-3)]


def test_the_phases_of_the_user_replace_those_of_a_given_encoder():
    assert given(phases=[{"train": ["head"], "epochs": 3}]) == [
        (("head/kernel", "head/bias"), 3, None, 2e-3)
    ]
