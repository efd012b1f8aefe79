"""What one pass over the training data finds out before training starts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from hier_rnn.errors import UserError
from hier_rnn.sources.example import Source
from hier_rnn.text.alphabet import Alphabet

KEPT_TYPES = 1_000_000


@dataclass(frozen=True)
class CorpusStatistics:
    """Counts of the training data."""

    labels: list[str]
    """Sorted."""
    label_counts: list[int]
    """Examples of each."""
    examples: int
    word_count: int
    vocabulary: Counter[str]
    """How often each word is seen; the rarest are left out beyond a million word types."""
    alphabet: Alphabet

    @property
    def words_per_sentence(self) -> float:
        """Words in a sentence, on average."""
        return self.word_count / self.examples


def count_corpus(
    source: Source,
    words: Callable[[str], list[str]],
    minimum_character_count: int,
    multi_label: bool = False,
) -> CorpusStatistics:
    """Reads the training data once and counts.

    Args:
        source: Labelled examples.
        words: Turns a text into words.
        minimum_character_count: Characters seen less often are not in the alphabet.
        multi_label: Whether a text may have several labels, or none. Default False.

    Raises:
        UserError: There is one class only; or, of several for a text, none at all.
    """
    labels: Counter[str] = Counter()
    vocabulary: Counter[str] = Counter()
    characters: Counter[str] = Counter()
    examples = word_count = 0
    for example in source:
        examples += 1
        labels.update(example.labels if multi_label else (example.required_label,))
        text = words(example.text)
        word_count += len(text)
        vocabulary.update(text)
        if len(vocabulary) > KEPT_TYPES:
            _prune(vocabulary, characters)
    if not labels:
        raise UserError(f"{source.name}: none of its {examples:,} texts has a label.")
    if len(labels) < 2 and not multi_label:
        only = next(iter(labels))
        raise UserError(
            f"{source.name}: every example has the label '{only}'. A classifier needs two classes"
            " at least."
        )
    for word, count in vocabulary.items():
        _spell(word, count, characters)
    names = sorted(labels)
    return CorpusStatistics(
        labels=names,
        label_counts=[labels[name] for name in names],
        examples=examples,
        word_count=word_count,
        vocabulary=vocabulary,
        alphabet=Alphabet.count(characters, minimum_character_count),
    )


def _prune(vocabulary: Counter[str], characters: Counter[str]) -> None:
    """Drops the rarest half of the words; their characters still count."""
    for word, count in vocabulary.most_common()[KEPT_TYPES // 2 :]:
        _spell(word, count, characters)
        del vocabulary[word]


def _spell(word: str, count: int, characters: Counter[str]) -> None:
    for character in word:
        characters[character] += count
