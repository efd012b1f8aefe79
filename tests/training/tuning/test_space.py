"""What is searched, and what is left alone."""

from __future__ import annotations

from operator import attrgetter
from pathlib import Path

import pytest

from hier_rnn.configuration.options import Configuration
from hier_rnn.configuration.schema import options_of
from hier_rnn.errors import UserError
from hier_rnn.training.tuning.space import SPACE, WholeRange, space_of, with_options

ROOT = Path(__file__).parents[3]


def configuration(**groups) -> Configuration:
    return Configuration.model_validate(groups)


def test_every_option_of_the_space_is_one_and_its_default_is_in_it():
    names = {option.name for option in options_of()}
    for name, dimension in SPACE.items():
        assert name in names
        assert attrgetter(name)(Configuration()) in dimension


def test_the_documentation_has_the_space():
    documented = (ROOT / "docs" / "training.md").read_text("utf-8")
    for name, dimension in SPACE.items():
        assert f"| `{name}` | {dimension}" in documented


def test_an_option_that_was_given_is_not_searched():
    space = space_of(configuration(training={"learning_rate": 0.002}, head={"dropout": 0.1}))
    assert "training.learning_rate" not in space
    assert "head.dropout" not in space
    assert "training.batch_size" in space
    assert space["training.epochs"] == WholeRange(4, 12)
    assert "training.epochs" not in space_of(configuration(training={"epochs": 3}))


def test_an_option_that_would_do_nothing_is_not_searched():
    space = space_of(Configuration())
    for name in ("class_weights", "frozen_encoder_share", "encoder_learning_rate_multiplier"):
        assert f"training.{name}" not in space
    assert "training.class_weights" in space_of(
        configuration(training={"validation_metric": "macro_f1"})
    )
    assert "training.frozen_encoder_share" in space_of(configuration(data={"encoder": "somewhere"}))
    misspelled = space_of(configuration(training={"misspell": {"kind": "none"}}))
    assert "training.misspell.rate" not in misspelled
    assert "training.batch_size" not in space_of(configuration(training={"batch_by": "words"}))


def test_with_all_given_there_is_nothing_to_tune():
    everything = Configuration.model_validate(Configuration().model_dump())
    with pytest.raises(UserError, match="nothing to tune"):
        space_of(everything)


def test_other_values_of_some_options():
    other = with_options(
        Configuration(), {"training.misspell.rate": 0.25, "sentence_encoder.pooling": "mean"}
    )
    assert other.training.misspell.rate == 0.25
    assert other.sentence_encoder.pooling == "mean"
    assert with_options(Configuration(), {}) == Configuration()
