"""Phases: which weights train when, and how fast."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from hier_rnn.configuration.options import Phase, Training
from hier_rnn.errors import UserError, nearest


class Stretch(NamedTuple):
    """A phase with its place in the run: it ends after `epochs` or after `steps`."""

    trainable: tuple[str, ...]
    """Names of the weights that train."""
    epochs: int | None
    steps: int | None
    learning_rate: float


def matches(pattern: str, name: str) -> bool:
    """Whether a pattern names a weight: it matches the whole name, or a part above it."""
    return re.fullmatch(rf"(?:{pattern})(?:/.*)?", name) is not None


def multiplier(name: str, multipliers: Mapping[str, float]) -> float:
    """Returns the learning-rate factor of a weight; the first pattern that matches decides."""
    return next((factor for p, factor in multipliers.items() if matches(p, name)), 1.0)


def stretches(options: Training, names: Iterable[str]) -> list[Stretch]:
    """Returns the phases of a run.

    Args:
        options: The `training` options.
        names: Every weight's name.

    Raises:
        UserError: A pattern that is no regular expression or matches no weight, or a phase in
            which nothing trains.
    """
    names = list(names)
    for pattern in options.learning_rate_multipliers:
        _check(pattern, names, "training.learning_rate_multipliers")
    result = []
    for number, phase in enumerate(options.phases or (Phase(),), 1):
        where = f"training.phases, phase {number}"
        for pattern in (*phase.train, *phase.freeze):
            _check(pattern, names, where)
        freeze = (*phase.freeze, "character_encoder") if options.freeze_encoder else phase.freeze
        trainable = tuple(
            name
            for name in names
            if any(matches(p, name) for p in phase.train)
            and not any(matches(p, name) for p in freeze)
        )
        if not trainable:
            raise UserError(f"{where}: no weight trains. The weights are: {', '.join(names)}.")
        if phase.epochs and phase.steps:
            raise UserError(f"{where}: received epochs and steps; give one of them.")
        epochs = phase.epochs
        if epochs is None and phase.steps is None:
            if options.phases and len(options.phases) > 1:
                raise UserError(f"{where}: how long? Give epochs or steps.")
            epochs = options.epochs
        rate = phase.learning_rate or options.learning_rate
        result.append(Stretch(trainable, epochs, phase.steps, rate))
    return result


def _check(pattern: str, names: list[str], where: str) -> None:
    try:
        found = any(matches(pattern, name) for name in names)
    except re.error as error:
        raise UserError(f"{where}: '{pattern}' is no regular expression: {error}.") from None
    if not found:
        raise UserError(
            f"{where}: '{pattern}' matches no weight.{nearest(pattern, names)}"
            f" The weights are: {', '.join(names)}."
        )
