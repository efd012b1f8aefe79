"""The check of data before training: what is probably not meant, each with three places.

Most of what goes wrong with a classifier went wrong in its data. The check looks for what can be
seen without training: labels that are no classes, texts that are none, the same text on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from hier_rnn.errors import UserError
from hier_rnn.sources.checks.labels import (
    NUMERIC_CLASSES,
    alike_labels,
    are_measures,
    joined_labels,
)
from hier_rnn.sources.checks.statistics import PLACES, SourceStatistics, is_number
from hier_rnn.sources.example import Source, quoted

Severity = Literal["warning", "note"]

FEW_EXAMPLES = 50
FEW_PER_CLASS = 5
MAJORITY = 0.95
IMBALANCE = 200  # times the smallest class in the largest
FEW_TO_SCORE = 20
NOTED_DUPLICATES, NOTED_OVERLAP = 0.05, 0.01  # shares up to which these are only a note


@dataclass(frozen=True)
class Finding:
    """Something in the data that is probably not meant.

    Args:
        kind: What it is, for programs: `duplicate_texts` and the like.
        message: What it is, for people: what was found, and what to do.
        count: How many examples, or labels where the message speaks of labels.
        places: Where the first three stand, as `FILE:LINE`.
        severity: `warning`, or `note` where most data have a little of it.
    """

    kind: str
    message: str
    count: int
    places: tuple[str, ...] = ()
    severity: Severity = "warning"

    def __str__(self) -> str:
        places = f" ({'; '.join(self.places)})" if self.places else ""
        return f"{self.severity}: {self.message}{places}"


@dataclass(frozen=True)
class SourceSummary:
    """What a source holds.

    Args:
        role: `train`, `validation` or `test`.
        source: As the user wrote it.
        examples: How many there are.
        labels: How many of each label, most frequent first.
    """

    role: str
    source: str
    examples: int
    labels: Mapping[str, int]


@dataclass(frozen=True)
class DataReport:
    """What the check found.

    Args:
        sources: What each source holds.
        findings: What is probably not meant, source by source.
    """

    sources: tuple[SourceSummary, ...]
    findings: tuple[Finding, ...]

    def to_json(self) -> dict[str, Any]:
        """Returns the report as JSON values."""
        return asdict(self)

    def require_none(self) -> None:
        """Refuses data in which something was found.

        Raises:
            UserError: There is a finding; the message names all.
        """
        if self.findings:
            found = "\n".join(f"  {finding}" for finding in self.findings)
            raise UserError(
                f"the check of the data found {len(self.findings)}"
                f" {'thing' if len(self.findings) == 1 else 'things'}, and strict makes each an"
                f" error:\n{found}"
            )


def check_data(
    train: Source, validation: Source | None = None, test: Source | None = None
) -> DataReport:
    """Checks the data of a run in one pass over each source, in bounded memory.

    Of more than 262,144 distinct texts a sample is compared; duplicates are then about as many as
    said.

    Args:
        train: The training data.
        validation: The validation data. Default None: to be set aside from the training data.
        test: The test data. Default None.

    Raises:
        UserError: A source cannot be read.
    """
    checked = [SourceStatistics("train", train)]
    findings = [*_within(checked[0]), *_as_training_data(checked[0])]
    for role, source in (("validation", validation), ("test", test)):
        if source is not None:
            statistics = SourceStatistics(role, source, tuple(checked))
            findings += [*_within(statistics), *_beside(statistics, checked)]
            checked.append(statistics)
    return DataReport(
        tuple(SourceSummary(s.role, s.name, s.examples, s.label_counts) for s in checked),
        tuple(findings),
    )


def _within(data: SourceStatistics) -> Iterator[Finding]:
    """What can be seen in any source by itself."""
    if _are_swapped(data):
        yield Finding(
            "swapped_columns",
            f"{data.role}: the labels look like texts and the texts like labels:"
            f" {len(data.labels):,} distinct labels of"
            f" {data.label_characters / data.examples:.0f} characters on average,"
            f" {len(data.texts):,} distinct texts of"
            f" {data.text_characters / data.examples:.0f}. Name the columns",
            data.examples,
            _places(data, data.labels),
        )
        return
    share = _share_of(data.examples)

    def texts(kind: str, tally: Any, what: str) -> Iterator[Finding]:
        if tally.count:
            message = f"{data.role}: {share(tally.count)} {what}"
            yield Finding(kind, message, tally.count, tuple(tally.places))

    yield from texts("empty_texts", data.empty, "have no text")
    yield from texts(
        "missing_texts",
        data.missing,
        "have a text that means there is none (nan, null, None, N/A): leave them out",
    )
    yield from texts(
        "missing_labels",
        data.missing_labels,
        "have a label that means there is none (nan, null, N/A): leave them out",
    )
    if data.without_label.count:
        yield Finding(
            "texts_without_label",
            f"{data.role}: {share(data.without_label.count)} have no label, which is learnt too",
            data.without_label.count,
            tuple(data.without_label.places),
            "note",
        )
    scale = data.texts.scale
    about = "about " if scale > 1 else ""
    if conflicts := scale * data.conflicts.count:
        yield Finding(
            "conflicting_labels",
            f"{data.role}: {about}{share(conflicts)} have a text that stands under another label"
            " too, in an example of its own: only one of them can be learned",
            conflicts,
            tuple(data.conflicts.places),
        )
    if copies := scale * data.duplicates.count:
        yield Finding(
            "duplicate_texts",
            f"{data.role}: {about}{share(copies)} repeat a text and its label",
            copies,
            tuple(data.duplicates.places),
            "note" if copies <= NOTED_DUPLICATES * data.examples else "warning",
        )
    if 2 * data.texts_as_labels.count > data.examples:
        yield from texts(
            "texts_are_labels", data.texts_as_labels, "have their label for a text: is it the text?"
        )
    if 2 * data.numeric_texts.count > data.examples:
        yield from texts(
            "numeric_texts", data.numeric_texts, "have a number for a text: is it another column?"
        )


def _as_training_data(data: SourceStatistics) -> Iterator[Finding]:
    """What matters for what a classifier learns from."""
    counts = data.label_counts
    classes = len(counts)
    if _are_swapped(data):
        return
    numbers = [label for label in counts if is_number(label)]
    if are_measures(numbers, counts, data.examples):
        yield Finding(
            "numeric_labels",
            f"{data.role}: {len(numbers):,} different numbers are the labels of"
            f" {data.examples:,} examples. A classifier takes each number for a class of its own;"
            " numbers to predict (regression) are not what it learns: name the column of the"
            " class, or group the numbers into classes",
            len(numbers),
            _places(data, numbers),
        )
        return
    if classes >= NUMERIC_CLASSES and 2 * data.distinct_labels > data.examples:
        yield Finding(
            "many_labels",
            f"{data.role}: {classes:,}{' or more' if data.more_labels.count else ''} labels for"
            f" {data.examples:,} examples: is it another column?",
            classes,
            _places(data, counts),
        )
        return
    several = joined_labels(counts)
    if several:
        shown = ", ".join(f"'{label}'" for label in several[:PLACES])
        yield Finding(
            "joined_labels",
            f"{data.role}: {len(several):,} of {classes:,} labels look like several joined by a"
            f" separator, and each combination becomes a class of its own: {shown}. If a text may"
            " have several labels, name what separates them with data.label_separator",
            len(several),
            _places(data, several),
        )
    for labels in alike_labels(counts):
        shown = quoted(labels)
        message = f"{data.role}: these labels differ in case or spaces only: {shown}"
        yield Finding("similar_labels", message, len(labels), _places(data, labels))
    if not counts:
        return
    if classes == 1 and counts == {next(iter(counts)): data.examples}:
        message = f"{data.role}: all examples have one label, '{next(iter(counts))}'"
        yield Finding("one_label", message, 1, _places(data, counts))
    yield from _sizes(data, counts)
    same = [
        label
        for label, statistics in data.labels.items()
        if statistics.same_text and statistics.examples.count >= PLACES
    ]
    if same:
        message = f"{data.role}: all texts of {_named(same)} are the same"
        yield Finding("same_texts", message, len(same), _places(data, same))


def _sizes(data: SourceStatistics, counts: Mapping[str, int]) -> Iterator[Finding]:
    """Too few examples, in all or of a class, and classes of very different sizes."""
    classes = len(counts)
    if data.examples < max(FEW_EXAMPLES, FEW_PER_CLASS * classes):
        yield Finding(
            "few_examples",
            f"{data.role}: {data.examples:,} examples of {classes:,}"
            f" {'class' if classes == 1 else 'classes'} are too few to learn from: expect scores"
            " near chance",
            data.examples,
        )
    single = [label for label, count in counts.items() if count == 1]
    if single and classes > 1:
        yield Finding(
            "single_examples",
            f"{data.role}: {_share_of(classes, 'classes')(len(single))} have one example only:"
            f" {_named(single)}",
            len(single),
            _places(data, single),
        )
    largest, smallest = max(counts.values()), min(counts.values())
    if classes > 1 and (largest > MAJORITY * data.examples or largest >= IMBALANCE * smallest):
        biggest, rarest = next(iter(counts)), list(counts)[-1]
        yield Finding(
            "imbalance",
            f"{data.role}: '{biggest}' has {_share_of(data.examples)(largest)}, '{rarest}' has"
            f" {smallest:,}: accuracy says little, look at macro-F1"
            " (training.validation_metric, training.class_weights)",
            largest,
            _places(data, [rarest]),
        )


def _beside(data: SourceStatistics, others: list[SourceStatistics]) -> Iterator[Finding]:
    """What can be seen beside the sources checked before: the training data come first."""
    if data.examples < FEW_TO_SCORE:
        message = f"{data.role}: {data.examples:,} examples are too few to tell scores apart"
        yield Finding("few_examples", message, data.examples)
    known = others[0].labels
    unknown = [label for label in data.labels if label not in known]
    if unknown and not others[0].more_labels.count:
        yield Finding(
            "unseen_labels",
            f"{data.role}: {_named(unknown)} {'is' if len(unknown) == 1 else 'are'} not among the"
            " labels of the training data",
            len(unknown),
            _places(data, unknown),
        )
    for other in others:
        scale, tally = other.texts.scale, data.overlaps[other.role]
        if count := tally.count * scale:
            yield Finding(
                f"{other.role}_{data.role}_overlap",
                f"{data.role}: {'about ' if scale > 1 else ''}{_share_of(data.examples)(count)}"
                f" have a text that is in the {other.role} data too: scores on them say nothing"
                " about new texts",
                count,
                tuple(tally.places),
                "note" if count <= NOTED_OVERLAP * data.examples else "warning",
            )


def _are_swapped(data: SourceStatistics) -> bool:
    """Whether labels are long and all different, and texts short and few."""
    texts = len(data.texts)
    return (
        data.examples >= NUMERIC_CLASSES
        and 2 * data.distinct_labels > data.examples
        and 2 * texts < len(data.labels)
        and data.label_characters > data.text_characters
    )


def _share_of(total: int, what: str = "examples") -> Callable[[int], str]:
    """Returns what writes a count with its share: `12 of 300 examples (4.0%)`."""
    return lambda count: f"{count:,} of {total:,} {what} ({count / total:.1%})"


def _named(labels: list[str]) -> str:
    shown = ", ".join(f"'{label}'" for label in labels[:PLACES])
    return shown + (f" and {len(labels) - PLACES:,} more" if len(labels) > PLACES else "")


def _places(data: SourceStatistics, labels: Any) -> tuple[str, ...]:
    """Returns where the first three of some labels stand."""
    return tuple(data.labels[label].examples.places[0] for label in list(labels)[:PLACES])
