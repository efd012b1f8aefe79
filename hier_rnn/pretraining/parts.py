"""The parts of a word as written: its letters in lower case, its punctuation and clitics apart.

`Movie.`, `"movie` and `MOVIE` are one word to whoever counts contexts, and `don't` is two, `do` and
`n't`, as tokenized text has it. Counts are of parts; the vector of a word as written is that of its
parts. So the words of raw and of tokenized text get the same vectors, each in its own spelling.
"""

from __future__ import annotations

import re
import unicodedata

# Letters and digits, joined by what stands inside abbreviations and compounds; or punctuation.
_PART = re.compile(r"\w+(?:[-'.]\w+)*|[^\w\s]+")
# English clitics, as the Penn Treebank and most public tokenized data split them.
_CLITIC = re.compile(r"n't|'(?:s|re|ve|ll|d|m)")
_HOST = re.compile(rf"(.+?)({_CLITIC.pattern})")
_JOINERS = "\u200c\u200d"


def parts(word: str) -> list[str]:
    """Returns the parts of a word as written: `"Don't!"` gives `do`, `n't`, `!`.

    Args:
        word: Without white space.
    """
    lower = word.lower().replace("\u2019", "'")
    if lower.isalpha() or _CLITIC.fullmatch(lower):
        return [lower]
    found = []
    for match in _PART.finditer(lower if lower.isascii() else _marks_as_letters(lower)):
        part = lower[match.start() : match.end()]
        host = _HOST.fullmatch(part)
        found.extend(host.groups() if host else (part,))
    return found


def core(parts_of_word: list[str]) -> list[str]:
    """Returns the parts that have a letter or digit, or all parts if none has."""
    return [part for part in parts_of_word if any(map(str.isalnum, part))] or parts_of_word


def _marks_as_letters(text: str) -> str:
    """Accents, vowel signs and joiners belong to the word, which `re` doesn't know."""
    return "".join("x" if unicodedata.category(c)[0] == "M" or c in _JOINERS else c for c in text)
