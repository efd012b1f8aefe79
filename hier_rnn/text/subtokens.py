"""The subtokens of a word as written: its letters in lower case, punctuation and clitics apart.

`Movie.`, `"movie` and `MOVIE` are one word to whoever counts contexts, and `don't` is two, `do` and
`n't`, as tokenized text has it. Counts are of subtokens; the vector of a word as written is that of
its subtokens. So words of raw and of tokenized text get the same vectors, each in its own spelling.
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


def subtokens(word: str) -> list[str]:
    """Returns the subtokens of a word as written: `"Don't!"` gives `do`, `n't`, `!`.

    Args:
        word: Without white space.
    """
    lower = word.lower().replace("\u2019", "'")
    if lower.isalpha() or _CLITIC.fullmatch(lower):
        return [lower]
    found: list[str] = []
    for match in _PART.finditer(lower if lower.isascii() else _marks_as_letters(lower)):
        part = lower[match.start() : match.end()]
        host = _HOST.fullmatch(part)
        found.extend(host.groups() if host else (part,))
    return found


def content_subtokens(found: list[str]) -> list[str]:
    """Returns the subtokens that have a letter or digit, or all of them if none has."""
    return [part for part in found if any(map(str.isalnum, part))] or found


def _marks_as_letters(text: str) -> str:
    """Accents, vowel signs and joiners belong to the word, which `re` doesn't know."""
    return "".join("x" if unicodedata.category(c)[0] == "M" or c in _JOINERS else c for c in text)
