"""What differs between configurations."""

from __future__ import annotations

import pytest

from hier_rnn.configuration.differences import differences
from hier_rnn.configuration.options import Configuration


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({}, {}, []),
        (
            {"seed": 1, "training": {"epochs": 10}},
            {"training": {"epochs": 3}},
            ["seed 1 instead of 0", "training.epochs 10 instead of 3"],
        ),
        (
            {"text": {"lowercase": True}, "data": {"train": "a.tsv"}},
            {"training": {"misspell": {"rate": 0.5}}},
            [
                'data.train ["a.tsv"] instead of []',
                "text.lowercase true instead of false",
                "training.misspell.rate 0.2 instead of 0.5",
            ],
        ),
        (
            {"training": {"class_weights": {"a": 2}}},
            {"training": {"phases": [{"train": ["head"]}]}},
            [
                'training.class_weights {"a": 2.0} instead of "none"',
                'training.phases [] instead of [{"train": ["head"]}]',
            ],
        ),
        (
            {"data": {"text": list("abcdefgh")}},
            {"data": {"text": list("abXYZ")}},
            ['data.text […, "c", "d", "e", …] instead of […, "X", "Y", "Z"]'],
        ),
        ({"data": {"text": list("abcdef")}}, {}, ['data.text ["a", "b", "c", …] instead of []']),
        (
            {"data": {"text": list("abcd")}},
            {"data": {"text": list("abcdef")}},
            ['data.text […] instead of […, "e", "f"]'],
        ),
    ],
)
def test_each_difference_is_named_with_both_values(one, other, expected):
    found = differences(Configuration.model_validate(one), Configuration.model_validate(other))
    assert list(found) == expected
