from __future__ import annotations

import pytest

from hier_rnn.text import keyboards


@pytest.mark.parametrize(
    ("letter", "expected"),
    [("q", "wa"), ("g", "tyfhvb"), ("p", "ol"), ("m", "nkj"), ("S", "WEADZX"), ("й", "цф")],
)
def test_neighbours_touch(letter, expected):
    assert set(keyboards.neighbours(letter)) == set(expected)


@pytest.mark.parametrize("letter", "asgшσעث한ㅋ")
def test_being_beside_goes_both_ways(letter):
    for near in keyboards.neighbours(letter):
        assert letter in keyboards.neighbours(near)
        assert near != letter


def test_a_syllable_changes_in_one_of_its_keys():
    near = keyboards.neighbours("한")
    assert "핸" in near  # the vowel
    assert "난" not in near  # not beside
    assert "함" in near or "핞" in near  # the last consonant


@pytest.mark.parametrize("letter", ["é", "好", "か", "1", " ", "न", "ab", ""])
def test_what_is_on_no_layout_has_no_neighbours(letter):
    assert keyboards.neighbours(letter) == ""
    assert keyboards.letters(letter) == ""


def test_letters_are_those_of_the_layout_in_the_same_case():
    assert keyboards.letters("h") == "abcdefghijklmnopqrstuvwxyz"
    assert keyboards.letters("H") == "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    assert "ю" in keyboards.letters("я")
