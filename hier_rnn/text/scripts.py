"""Which texts are better cut into pieces than at white space, by the script they are written in."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import islice

# How Unicode's names of their letters begin. Korean has spaces, but between phrases: with its
# particles and endings a word is seldom written the same way twice.
SCRIPTS = frozenset(
    ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN")
)
SAMPLED_TEXTS, SAMPLED_CHARACTERS = 1_000, 500


def wants_pieces(texts: Iterable[str]) -> bool:
    """Returns whether most letters are of a script that has no spaces between words, or of Korean.

    Args:
        texts: Read up to the 1,000th, of each the first 500 characters.
    """
    letters = pieces = 0
    for text in islice(texts, SAMPLED_TEXTS):
        for character in filter(str.isalpha, text[:SAMPLED_CHARACTERS]):
            letters += 1
            pieces += _of_such_a_script(character)
    return 2 * pieces > letters


@cache
def _of_such_a_script(letter: str) -> bool:
    return unicodedata.name(letter, "").partition(" ")[0] in SCRIPTS
