"""Phases: which weights train when, and how fast."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from hier_rnn.configuration.options import Configuration, Phase, Training
from hier_rnn.errors import UserError
from hier_rnn.initializers.patterns import matches, matching


class Stretch(NamedTuple):
    """A phase, resolved: it ends after `epochs` or after `steps`."""

    trainable: tuple[str, ...]
    """Names of the weights that train."""
    epochs: int | None
    steps: int | None
    learning_rate: float


def with_encoder_rate(configuration: Configuration) -> Training:
    """Returns the `training` options of a run, `encoder_rate` among the multipliers.

    It comes last, so that a pattern of the user's wins, and only with `--encoder`: what it knows of
    words that the labelled text lacks would be lost otherwise.

    Args:
        configuration: The run's options.
    """
    training = configuration.training
    if not configuration.data.encoder:
        return training
    factors = {**training.learning_rate_multipliers}
    factors.setdefault("character_encoder", training.encoder_rate)
    return training.model_copy(update={"learning_rate_multipliers": factors})


def multiplier(name: str, multipliers: Mapping[str, float]) -> float:
    """Returns the learning-rate factor of a weight; the first pattern that matches decides."""
    return next((factor for p, factor in multipliers.items() if matches(p, name)), 1.0)


def stretches(options: Training, names: Iterable[str]) -> list[Stretch]:
    """Returns the phases of a run: those given, or one in which everything trains.

    A phase without a length has `training.epochs`. A weight with the learning-rate factor 0 is
    frozen.

    Args:
        options: The `training` options.
        names: Every weight's name.

    Raises:
        UserError: A pattern that is no regular expression or matches no weight, a phase in which
            nothing trains or that has two lengths.
    """
    names = list(names)
    factors = options.learning_rate_multipliers
    for pattern in factors:
        matching(pattern, names, "training.learning_rate_multipliers")
    moving = [name for name in names if multiplier(name, factors) != 0]
    result = []
    for number, phase in enumerate(options.phases or (Phase(),), 1):
        where = f"training.phases, phase {number}"
        for pattern in (*phase.train, *phase.freeze):
            matching(pattern, names, where)
        freeze = (*phase.freeze, "character_encoder") if options.freeze_encoder else phase.freeze
        trainable = tuple(
            name
            for name in moving
            if any(matches(pattern, name) for pattern in phase.train)
            and not any(matches(pattern, name) for pattern in freeze)
        )
        if not trainable:
            raise UserError(f"{where}: no weight trains. The weights are: {', '.join(names)}.")
        if phase.epochs and phase.steps:
            raise UserError(f"{where}: received epochs and steps; give one of them.")
        epochs = None if phase.steps else phase.epochs or options.epochs
        rate = phase.learning_rate or options.learning_rate
        result.append(Stretch(trainable, epochs, phase.steps, rate))
    return result
