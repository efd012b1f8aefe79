"""Labels that are probably no classes: measures, several in one, spellings of the same."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hier_rnn.sources.checks.statistics import is_number

NUMERIC_CLASSES = 10  # so many numbers may be ratings
SEPARATORS = "|;,/+&\t "
# Characters that hardly stand within a name: of these, one known part is enough.
CERTAIN_SEPARATORS = "|;"
LIST_SEPARATORS = "|;,"


def are_measures(numbers: list[str], counts: Mapping[str, int], examples: int) -> bool:
    """Returns whether labels are numbers that measure something and name no class.

    Args:
        numbers: The labels that are numbers.
        counts: How many examples each label has.
        examples: How many there are in all.
    """
    if len(numbers) < max(3, 0.95 * len(counts)):
        return False
    values = {float(number.replace(",", ".", 1)) for number in numbers}
    fractions = sum(not value.is_integer() for value in values)
    # Numbers that name classes count them up.
    counted = not fractions and max(values) - min(values) < 2 * len(values)
    return (
        len(numbers) == examples
        or (len(numbers) >= NUMERIC_CLASSES and 2 * len(numbers) > examples)
        or (len(numbers) > 2 * NUMERIC_CLASSES and 2 * fractions > len(numbers))
        or (len(numbers) > 5 * NUMERIC_CLASSES and 10 * len(numbers) > examples and not counted)
    )


def joined_labels(labels: Mapping[str, int]) -> list[str]:
    """Returns the labels that are other labels joined by a separator, or written as a list."""
    lists = [label for label in labels if label[:1] + label[-1:] in ("[]", "{}")]
    if lists and 2 * len(lists) > len(labels):
        return [label for label in lists if "," in label]
    for separator in SEPARATORS:
        parts = {
            label: tuple(filter(None, map(str.strip, label.split(separator))))
            for label in labels
            if separator in label
        }
        parts = {label: several for label, several in parts.items() if len(several) > 1}
        enough = any if separator in CERTAIN_SEPARATORS else all
        found = [
            label
            for label, several in parts.items()
            if enough(part in labels and part != label for part in several)
        ]
        if not found and separator in LIST_SEPARATORS:
            found = _combinations(parts)
        if found:
            return found
    return []


def _combinations(parts: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Returns the labels whose parts all recur in others, if there are fewer parts than labels."""
    owners: dict[str, int] = {}
    for several in parts.values():
        for part in set(several):
            owners[part] = owners.get(part, 0) + 1
    found = [label for label, several in parts.items() if all(owners[part] > 1 for part in several)]
    return (
        found if len(found) > 2 and len({p for f in found for p in parts[f]}) <= len(found) else []
    )


def alike_labels(labels: Mapping[str, int]) -> list[list[str]]:
    """Returns groups of labels that are the same but for case, spaces, `_` and `-`."""
    groups: dict[str, list[str]] = {}
    for label in labels:
        key = re.sub(r"[\s_-]+", "", label.casefold())
        groups.setdefault(key, []).append(label)
    return [group for key, group in groups.items() if len(group) > 1 and not is_number(key)]
