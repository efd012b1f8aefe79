from __future__ import annotations

import numpy as np
import pytest

from hier_rnn.decisions.one_label import OneLabel
from hier_rnn.metrics.calibration import (
    TEMPERATURES,
    calibrate,
    coverage_accuracy,
    expected_calibration_error,
    fit_temperature,
    reliability,
)
from hier_rnn.metrics.scores import negative_log_likelihood


def drawn(temperature: float, count: int = 6000):
    """Labels drawn from the logits' own probabilities, then logits made too sure."""
    generator = np.random.default_rng(3)
    logits = generator.normal(scale=1.5, size=(count, 4))
    chances = OneLabel().probabilities(logits)
    targets = np.array([generator.choice(4, p=row) for row in chances])
    return (logits * temperature).astype(np.float32), targets


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_temperature_is_found_and_makes_confidence_believable(temperature):
    logits, targets = drawn(temperature)
    fitted = fit_temperature(logits[:3000], targets[:3000])
    assert fitted == pytest.approx(temperature, rel=0.1)
    logits, targets = logits[3000:], targets[3000:]
    held_out = calibrate(
        OneLabel(fitted).probabilities(logits).max(1),
        OneLabel().probabilities(logits).max(1),
        logits.argmax(1) == targets,
        negative_log_likelihood(targets, logits, fitted),
        fitted,
    )
    assert held_out.expected_calibration_error < 0.03
    if temperature != 1.0:
        assert held_out.expected_calibration_error < held_out.uncalibrated_error / 2
        assert held_out.loss < negative_log_likelihood(targets, logits)


def test_temperature_stays_in_bounds_where_all_is_right():
    logits = np.eye(3, dtype=np.float32) * 5
    low, high = TEMPERATURES
    assert low <= fit_temperature(logits, np.arange(3)) < 1
    assert 1 < fit_temperature(logits, np.array([1, 2, 0])) <= high


def test_temperature_changes_no_prediction():
    logits, _ = drawn(1.0, 50)
    assert (OneLabel(4.0).probabilities(logits).argmax(1) == logits.argmax(1)).all()
    assert (
        OneLabel(4.0).probabilities(logits).max(1) <= OneLabel().probabilities(logits).max(1)
    ).all()


def test_reliability_counts_every_example_once():
    confidence = np.array([0.2, 0.5, 0.51, 1.0, 0.99])
    correct = np.array([False, True, True, True, False])
    bins = reliability(confidence, correct, bins=2)
    assert [(bin.low, bin.high, bin.examples) for bin in bins] == [(0, 0.5, 2), (0.5, 1, 3)]
    assert bins[0].accuracy == 0.5
    assert bins[0].confidence == pytest.approx(0.35)
    gap = (2 * abs(0.5 - 0.35) + 3 * abs(2 / 3 - 2.5 / 3)) / 5
    assert expected_calibration_error(bins) == pytest.approx(gap)


def test_coverage_answers_the_surest_first_and_ties_together():
    confidence = np.array([0.9, 0.8, 0.8, 0.6])
    correct = np.array([True, True, False, False])
    points = coverage_accuracy(confidence, correct)
    assert [(p.threshold, p.coverage) for p in points] == [(0.9, 0.25), (0.8, 0.75), (0.6, 1.0)]
    assert [p.accuracy for p in points] == pytest.approx([1, 2 / 3, 0.5])


def test_coverage_is_thinned_with_its_ends_kept():
    confidence = np.linspace(0.5, 1, 1000)
    points = coverage_accuracy(confidence, np.ones(1000, bool), points=11)
    assert len(points) == 11
    assert points[0].threshold == 1.0
    assert points[-1].coverage == 1.0
