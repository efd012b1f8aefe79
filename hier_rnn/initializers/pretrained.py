"""The `pretrained` initializer: a weight of a run or encoder directory, copied by name."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from hier_rnn.errors import UserError, nearest
from hier_rnn.initializers.initializer import Block, Initializer
from hier_rnn.initializers.standard import RandomUniform
from hier_rnn.storage.encoder_directory import EncoderDirectory, find_directory
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.text.alphabet import FIRST_CHARACTER


class Pretrained(Initializer):
    """The weight of the same name, and of it the same gate, in a run or encoder directory.

    Of the character embedding, rows are copied by character: the two alphabets may differ. A
    character that the directory's alphabet lacks starts as by default.
    """

    name: ClassVar[str] = "pretrained"
    path: str = Field(min_length=1, description="run or encoder directory")

    def draw(self, block: Block) -> np.ndarray:
        directory = find_directory(self.path)
        stored = _stored_weight(directory, block.weight)
        if block.weight.endswith("/embedding"):
            stored = self._by_character(block, stored, directory)
        if stored.shape != block.weight_shape:
            raise UserError(
                f"{directory.weights}: '{block.weight}' has shape {stored.shape}, but this"
                f" model's has {block.weight_shape}."
            )
        return stored[block.index]

    def _by_character(
        self, block: Block, stored: np.ndarray, directory: RunDirectory | EncoderDirectory
    ) -> np.ndarray:
        if block.alphabet is None:
            raise ValueError("a pretrained embedding needs the alphabet of the model to fill")
        theirs = directory.read_alphabet()
        if stored.shape != (theirs.size, *block.shape[1:]):
            raise UserError(
                f"{directory.weights}: '{block.weight}' has shape {stored.shape}, but with"
                f" {directory.alphabet} and this model's embedding_dim it must be"
                f" {(theirs.size, *block.shape[1:])}."
            )
        rows = np.array(theirs.ids("".join(block.alphabet.characters)), int)
        values = np.array(DEFAULT_EMBEDDING.draw(block), stored.dtype)
        values[:FIRST_CHARACTER] = stored[:FIRST_CHARACTER]  # unknown, begin, end
        values[FIRST_CHARACTER:][rows >= FIRST_CHARACTER] = stored[rows[rows >= FIRST_CHARACTER]]
        return values


def _stored_weight(directory: RunDirectory | EncoderDirectory, name: str) -> np.ndarray:
    """Returns one weight of a run or encoder directory.

    Raises:
        UserError: A damaged weights file, or no such weight in it.
    """
    weights = directory.read_weights()
    if name not in weights:
        raise UserError(
            f"{directory.weights}: has no weight '{name}'.{nearest(name, weights)}"
            f" It has: {', '.join(weights)}."
        )
    return weights[name]


# Deviation 0.58: an input's pre-activations start as large as a state's.
DEFAULT_EMBEDDING = RandomUniform(minval=-1.0, maxval=1.0)
