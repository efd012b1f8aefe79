from __future__ import annotations

import unicodedata
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hier_rnn.configuration.options import Misspell
from hier_rnn.errors import UserError
from hier_rnn.text.misspelling import (
    KINDS,
    eligible,
    load_misspellings,
    misspell,
    parse_misspell,
    single_edits,
    without_accents,
)

CHANGING = ["swap", "drop", "add", "key", "repeat", "mixed"]
SCRIPTS = (
    "wonderful cafétéria прекрасный παρακαλώ ברכותי العربية 안녕하세요 नमस्कार 这家酒店 ありがとう"
)

any_words = st.lists(st.text(st.characters(), max_size=12), max_size=8)
letters = st.text(st.characters(categories=["L", "M"]), min_size=4, max_size=10)
kinds = st.sampled_from(KINDS)


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def one(word: str, kind: str, seed: int = 0) -> str:
    return misspell([word], kind, 1.0, generator(seed))[0]


def outcomes(word: str, kind: str) -> set[str]:
    return set(misspell([word] * 500, kind, 1.0, generator()))


@given(st.one_of(any_words, st.lists(letters)), kinds, st.floats(0, 1), st.integers(0, 9))
def test_any_words_give_as_many_and_the_same_each_time(words, kind, rate, seed):
    before = list(words)
    result = misspell(words, kind, rate, generator(seed))
    assert words == before
    assert result == misspell(words, kind, rate, generator(seed))
    assert len(result) == len(words)
    for word, misspelled in zip(words, result, strict=True):
        assert bool(misspelled) == bool(word)
        assert eligible(word) or misspelled == word


@given(st.lists(letters), st.sampled_from(CHANGING))
def test_at_rate_one_every_eligible_word_changes(words, kind):
    for word, misspelled in zip(words, misspell(words, kind, 1.0, generator()), strict=True):
        assert (misspelled != word) == eligible(word)


@given(st.lists(letters), st.sampled_from(["swap", "drop", "add", "key"]))
def test_first_and_last_letters_stay(words, kind):
    for word, misspelled in zip(words, misspell(words, kind, 1.0, generator()), strict=True):
        assert misspelled[0] == word[0]
        assert misspelled[-1] == word[-1]


@pytest.mark.parametrize(
    "word", ["the", "don't", "good!", "l8ter", "word2", "", "🎉🎉🎉🎉", "́abcd"]
)
@pytest.mark.parametrize("kind", KINDS)
def test_other_words_stay(word, kind):
    assert not eligible(word)
    assert one(word, kind) == word


def test_swap():
    assert outcomes("abcdef", "swap") == {"acbdef", "abdcef", "abcedf"}
    assert outcomes("hello", "swap") == {"hlelo"}


def test_drop():
    assert outcomes("abcd", "drop") == {"acd", "abd"}


def test_add_takes_the_case_of_the_word():
    assert all(len(word) == 5 and word.islower() for word in outcomes("good", "add"))
    assert all(word.isupper() for word in outcomes("GOOD", "add"))
    assert all(word[1:].islower() for word in outcomes("Good", "add"))
    assert len(outcomes("good", "add")) > 60


def test_key_goes_to_neighbours_in_the_same_case():
    assert outcomes("papa", "key") == {
        *("p" + near + "pa" for near in "qwsz"),
        *("pa" + near + "a" for near in "ol"),
    }
    assert outcomes("PAAP", "key") >= {"PQAP", "PASP"}


def test_repeat():
    assert outcomes("good", "repeat") >= {"gooood", "gooddd", "goodd"}
    assert all(word.startswith("go") for word in outcomes("good", "repeat"))


def test_case():
    assert outcomes("great", "case") == {"GREAT", "Great"}
    assert outcomes("Great", "case") == {"GREAT", "great", "gREAT"}
    assert outcomes("这家酒店", "case") == {"这家酒店"}


def test_accents():
    assert outcomes("déjà", "accents") == {"deja"}
    assert outcomes("deja", "accents") == {"deja"}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("café", "cafe"),
        ("cafe\u0301", "cafe"),
        ("łódź", "lodz"),
        ("tiếng", "tieng"),
        ("прийдёт", "прийдет"),
        ("по\u0438\u0306ду", "по\u0438\u0306ду"),
        ("مُحَمَّد", "محمد"),
        ("안녕하세요", "안녕하세요"),
        ("がっこう", "がっこう"),
        ("नमस्कार", "नमस्कार"),
    ],
)
def test_without_accents(word, expected):
    assert without_accents(word) == expected


def test_mixed_is_all_single_kinds_and_accents():
    found = outcomes("déjàvu", "mixed")
    for kind in ("swap", "drop", "key", "accents"):
        assert outcomes("déjàvu", kind) <= found
    assert found & outcomes("déjàvu", "add")
    assert found & outcomes("déjàvu", "repeat")


@pytest.mark.parametrize("word", SCRIPTS.split())
@pytest.mark.parametrize("kind", CHANGING)
def test_every_script_is_misspelled_in_its_own_letters(word, kind):
    def script(text: str) -> set[str]:
        return {unicodedata.name(character).split()[0] for character in text}

    assert eligible(word)
    for seed in range(20):
        misspelled = one(word, kind, seed)
        assert misspelled != word
        assert script(misspelled) <= script(word)


