"""POST /explain: the characters and words that a decision hangs on, of the text as written."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hier_rnn
from hier_rnn.serving.explanation import characters_of, explain, words_of


@pytest.fixture(scope="module")
def predictor(small_run):
    return hier_rnn.load(small_run)


def log_odds(predictor, text: str, label: int) -> float:
    probabilities = predictor.probabilities([text])[0].astype(float)
    at_one = probabilities**predictor.temperature  # as the logits without the temperature
    at_one /= at_one.sum()
    return float(np.log(at_one[label]) - np.log(1 - at_one[label]))


def test_the_word_that_decides_has_the_largest_share(predictor):
    explained = explain(predictor, "the shop is sad")
    assert explained.label == predictor.predict(["the shop is sad"])[0].label == "bad"
    assert explained.decisive_words[0][0] == "sad"
    assert "".join(explained.characters) == "the shop is sad"
    assert explained.words == ((0, 3), (4, 8), (9, 11), (12, 15))
    by_word = explained.attributions[-3:].sum()
    assert by_word == max(by_word, explained.attributions[:4].sum())


def test_a_word_adds_what_is_lost_without_it(predictor):
    text = "good  shop, it is sad"
    explained = explain(predictor, text, "bad")
    label = predictor.labels.index("bad")
    for word, start in (("good", 0), ("shop,", 6), ("sad", 18)):
        without = text[:start] + text[start + len(word) :]
        lost = log_odds(predictor, text, label) - log_odds(predictor, without, label)
        added = explained.attributions[start : start + len(word)].sum()
        assert added == pytest.approx(lost, abs=1e-3)
    assert explained.attributions[4] == explained.attributions[5] == 0


def test_letters_share_as_they_matter(predictor):
    explained = explain(predictor, "sad")
    label = predictor.labels.index(explained.label)
    moved = [
        abs(log_odds(predictor, "sad", label) - log_odds(predictor, without, label))
        for without in ("ad", "sd", "sa")
    ]
    shares = explained.attributions / explained.attributions.sum()
    np.testing.assert_allclose(shares, np.array(moved) / sum(moved), atol=1e-3)


def test_another_label_and_no_words_at_all(predictor):
    assert explain(predictor, "sad", "good").label == "good"
    assert explain(predictor, "sad", "good").attributions.sum() < 0
    for text in ("", " \n\t"):
        nothing = explain(predictor, text)
        assert nothing.decisive_words == ()
        assert not nothing.attributions.any()


def test_marks_stay_with_their_letters():
    assert characters_of("e\u0301a") == ["e\u0301", "a"]
    assert characters_of("👍🏽!") == ["👍🏽", "!"]
    assert characters_of("👩\u200d🚀x") == ["👩\u200d🚀", "x"]
    assert characters_of("\u0301a") == ["\u0301", "a"]
    assert characters_of("") == []


def test_words_are_laid_over_what_normalizing_changes(predictor):
    text = "ﬁne e\u0301te\u0301 ½ sad"  # NFKC writes a ligature as two letters, a half as three
    characters = characters_of(text)
    words = [
        "".join(characters[word.start : word.stop]) for word in words_of(characters, predictor)
    ]
    assert words == ["ﬁne", "e\u0301te\u0301", "½", "sad"]
    long = "x" * 500 + " sad"  # the run cuts the first word
    assert [len(word) for word in words_of(characters_of(long), predictor)] == [500, 3]


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=40))
def test_any_text(predictor, text):
    explained = explain(predictor, text)
    assert "".join(explained.characters) == text
    assert explained.attributions.shape == (len(explained.characters),)
    assert np.isfinite(explained.attributions).all()
    words = words_of(list(explained.characters), predictor)
    assert all(a.stop <= b.start for a, b in pairwise(words))
    assert explained.decisive_words == () or len(words) > 0


def test_over_http(server, predictor):
    answer = server.client.post("/explain", json={"text": "the shop is sad", "top": 2}).json()
    expected = explain(predictor, "the shop is sad")
    assert answer["label"] == answer["explained"] == expected.label
    assert answer["characters"] == list(expected.characters)
    np.testing.assert_allclose(answer["attributions"], expected.attributions, atol=1e-4)
    assert len(answer["top"]) == 2
    other = server.client.post("/explain", json={"text": "sad", "label": "good"}).json()
    assert (other["label"], other["explained"]) == ("bad", "good")
    unknown = server.client.post("/explain", json={"text": "sad", "label": "goood"})
    assert unknown.status_code == 400
    assert "Did you mean 'good'?" in unknown.json()["error"]
    assert server.client.post("/explain", json={"text": "a" * 501}).status_code == 413
