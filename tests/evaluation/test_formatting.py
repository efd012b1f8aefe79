from __future__ import annotations

from hier_rnn.evaluation.formatting import p_value, percent_interval, points_interval
from hier_rnn.metrics.bootstrap import Interval
from hier_rnn.sources.example import shortened


def test_small_p_values_are_not_zero():
    assert p_value(0.0001) == "< 0.001"
    assert p_value(0.0312) == "0.031"


def test_intervals_are_in_percent_and_points():
    assert percent_interval(Interval(0.8412, 0.8187, 0.8625)) == "84.1 (81.9 to 86.2)"
    assert points_interval(Interval(0.012, -0.003, 0.026)) == "+1.2 (-0.3 to +2.6)"


def test_long_texts_are_cut_on_one_line():
    assert shortened("a\n b\t c") == "a b c"
    assert shortened("x" * 300, 10) == "x" * 9 + "…"
