from __future__ import annotations

import numpy as np
import pytest

from benchmarks.measure import alternate, peak_memory, summary


def test_turns_alternate_and_every_round_begins_with_another():
    order = []
    turns = {name: lambda name=name: order.append(name) or len(order) for name in "abc"}
    results = alternate(turns, rounds=3)
    assert "".join(order) == "abcbcacab"
    assert results == {"a": [1, 6, 8], "b": [2, 4, 9], "c": [3, 5, 7]}


def test_ratios_are_within_a_round():
    # The second round was slow for both.
    result = summary({"ours": [100.0, 10.0, 100.0], "theirs": [20.0, 2.0, 50.0]}, "ours")
    assert result["theirs"] == {
        "runs": [20.0, 2.0, 50.0],
        "median": 20.0,
        "reference_is_faster_by": 5.0,
    }
    assert result["ours"]["reference_is_faster_by"] == 1


@pytest.mark.slow
def test_peak_memory_sees_what_is_gone_at_the_end():
    size = 64 << 20
    peak = peak_memory(lambda: np.ones(size // 8).sum())
    again = peak_memory(lambda: None)
    assert peak is None or size * 0.9 < peak < size * 1.5
    assert again is None or again < size * 0.2
