"""What there is to learn of a text: the protocol `Task`, of one label or of several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeAlias

import numpy as np
import tensorflow as tf

from hier_rnn.decisions.decision import Decision
from hier_rnn.sources.example import Example

Target: TypeAlias = "int | tuple[int, ...]"
"""The class of a text, or the classes."""


class Task(Protocol):
    """From labels to targets, and what is made of logits: loss, metrics, decision."""

    signature: tf.TensorSpec
    """Of the targets of a batch."""

    def target(self, example: Example) -> Target:
        """Returns the target of an example."""
        ...

    def batch(self, targets: Sequence[Target]) -> Sequence[int] | np.ndarray:
        """Returns the targets of a batch's sentences as `signature` has them."""
        ...

    def read(self, examples: Iterable[Example], name: str) -> np.ndarray:
        """Reads the targets of all examples, once, `(examples, ...)`.

        Args:
            examples: Labelled examples.
            name: What to call them in an error.

        Raises:
            UserError: There are no examples, or labels that training never saw.
        """
        ...

    def loss(self, logits: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """Returns the mean loss of a batch's sentences, float32 `()`.

        Args:
            logits: `(sentences, classes)`.
            targets: As `signature`.
        """
        ...

    def metrics(self, targets: np.ndarray, logits: np.ndarray) -> Mapping[str, float]:
        """Returns the metrics on the validation data, as `metrics.jsonl` names them.

        Args:
            targets: As `read` returns them.
            logits: `(examples, classes)`.
        """
        ...

    def decision(self, targets: np.ndarray, logits: np.ndarray) -> Decision:
        """Returns what to make of logits, chosen on the validation data; as `metrics`."""
        ...
