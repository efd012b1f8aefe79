from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hier_rnn.configuration.options import Text
from hier_rnn.text.normalization import normalize
from hier_rnn.text.tokenizer import Tokenizer

any_text = st.text(st.characters())


@given(any_text, st.sampled_from(["none", "NFC", "NFKC", "NFD"]), st.booleans())
def test_words_are_the_normalized_text_without_white_space(text, form, lowercase):
    words = Tokenizer(Text(normalization=form, lowercase=lowercase, maximum_word_length=10**4))
    assert "".join(words(text)) == "".join(normalize(text, form, lowercase).split())
    assert words.truncated == 0


@given(any_text, st.integers(2, 7))
def test_cut_words_are_counted_and_keep_head_and_tail(text, limit):
    words = Tokenizer(Text(maximum_word_length=limit))
    whole = normalize(text).split()
    short = words(text)
    assert len(short) == len(whole)
    assert words.truncated == sum(len(word) > limit for word in whole)
    for before, after in zip(whole, short, strict=True):
        assert after == before if len(before) <= limit else len(after) == limit
        assert after[: (limit + 1) // 2] == before[: (limit + 1) // 2]
        assert after[-(limit // 2) :] == before[-(limit // 2) :]


def test_cut_adds_up_over_texts_and_can_be_reset():
    words = Tokenizer(Text(maximum_word_length=5))
    assert words("abcdefgh ok abcdef") == ["abcgh", "ok", "abcef"]
    assert words("abcdefgh") == ["abcgh"]
    assert words.truncated == 3
    words.truncated = 0
    assert words("ok") == ["ok"]
    assert words.truncated == 0


@pytest.mark.parametrize("text", ["", " ", "\n\t\u3000\u00a0"])
def test_an_empty_text_has_no_words(text):
    assert Tokenizer(Text())(text) == []


def test_each_option_has_its_effect():
    text = "ＡＢＣ Déjà"
    assert Tokenizer(Text())(text) == ["ABC", "Déjà"]
    assert Tokenizer(Text(normalization="none"))(text) == ["ＡＢＣ", "Déjà"]
    assert Tokenizer(Text(lowercase=True))(text) == ["abc", "déjà"]
    assert Tokenizer(Text(normalization="NFD"))(text) == ["ＡＢＣ", "De\u0301ja\u0300"]


def test_words_survive_pickling():
    words = Tokenizer(Text(lowercase=True, maximum_word_length=4))
    words("too looooong")
    again = pickle.loads(pickle.dumps(words))
    assert again.truncated == 1
    assert again("Hello You") == words("Hello You") == ["helo", "you"]


def test_a_text_without_end_keeps_head_and_tail(monkeypatch):
    monkeypatch.setattr("hier_rnn.text.tokenizer.MAXIMUM_CHARACTERS", 10)
    words = Tokenizer(Text())
    assert words("abc " + "x" * 100 + " yz") == ["abc", "xx", "yz"]
    assert words("ab cd") == ["ab", "cd"]
    assert sum(map(len, words("\ufdfa" * 10))) <= 10  # one character that becomes eighteen
