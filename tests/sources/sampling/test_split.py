"""A share of every class, each example on one side, the same ones for the same seed."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hier_rnn.errors import UserError
from hier_rnn.sources.example import Example, Source
from hier_rnn.sources.sampling.split import stratified_split


def source_of(labels):
    examples = [Example(label, f"text {i}", f"a:{i}") for i, label in enumerate(labels)]
    return Source("a", lambda: iter(examples))


def test_a_tenth_of_every_class():
    train, held_out = stratified_split(source_of(["a", "b", "b", "b"] * 100), 0.1, seed=1)
    assert Counter(example.label for example in held_out) == {"a": 10, "b": 30}
    assert Counter(example.label for example in train) == {"a": 90, "b": 270}
    assert train.name == "a without 10%"
    assert held_out.name == "10% of a"


def test_the_seed_decides():
    source = source_of("ab" * 50)
    parts = [[e.text for e in stratified_split(source, 0.2, seed)[1]] for seed in (1, 1, 2)]
    assert parts[0] == parts[1] != parts[2]


def test_small_classes_share_the_rounding():
    _, held_out = stratified_split(source_of("aabbccddee" * 2), 0.1, seed=1)
    assert len(list(held_out)) == 2
    _, held_out = stratified_split(source_of("ab" * 2), 0.1, seed=1)
    assert len(list(held_out)) == 1


def test_a_class_of_one_stays_in_training():
    train, held_out = stratified_split(source_of("aaaab"), 0.9, seed=1)
    assert "b" in {example.label for example in train}
    assert Counter(example.label for example in held_out) == {"a": 3}
    with pytest.raises(UserError, match="a: can't set aside 10%: there is one example of each"):
        stratified_split(source_of("abc"), 0.1, seed=1)


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0, float("nan")])
def test_share(share):
    with pytest.raises(UserError, match="between 0 and 1. Received"):
        stratified_split(source_of("aab"), share, seed=1)


@given(st.lists(st.sampled_from("abcd"), min_size=1), st.floats(0.01, 0.99), st.integers(0, 9))
def test_two_parts_make_the_whole(labels, share, seed):
    source = source_of(labels)
    sizes = Counter(labels)
    if max(sizes.values()) < 2:
        return
    train, held_out = map(list, stratified_split(source, share, seed))
    assert sorted([*train, *held_out]) == sorted(source)
    assert [e for e in source if e in train] == train  # the order stays
    assert {example.label for example in train} == set(labels)
    assert held_out
    for label, count in Counter(example.label for example in held_out).items():
        assert abs(count - share * sizes[label]) <= 1


def test_a_source_that_changes():
    examples = list(source_of("aabb"))
    train, _ = stratified_split(Source("a", lambda: iter(examples)), 0.5, seed=1)
    examples.append(examples[0])
    with pytest.raises(UserError, match="a: it changed while it was in use: 4 .* 5 now"):
        list(train)
