"""What every model is given: the sizes, the characters, the first weights, the threads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hier_rnn.configuration.options import Configuration
from hier_rnn.initializers.rules import initialize
from hier_rnn.model.weight_specs import weight_shapes
from hier_rnn.text.alphabet import Alphabet

Batch = list[tuple[str, int]]
"""Texts with the numbers of their labels."""

ADAM_BETA_2, ADAM_EPSILON = 0.999, 1e-7  # hier_rnn's


@dataclass(frozen=True)
class Task:
    """The same for all models."""

    configuration: Configuration
    """hier_rnn's options; other models take the sizes from them."""
    alphabet: Alphabet
    classes: int
    weights: dict[str, np.ndarray]
    """The first weights by hier_rnn's names, so that all models start as the same function."""
    threads: int
    words_axis: int
    """For a model whose graph has a static words axis: words it reads of a sentence at most."""
    inference_sentences: int
    """Sentences in a batch at inference (hier_rnn decides for itself)."""


def configuration(
    embedding: int, units: int, sentence_units: int, learning_rate: float, marks: bool
) -> Configuration:
    """Returns the options of the model that everything is compared on: no dropout, plain Adam.

    Args:
        embedding: Width of a character's embedding.
        units: Width of the character GRU.
        sentence_units: Width of the LSTM, each direction.
        learning_rate: Adam's.
        marks: Whether words are read with a begin and an end mark.
    """
    return Configuration.model_validate(
        {
            "text": {"boundary_marks": marks, "minimum_character_count": 1},
            "character_encoder": {"embedding_dim": embedding, "units": units},
            "sentence_encoder": {
                "units": sentence_units,
                "pooling": "last",
                "input_dropout": 0.0,
                "dropout": 0.0,
            },
            "head": {"dropout": 0.0},
            "training": {
                "learning_rate": learning_rate,
                "weight_decay": 0.0,
                "clip_norm": 0.0,
                "schedule": "constant",
                "label_smoothing": 0.0,
                "moving_average": 0.0,
            },
        }
    )


def as_shipped(plain: Configuration) -> Configuration:
    """Returns the options that a user has who gives none, at these sizes.

    Words are misspelled, have boundary marks, are dropped out of; weights decay, gradients are
    clipped, weights are averaged.

    Args:
        plain: Has the sizes.
    """
    return Configuration.model_validate(
        {
            "text": {"minimum_character_count": 1},
            "character_encoder": plain.character_encoder.model_dump(),
            "sentence_encoder": {"units": plain.sentence_encoder.units},
            "training": {"learning_rate": plain.training.learning_rate},
        }
    )


def first_weights(
    options: Configuration, alphabet: Alphabet, classes: int, seed: int
) -> dict[str, np.ndarray]:
    """Returns hier_rnn's first weights.

    Args:
        options: The options.
        alphabet: The characters.
        classes: How many labels there are.
        seed: Decides the values.
    """
    return initialize(weight_shapes(options, alphabet.size, classes), (), seed, alphabet)
