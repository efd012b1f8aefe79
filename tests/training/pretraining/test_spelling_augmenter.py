"""Other ways to write a word."""

from __future__ import annotations

import numpy as np
import pytest

from hier_rnn.configuration.options import Pretraining, PretrainingMisspell, Text
from hier_rnn.training.pretraining.spelling_augmenter import SpellingAugmenter, bare, misspelled

WORDS = ["wonderful", "terrible", "Movie", "movie.", '"great"', "amazing", "really", "!!", "card"]
COUNTS = np.array([90, 80, 70, 60, 50, 40, 30, 20, 10])


def drawn(words=WORDS, text=None, draws=30, **options) -> list[tuple[str, str]]:
    """Pairs of a word and a copy of it."""
    copies = SpellingAugmenter(words, COUNTS[: len(words)], Pretraining(**options), text or Text())
    generator = np.random.default_rng(0)
    found = []
    for _ in range(draws):
        spellings, owners = copies(generator)
        found += [(words[i], spelling) for i, spelling in zip(owners, spellings, strict=True)]
    return found


def test_no_copy_is_a_known_word_and_each_is_of_its_word():
    found = drawn(misspell={"copies_per_word": 1.0}, rewrites_per_word=1.0)
    assert len(found) > 30 * 2 * 7
    assert not {copy for _, copy in found} & set(WORDS)
    for word, copy in found:
        shared = set(bare(word)[1].lower()) & set(copy.lower())
        assert len(shared) >= 2, (word, copy)


def test_cases_and_punctuation_are_those_of_the_text():
    found = drawn(misspell={"copies_per_word": 0.0}, rewrites_per_word=1.0, draws=200)
    of_card = {copy for word, copy in found if word == "card"}
    assert of_card <= {"CARD", "Card", "card.", '"card"'}
    assert of_card == {"CARD", "Card", "card.", '"card"'}
    assert ("movie.", "movie") in found
    assert not [copy for word, copy in found if word == "!!"]


def test_copies_are_spelled_as_the_encoder_reads():
    lower = drawn(text=Text(lowercase=True), words=["wonderful", "terrible"], rewrites_per_word=1.0)
    assert lower and all(copy == copy.lower() for _, copy in lower)
    short = drawn(
        text=Text(maximum_word_length=9), misspell={"copies_per_word": 1.0, "kind": "repeat"}
    )
    assert max(len(copy) for _, copy in short) == 9


def test_frequent_words_are_drawn_more_often_by_the_square_root_of_their_counts():
    copies = SpellingAugmenter(WORDS, COUNTS**4, Pretraining(rewrites_per_word=0.0), Text())
    generator = np.random.default_rng(0)
    drawn = np.concatenate([copies(generator)[1] for _ in range(500)])
    seen = np.bincount(drawn, minlength=len(WORDS))
    assert seen[[3, 4, 7]].sum() == 0  # nothing but letters is misspelled
    assert seen[0] / seen[6] == pytest.approx((90 / 30) ** 2, rel=0.2)


def test_only_the_words_asked_for_are_copied():
    copies = SpellingAugmenter(
        WORDS, COUNTS, Pretraining(rewrites_per_word=1.0), Text(), np.array([1, 5])
    )
    spellings, owners = copies(np.random.default_rng(0))
    assert set(owners) == {1, 5} and 2 <= len(spellings) <= 4


def test_nothing_is_drawn_at_rate_zero():
    assert drawn(misspell={"copies_per_word": 0.0}, rewrites_per_word=0.0) == []
    assert drawn(misspell={"kind": "none"}, rewrites_per_word=0.0) == []


@pytest.mark.parametrize(("edits", "longest"), [(1, 7), (3, 13)])
def test_several_edits_reach_further(edits, longest):
    options = PretrainingMisspell(kind="repeat", edits=edits)
    found = misspelled(["look"] * 2000, options, np.random.default_rng(0))
    assert max(map(len, found)) == longest
    assert ("looooooook" in found) == (edits > 1)


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("movie", ("", "movie", "")),
        ('"Don\'t!"', ('"', "Don't", '!"')),
        ("...", ("...", "", "")),
        ("(x-ray)", ("(", "x-ray", ")")),
        ("हिन्दी।", ("", "हिन्दी", "।")),
    ],
)
def test_bare(word, parts):
    assert bare(word) == parts
