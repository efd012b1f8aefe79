"""Phases: which weights train when, and how fast."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from hier_rnn.configuration.options import (
    CHARACTER_ENCODER,
    SENTENCE_ENCODER,
    Configuration,
    Phase,
    Training,
)
from hier_rnn.errors import UserError
from hier_rnn.initializers.patterns import matches, matching

ENCODER = CHARACTER_ENCODER


class ResolvedPhase(NamedTuple):
    """A phase with its patterns resolved: it ends after `epochs` or after `steps`."""

    trainable: tuple[str, ...]
    """Names of the weights that train."""
    epochs: int | None
    steps: int | None
    learning_rate: float


def for_given_encoder(configuration: Configuration) -> Training:
    """Returns the `training` options of a run, with what `data.encoder` adds to them written out.

    What the encoder knows of words that the labelled text lacks would be lost if it moved as fast
    as the rest, or before the rest knows what to ask of it (gradual unfreezing and discriminative
    rates, Howard and Ruder 2018). Its rate comes last, so that a pattern of the user's wins, and
    the user's phases replace these.

    Args:
        configuration: The run's options.
    """
    training = configuration.training
    if not configuration.encoder:
        return training
    factors = {**training.learning_rate_multipliers}
    if SENTENCE_ENCODER in configuration.transferred:
        rate = training.sentence_encoder_learning_rate_multiplier
        factors.setdefault(SENTENCE_ENCODER, rate)
    if ENCODER not in configuration.transferred:
        return training.model_copy(update={"learning_rate_multipliers": factors})
    factors.setdefault(ENCODER, training.encoder_learning_rate_multiplier)
    phases = training.phases
    frozen = round(training.frozen_encoder_share * training.epochs)
    moves = training.encoder_learning_rate_multiplier and not training.freeze_encoder
    if frozen and moves and not phases:
        phases = (Phase(freeze=(ENCODER,), epochs=frozen),)
        if training.epochs > frozen:
            phases = (*phases, Phase(epochs=training.epochs - frozen))
    return training.model_copy(update={"learning_rate_multipliers": factors, "phases": phases})


def multiplier(name: str, multipliers: Mapping[str, float]) -> float:
    """Returns the learning-rate factor of a weight; the first pattern that matches decides."""
    return next((factor for p, factor in multipliers.items() if matches(p, name)), 1.0)


def resolve_phases(options: Training, names: Iterable[str]) -> list[ResolvedPhase]:
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
        freeze = (*phase.freeze, ENCODER) if options.freeze_encoder else phase.freeze
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
        result.append(ResolvedPhase(trainable, epochs, phase.steps, rate))
    return result
