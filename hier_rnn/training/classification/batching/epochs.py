"""How long an epoch is, and how many there are: decided by how much training data there is."""

from __future__ import annotations

from collections.abc import Sequence

from hier_rnn.configuration.options import Training
from hier_rnn.training.phases import ResolvedPhase


def sentences_per_batch(options: Training, words_per_sentence: float) -> float:
    """Returns how many sentences a batch has, more or less.

    Args:
        options: The `training` options.
        words_per_sentence: On average.
    """
    if options.batch_by == "words":
        return max(1, options.batch_size / max(1, words_per_sentence))
    return options.batch_size


def passes_per_epoch(options: Training, examples: int, words_per_sentence: float) -> int:
    """Returns how often an epoch passes over the data (`training.minimum_steps_per_epoch`).

    Few examples make few steps per pass: too few for the weights to get anywhere in all epochs, and
    for one validation to tell more than the last.

    Args:
        options: The `training` options.
        examples: Sentences of the training data.
        words_per_sentence: On average.
    """
    steps = max(1, examples / sentences_per_batch(options, words_per_sentence))
    return max(1, round(options.minimum_steps_per_epoch / steps))


def epochs_of_run(options: Training, examples: int, words_per_sentence: float) -> int:
    """Returns `training.epochs`, or fewer where they were more steps than `maximum_steps`.

    A pass over much training data has steps enough for the weights to get far. Arguments as
    `passes_per_epoch`.
    """
    if not options.maximum_steps:
        return options.epochs
    passes = passes_per_epoch(options, examples, words_per_sentence)
    steps = passes * examples / sentences_per_batch(options, words_per_sentence)
    return min(options.epochs, max(1, round(options.maximum_steps / steps)))


def expected_sentences(
    phases: Sequence[ResolvedPhase], options: Training, epoch: int, words_per_sentence: float
) -> int:
    """Returns how many sentences will be trained on if no phase stalls, more or less.

    Args:
        phases: The phases.
        options: The `training` options.
        epoch: Sentences of an epoch.
        words_per_sentence: On average.
    """
    size = sentences_per_batch(options, words_per_sentence)
    return sum(
        round((phase.steps or 0) * size) if phase.epochs is None else phase.epochs * epoch
        for phase in phases
    )
