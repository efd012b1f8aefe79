from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hier_rnn.text.alphabet import FIRST_CHARACTER, UNK, Alphabet

valid_words = st.lists(st.text(st.characters(exclude_categories=["Cs"])))


def test_characters_come_by_descending_count_then_code_point():
    alphabet = Alphabet.count(["banana", "cab"])
    assert alphabet.characters == ("a", "b", "n", "c")
    assert alphabet.size == 7
    assert alphabet.ids("cab!") == [6, 3, 4, UNK]


@given(valid_words)
def test_ids_round_trip(words):
    alphabet = Alphabet.count(words)
    for word in words:
        assert (
            "".join(alphabet.characters[id - FIRST_CHARACTER] for id in alphabet.ids(word)) == word
        )


@given(valid_words, st.integers(1, 3))
def test_rare_characters_are_unknown(words, minimum_count):
    counts = Counter("".join(words))
    alphabet = Alphabet.count(words, minimum_count)
    assert set(alphabet.characters) == {c for c, seen in counts.items() if seen >= minimum_count}


@given(valid_words, valid_words)
def test_the_table_agrees_with_ids(words, others):
    alphabet = Alphabet.count(words)
    table = alphabet.table()
    assert table.shape == (0x110000,)
    assert table.dtype == np.int32
    assert np.count_nonzero(table) == len(alphabet.characters)
    for word in words + others:
        assert table[[ord(character) for character in word]].tolist() == alphabet.ids(word)


def test_words_lists_of_words_and_counts_of_words_give_the_same():
    words = ["to", "be", "or", "not", "to", "be"]
    assert (
        Alphabet.count(words, 2)
        == Alphabet.count([words[:4], words[4:]], 2)
        == Alphabet.count(Counter(words), 2)
        == Alphabet.count(iter(words), 2)
    )


def test_other_cases_come_after_the_ids_there_are():
    alphabet = Alphabet(tuple("aBß1"))
    # Of ß the upper case is two letters.
    assert alphabet.with_other_cases().characters == tuple("aBß1Ab")
    assert alphabet.with_other_cases().with_other_cases() == alphabet.with_other_cases()


def test_extended_keeps_the_ids_there_are():
    alphabet = Alphabet.count(["aab"])
    longer = alphabet.extended("xbay")
    assert longer.characters == ("a", "b", "x", "y")
    assert longer.ids("ab") == alphabet.ids("ab")
    assert alphabet.characters == ("a", "b")


@pytest.mark.parametrize("characters", [("ab",), ("a", "a"), ("",), ("\ud800",)])
def test_characters_are_distinct_code_points(characters):
    with pytest.raises(ValueError, match="character|once"):
        Alphabet(characters)
