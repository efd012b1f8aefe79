"""What an initializer is: validated options, and values for one block of a weight.

Every block draws from its own stream, derived from the seed and the block's name alone: two LSTMs
are never copies of each other, and adding or removing a weight changes no other.
"""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pydantic import Field

from hier_rnn.configuration.options import Options
from hier_rnn.initializers.gates import Index, block_shape
from hier_rnn.text.alphabet import Alphabet


@dataclass(frozen=True)
class Block:
    """What an initializer fills at once: a gate of a weight (or a row of it), or all of it.

    Args:
        weight: The weight's name.
        weight_shape: Its whole shape.
        gate: The gate, "" if it has none or is filled as a whole.
        index: Where in the weight the block is.
        seed: The run's seed.
        alphabet: The characters of the embedding's rows, if known.
    """

    weight: str
    weight_shape: tuple[int, ...]
    gate: str
    index: Index
    seed: int
    alphabet: Alphabet | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The block's own shape."""
        return block_shape(self.weight_shape, self.index)

    def stream(self, seed: int | None = None, gate: str | None = None) -> np.random.Generator:
        """Returns this block's stream of random numbers, from its start.

        Args:
            seed: Instead of the run's.
            gate: Instead of the block's own, to share another gate's stream.
        """
        row = self.index[0]
        key = (
            str(self.seed if seed is None else seed),
            self.weight,
            self.gate if gate is None else gate,
            "" if row is ... else str(row),
        )
        digest = hashlib.sha256("\0".join(key).encode()).digest()
        return np.random.default_rng(int.from_bytes(digest, "big"))


class Initializer(Options):
    """An initializer with its options, all validated.

    Attributes:
        name: What rules call it.
        gates: The gates it is for; of any other it decides nothing. None: all, and weights
            without gates.
    """

    name: ClassVar[str]
    gates: ClassVar[frozenset[str] | None] = None

    def shape_problem(self, weight: str, shape: tuple[int, ...]) -> str:
        """Says what this initializer needs that a block does not give; "" if it can fill it.

        Args:
            weight: The weight's name.
            shape: The block's shape.
        """
        return ""

    @abstractmethod
    def draw(self, block: Block) -> np.ndarray:
        """Returns the block's values, of its shape."""

    def __str__(self) -> str:
        chosen = self.model_dump(exclude_unset=True).items()
        shown = (
            (name, f"{value:g}" if isinstance(value, float) else value) for name, value in chosen
        )
        return " ".join([self.name, *(f"{name}={value}" for name, value in shown)])


class Random(Initializer):
    """An initializer that draws."""

    seed: int | None = Field(None, ge=0, description="seed of its own, instead of the run's")

    def stream(self, block: Block) -> np.random.Generator:
        """Returns the stream to draw the block from."""
        return block.stream(self.seed)
