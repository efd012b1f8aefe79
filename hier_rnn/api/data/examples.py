"""Data as a program has it: lists, columns of tables, and whole tables, of whatever library.

Examples become a `Source`, as a file's do: labels and texts are treated in the same way, and
whatever is no text is an error that names its row.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from hier_rnn.configuration.options import AUTO, Configuration, Data
from hier_rnn.errors import UserError
from hier_rnn.inference.arguments import checked_texts
from hier_rnn.sources.clean import Cleaned
from hier_rnn.sources.example import Example, Reading, Source, quoted, shortened
from hier_rnn.sources.multi_label import resolve_multi_label
from hier_rnn.sources.source import open_source
from hier_rnn.sources.tables.columns import columns_by_name

SEVERAL = (list, tuple, set, frozenset, np.ndarray)
SAMPLE = 1024  # rows looked at to find out what a table's columns are

Labelled: TypeAlias = Any
"""Labelled examples: a source as the commands take it (`str` or `Path`), a list of sources, a list
of `(label, text)`, a tuple `(texts, labels)`, or a table with a column of each: a DataFrame of
pandas or Polars, an Arrow table, a `datasets.Dataset`, or a dictionary of columns. Where a text may
have several labels, a label is a list, a tuple or a set of them."""


def source_names(data: Labelled) -> tuple[str, ...] | None:
    """Returns the sources that data are the names of; None if they are examples themselves."""
    if isinstance(data, (str, Path)):
        return (str(data),)
    if isinstance(data, (list, tuple)) and data and all(isinstance(s, (str, Path)) for s in data):
        return tuple(map(str, data))
    return None


def resolved_for(configuration: Configuration, data: Labelled) -> Configuration:
    """Returns the options with what depends on whether a text may have several labels decided.

    Args:
        configuration: The options of a run that begins.
        data: Its training data; None: those that the options name.

    Raises:
        UserError: As `labelled_source` and `resolve_multi_label`.
    """
    options = configuration.data
    if options.multi_label == AUTO and data is not None and source_names(data) is None:
        _, labels = _texts_and_labels(data, "train", options)
        several = has_several(labels) or bool(options.label_separator)
        options = options.model_copy(update={"multi_label": several})
    return resolve_multi_label(configuration.model_copy(update={"data": options}))


def labelled_source(data: Labelled, name: str, options: Data) -> Source:
    """Returns labelled examples as a source.

    Args:
        data: The examples, or the names of sources.
        name: What messages call them.
        options: How they are read: their columns, the length of a text.

    Raises:
        UserError: A source that can't be read, a label or a column that is missing, as many labels
            as texts are expected.
        TypeError: A text that is not a `str`, or something that is no examples.
    """
    names = source_names(data)
    if names is not None:
        return open_source(names, **options.reading)
    texts, labels = _texts_and_labels(data, name, options)
    if len(texts) != len(labels):
        raise UserError(
            f"{name}: a label for each text is expected. Received: {len(texts):,} texts and"
            f" {len(labels):,} labels."
        )
    return source_of(texts, labels, name, options)


def _texts_and_labels(data: Labelled, name: str, options: Data) -> tuple[list[str], Any]:
    if _is_table(data):
        return _columns(data, name, options)
    if isinstance(data, tuple) and len(data) == 2:
        return texts_of(data[0], f"{name}[0]"), values_of(data[1])
    return _pairs(data, name)


def source_of(texts: Sequence[str], labels: Sequence[Any], name: str, options: Data) -> Source:
    """Returns texts and their labels as a source.

    Args:
        texts: The texts.
        labels: As many labels: strings, whole numbers or booleans; or, where a text may have
            several, a list or set of these for each.
        name: What messages call them.
        options: How they are read: the length of a text, whether it may have several labels.

    Raises:
        UserError: Something is no label.
    """
    names = [_names(label, f"{name}[{row}]") for row, label in enumerate(labels)]

    def read() -> Iterator[Example]:
        for row, (of_text, text) in enumerate(zip(names, texts, strict=True)):
            yield Example(of_text[0] if of_text else None, text, f"{name}[{row}]", labels=of_text)

    reading = Reading(
        maximum_text_length=options.maximum_text_length,
        multi_label=options.multi_label is True,
        label_separator=options.label_separator,
    )
    return Source(name, Cleaned(name, read, reading))


def has_several(labels: Iterable[Any]) -> bool:
    """Returns whether labels are those of texts that may have several: lists, tuples or sets."""
    return any(isinstance(label, SEVERAL) for label in labels)


def _names(value: Any, where: str) -> tuple[str, ...]:
    if isinstance(value, (set, frozenset)):
        value = sorted(value, key=str)
    if isinstance(value, SEVERAL):
        return tuple(label_name(label, where) for label in value)
    return (label_name(value, where),)


def unlabelled_source(texts: Iterable[str], name: str, maximum_text_length: int) -> Source:
    """Returns texts without labels as a source; arguments as `source_of`.

    Raises:
        TypeError: One of them is not a `str`.
    """
    kept = texts_of(texts, name)

    def read() -> Iterator[Example]:
        for row, text in enumerate(kept):
            yield Example(None, text, f"{name}[{row}]")

    reading = Reading(maximum_text_length=maximum_text_length, labelled=False)
    return Source(name, Cleaned(name, read, reading))


def texts_of(texts: Iterable[str], name: str) -> list[str]:
    """Returns texts as a list, all of them checked.

    Args:
        texts: A list, an array, a column of a table, or a generator of texts.
        name: What the caller calls them, for the message.

    Raises:
        TypeError: It is a single text or a whole table, or one of the texts is not a `str`; the
            message says which one and what was received.
    """
    return list(checked_texts(texts, name))


def values_of(column: Any) -> Any:
    """Returns a column's values as Python has them: Arrow's columns give scalars of their own."""
    return column.to_pylist() if hasattr(column, "to_pylist") else column


def label_name(value: Any, where: str) -> str:
    """Returns a label as text; a boolean as JSON and files of examples write it.

    Args:
        value: A string, a whole number, a boolean, or a number that is finite.
        where: The place, for the message.

    Raises:
        UserError: It is no label.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, (str, int)) or (isinstance(value, float) and math.isfinite(value)):
        return str(value)
    raise UserError(
        f"{where}: no label: a string, a whole number or a boolean is expected. Received:"
        f" {shortened(repr(value))} ({type(value).__name__})."
    )


