"""Initializers made for recurrent networks: `uniform_unit_scaling` and `chrono`."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from pydantic import Field

from hier_rnn.initializers.initializer import Block, Random


class UniformUnitScaling(Random):
    """Uniform within `factor * sqrt(3 / inputs)`: keeps the scale of what it multiplies.

    TensorFlow 1's default for RNN cells (Sussillo and Abbott 2014, "Random walk initialization").
    `inputs` is the product of all axes but the last; a vector has 1, as in TensorFlow.
    """

    name: ClassVar[str] = "uniform_unit_scaling"
    factor: float = Field(1.0, gt=0, description="factor, about 1.15 before a tanh")

    def draw(self, block: Block) -> np.ndarray:
        limit = self.factor * math.sqrt(3 / math.prod(block.shape[:-1]))
        return self.stream(block).uniform(-limit, limit, block.shape)


class Chrono(Random):
    """Biases of an LSTM's forget and input gates that spread its memory over spans of time.

    Forget biases are `log(U(1, maximum - 1))` and input biases their negatives, unit by unit
    (Tallec and Ollivier 2018, "Can recurrent neural networks warp time?"). The other gates are
    left to the rules that follow.
    """

    name: ClassVar[str] = "chrono"
    gates: ClassVar[frozenset[str]] = frozenset({"forget", "input"})
    maximum: float = Field(gt=2, description="longest span to remember, in words")

    def shape_problem(self, weight: str, shape: tuple[int, ...]) -> str:
        return "" if weight.endswith("/bias") else "it is for the biases of LSTMs"

    def draw(self, block: Block) -> np.ndarray:
        # Both gates read the forget gate's stream: a unit that forgets slowly takes in slowly.
        spans = block.stream(self.seed, gate="forget").uniform(1, self.maximum - 1, block.shape)
        return np.log(spans) if block.gate == "forget" else -np.log(spans)
