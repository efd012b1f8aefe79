"""Words as written and their subtokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hier_rnn.text.subtokens import content_subtokens, subtokens


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("movie", ["movie"]),
        ("Movie.", ["movie", "."]),
        ('"MOVIE!!!"', ['"', "movie", '!!!"']),
        ("don't", ["do", "n't"]),
        ("Don\u2019t!", ["do", "n't", "!"]),
        ("n't", ["n't"]),
        ("'s", ["'s"]),
        ("director's,", ["director", "'s", ","]),
        ("o'clock", ["o'clock"]),
        ("well-made", ["well-made"]),
        ("good/bad", ["good", "/", "bad"]),
        ("u.s.", ["u.s", "."]),
        (":)", [":)"]),
        ("1930s", ["1930s"]),
        ("\ubc18\uc804...", ["\ubc18\uc804", "..."]),
        (
            "\u0939\u093f\u0928\u094d\u0926\u0940\u0964",
            ["\u0939\u093f\u0928\u094d\u0926\u0940", "\u0964"],
        ),
        ("cafe\u0301s,", ["cafe\u0301s", ","]),
    ],
)
def test_subtokens(word, expected):
    assert subtokens(word) == expected


@given(st.text(min_size=1).filter(lambda text: text.split() == [text]))
def test_no_character_is_lost(word):
    assert "".join(subtokens(word)) == word.lower().replace("\u2019", "'")


def test_content_is_what_has_letters_or_else_everything():
    assert content_subtokens(["(", "movie", ")."]) == ["movie"]
    assert content_subtokens([":)"]) == [":)"]
