"""Whether a probability means what it says: temperature, reliability, coverage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar

from hier_rnn.metrics.scores import negative_log_likelihood

BINS = 15
COVERAGE_POINTS = 101
# Where validation examples are all right or all wrong, likelihood wants a temperature of zero or
# infinity; these bounds keep probabilities usable.
TEMPERATURES = (0.1, 10.0)


class Bin(NamedTuple):
    """Examples whose confidence lies in (low, high]: how sure they are, how often right."""

    low: float
    high: float
    confidence: float
    accuracy: float
    examples: int


class Coverage(NamedTuple):
    """Answering only from `threshold` up answers this share of examples, this often right."""

    threshold: float
    coverage: float
    accuracy: float


@dataclass(frozen=True)
class Calibration:
    """Calibration of probabilities at a temperature, beside that of the raw ones."""

    temperature: float
    loss: float
    expected_calibration_error: float
    uncalibrated_error: float
    bins: tuple[Bin, ...]
    coverage: tuple[Coverage, ...]


def fit_temperature(logits: np.ndarray, targets: np.ndarray) -> float:
    """Returns the temperature that makes the targets most likely (Guo et al. 2017).

    Args:
        logits: Validation logits, `(examples, classes)`.
        targets: True class indices, `(examples,)`.
    """
    fit = minimize_scalar(
        lambda log: negative_log_likelihood(targets, logits, np.exp(log)),
        bounds=tuple(np.log(TEMPERATURES)),
        method="bounded",
    )
    return float(np.exp(fit.x))


def calibrate(
    confidence: np.ndarray,
    uncalibrated: np.ndarray,
    correct: np.ndarray,
    loss: float,
    temperature: float,
) -> Calibration:
    """Measures how far confidences can be believed.

    Args:
        confidence: Probability of each example's predicted class at the temperature, `(examples,)`.
        uncalibrated: The same at temperature 1, `(examples,)`.
        correct: Whether each prediction is right, `(examples,)`.
        loss: Mean loss at the temperature.
        temperature: What the run divides its logits by.
    """
    bins = reliability(confidence, correct)
    return Calibration(
        temperature=temperature,
        loss=loss,
        expected_calibration_error=expected_calibration_error(bins),
        uncalibrated_error=expected_calibration_error(reliability(uncalibrated, correct)),
        bins=bins,
        coverage=coverage_accuracy(confidence, correct),
    )


def reliability(confidence: np.ndarray, correct: np.ndarray, bins: int = BINS) -> tuple[Bin, ...]:
    """Groups examples by confidence into equally wide bins, empty ones left out.

    Args:
        confidence: Probability of the predicted class, `(examples,)`.
        correct: Whether the prediction is right, `(examples,)`.
        bins: How many bins between 0 and 1.
    """
    index = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    counts = np.bincount(index, minlength=bins)
    confidence_sums = np.bincount(index, weights=confidence, minlength=bins)
    hits = np.bincount(index, weights=correct, minlength=bins)
    return tuple(
        Bin(
            i / bins,
            (i + 1) / bins,
            float(confidence_sums[i] / counts[i]),
            float(hits[i] / counts[i]),
            int(counts[i]),
        )
        for i in np.flatnonzero(counts)
    )


def expected_calibration_error(bins: tuple[Bin, ...]) -> float:
    """Returns the mean gap between confidence and accuracy over examples (Naeini et al. 2015)."""
    examples = sum(bin.examples for bin in bins)
    return sum(bin.examples * abs(bin.confidence - bin.accuracy) for bin in bins) / examples


def coverage_accuracy(
    confidence: np.ndarray, correct: np.ndarray, points: int = COVERAGE_POINTS
) -> tuple[Coverage, ...]:
    """Returns what refusing to answer below a confidence buys, surest first.

    Args:
        confidence: Probability of the predicted class, `(examples,)`.
        correct: Whether the prediction is right, `(examples,)`.
        points: At most this many points of the curve.
    """
    order = np.argsort(-confidence, kind="stable")
    sorted_confidence = confidence[order]
    hits = np.cumsum(correct[order])
    # A threshold answers every example of its confidence, so ties end together.
    ends = np.flatnonzero(np.diff(sorted_confidence, append=-1.0))
    if len(ends) > points:
        ends = ends[np.linspace(0, len(ends) - 1, points).round().astype(int)]
    return tuple(
        Coverage(
            float(sorted_confidence[end]),
            float((end + 1) / len(confidence)),
            float(hits[end] / (end + 1)),
        )
        for end in ends
    )
