from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from sklearn.metrics import f1_score

from hier_rnn.metrics.bootstrap import bootstrap, mcnemar, paired_bootstrap


@pytest.fixture
def outcomes():
    generator = np.random.default_rng(5)
    targets = generator.integers(4, size=200)
    first = np.where(generator.random(200) < 0.7, targets, generator.integers(4, size=200))
    second = np.where(generator.random(200) < 0.9, targets, generator.integers(4, size=200))
    return targets, first, second


def resampled(targets, statistic, draws=3000):
    generator = np.random.default_rng(0)
    values = [statistic(generator.integers(len(targets), size=len(targets))) for _ in range(draws)]
    return np.quantile(values, [0.025, 0.975])


def test_intervals_are_those_of_resampling_examples(outcomes):
    targets, predictions, _ = outcomes
    accuracy, macro_f1, _ = bootstrap(targets, predictions, seed=1)
    assert accuracy.value == pytest.approx(np.mean(targets == predictions))
    expected = resampled(targets, lambda i: np.mean(targets[i] == predictions[i]))
    assert (accuracy.low, accuracy.high) == pytest.approx(expected, abs=0.011)
    assert macro_f1.value == pytest.approx(f1_score(targets, predictions, average="macro"))
    expected = resampled(
        targets, lambda i: f1_score(targets[i], predictions[i], average="macro"), draws=300
    )
    assert (macro_f1.low, macro_f1.high) == pytest.approx(expected, abs=0.025)


def test_paired_intervals_are_those_of_resampling_examples(outcomes):
    targets, first, second = outcomes
    accuracy, macro_f1, _ = paired_bootstrap(targets, first, second, seed=1)
    gains = (second == targets).astype(float) - (first == targets)
    assert accuracy.value == pytest.approx(gains.mean())
    expected = resampled(targets, lambda i: gains[i].mean())
    assert (accuracy.low, accuracy.high) == pytest.approx(expected, abs=0.011)
    difference = f1_score(targets, second, average="macro") - f1_score(
        targets, first, average="macro"
    )
    assert macro_f1.value == pytest.approx(difference)


def test_seed_resamples_and_level_decide(outcomes):
    targets, first, _ = outcomes
    usual = bootstrap(targets, first, seed=1)
    assert bootstrap(targets, first, seed=1) == usual
    assert bootstrap(targets, first, seed=2) != usual
    assert bootstrap(targets, first, seed=1, resamples=50) != usual
    narrow = bootstrap(targets, first, seed=1, level=0.5).accuracy
    assert narrow.high - narrow.low < usual.accuracy.high - usual.accuracy.low


def test_equal_classifiers_do_not_differ(outcomes):
    targets, first, _ = outcomes
    assert paired_bootstrap(targets, first, first, seed=0).accuracy == (0, 0, 0)
    assert mcnemar(targets, first, first) == (0, 0, 1.0)


def test_a_perfect_classifier_has_no_doubt():
    targets = np.array([0, 1, 1])
    assert bootstrap(targets, targets, seed=0).accuracy == (1, 1, 1)


def test_mcnemar_is_the_exact_binomial_test():
    targets = np.zeros(20, int)
    first = np.array([0] * 10 + [1] * 8 + [0] * 2)
    second = np.array([0] * 18 + [1] * 2)
    only_first, only_second, p = mcnemar(targets, first, second)
    assert (only_first, only_second) == (2, 8)
    assert p == pytest.approx(2 * (1 + 10 + 45) / 2**10)  # two tails of ten fair coins


def test_very_many_classes_take_no_dense_matrix():
    """614c248 allocates examples times classes numbers, three times."""
    generator = np.random.default_rng(0)
    targets, predictions = generator.integers(20_000, size=(2, 5000))
    tracemalloc.start()
    macro_f1 = bootstrap(targets, predictions, seed=0, resamples=100).macro_f1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6
    assert macro_f1.value == pytest.approx(f1_score(targets, predictions, average="macro"))
