"""Misspelling words as people do: at random, or in every way there is (for an attack).

Kinds, each for words of letters only, four or more, whose first and last letters stay
(Pruthi et al. 2019, https://arxiv.org/abs/1905.11268):

- `swap`: two neighbouring letters change places
- `drop`: a letter is left out
- `add`: a letter of the same keyboard is put in
- `key`: a letter becomes one beside it on the keyboard
- `repeat`: a letter, the last one too, is typed two to four times (`greeeat`, `yesss`)
- `mixed`: one of these five, and of `accents` if the word has any, drawn for each word
- `case`: the word is written in another case (`great`: `GREAT`, `Great`)
- `accents`: a word with accents, or vowel points in Hebrew and Arabic, loses them all
- `file:PATH`: a word listed in a file, of any length, becomes one of its misspellings there

A letter is a code point with the marks that follow it, so Devanagari's vowel signs or decomposed
accents go with their letter. Where a kind can't change a word (letters on no keyboard known here,
or all the same) it becomes a swap, and failing that a drop; but `case` leaves a script without
cases alone, and `accents` a word without accents.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hier_rnn.errors import UserError, nearest
from hier_rnn.lines import read_lines
from hier_rnn.text import keyboards

LETTERS_NEEDED = 4
FILE = "file:"

# Marks that people leave out; but not the breve of Cyrillic short i, a letter with its own key.
_ACCENT = re.compile("(?<![иИ])[\u0300-\u036f]|[\u0591-\u05c7\u064b-\u065f\u0670]")
_UNACCENTED = str.maketrans("łŁđĐøØıħĦ", "lLdDoOihH")  # accented, but Unicode has no parts for them


class _Edit(NamedTuple):
    """A kind of change at one place in a word."""

    span: int  # letters replaced
    places: Callable[[list[str]], Sequence[int]]  # where in the word
    replacements: Callable[[list[str], int], Sequence[str]]  # by what, there


def _letters_to_add(letters: list[str], place: int) -> Sequence[str]:
    """The keyboard's letters, in the case of the letter after the gap; or the word's own."""
    found = keyboards.letters(letters[place])
    return found or next(filter(None, map(keyboards.letters, letters)), None) or sorted({*letters})


_EDITS: dict[str, _Edit] = {
    "swap": _Edit(
        span=2,
        places=lambda word: [i for i in range(1, len(word) - 2) if word[i] != word[i + 1]],
        replacements=lambda word, i: (word[i + 1] + word[i],),
    ),
    "drop": _Edit(
        span=1,
        places=lambda word: range(1, len(word) - 1),
        replacements=lambda word, i: ("",),
    ),
    "add": _Edit(
        span=0,
        places=lambda word: range(1, len(word)),
        replacements=_letters_to_add,
    ),
    "key": _Edit(
        span=1,
        places=lambda word: [i for i in range(1, len(word) - 1) if keyboards.neighbours(word[i])],
        replacements=lambda word, i: keyboards.neighbours(word[i]),
    ),
    "repeat": _Edit(
        span=1,
        places=lambda word: range(1, len(word)),
        replacements=lambda word, i: (word[i] * 2, word[i] * 3, word[i] * 4),
    ),
}
KINDS = (*_EDITS, "case", "accents", "mixed")


def eligible(word: str) -> bool:
    """Returns whether `word` is one to misspell: letters only, four or more."""
    return len(word) >= LETTERS_NEEDED and (
        word.isalpha() or (not word.isascii() and len(_with_marks(word)) >= LETTERS_NEEDED)
    )


def misspell(words: list[str], kind: str, rate: float, generator: np.random.Generator) -> list[str]:
    """Returns the words of a text, a share of those that can be misspelled misspelled.

    The same words misspelled at a higher rate with an equal generator have the same misspellings
    and more.

    Args:
        words: The words; they stay as they are.
        kind: One of `KINDS`, `file:PATH`, or `none`.
        rate: Chance of each eligible word, 0 to 1.
        generator: Decides which words, and how; moves on by the number of eligible words.

    Raises:
        UserError: Unknown kind, or its file can't be read.
    """
    misspelled = list(words)
    if kind == "none":
        return misspelled
    if kind.startswith(FILE):
        table = _table(kind[len(FILE) :])
        chosen = [i for i, word in enumerate(words) if word in table or word.lower() in table]
    else:
        _check(kind)
        table = {}
        chosen = [
            i for i, word in enumerate(words) if len(word) >= LETTERS_NEEDED and eligible(word)
        ]
    if not chosen:
        return misspelled
    draws = generator.random((len(chosen), 4)).tolist()
    for i, (chance, which, place, choice) in zip(chosen, draws, strict=True):
        if chance >= rate:
            continue
        word = words[i]
        one = _pick(_mixed(word), which) if kind == "mixed" else kind
        if one in _EDITS:
            misspelled[i] = _edited(word, one, place, choice)
        elif one == "accents":
            misspelled[i] = without_accents(word)
        elif one == "case":
            misspelled[i] = _pick(_other_cases(word) or (word,), choice)
        else:
            misspelled[i] = _listed(word, table, choice)
    return misspelled


def single_edits(word: str, kinds: Iterable[str] = ("swap", "drop", "add", "key")) -> Iterator[str]:
    """Yields every misspelling of `word` by one edit of the kinds, none twice.

    Args:
        word: Any word; one that isn't `eligible` has none.
        kinds: Of `swap`, `drop`, `add`, `key`, `repeat`.

    Raises:
        UserError: Another kind.
    """
    kinds = tuple(kinds)
    for kind in kinds:
        if kind not in _EDITS:
            raise UserError(
                f"'{kind}' is not a kind of single edit. Accepted: {', '.join(_EDITS)}."
                + nearest(kind, _EDITS)
            )
    if not eligible(word):
        return
    letters = _letters(word)
    seen = {word}
    for span, places, replacements in map(_EDITS.__getitem__, kinds):
        for place in places(letters):
            before, after = "".join(letters[:place]), "".join(letters[place + span :])
            for replacement in replacements(letters, place):
                edited = before + replacement + after
                if edited not in seen:
                    seen.add(edited)
                    yield edited


def parse_misspell(text: str) -> tuple[str, float]:
    """Returns kind and rate of `KIND:RATE` (`swap:0.3`, `file:PATH:1`).

    Raises:
        UserError: Unknown kind, no rate or one out of range, or a file that can't be read.
    """
    kind, colon, rate_text = text.rpartition(":")
    try:
        rate = float(rate_text)
    except ValueError:
        rate = -1.0
    if not colon or not 0 <= rate <= 1:
        kinds = "|".join((*KINDS, "file:PATH"))
        raise UserError(
            f"misspell '{text}': no rate. Accepted: KIND:RATE, a rate from 0 to 1 and a kind of "
            f"{kinds}, such as mixed:0.3."
        )
    if kind.startswith(FILE):
        _table(kind[len(FILE) :])
    else:
        _check(kind)
    return kind, rate


def load_misspellings(path: str | Path) -> dict[str, tuple[str, ...]]:
    """Returns the misspellings listed in a file by word.

    Args:
        path: Lines of a word and its misspellings between tabs, or else between white space. A
            word may have several lines. Empty lines are skipped; `.gz` is read as well.

    Raises:
        UserError: The file can't be read, lists nothing, or has a word without a misspelling.
    """
    table: dict[str, list[str]] = {}
    for number, line in read_lines(Path(path), marks=" \t"):
        if not line.strip():
            continue
        parts = line.split("\t") if "\t" in line.strip() else line.split()
        word, *misspellings = [part.strip() for part in parts if part.strip()]
        if not misspellings:
            raise UserError(
                f"{path}:{number}: '{word}' has no misspelling. Accepted: a word and its "
                "misspellings on a line."
            )
        table.setdefault(word, []).extend(misspellings)
    if not table:
        raise UserError(f"{path}: no misspellings: the file is empty.")
    return {word: tuple(dict.fromkeys(misspellings)) for word, misspellings in table.items()}


def without_accents(word: str) -> str:
    """Returns `word` as typed by someone without accents: `café` is `cafe`, `łódź` is `lodz`."""
    if word.isascii():
        return word
    parts = unicodedata.normalize("NFD", word)
    plain = _ACCENT.sub("", parts).translate(_UNACCENTED)
    return plain if word == parts else unicodedata.normalize("NFC", plain)


def _pick(items: Sequence[str], draw: float) -> str:
    return items[int(draw * len(items))]


def _mixed(word: str) -> tuple[str, ...]:
    """The kinds that `mixed` stands for, for this word."""
    plain = word.isascii() or without_accents(word) == word
    return tuple(_EDITS) if plain else (*_EDITS, "accents")


def _edited(word: str, kind: str, place: float, choice: float) -> str:
    """One edit of the kind in an eligible word, by two numbers from 0 to 1."""
    letters = _letters(word)
    span, find_places, replacements = _EDITS[kind]
    places = find_places(letters)
    if not places:
        return _edited(word, "drop" if kind == "swap" else "swap", place, choice)
    start = places[int(place * len(places))]
    letters[start : start + span] = [_pick(replacements(letters, start), choice)]
    return "".join(letters)


def _letters(word: str) -> list[str]:
    return list(word) if word.isalpha() else list(_with_marks(word))


@lru_cache(maxsize=1 << 16)
def _with_marks(word: str) -> tuple[str, ...]:
    """The letters of `word`, each with its marks; none if there is anything else in it."""
    letters: list[str] = []
    for character in word:
        if character.isalpha():
            letters.append(character)
        elif letters and unicodedata.category(character).startswith("M"):
            letters[-1] += character
        else:
            return ()
    return tuple(letters)


@lru_cache(maxsize=1 << 16)
def _other_cases(word: str) -> tuple[str, ...]:
    cases = dict.fromkeys((word.lower(), word.upper(), word.capitalize(), word.swapcase()))
    return tuple(case for case in cases if case != word)


def _listed(word: str, table: Mapping[str, Sequence[str]], choice: float) -> str:
    """One of the listed misspellings; those of the lower-cased word take on the word's case."""
    if word in table:
        return _pick(table[word], choice)
    misspelled = _pick(table[word.lower()], choice)
    if word.isupper():
        return misspelled.upper()
    return misspelled[:1].upper() + misspelled[1:] if word[:1].isupper() else misspelled


@lru_cache(maxsize=8)
def _table(path: str) -> dict[str, tuple[str, ...]]:
    return load_misspellings(path)


def _check(kind: str) -> None:
    if kind not in KINDS:
        accepted = (*KINDS, "file:PATH")
        raise UserError(
            f"unknown kind of misspelling '{kind}'. Accepted: {', '.join(accepted)}."
            + nearest(kind, KINDS)
        )
