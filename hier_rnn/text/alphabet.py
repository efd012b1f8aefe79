"""The characters a model knows, and their numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

UNK, BOS, EOS = 0, 1, 2
FIRST_CHARACTER = 3  # id of the first character
CODE_POINTS = 0x110000


@dataclass(frozen=True)
class Alphabet:
    """Numbers for characters: 0 unknown, 1 begin mark, 2 end mark, then `characters` from 3 on.

    Args:
        characters: Distinct Unicode code points, in the order of their ids.

    Raises:
        ValueError: A character is not one code point, is a surrogate, or comes twice.
    """

    characters: tuple[str, ...]
    _ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "characters", tuple(self.characters))
        for character in self.characters:
            if not isinstance(character, str) or len(character) != 1:
                raise ValueError(f"not one character: {character!r}")
            if "\ud800" <= character <= "\udfff":
                raise ValueError(f"a surrogate is not a character: {character!r}")
        ids = {character: id for id, character in enumerate(self.characters, start=FIRST_CHARACTER)}
        if len(ids) < len(self.characters):
            twice, _ = Counter(self.characters).most_common(1)[0]
            raise ValueError(f"comes more than once: {twice!r}")
        object.__setattr__(self, "_ids", ids)

    @classmethod
    def count(
        cls, words: Iterable[str | Iterable[str]] | Mapping[str, int], minimum_count: int = 1
    ) -> Alphabet:
        """Returns the alphabet of words: characters by descending count, then by code point.

        Args:
            words: Words, or lists of words (a text's), or words with how often each is seen.
            minimum_count: Characters seen less often are left out.
        """
        counts: Counter[str] = Counter()
        if isinstance(words, Mapping):
            for word, times in words.items():
                for character in word:
                    counts[character] += times
        else:
            for item in words:
                counts.update("".join(item))
        ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
        return cls(tuple(character for character, seen in ordered if seen >= minimum_count))

    @property
    def size(self) -> int:
        """The number of ids, the three that are no characters included."""
        return FIRST_CHARACTER + len(self.characters)

    def ids(self, word: str) -> list[int]:
        """Returns the id of each character of `word`, without marks."""
        return [self._ids.get(character, UNK) for character in word]

    def table(self) -> np.ndarray:
        """Returns the id of every Unicode code point, int32 of shape `(1114112,)`."""
        table = np.full(CODE_POINTS, UNK, np.int32)
        table[[ord(character) for character in self.characters]] = range(FIRST_CHARACTER, self.size)
        return table

    def extended(self, characters: Iterable[str]) -> Alphabet:
        """Returns an alphabet with those of `characters` it lacks added at the end.

        The ids there are stay as they are.
        """
        return Alphabet(tuple(dict.fromkeys((*self.characters, *characters))))

    def with_other_cases(self) -> Alphabet:
        """Returns an alphabet with each letter in lower and in upper case, ids as they are."""
        cases = (case for c in self.characters for case in (c.lower(), c.upper()))
        return self.extended(case for case in cases if len(case) == 1)
