"""From the labels of examples to class indices, and the labels that training never saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hier_rnn.errors import UserError, nearest
from hier_rnn.sources.example import Example

PLACES_NAMED = 3
LABELS_NAMED = 20


@dataclass(frozen=True)
class UnseenLabels:
    """Examples whose labels training never saw."""

    labels: Mapping[str, int]
    """How many examples have each, most frequent first."""
    first: tuple[Example, ...]
    """Up to three of them."""

    @property
    def examples(self) -> int:
        """How many there are."""
        return sum(self.labels.values())


def class_indices(examples: Iterable[Example], labels: Sequence[str], name: str) -> np.ndarray:
    """Reads the examples' labels, once, into class indices, `(examples,)`.

    Args:
        examples: Labelled examples.
        labels: The classes that training saw.
        name: What to call the examples in an error.

    Raises:
        UserError: There are no examples, or labels that training never saw.
    """
    indices, unseen = seen_class_indices(examples, labels)
    if unseen.labels:
        raise UserError(_unseen_message(unseen, labels, name))
    if not len(indices):
        raise UserError(f"{name}: there are no examples in it to evaluate.")
    return indices


def seen_class_indices(
    examples: Iterable[Example], labels: Sequence[str], kept: Collection[str] | None = None
) -> tuple[np.ndarray, UnseenLabels]:
    """Returns class indices of the examples whose labels training saw, and the others counted.

    Args:
        examples: Labelled examples, read once.
        labels: The classes that training saw.
        kept: Those among them that count as seen here; by default, all.
    """
    index = {
        label: position for position, label in enumerate(labels) if kept is None or label in kept
    }
    indices: list[int] = []
    unseen: Counter[str] = Counter()
    first: list[Example] = []
    for example in examples:
        label = str(example.label)
        if label in index:
            indices.append(index[label])
            continue
        unseen[label] += 1
        if len(first) < PLACES_NAMED:
            first.append(example)
    return np.array(indices, dtype=np.int32), UnseenLabels(dict(unseen.most_common()), (*first,))


def _unseen_message(unseen: UnseenLabels, labels: Sequence[str], name: str) -> str:
    counts = [f"'{label}' ({count:,})" for label, count in unseen.labels.items()]
    more = f" and {len(counts) - LABELS_NAMED:,} more" if len(counts) > LABELS_NAMED else ""
    places = [
        f"  {example.where}: '{example.label}'.{nearest(str(example.label), labels)}"
        for example in unseen.first
    ]
    known = ", ".join(labels[:LABELS_NAMED]) + (", ..." if len(labels) > LABELS_NAMED else "")
    return "\n".join(
        [
            f"{name}: {unseen.examples:,} example(s) with {len(unseen.labels):,} label(s) that"
            f" training never saw: {', '.join(counts[:LABELS_NAMED])}{more}. The first are at",
            *places,
            f"The run knows {len(labels):,}: {known}.",
        ]
    )