def test_marks_go_with_their_letter():
    assert outcomes("ae\u0301ob", "swap") == {"aoe\u0301b"}
    assert outcomes("ae\u0301ob", "drop") == {"aob", "ae\u0301b"}
    assert outcomes("नमस्कार", "drop") == {"नस्कार", "नमकार", "नमस्र"}


def test_rate_is_the_share_of_eligible_words():
    words = ["wonderful", "the", "film!"] * 10_000
    for rate in (0.0, 0.3, 0.75, 1.0):
        result = misspell(words, "swap", rate, generator())
        share = sum(a != b for a, b in zip(words, result, strict=True)) / 10_000
        assert share == pytest.approx(rate, abs=0.02)


def test_a_higher_rate_adds_misspellings_to_those_of_a_lower():
    words = ["wonderful", "terrible", "nothing"] * 100
    low, high = (misspell(words, "mixed", rate, generator()) for rate in (0.3, 0.6))
    changed = [i for i, word in enumerate(words) if low[i] != word]
    assert changed
    assert all(low[i] == high[i] for i in changed)


def test_each_draw_is_new():
    draws = generator()
    words = ["wonderful"] * 20
    assert misspell(words, "mixed", 1.0, draws) != misspell(words, "mixed", 1.0, draws)


def test_none_leaves_all_words():
    assert misspell(["wonderful"], "none", 1.0, generator()) == ["wonderful"]


def test_the_training_option_has_the_same_kinds():
    assert set(get_args(Misspell.model_fields["kind"].annotation)) == {"none", *KINDS}


def test_an_unknown_kind_says_the_nearest():
    with pytest.raises(UserError, match="Did you mean 'swap'"):
        misspell(["wonderful"], "swaps", 1.0, generator())


# Files of misspellings


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "natural.tsv"
    path.write_text("their\tthier\ttheyre\n\na lot\talot\nand adn\nand nad\n", encoding="utf-8")
    return path


def test_load_misspellings(file):
    assert load_misspellings(file) == {
        "their": ("thier", "theyre"),
        "a lot": ("alot",),
        "and": ("adn", "nad"),
    }


def test_listed_words_are_replaced_in_their_case(file):
    kind = f"file:{file}"
    assert outcomes("their", kind) == {"thier", "theyre"}
    assert outcomes("Their", kind) == {"Thier", "Theyre"}
    assert outcomes("AND", kind) == {"ADN", "NAD"}
    assert outcomes("wonderful", kind) == {"wonderful"}
    assert misspell(["and"] * 1000, kind, 0.0, generator()) == ["and"] * 1000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("one\tnoe\nalone\n", r"natural\.tsv:2: 'alone' has no misspelling"),
        ("", "empty"),
        ("\n\n", "empty"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path, content, message):
    path = tmp_path / "natural.tsv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=message):
        load_misspellings(path)


# KIND:RATE


@pytest.mark.parametrize(
    ("text", "expected"),
    [("swap:0.3", ("swap", 0.3)), ("mixed:1", ("mixed", 1.0)), ("case:0", ("case", 0.0))],
)
def test_parse_misspell(text, expected):
    assert parse_misspell(text) == expected


def test_parse_misspell_of_a_file(file):
    assert parse_misspell(f"file:{file}:0.5") == (f"file:{file}", 0.5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("swap", "no rate"),
        ("", "no rate"),
        ("swap:", "no rate"),
        ("swap:2", "from 0 to 1"),
        ("swap:-0.1", "from 0 to 1"),
        ("swap:nan", "from 0 to 1"),
        ("mixd:0.3", "Did you mean 'mixed'"),
        ("file:/no/such/file:0.3", "/no/such/file"),
    ],
)
def test_parse_misspell_refuses(text, message):
    with pytest.raises(UserError, match=message):
        parse_misspell(text)


# Single edits


def test_single_edits_are_all_there_are():
    assert set(single_edits("abcd", ["swap"])) == {"acbd"}
    assert set(single_edits("abcd", ["drop"])) == {"acd", "abd"}
    assert len(list(single_edits("abcd", ["add"]))) == 3 * 26 - 2  # twice the same: abbcd, abccd
    assert set(single_edits("abcd", ["swap", "drop"])) == {"acbd", "acd", "abd"}


@given(letters, st.sampled_from(["swap", "drop", "add", "key", "repeat"]))
def test_single_edits_differ_from_the_word_and_each_other(word, kind):
    edits = list(single_edits(word, [kind]))
    assert word not in edits
    assert len(edits) == len(set(edits))
    if edits:
        assert one(word, kind) in edits


def test_other_words_have_no_single_edits():
    assert list(single_edits("the")) == []
    assert list(single_edits("don't")) == []


def test_single_edits_refuse_other_kinds():
    with pytest.raises(UserError, match="swap, drop, add, key, repeat"):
        list(single_edits("wonderful", ["case"]))
