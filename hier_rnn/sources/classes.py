"""From the labels of examples to class indices, and the labels that training never saw."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

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
    """Up to three of them, with such a label each."""
    examples: int
    """How many there are."""


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
    _require_seen(unseen, len(indices), labels, name)
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
    rows, unseen = _seen(((example, (str(example.label),)) for example in examples), labels, kept)
    return rows.indices, unseen


def label_indicators(
    examples: Iterable[Example], labels: Sequence[str], name: str
) -> sparse.csr_array:
    """Reads which labels each example has, once, bool `(examples, classes)`.

    Arguments and errors as `class_indices`.
    """
    indicators, unseen = seen_label_indicators(examples, labels)
    _require_seen(unseen, indicators.shape[0], labels, name)
    return indicators


def seen_label_indicators(
    examples: Iterable[Example], labels: Sequence[str], kept: Collection[str] | None = None
) -> tuple[sparse.csr_array, UnseenLabels]:
    """Returns the labels of the examples all of whose labels training saw, and the others counted.

    Arguments as `seen_class_indices`.
    """
    return _seen(((example, example.labels) for example in examples), labels, kept)


def _seen(
    examples: Iterable[tuple[Example, Sequence[str]]],
    labels: Sequence[str],
    kept: Collection[str] | None,
) -> tuple[sparse.csr_array, UnseenLabels]:
    """Returns the classes of the examples all of whose labels are known, and the others."""
    index = {
        label: position for position, label in enumerate(labels) if kept is None or label in kept
    }
    indices, ends = array("i"), array("i", [0])
    unseen: Counter[str] = Counter()
    first: list[Example] = []
    left_out = 0
    for example, names in examples:
        unknown = [name for name in names if name not in index]
        if not unknown:
            indices.extend(sorted(index[name] for name in names))
            ends.append(len(indices))
            continue
        unseen.update(unknown)
        left_out += 1
        if len(first) < PLACES_NAMED:
            first.append(example._replace(label=unknown[0]))
    columns = np.array(indices, np.int32)
    rows = sparse.csr_array(
        (np.ones(len(columns), bool), columns, np.array(ends)), (len(ends) - 1, len(labels))
    )
    return rows, UnseenLabels(dict(unseen.most_common()), (*first,), left_out)


def _require_seen(unseen: UnseenLabels, seen: int, labels: Sequence[str], name: str) -> None:
    if unseen.labels:
        raise UserError(_unseen_message(unseen, labels, name))
    if not seen:
        raise UserError(f"{name}: there are no examples in it to evaluate.")


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
