"""Every prediction of an evaluation: one line of JSON for each, written as it is made."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import IO

import numpy as np

from hier_rnn.metrics.probabilities import probabilities
from hier_rnn.sources.example import Example


def prediction_writer(
    file: IO[str], run: str, labels: Sequence[str], temperature: float
) -> Callable[[Example, np.ndarray], None]:
    """Returns a function that writes an example and its logits as a line.

    Args:
        file: Where to.
        run: The run's name, which every line bears.
        labels: Name of each class.
        temperature: What the run divides its logits by.
    """

    def write(example: Example, logits: np.ndarray) -> None:
        values = probabilities(logits, temperature)
        best = int(values.argmax())
        line = {
            "run": run,
            "where": example.where,
            "text": example.text,
            "label": example.label,
            "predicted": labels[best],
            "correct": example.label == labels[best],
            "probability": round(float(values[best]), 6),
            "probabilities": {
                label: round(float(value), 6) for label, value in zip(labels, values, strict=True)
            },
        }
        # ASCII only: a text may hold lone surrogates, which UTF-8 cannot.
        file.write(json.dumps(line) + "\n")

    return write
