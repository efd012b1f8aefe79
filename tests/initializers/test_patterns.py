"""What a pattern matches."""

from __future__ import annotations

import pytest

from hier_rnn.errors import UserError
from hier_rnn.initializers.patterns import matches, matching, outer_names, reach

NAME = "sentence_encoder/lstm_0/forward/kernel"


@pytest.mark.parametrize(
    ("pattern", "parts"),
    [
        ("sentence_encoder", 1),
        ("sentence_encoder/lstm_0", 2),
        (r".*/lstm_\d+/forward", 3),
        (NAME, 4),
        (".*", 4),
        ("sentence_encoder/.*", 4),
        (".*kernel", 4),
        ("sentence", 0),
        ("lstm_0", 0),
        ("kernel", 0),
        ("sentence_encoder/lstm", 0),
        ("head|sentence_encoder", 1),
    ],
)
def test_reach(pattern, parts):
    assert reach(pattern, NAME) == parts
    assert matches(pattern, NAME) == (parts > 0)


def test_recurrent_kernel_is_not_kernel():
    assert not matches(".*/kernel", "sentence_encoder/lstm_0/forward/recurrent_kernel")


def test_matching_keeps_order():
    assert matching("b|a", ["a/x", "c/x", "b/x"], "somewhere") == ["a/x", "b/x"]


def test_a_typo_names_the_nearest_and_the_place():
    with pytest.raises(UserError, match=r"training\.phases\[0\].*Did you mean 'sentence_encoder'"):
        matching("sentense_encoder", [NAME, "head/kernel"], "training.phases[0].train")


def test_a_broken_expression():
    with pytest.raises(UserError, match=r"here: the pattern 'head\(' is not a regular expression"):
        matching("head(", [NAME], "here")


def test_outer_names():
    assert outer_names(["a/b/c", "a/d", "e"]) == ["a", "a/b"]
