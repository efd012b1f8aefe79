"""Folds: each example held out once, classes in proportion."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hier_rnn.errors import UserError
from hier_rnn.sources.example import Example, Source
from hier_rnn.sources.sampling.folds import stratified_folds


def source(labels: list[str]) -> Source:
    examples = [Example(label, f"text {row}", f"x:{row}") for row, label in enumerate(labels)]
    return Source("x", lambda: iter(examples))


@given(
    st.lists(st.sampled_from("abc"), min_size=12, max_size=60),
    st.integers(2, 5),
    st.integers(0, 9),
)
def test_each_example_is_held_out_once_and_classes_are_in_proportion(labels, count, seed):
    labels = [*labels, *"aabbcc"]
    folds = stratified_folds(source(labels), count, seed, leave_out_singles=False)
    seen = []
    for fold in range(count):
        held, rest = list(folds.held_out(fold)), list(folds.rest(fold))
        assert len(held) + len(rest) == len(labels)
        assert {example.label for example in rest} == set(labels)
        seen += [example.where for example in held]
    assert sorted(seen) == sorted(f"x:{row}" for row in range(len(labels)))
    for label in "abc":
        sizes = np.bincount(folds.of[np.array(labels) == label], minlength=count)
        assert sizes.max() - sizes.min() <= 1
    sizes = np.bincount(folds.of, minlength=count)
    assert sizes.max() - sizes.min() <= 1


def test_the_seed_decides():
    labels = list("ab" * 50)
    first, again, other = (
        stratified_folds(source(labels), 5, seed, leave_out_singles=False).of for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_class_of_one_example_is_refused_or_left_out():
    labels = [*"aabb", "c"]
    with pytest.raises(UserError, match=r"1 of 3 classes have one example.*'c' at x:4"):
        stratified_folds(source(labels), 2, 0, leave_out_singles=False)
    folds = stratified_folds(source(labels), 2, 0, leave_out_singles=True)
    assert len(folds.of) == 4
    assert folds.left_out == 1
    assert {e.label for e in folds.source} == {"a", "b"}


def test_too_few_examples_and_a_source_that_changes():
    with pytest.raises(UserError, match="can't be cut into 5 folds"):
        stratified_folds(source(list("aabb")), 5, 0, leave_out_singles=False)
    rows = [Example("a", "t", f"x:{row}") for row in range(6)]
    folds = stratified_folds(Source("x", lambda: iter(rows)), 2, 0, leave_out_singles=False)
    rows.append(Example("a", "t", "x:6"))
    with pytest.raises(UserError, match="changed while it was in use"):
        list(folds.held_out(0))
