"""A text's characters in one form, so that the same spelling is always the same characters."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal, TypeAlias

Form: TypeAlias = Literal["none", "NFC", "NFKC", "NFD"]

MARKS_IN_A_ROW = 30
GRAPHEME_JOINER = "\u034f"

_SURROGATE = re.compile("[\ud800-\udfff]")
# More marks in a row than are allowed are at least so many characters of the text: a character
# that is nothing but marks is two of them at the most, and the letter before them has three. To
# Python, the two half-width marks are letters.
_MANY_MARKS = re.compile(rf"[\W\uff9e\uff9f]{{{(MARKS_IN_A_ROW - 2) // 2}}}")


def normalize(text: str, form: Form = "NFKC", lowercase: bool = False) -> str:
    """Returns `text` in a Unicode normalization form, optionally lower-cased.

    Lone surrogates, which no encoding can write, become U+FFFD (and pairs of them the character
    they stand for), so that what comes out is always valid text. Normalizing twice changes nothing.

    Marks are ordered in time that grows with the square of how many stand in a row. So after each
    30 of them comes U+034F, which marks are not moved across: Unicode's Stream-Safe Text Format
    (Annex 15, section 13). Only text that is no text has so many.

    Args:
        text: Any string.
        form: `none`, `NFC`, `NFKC` or `NFD` (Unicode Standard Annex 15). The compatibility form
            NFKC also folds full-width letters and the like, and may write one character as
            several, white space included.
        lowercase: Whether to lower-case, by Unicode's full mapping.
    """
    if text.isascii():  # every form leaves ASCII as it is
        return text.lower() if lowercase else text
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if form != "none":
        text = _in_form(text, form)
    if lowercase:
        text = text.lower()
        if form != "none":  # lower-casing can take a text out of its form: U+0130 (dotted I)
            text = _in_form(text, form)
    return text


def _in_form(text: str, form: Literal["NFC", "NFKC", "NFD"]) -> str:
    if _MANY_MARKS.search(text):
        text = _stream_safe(text, "NFKD" if form == "NFKC" else "NFD")
    return unicodedata.normalize(form, text)


def _stream_safe(text: str, decomposition: Literal["NFKD", "NFD"]) -> str:
    """Returns a text decomposed, its marks not yet in order, and never too many in a row."""
    characters: list[str] = []
    marks = 0
    for character in "".join(unicodedata.normalize(decomposition, c) for c in text):
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks > MARKS_IN_A_ROW:
            characters.append(GRAPHEME_JOINER)
            marks = 1
        characters.append(character)
    return "".join(characters)
