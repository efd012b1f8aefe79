"""Which texts are better cut into pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hier_rnn.text.segmentation import needs_sentencepiece

PIECES = {
    "Chinese": "房间很干净，服务员态度也不错",
    "Japanese": "お客様のご注文はまだ届いていません。プレゼント",
    "Korean": "영화가 정말 재미있었습니다",
    "Korean, decomposed": "\u1112\u1161\u11ab\u1100\u1173\u11af",
    "Thai": "สินค้ายังไม่มาส่งเลยค่ะ",
    "Khmer": "ខ្ញុំចង់បាន",
}
SPACES = {
    "English": "where's my parcel??",
    "German": "Das Paket ist immer noch nicht da",
    "Russian": "где моя посылка",
    "Arabic": "أين طردي",
    "Hindi": "मेरा पार्सल कहाँ है",
    "Vietnamese": "hàng của tôi đâu rồi",
    "digits and signs": "12 :) !!",
    "empty": "",
}


@pytest.mark.parametrize("text", PIECES.values(), ids=PIECES)
def test_scripts_without_spaces_and_korean(text):
    assert needs_sentencepiece([text])


@pytest.mark.parametrize("text", SPACES.values(), ids=SPACES)
def test_scripts_with_spaces(text):
    assert not needs_sentencepiece([text])


def test_most_letters_decide():
    chinese, english = PIECES["Chinese"], SPACES["English"]
    assert needs_sentencepiece([english, chinese, chinese])
    assert not needs_sentencepiece([english, english, chinese, ""])
    assert not needs_sentencepiece([])


@given(st.lists(st.text()))
def test_any_text(texts):
    assert needs_sentencepiece(texts) in (True, False)
