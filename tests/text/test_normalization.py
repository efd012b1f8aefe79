from __future__ import annotations

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
