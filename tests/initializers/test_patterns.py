"""What a pattern matches."""

from __future__ import annotations

import time

import pytest

from hier_rnn.errors import UserError
from hier_rnn.initializers.patterns import matches, matching, outer_names

NAME = "sentence_encoder/lstm_0/forward/kernel"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("sentence_encoder", True),
        ("sentence_encoder/lstm_0", True),
        (r".*/lstm_\d+/forward", True),
        (NAME, True),
        (".*", True),
        ("sentence_encoder/.*", True),
        (".*kernel", True),
        ("sentence", False),
        ("lstm_0", False),
        ("kernel", False),
        ("sentence_encoder/lstm", False),
        ("head|sentence_encoder", True),
    ],
)
def test_matches(pattern, expected):
    assert matches(pattern, NAME) == expected


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


@pytest.mark.parametrize(
    "pattern", ["(a*)*b", "(.*)*x", "(.|.)*x", "(a|a)*$x", "((.+)+)+!", ".*" * 100 + "x"]
)
def test_no_pattern_takes_long(pattern):
    begun = time.process_time()
    for name in ("a" * 60, "character_encoder/" * 10 + "gru_0/kernel"):
        matches(pattern, name)
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (r"(a)\1", "not a regular expression: invalid escape sequence"),
        ("(?=a)", "not a regular expression: invalid perl operator"),
        ("((a{1000}){1000}){1000}", "not a regular expression"),
        ("x" * 2000, "a pattern of 2,000 characters"),
        ("(" * 900, "not a regular expression: missing"),
    ],
)
def test_what_re2_does_not_know_is_told(pattern, message):
    with pytest.raises(UserError, match=message):
        matching(pattern, ["head/bias"], "training.phases[1]")
    with pytest.raises(UserError, match=message):
        matches(pattern, "head/bias")
