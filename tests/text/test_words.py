from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hier_rnn.configuration.options import Text
from hier_rnn.text.normalization import normalize
from hier_rnn.text.words import Words

any_text = st.text(st.characters())


@given(any_text, st.sampled_from(["none", "NFC", "NFKC", "NFD"]), st.booleans())
def test_words_are_the_normalized_text_without_white_space(text, form, lowercase):
    words = Words(Text(normalization=form, lowercase=lowercase, maximum_word_length=10**4))
    assert "".join(words(text)) == "".join(normalize(text, form, lowercase).split())
    assert words.cut == 0


@given(any_text, st.integers(2, 7))
def test_cut_words_are_counted_and_keep_head_and_tail(text, limit):
    words = Words(Text(maximum_word_length=limit))
    whole = normalize(text).split()
    short = words(text)
    assert len(short) == len(whole)
    assert words.cut == sum(len(word) > limit for word in whole)
    for before, after in zip(whole, short, strict=True):
        assert after == before if len(before) <= limit else len(after) == limit
        assert after[: (limit + 1) // 2] == before[: (limit + 1) // 2]
        assert after[-(limit // 2) :] == before[-(limit // 2) :]


def test_cut_adds_up_over_texts_and_can_be_reset():
    words = Words(Text(maximum_word_length=5))
    assert words("abcdefgh ok abcdef") == ["abcgh", "ok", "abcef"]
    assert words("abcdefgh") == ["abcgh"]
    assert words.cut == 3
    words.cut = 0
    assert words("ok") == ["ok"]
    assert words.cut == 0


@pytest.mark.parametrize("text", ["", " ", "\n\t\u3000\u00a0"])
def test_an_empty_text_has_no_words(text):
    assert Words(Text())(text) == []


def test_each_option_has_its_effect():
    text = "ＡＢＣ Déjà"
    assert Words(Text())(text) == ["ABC", "Déjà"]
    assert Words(Text(normalization="none"))(text) == ["ＡＢＣ", "Déjà"]
    assert Words(Text(lowercase=True))(text) == ["abc", "déjà"]
    assert Words(Text(normalization="NFD"))(text) == ["ＡＢＣ", "De\u0301ja\u0300"]


def test_words_survive_pickling():
    words = Words(Text(lowercase=True, maximum_word_length=4))
    words("too looooong")
    again = pickle.loads(pickle.dumps(words))
    assert again.cut == 1
    assert again("Hello You") == words("Hello You") == ["helo", "you"]
