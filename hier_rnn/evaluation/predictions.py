"""Every prediction of an evaluation: one line of JSON for each, written as it is made."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import IO, Any

import numpy as np

from hier_rnn.decisions.decision import Decision
from hier_rnn.sources.example import Example


def prediction_writer(
    file: IO[str], run: str, labels: Sequence[str], decision: Decision
) -> Callable[[Example, np.ndarray], None]:
    """Returns a function that writes an example and its logits as a line.

    Args:
        file: Where to.
        run: The run's name, which every line bears.
        labels: Name of each class.
        decision: What the run makes of logits.
    """

    def write(example: Example, logits: np.ndarray) -> None:
        values = decision.probabilities(logits.astype(np.float64))
        line: dict[str, Any] = {"run": run, "where": example.where, "text": example.text}
        if decision.thresholds is None:
            best = int(values.argmax())
            line |= {
                "label": example.label,
                "predicted": labels[best],
                "correct": example.label == labels[best],
                "probability": round(float(values[best]), 6),
            }
        else:
            # In the precision of the run's own answers: what is on a threshold is so in both.
            predicted = [labels[i] for i in decision.given(decision.probabilities(logits))]
            line |= {
                "labels": list(example.labels),
                "predicted": predicted,
                "correct": set(example.labels) == set(predicted),
            }
        line |= {
            "probabilities": {
                label: round(float(value), 6) for label, value in zip(labels, values, strict=True)
            },
        }
        # ASCII only: a text may hold lone surrogates, which UTF-8 cannot.
        file.write(json.dumps(line) + "\n")

    return write
