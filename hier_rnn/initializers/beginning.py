"""What an encoder's weights started from, as an encoder directory records it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hier_rnn.configuration.options import CHARACTER_ENCODER, Configuration
from hier_rnn.initializers.rules import resolve, rules_deciding


def encoder_beginning(
    configuration: Configuration,
    weights: Mapping[str, np.ndarray],
    parts: Sequence[str] = (CHARACTER_ENCODER,),
) -> dict[str, Any]:
    """Returns the rules that decided an encoder's first weights, and the encoder it went on from.

    Args:
        configuration: The options of its training.
        weights: All weights by name.
        parts: The parts of the model that the encoder has. Default: the character encoder.
    """
    rules, encoder = configuration.initializers.rules, configuration.encoder
    shapes = {name: np.shape(values) for name, values in weights.items()}
    decisions = resolve(shapes, rules, encoder, configuration.transferred)
    own = [d for name, d in decisions.items() if name.partition("/")[0] in parts]
    used = [rule.model_dump(exclude_defaults=True) for rule in rules_deciding(own, rules)]
    return {"initializers": used, "encoder": encoder, "transfer": configuration.data.transfer}
