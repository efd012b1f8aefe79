"""Which letters lie beside a letter on the keyboard it is typed on."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

# The rows of letters of common layouts, a space where a key holds none. QWERTY; Russian; Greek;
# Hebrew; Arabic; Korean (two-set). A letter on two layouts belongs to the first.
_LAYOUTS = (
    ("qwertyuiop", "asdfghjkl", "zxcvbnm"),
    ("йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю"),
    (" ςερτυθιοπ", "ασδφγηξκλ", "ζχψωβνμ"),
    ("  קראטוןםפ", "שדגכעיחלךף", "זסבהנמצתץ"),
    ("ضصثقفغعهخحجد", "شسيبلاتنمكط", "ئءؤر ىةوزظ"),
    ("ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ", "ㅁㄴㅇㄹㅎㅗㅓㅏㅣ", "ㅋㅌㅊㅍㅠㅜㅡ"),
)
_ROW_OFFSETS = (0.0, 0.25, 0.75)  # keys, from the left edge

# A Hangul syllable is made of three of these (the last may be missing), as Unicode orders them.
_HANGUL = (
    "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ",
    "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ",
    " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ",
)
_FIRST_SYLLABLE, _LAST_SYLLABLE = 0xAC00, 0xD7A3


def _beside(layout: tuple[str, ...]) -> dict[str, str]:
    """Returns the letters whose keys touch, by letter."""
    keys = [
        (letter, place + offset, row)
        for row, (letters, offset) in enumerate(zip(layout, _ROW_OFFSETS, strict=True))
        for place, letter in enumerate(letters)
        if letter != " "
    ]
    return {
        letter: "".join(
            other
            for other, other_place, other_row in keys
            if other != letter
            and abs(row - other_row) <= 1
            and (
                abs(place - other_place) < 1 or (row == other_row and abs(place - other_place) == 1)
            )
        )
        for letter, place, row in keys
    }


_NEIGHBOURS: dict[str, str] = {}
_LETTERS: dict[str, str] = {}
for _layout in _LAYOUTS:
    _all = "".join(sorted("".join(_layout).replace(" ", "")))
    for _letter, _near in _beside(_layout).items():
        _NEIGHBOURS.setdefault(_letter, _near)
        _LETTERS.setdefault(_letter, _all)
        _NEIGHBOURS.setdefault(_letter.upper(), _near.upper())
        _LETTERS.setdefault(_letter.upper(), _all.upper())


def neighbours(letter: str) -> str:
    """Returns the letters beside `letter`, in its case; none if it is on no layout known here.

    Of a Hangul syllable, the syllables that differ by one such key.
    """
    near = _NEIGHBOURS.get(letter, "")
    if not near and len(letter) == 1 and _FIRST_SYLLABLE <= ord(letter) <= _LAST_SYLLABLE:
        return _syllables_beside(letter)
    return near


def letters(letter: str) -> str:
    """Returns all letters of the layout that has `letter`, in its case; none if none has it."""
    return _LETTERS.get(letter, "")


@lru_cache(maxsize=4096)
def _syllables_beside(syllable: str) -> str:
    jamo = unicodedata.normalize("NFD", syllable)
    found = []
    for part, (order, old) in enumerate(zip(_HANGUL, jamo, strict=False)):
        first = ord("\u1100\u1161\u11a7"[part])
        for near in _NEIGHBOURS.get(order[ord(old) - first], ""):
            if near in order:
                new = chr(first + order.index(near))
                found.append(unicodedata.normalize("NFC", jamo[:part] + new + jamo[part + 1 :]))
    return "".join(found)
