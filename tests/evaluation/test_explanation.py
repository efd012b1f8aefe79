from __future__ import annotations

import io

import pytest
from rich.console import Console

from hier_rnn.errors import UserError
from hier_rnn.evaluation.explanation import Explanation, explain, level_of, print_explanation
from hier_rnn.evaluation.theme import LIGHT


def explanation(words: list[str], *attributions: list[float]) -> Explanation:
    return Explanation(
        " ".join(words), "a", {"a": 0.75, "b": 0.25}, tuple(words), tuple(map(tuple, attributions))
    )


def test_the_predicted_class_is_explained(predictor):
    explained = explain(predictor, "Where is my PARCEL please")
    assert explained.label == "delivery"
    assert next(iter(explained.probabilities)) == "delivery"
    assert sum(explained.probabilities.values()) == pytest.approx(1)
    assert explained.words == ("where", "is", "my", "parcel", "please")
    assert [len(word) for word in explained.attributions] == [5, 2, 2, 6, 6]
    assert {share.word for share in explained.decisive_words[:2]} == {"where", "parcel"}
    assert sum(abs(share.share) for share in explained.decisive_words) == pytest.approx(1)


def test_another_class_can_be_asked_for(predictor):
    explained = explain(predictor, "parcel", label="praise")
    assert explained.label == "praise"
    assert explained.decisive_words[0].share == -1
    with pytest.raises(UserError, match="Did you mean 'praise'"):
        explain(predictor, "parcel", label="prais")


def test_a_text_without_words_is_explained_by_nothing(predictor):
    explained = explain(predictor, " ")
    assert explained.words == ()
    assert explained.decisive_words == ()
    assert list(explained.runs()) == []
    print_explanation(explained, Console(file=io.StringIO()))


def test_characters_are_coloured_by_sign_and_size():
    explained = explanation(["good", "x"], [1.0, 1.0, 0.05, -0.4], [-1.0])
    assert list(explained.runs()) == [("go", 4), ("o", 0), ("d", -2), (" ", 0), ("x", -4)]


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
    shown = "".join(text for text, _ in explanation(words, *values).runs(most_words=5))
    assert "w70" in shown
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert len(shown.split()) == 7
    assert "".join(text for text, _ in explanation(words, *values).runs()) == " ".join(words)


def test_pieces_are_joined_as_they_were_cut():
    explained = explanation(["▁he", "llo", "▁you"], [0, 1, 0], [0, 0, 0], [0, 0, 0, 1])
    assert "".join(text for text, _ in explained.runs()) == " hello you"
    assert explained.decisive_words[0].word == "he"


def test_the_terminal_shows_label_probabilities_and_colours():
    explained = explanation(["good", "bad"], [1.0, 1.0, 0, 0], [-0.5, 0, 0])
    coloured, plain = io.StringIO(), io.StringIO()
    print_explanation(
        explained, Console(file=coloured, force_terminal=True, color_system="truecolor")
    )
    print_explanation(explained, Console(file=plain))
    red, green, blue = (int(LIGHT["for-4"][i : i + 2], 16) for i in (1, 3, 5))
    assert f"48;2;{red};{green};{blue}" in coloured.getvalue()
    assert "75.0%" in plain.getvalue()
    assert "good bad" in plain.getvalue()
    assert "good +80%, bad -20%" in plain.getvalue()
    assert "\x1b" not in plain.getvalue()


def test_as_json(predictor):
    document = explain(predictor, "lovely parcel").to_json()
    assert document["words"] == ["lovely", "parcel"]
    assert len(document["attributions"][0]) == 6
