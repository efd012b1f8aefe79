"""The words of real tokenizers are found in the text they were read from."""

from __future__ import annotations

import functools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hier_rnn.configuration.options import Text
from hier_rnn.evaluation.alignment import align
from hier_rnn.text.normalization import normalize
from hier_rnn.text.segmentation import train_sentencepiece
from hier_rnn.text.tokenizer import Tokenizer

CHINESE = "我们很喜欢这家酒店 房间很干净 早餐不好吃 服务员很热情 下次还会来 位置方便 价格便宜"
JAPANESE = "この店はとても良い 駅から近くて便利です 部屋が狭い また来たいと思います"
THAI = "โรงแรมนี้ดีมาก ห้องสะอาด อาหารไม่อร่อย พนักงานใจดี"
KOREAN = "호텔이 정말 좋았어요 방이 깨끗하고 조용해요 아침은 별로였어요"
LETTERS = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("aBé İΣßﬁ½㎞한ᄒ\u1161\u11ab　\u0301\u0327ナミﾅﾐ▁ﷺ\ud83d\ude00Å\u212b"),
    ),
    max_size=40,
)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A SentencePiece model of four scripts."""
    path = tmp_path_factory.mktemp("model") / "words.model"
    draw = random.Random(0)
    phrases = " ".join([CHINESE, JAPANESE, THAI, KOREAN, "we like this hotel a lot"]).split()
    texts = ["".join(draw.sample(phrases, 3)) for _ in range(400)]
    train_sentencepiece(map(normalize, texts), path, vocabulary_size=200)
    return path


def aligned(text: str, options: Text, model="") -> tuple[list[str], list]:
    words = Tokenizer(options, model)(text)
    form = functools.partial(normalize, form=options.normalization, lowercase=options.lowercase)
    return words, align(text, words, form, options.words == "sentencepiece")


def check(text: str, options: Text, model="") -> None:
    words, stretches = aligned(text, options, model)
    assert "".join(stretch.text for stretch in stretches) == text
    found = [owner for stretch in stretches for owner in stretch.characters]
    assert sorted(found) == [(i, j) for i, word in enumerate(words) for j in range(len(word))]


FORMS = st.sampled_from(["none", "NFC", "NFKC", "NFD"])


@settings(max_examples=100, deadline=None)
@given(LETTERS, FORMS, st.booleans(), st.sampled_from([5, 100]))
def test_every_character_read_has_its_place_in_the_text(text, form, lowercase, longest):
    check(
        text,
        Text(
            words="whitespace",
            normalization=form,
            lowercase=lowercase,
            maximum_word_length=longest,
        ),
    )


@settings(max_examples=50, deadline=None)
@given(LETTERS, FORMS, st.booleans())
def test_so_have_the_pieces_of_a_sentencepiece_model(model, text, form, lowercase):
    options = Text(words="sentencepiece", normalization=form, lowercase=lowercase)
    check(text, options, model)
    check(f"{CHINESE} {text} {KOREAN}", options, model)


def test_what_normalization_changes_is_shown_as_it_was_written():
    text = "Ｃａｆé ﬁne İstanbul 한글"
    words, stretches = aligned(text, Text(words="whitespace", normalization="NFKC", lowercase=True))
    assert words[:2] == ["café", "fine"]
    shown = [(stretch.text, stretch.word, len(stretch.characters)) for stretch in stretches]
    plain = [("Ｃ", 0, 1), ("ａ", 0, 1), ("ｆ", 0, 1), ("é", 0, 1), (" ", None, 0)]
    assert shown[:6] == [*plain, ("ﬁ", 1, 2)]
    decomposed = aligned("한글", Text(words="whitespace", normalization="NFD"))[1]
    assert [(one.text, len(one.characters)) for one in decomposed] == [("한", 3), ("글", 3)]
    jamo = "\u1112\u1161\u11ab"
    assert [one.text for one in aligned(jamo, Text(normalization="NFC"))[1]] == [jamo]


def test_the_middle_of_a_word_that_was_cut_belongs_to_none():
    options = Text(words="whitespace", maximum_word_length=5)
    words, stretches = aligned("abcdefghij xy", options)
    assert words == ["abcij", "xy"]
    assert "".join(one.text for one in stretches if one.word == 0) == "abcij"
    assert "".join(one.text for one in stretches if one.word is None) == "defgh "


def test_words_of_another_text_are_refused():
    with pytest.raises(ValueError, match="not a word of the text"):
        align("a text", ["other"], normalize, False)
