from __future__ import annotations

import itertools
import sys
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hier_rnn.text.normalization import normalize

any_text = st.text(st.characters())  # lone surrogates too
forms = st.sampled_from(["none", "NFC", "NFKC", "NFD"])


@given(any_text, forms, st.booleans())
def test_any_string_becomes_valid_text_in_its_form_and_stays(text, form, lowercase):
    result = normalize(text, form, lowercase)
    result.encode("utf-8")
    assert form == "none" or unicodedata.is_normalized(form, result)
    assert normalize(result, form, lowercase) == result


@given(st.text(st.characters(exclude_categories=["Cs"])), forms)
def test_nothing_but_the_form_changes(text, form):
    expected = text if form == "none" else unicodedata.normalize(form, text)
    assert normalize(text, form, False) == expected


def test_each_form_has_its_effect():
    text = "e\u0301\uff21한"
    assert normalize(text, "none", False) == text
    assert normalize(text, "NFC", False) == "\u00e9\uff21한"
    assert normalize(text, "NFKC", False) == "\u00e9A한"
    assert normalize(text, "NFD", False) == "e\u0301\uff21\u1112\u1161\u11ab"


@pytest.mark.parametrize(
    ("text", "expected"), [("HeLLo 42", "hello 42"), ("ÉCOLE", "école"), ("ΟΔΟΣ", "οδο\u03c2")]
)
def test_lowercase(text, expected):
    assert normalize(text, "NFC", True) == expected
    assert normalize(text, "NFC", False) == text


def test_lowercasing_does_not_leave_the_form():
    text = "\u0130\u0323"  # its lower-cased marks come in the wrong order
    assert unicodedata.is_normalized("NFC", normalize(text, "NFC", True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\ud800b", "a\ufffdb"),
        ("\udfff", "\ufffd"),
        ("\ud83d\ude00!", "\U0001f600!"),
        ("\ude00\ud83d", "\ufffd\ufffd"),
    ],
)
def test_lone_surrogates_are_replaced_and_pairs_joined(text, expected):
    assert normalize(text, "none", False) == expected


many_marks = st.text(
    st.one_of(st.characters(categories=["Mn"]), st.sampled_from("\u0344\u0301\u0323\u1eadb\u0130")),
    min_size=40,
    max_size=200,
)


@given(many_marks, forms, st.booleans())
def test_of_too_many_marks_none_is_lost_and_twice_is_once(text, form, lowercase):
    result = normalize(text, form, lowercase)
    assert normalize(result, form, lowercase) == result
    if form != "none":
        expected = text.lower() if lowercase else text
        of = {"NFC": "NFD", "NFD": "NFD", "NFKC": "NFKD"}[form]
        kept = [unicodedata.normalize(of, t.replace("\u034f", "")) for t in (result, expected)]
        assert sorted(kept[0]) == sorted(kept[1])
        assert longest_run_of_marks(unicodedata.normalize(of, result)) <= 30


def longest_run_of_marks(text: str) -> int:
    groups = itertools.groupby(text, lambda c: unicodedata.combining(c) > 0)
    return max((len(list(group)) for marks, group in groups if marks), default=0)


@pytest.mark.parametrize("form", ["NFC", "NFKC", "NFD"])
def test_as_many_marks_as_are_allowed_are_left_in_peace(form):
    text = "a" + "\u0316\u0301" * 15
    assert normalize(text + "b", form) == unicodedata.normalize(form, text + "b")
    assert normalize(text + "\u0316b", form).count("\u034f") == 1
    # Letters, and marks that decompose, count as what they decompose to.
    assert normalize("\u1ead" + "\u0344" * 14 + "\u0301", form).count("\u034f") == 1


@pytest.mark.parametrize("form", ["NFC", "NFKC", "NFD"])
def test_no_character_hides_its_marks(form):
    decomposition = "NFKD" if form == "NFKC" else "NFD"
    for point in (*range(0xD800), *range(0xE000, sys.maxunicode + 1)):
        parts = unicodedata.normalize(decomposition, chr(point))
        if marks := sum(unicodedata.combining(part) > 0 for part in parts):
            alone = marks == len(parts)
            text = chr(point) * 31 if alone else chr(point) + "\u0344" * 14
            assert ("\u034f" in normalize(text, form)) == (alone or marks + 28 > 30)


@pytest.mark.parametrize("lowercase", [False, True])
def test_a_million_marks_take_no_minutes(lowercase):
    text = "a" + "\u0301\u0323" * 500_000 + " b"
    begun = time.process_time()
    result = normalize(text, "NFKC", lowercase)
    assert time.process_time() - begun < 20  # ordered at once, they took 770 seconds
    assert result.endswith(" b")
