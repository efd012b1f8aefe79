"""Numbers as people read them: percent, intervals, p-values."""

from __future__ import annotations

from hier_rnn.metrics.bootstrap import Interval


def percent(share: float) -> str:
    """`0.8412` as `84.1`."""
    return f"{100 * share:.1f}"


def percent_interval(interval: Interval) -> str:
    """`84.1 (81.9 to 86.2)`."""
    return f"{percent(interval.value)} ({percent(interval.low)} to {percent(interval.high)})"


def points_interval(interval: Interval) -> str:
    """A difference in points: `+1.2 (-0.3 to +2.6)`."""
    value, low, high = (f"{100 * number:+.1f}" for number in interval)
    return f"{value} ({low} to {high})"


def p_value(p: float) -> str:
    """A probability that is never rounded to 0."""
    return f"{p:.3f}" if p >= 0.001 else "< 0.001"
