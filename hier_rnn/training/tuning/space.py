"""The space that is searched: the options that matter for how good a classifier gets.

An option that somebody gave is left as it was given. What the character encoder is (`text`,
`character_encoder`, the warm start) is not searched, so that all trials share one warm start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError

SHORTEST = 3
"""The fewest epochs of a trial are a third of the most."""


@dataclass(frozen=True)
class Choice:
    """One of some values."""

    values: tuple[Any, ...]

    def __contains__(self, value: Any) -> bool:
        return value in self.values

    def __str__(self) -> str:
        return ", ".join(map(str, self.values))


@dataclass(frozen=True)
class Range:
    """A number between two, both included."""

    low: float
    high: float
    logarithmic: bool = False

    def __contains__(self, value: Any) -> bool:
        return isinstance(value, (int, float)) and self.low <= value <= self.high

    def __str__(self) -> str:
        scale = ", on a logarithmic scale" if self.logarithmic else ""
        return f"{self.low:g} to {self.high:g}{scale}"


@dataclass(frozen=True)
class WholeRange:
    """A whole number between two, both included."""

    low: int
    high: int

    def __contains__(self, value: Any) -> bool:
        return isinstance(value, int) and self.low <= value <= self.high

    def __str__(self) -> str:
        return f"{self.low} to {self.high}"


Dimension = Choice | Range | WholeRange
Space = Mapping[str, Dimension]

SPACE: Space = {
    "training.learning_rate": Range(5e-4, 6e-3, logarithmic=True),
    "training.batch_size": Choice((16, 32, 64)),
    "training.label_smoothing": Range(0.0, 0.2),
    "training.weight_decay": Range(1e-3, 0.1, logarithmic=True),
    "training.misspell.rate": Range(0.0, 0.4),
    "training.class_weights": Choice(("none", "balanced")),
    "training.encoder_learning_rate_multiplier": Range(0.03, 1.0, logarithmic=True),
    "training.frozen_encoder_share": Choice((0.25, 0.5, 0.75)),
    "sentence_encoder.units": Choice((64, 128, 256)),
    "sentence_encoder.pooling": Choice(("max", "mean", "attention")),
    "sentence_encoder.input_dropout": Range(0.1, 0.5),
    "sentence_encoder.word_dropout": Range(0.0, 0.2),
    "head.dropout": Range(0.0, 0.5),
}
"""Beside these, `training.epochs`: from a third of it to as many as are given."""


def space_of(configuration: Configuration) -> Space:
    """Returns what there is to search: options that nobody gave and that do something.

    Args:
        configuration: The options; those that somebody gave are its `model_fields_set`.

    Raises:
        UserError: Every one of them was given.
    """
    training = configuration.training
    encoder_trains = bool(configuration.encoder) and not training.freeze_encoder
    idle = {
        # With words in a batch, these are too few.
        "training.batch_size": training.batch_by != "sentences",
        "training.misspell.rate": training.misspell.kind == "none",
        "training.class_weights": training.validation_metric != "macro_f1",
        "training.encoder_learning_rate_multiplier": not encoder_trains,
        "training.frozen_encoder_share": not encoder_trains or bool(training.phases),
        "sentence_encoder.units": configuration.sentence_encoder.share_layer_weights,
    }
    space: dict[str, Dimension] = {
        name: dimension
        for name, dimension in SPACE.items()
        if not idle.get(name)
        and not is_given(configuration, name)
        and attrgetter(name)(configuration) in dimension
    }
    if not space:
        raise UserError(
            "there is nothing to tune: every option that is searched is given. Leave out some of"
            f" {', '.join(SPACE)}."
        )
    epochs_given = is_given(configuration, "training.epochs") or bool(training.phases)
    if training.epochs > 1 and not epochs_given:
        fewest = max(1, round(training.epochs / SHORTEST))
        space["training.epochs"] = WholeRange(fewest, training.epochs)
    return space


def is_given(configuration: Configuration, name: str) -> bool:
    """Whether somebody gave an option, by its dotted name."""
    group: Any = configuration
    *groups, option = name.split(".")
    for part in groups:
        if part not in group.model_fields_set:
            return False
        group = getattr(group, part)
    return option in group.model_fields_set


def with_options(configuration: Configuration, options: Mapping[str, Any]) -> Configuration:
    """Returns the configuration with other values of some options.

    Args:
        configuration: The options.
        options: Values by dotted name.
    """
    tree = configuration.model_dump()
    for name, value in options.items():
        *groups, option = name.split(".")
        table = tree
        for group in groups:
            table = table[group]
        table[option] = value
    return Configuration.model_validate(tree)
