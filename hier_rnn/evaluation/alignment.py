"""Where the words that a classifier reads stand in the text as it was written.

A word is of the normalized text: composed or decomposed, maybe lower-cased, full-width letters
folded. The text is therefore cut into the smallest stretches that normalize on their own (mostly a
character each, with its marks), and each stretch knows which characters of the words it became.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import NamedTuple

LONGEST_STRETCH = 32  # characters; a base with more marks than this is cut


class Stretch(NamedTuple):
    """Characters of the text that belong together."""

    text: str
    word: int | None
    """Number of the word it belongs to; None between words and where a long word was cut."""
    characters: tuple[tuple[int, int], ...]
    """What it became: (number of the word, position in the word) of each character read."""


def align(
    text: str, words: Sequence[str], normalize: Callable[[str], str], by_pieces: bool
) -> list[Stretch]:
    """Cuts a text into stretches; joined, they are the text.

    Args:
        text: As it was written.
        words: Read from the normalized text, in order. A word that is longer than allowed lacks
            its middle.
        normalize: Gives the normalized text.
        by_pieces: Whether words may follow each other without white space (SentencePiece).

    Raises:
        ValueError: The words are not those of the text.
    """
    stretches, origins = _stretches(text, normalize)
    normalized = normalize(text)
    owners: list[list[tuple[int, int]]] = [[] for _ in stretches]
    for number, places in enumerate(_places(normalized, words, by_pieces)):
        for position, place in enumerate(places):
            owners[origins[place]].append((number, position))
    return [
        Stretch(stretch, owner[0][0] if owner else None, tuple(owner))
        for stretch, owner in zip(stretches, owners, strict=True)
    ]


def _stretches(text: str, normalize: Callable[[str], str]) -> tuple[list[str], list[int]]:
    """Returns the stretches, and for each normalized character the number of its stretch."""
    whole = normalize(text)
    stretches: list[str] = []
    for character in text:
        if stretches and _joins(stretches[-1], character, normalize):
            stretches[-1] += character
        else:
            stretches.append(character)
    lengths = [len(normalize(stretch)) for stretch in stretches]
    if sum(lengths) != len(whole):  # a context that reaches further: the text is one stretch
        stretches, lengths = [text], [len(whole)]
    return stretches, [number for number, length in enumerate(lengths) for _ in range(length)]


def _joins(stretch: str, character: str, normalize: Callable[[str], str]) -> bool:
    """Whether a character changes what comes before it, or is a mark on it."""
    if len(stretch) >= LONGEST_STRETCH or (stretch + character).isascii():
        return False
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me"):
        return True
    together, apart = normalize(stretch + character), normalize(stretch) + normalize(character)
    return len(together) != len(apart)


def _places(normalized: str, words: Sequence[str], by_pieces: bool) -> list[list[int]]:
    """Returns where each character of each word stands in the normalized text."""
    found = []
    start = 0
    for word in words:
        while start < len(normalized) and normalized[start].isspace():
            start += 1
        head = 0
        while head < len(word) and normalized[start + head : start + head + 1] == word[head]:
            head += 1
        places = list(range(start, start + head))
        start += head
        if head < len(word):  # cut in the middle
            end = start
            while end < len(normalized) and not normalized[end].isspace():
                end += 1
            find = normalized.find if by_pieces else normalized.rfind
            tail = find(word[head:], start, end)
            if tail < 0:
                raise ValueError(f"'{word}' is not a word of the text {normalized[:200]!r}.")
            start = tail + len(word) - head
            places.extend(range(tail, start))
        found.append(places)
    return found
