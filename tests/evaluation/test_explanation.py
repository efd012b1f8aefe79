from __future__ import annotations

import random

import pytest

from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError
from hier_rnn.evaluation.explanation import Explanation, Part, explain, level_of
from hier_rnn.inference.predictor import Predictor
from hier_rnn.sources.example import Example
from hier_rnn.text.normalization import normalize
from hier_rnn.text.segmentation import train_sentencepiece
from hier_rnn.text.tokenizer import Tokenizer

SCRIPTS = {
    "chinese": [
        "我们很喜欢这家酒店 房间很干净",
        "早餐不好吃，服务员不热情。",
        "下次还会来 位置方便",
    ],
    "japanese": ["この店はとても良い", "駅から近くて便利です　部屋が狭い", "また来たいと思います"],
    "thai": ["โรงแรมนี้ดีมาก ห้องสะอาด", "อาหารไม่อร่อย พนักงานใจดี"],
    "korean": ["호텔이 정말 좋았어요", "방이 깨끗하고  조용해요 아침은 별로였어요"],
}


def explanation(words: list[str], *attributions: list[float]) -> Explanation:
    parts = []
    for number, (word, values) in enumerate(zip(words, attributions, strict=True)):
        parts += [Part(" ", None, 0.0)] * (number > 0)
        parts += [Part(c, number, value) for c, value in zip(word, values, strict=True)]
    return Explanation(
        "a", {"a": 0.75, "b": 0.25}, tuple(words), tuple(map(tuple, attributions)), tuple(parts)
    )


def shown(explained: Explanation, most_words: int = 0) -> str:
    return "".join(span.text for span in explained.spans(most_words))


def test_the_predicted_class_is_explained(predictor):
    explained = explain(predictor, "Where is my PARCEL please")
    assert explained.label == "delivery"
    assert next(iter(explained.probabilities)) == "delivery"
    assert sum(explained.probabilities.values()) == pytest.approx(1)
    assert explained.words == ("where", "is", "my", "parcel", "please")
    assert [len(word) for word in explained.attributions] == [5, 2, 2, 6, 6]
    assert {share.word for share in explained.decisive_words[:2]} == {"Where", "PARCEL"}
    assert sum(abs(share.share) for share in explained.decisive_words) == pytest.approx(1)


def test_another_class_can_be_asked_for(predictor):
    explained = explain(predictor, "parcel", label="praise")
    assert explained.label == "praise"
    assert explained.decisive_words[0].share == -1
    with pytest.raises(UserError, match="Did you mean 'praise'"):
        explain(predictor, "parcel", label="prais")


def test_a_text_without_words_is_explained_by_nothing(predictor):
    for text in ("", " "):
        explained = explain(predictor, text)
        assert explained.words == ()
        assert explained.decisive_words == ()
        assert shown(explained) == text


@pytest.mark.parametrize("script", SCRIPTS)
def test_text_cut_into_pieces_is_shown_as_it_was_written(script, trigrams, tmp_path):
    """614c248 writes a space between all pieces."""
    texts = SCRIPTS[script]
    draw = random.Random(0)
    whole = normalize(" ".join(texts))
    starts = [draw.randrange(len(whole)) for _ in range(400)]
    model = tmp_path / "words.model"
    train_sentencepiece((whole[at : at + 5] for at in starts), model, vocabulary_size=70)
    classifier = trigrams(tmp_path, [Example(f"{i}", text, "") for i, text in enumerate(texts)])
    classifier.configuration = Configuration.model_validate({"text": {"words": "sentencepiece"}})
    classifier.words = Tokenizer(classifier.configuration.text, model)
    for text in texts:
        explained = explain(classifier, text)
        assert len(explained.words) > len(text.split())  # it is cut into pieces
        assert shown(explained) == explained.text == text
        assert shown(explained, most_words=2).strip(" …") in text
        assert all(share.word in text for share in explained.decisive_words)
        marked = ["".join(span.text for span in word.spans) for word in explained.marked()]
        assert "".join(marked) == text
        assert any(word.level for word in explained.marked())


def test_a_real_run_explains_what_it_reads(small_run):
    text = "This  is  NICE ﬁne"
    explained = explain(Predictor(small_run), text)
    assert explained.text == shown(explained) == text
    ligature = next(part for part in explained.parts if part.text == "ﬁ")
    assert ligature.share == pytest.approx(sum(explained.attributions[3][:2]))
    total = sum(map(sum, explained.attributions))
    assert sum(part.share for part in explained.parts) == pytest.approx(total)


def test_characters_are_coloured_by_sign_and_size():
    explained = explanation(["good", "x"], [1.0, 1.0, 0.05, -0.4], [-1.0])
    assert list(explained.spans()) == [("go", 4), ("o", 0), ("d", -2), (" ", 0), ("x", -4)]


def test_words_are_marked_by_the_sum_of_their_characters():
    explained = explanation(["good", "x"], [1.0, 1.0, 0.05, -0.05], [-1.0])
    first, between, second = explained.marked()
    assert (first.level, between.level, second.level) == (4, 0, -2)
    assert "".join(span.text for span in first.spans) == "good"


def test_levels_grow_with_what_a_character_adds():
    levels = [level_of(value / 100, 1.0) for value in range(101)]
    assert levels == sorted(levels)
    assert set(levels) == {0, 1, 2, 3, 4}
    assert level_of(-0.5, 1.0) == -level_of(0.5, 1.0)
    assert level_of(0.0, 0.0) == 0


def test_a_long_text_is_shown_where_it_was_decided():
    words = [f"w{i}" for i in range(100)]
    values = [[0.0] * len(word) for word in words]
    values[70] = [1.0, 1.0, 1.0]
    explained = explanation(words, *values)
    window = shown(explained, most_words=5)
    assert "w70" in window
    assert window.startswith("… ")
    assert window.endswith(" …")
    assert len(window.split()) == 7
    assert shown(explained) == " ".join(words)


def test_as_json(predictor):
    document = explain(predictor, "lovely  parcel").to_json()
    assert document["text"] == "lovely  parcel"
    assert document["words"] == ["lovely", "parcel"]
    assert len(document["attributions"][0]) == 6


@pytest.mark.parametrize("text", [None, 3.0, b"good", ["good"]])
def test_what_is_no_text(predictor, text):
    with pytest.raises(TypeError, match="a str is expected"):
        explain(predictor, text)


def test_a_text_of_too_many_words_is_told_and_not_begun(predictor):
    with pytest.raises(UserError, match=r"A text of 2,001 words is not explained.*2,000 words"):
        explain(predictor, "parcel " * 2001)
