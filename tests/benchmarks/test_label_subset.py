"""Parts of a labelled source."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.label_subset import subset, write_subset
from hier_rnn.sources.example import Example
from hier_rnn.sources.source import open_source

SIZES = {"common": 60, "some": 30, "rare": 10, "single": 1}
EXAMPLES = [
    Example(label, f"{label} {number}", "")
    for label, size in SIZES.items()
    for number in range(size)
]


def count(examples: list[Example]) -> Counter:
    return Counter(example.label for example in examples)


@pytest.mark.parametrize("number", [4, 5, 11, 50, 100, 101])
def test_so_many_and_every_class_in_proportion(number):
    found = count(subset(EXAMPLES, number, seed=3))
    assert found.total() == number
    for label, size in SIZES.items():
        assert found[label] >= 1
        assert abs(found[label] - number * size / len(EXAMPLES)) <= 2


def test_larger_ones_hold_smaller_ones_and_the_seed_decides():
    small, large = (subset(EXAMPLES, number, seed=3) for number in (10, 40))
    assert set(small) < set(large)
    assert [example for example in EXAMPLES if example in set(large)] == large
    assert subset(EXAMPLES, 10, seed=3) == small
    assert set(subset(EXAMPLES, 10, seed=4)) != set(small)


def test_what_is_written_is_read_again(tmp_path):
    odd = [Example("a\tb", " tab\there,  and\nthere", ""), Example("c", "", "")]
    path = write_subset(tmp_path / "new" / "labels.tsv", odd)
    assert [(e.label, e.text) for e in open_source(path)] == [
        ("a b", "tab here, and there"),
        ("c", ""),
    ]
