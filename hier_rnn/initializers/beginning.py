"""What an encoder's weights started from, as an encoder directory records it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hier_rnn.configuration.options import Configuration
from hier_rnn.initializers.rules import resolve, rules_deciding


def encoder_beginning(
    configuration: Configuration, weights: Mapping[str, np.ndarray]
) -> dict[str, Any]:
    """Returns the rules that decided an encoder's first weights, and the encoder it went on from.

    Args:
        configuration: The options of its training.
        weights: All weights by name.
    """
    rules, encoder = configuration.initializers.rules, configuration.data.encoder
    shapes = {name: np.shape(values) for name, values in weights.items()}
    decisions = resolve(shapes, rules, encoder)
    encoder_decisions = [
        d for name, d in decisions.items() if name.startswith("character_encoder/")
    ]
    used = [
        rule.model_dump(exclude_defaults=True) for rule in rules_deciding(encoder_decisions, rules)
    ]
    return {"initializers": used, "encoder": encoder}
