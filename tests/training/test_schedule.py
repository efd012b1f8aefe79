"""The learning rate over a run."""

from __future__ import annotations

import pytest

from hier_rnn.training.schedule import learning_rate


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        ("cosine", [0, 1, 2, 2, 1.707107, 1, 0.292893, 0]),
        ("linear", [0, 1, 2, 2, 1.5, 1, 0.5, 0]),
        ("constant", [0, 1, 2, 2, 2, 2, 2, 2]),
    ],
)
def test_it_rises_in_a_line_then_falls(schedule, rates):
    places = [0, 0.1, 0.19999999, 0.2, 0.4, 0.6, 0.8, 1]
    found = [learning_rate(2.0, place, 0.2, schedule) for place in places]
    assert found == pytest.approx(rates, abs=1e-6)


def test_without_warm_up_it_starts_at_the_peak():
    assert learning_rate(2.0, 0, 0, "cosine") == 2
    assert learning_rate(2.0, 0.5, 0, "linear") == 1


def test_it_may_rise_all_the_way():
    assert learning_rate(2.0, 0.5, 1, "cosine") == 1
    assert learning_rate(2.0, 1, 1, "constant") == 2


def test_it_stays_at_the_end():
    assert learning_rate(2.0, 1.3, 0.1, "cosine") == 0