def _pairs(data: Any, name: str) -> tuple[list[str], list[Any]]:
    if not isinstance(data, Iterable) or isinstance(data, (bytes, bytearray)):
        raise TypeError(f"{name}: {EXPECTED} Received: {type(data).__name__}.")
    texts, labels = [], []
    for row, pair in enumerate(data):
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise TypeError(
                f"{name}[{row}]: a pair (label, text) is expected. Received:"
                f" {shortened(repr(pair))} ({type(pair).__name__}). {EXPECTED}"
            )
        labels.append(pair[0])
        texts.append(pair[1])
    return texts_of(texts, name), labels


EXPECTED = (
    "Accepted: the name of a source, a list of (label, text), a tuple (texts, labels), or a table"
    " with a column of each."
)


def _is_table(data: Any) -> bool:
    named = hasattr(data, "column_names") or hasattr(data, "columns")
    return isinstance(data, Mapping) or (named and hasattr(data, "__getitem__"))


def _columns(table: Any, name: str, options: Data) -> tuple[list[str], list[Any]]:
    """Finds a table's texts and labels, as in a file whose columns have these names."""
    if isinstance(table, Mapping):
        names = list(table)
    else:  # Arrow's `columns` are the columns themselves
        names = list(getattr(table, "column_names", None) or table.columns)
    if not names or not len(table[names[0]]):
        raise UserError(f"{name}: it is empty: there is no example in it.")
    strings = [str(one) for one in names]
    if len(set(strings)) < len(strings):
        twice = sorted({one for one in strings if strings.count(one) > 1})
        raise UserError(f"{name}: it has several columns of one name: {quoted(twice)}.")
    columns = [values_of(table[one]) for one in names]
    sample = [[str(value) for value in islice(column, SAMPLE)] for column in columns]
    reading = Reading(options.label_column, options.text_column)
    found = columns_by_name(name, strings, list(map(list, zip(*sample, strict=False))), reading)
    texts = texts_of(columns[found.text], f"{name}[{names[found.text]!r}]")
    label = names[found.label or 0]
    labels = list(columns[found.label or 0])
    features = getattr(table, "features", None)
    feature = features[label] if features else None
    element = getattr(feature, "feature", feature)  # of a list
    class_names = getattr(element, "names", None)
    if class_names:

        def named(number: Any) -> Any:
            if isinstance(number, SEVERAL):
                return [named(one) for one in number]
            known = number is not None and 0 <= number < len(class_names)
            return class_names[number] if known else None

        labels = list(map(named, labels))
    return texts, labels
