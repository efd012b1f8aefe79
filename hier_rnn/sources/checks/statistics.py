"""What one pass over a source finds out about its labels and texts, in bounded memory."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field

from hier_rnn.sources.example import Example, Source
from hier_rnn.text.normalization import normalize

PLACES = 3
MAXIMUM_LABELS = 100_000
MAXIMUM_TEXTS = 1 << 18

# How programs write that there is nothing (compared without case).
MISSING = frozenset(("nan", "null", "none", "n/a", "na", "#n/a", "<na>", "nat", "nil", "undefined"))
# Of these, `none` and `na` are labels that people use.
MISSING_LABELS = MISSING - {"none", "na", "nil"}


@dataclass
class Tally:
    """How many examples have something, and where the first three of them stand."""

    count: int = 0
    places: list[str] = field(default_factory=list)

    def add(self, place: str) -> None:
        """Counts an example."""
        self.count += 1
        if len(self.places) < PLACES:
            self.places.append(place)


@dataclass
class LabelStatistics:
    """The examples of one label."""

    examples: Tally = field(default_factory=Tally)
    first_text: int = 0
    """Fingerprint of the label's first text."""
    same_text: bool = True
    """Whether all texts of the label are that one."""


@dataclass(frozen=True)
class SeenText:
    """Where a text was first seen, and under which label."""

    label: str
    place: str


class SeenTexts:
    """The texts of a source by fingerprint: all of them, or a sample once they are too many.

    The sample goes by the fingerprint, so it holds every copy of a text or none.
    """

    def __init__(self) -> None:
        self._texts: dict[int, SeenText] = {}
        self._mask = 0

    def __len__(self) -> int:
        return len(self._texts)

    @property
    def scale(self) -> int:
        """How many texts one in the sample stands for."""
        return self._mask + 1

    def find(self, fingerprint: int) -> SeenText | None:
        """Returns where a text was first seen, None if it was not, or is not in the sample."""
        return self._texts.get(fingerprint)

    def add(self, fingerprint: int, seen: SeenText) -> None:
        """Remembers a text, if it belongs to the sample."""
        if fingerprint & self._mask:
            return
        self._texts[fingerprint] = seen
        if len(self._texts) > MAXIMUM_TEXTS:
            self._mask = 2 * self._mask + 1
            self._texts = {key: it for key, it in self._texts.items() if not key & self._mask}


class SourceStatistics:
    """What one pass over a source finds out.

    Args:
        role: What the source is for: `train`, `validation` or `test`.
        source: Examples with labels, read once.
        others: Statistics of sources that should have no text in common with this one.
    """

    def __init__(
        self, role: str, source: Source, others: tuple[SourceStatistics, ...] = ()
    ) -> None:
        self.role, self.name = role, source.name
        self.examples = 0
        self.labels: dict[str, LabelStatistics] = {}
        self.texts = SeenTexts()
        self.more_labels = Tally()
        """Examples of further labels, once there are as many as are counted."""
        self.empty, self.missing, self.missing_labels = Tally(), Tally(), Tally()
        self.without_label = Tally()
        self.numeric_texts, self.texts_as_labels = Tally(), Tally()
        self.duplicates, self.conflicts = Tally(), Tally()
        self.overlaps = {other.role: Tally() for other in others}
        self.label_characters = self.text_characters = 0
        for example in source:
            self._add(example, others)

    @property
    def distinct_labels(self) -> int:
        """How many labels there are; at the most, once there are more than are counted."""
        return len(self.labels) + self.more_labels.count

    @property
    def label_counts(self) -> dict[str, int]:
        """Examples by label, most frequent first."""
        counts = {label: statistics.examples.count for label, statistics in self.labels.items()}
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def _add(self, example: Example, others: tuple[SourceStatistics, ...]) -> None:
        labels, where = example.labels or (example.label or "",), example.where
        label = ", ".join(sorted(labels))
        text = " ".join(normalize(example.text, "NFC").split())
        digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
        fingerprint = int.from_bytes(digest, "big")
        self.examples += 1
        self.label_characters += len(label)
        self.text_characters += len(text)
        if example.label is None and not example.labels:
            self.without_label.add(where)
        else:
            for one in labels:
                self._add_label(one, fingerprint, where)
        if any(one.casefold() in MISSING_LABELS for one in labels):
            self.missing_labels.add(where)
        if not text:
            self.empty.add(where)
            return
        if text.casefold() in MISSING:
            self.missing.add(where)
            return
        if is_number(text):
            self.numeric_texts.add(where)
        if text in labels:
            self.texts_as_labels.add(where)
        for other in others:
            if earlier := other.texts.find(fingerprint):
                self.overlaps[other.role].add(f"{where} (as {earlier.place})")
        earlier = self.texts.find(fingerprint)
        if earlier is None:
            self.texts.add(fingerprint, SeenText(label, where))
        elif earlier.label == label:
            self.duplicates.add(f"{where} (as {earlier.place})")
        else:
            self.conflicts.add(f"{where} '{label}' ({earlier.place} '{earlier.label}')")

    def _add_label(self, label: str, fingerprint: int, where: str) -> None:
        statistics = self.labels.get(label)
        if statistics is None:
            if len(self.labels) >= MAXIMUM_LABELS:
                self.more_labels.add(where)
                return
            statistics = self.labels[label] = LabelStatistics(first_text=fingerprint)
        statistics.examples.add(where)
        statistics.same_text = statistics.same_text and statistics.first_text == fingerprint


def is_number(text: str) -> bool:
    """Whether a text is a number and nothing else."""
    try:
        return math.isfinite(float(text.replace(",", ".", 1)))
    except ValueError:
        return False
