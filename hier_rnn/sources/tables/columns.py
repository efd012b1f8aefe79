"""Which columns of a table are the label and the text, and whether its first row is a header.

Names decide where there are names: those that the user gave, then `label` and `text`, then what
such columns are usually called. Otherwise values decide: a text is long and differs from row to
row, a label is short and recurs. Without a sign either way, two columns without a header are label
and text. What is likely and not certain is an error that says how to choose.
"""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from hier_rnn.errors import UserError, nearest
from hier_rnn.sources.example import Reading, listed, quoted, shortened
from hier_rnn.sources.tables.names import folded, has_row_names, may_be_label, usual_role

HOW_TO_CHOOSE = "Choose with data.label_column and data.text_column, by name or by number from 1"
# Rows of recurring labels after which one that does not recur is a doubt, and then a header.
FEW, MANY = 4, 20

_LETTER = re.compile(r"[^\W\d_]")

_DEFAULTS = (Reading().label_column, Reading().text_column)


class Columns(NamedTuple):
    """Which columns of a table are read."""

    label: int | None
    """None: labels are not read."""
    text: int
    width: int
    names: tuple[str, ...]
    """The header; where there is none, the columns' numbers."""
    header: bool
    plain: bool
    """Whether this is what everyone would expect: nothing needs to be said of it."""

    def described(self) -> str:
        """For a message: `label: column 2 'category'; text: column 1 'message'`."""

        def one(index: int) -> str:
            return f"column {index + 1}" + (f" '{self.names[index]}'" if self.header else "")

        label = "" if self.label is None else f"label: {one(self.label)}; "
        header = "a header" if self.header else "no header"
        return f"{header}; {label}text: {one(self.text)}"


def find_columns(name: str, rows: Sequence[list[str]], reading: Reading) -> Columns:
    """Finds out what the columns of a table are.

    Args:
        name: What messages call the file.
        rows: Rows from its start that are not blank, at least one.
        reading: What the user chose.

    Raises:
        UserError: A column that is not there, or the rows leave open what is what.
    """
    return _Finder(name, rows, reading).columns()


def columns_by_name(
    name: str, names: Sequence[str], rows: Sequence[list[str]], reading: Reading
) -> Columns:
    """Finds out which of named columns, as a Parquet file has them, are the label and the text.

    Args:
        name: What messages call the file.
        names: The columns' names.
        rows: Their values in some rows.
        reading: What the user chose.

    Raises:
        UserError: As `find_columns`.
    """
    return _Finder(name, [list(names), *rows], reading, header=True).columns()


class _Finder:
    def __init__(
        self, name: str, rows: Sequence[list[str]], reading: Reading, header: bool = False
    ) -> None:
        rows = list(rows)
        row_names = has_row_names(rows)
        if row_names:
            rows[0] = ["", *rows[0]]
        self.name, self.reading = name, reading
        self.first = [cell.strip() for cell in rows[0]]
        self.chosen_label, self.chosen_text = (
            None if column == default else column
            for column, default in zip(
                (reading.label_column, reading.text_column), _DEFAULTS, strict=True
            )
        )
        if not reading.labelled:
            self.chosen_label = None
        counts = Counter(map(len, rows))
        self.width = min(
            counts, key=lambda width: (-counts[width], reading.labelled and width < 2, width)
        )
        if header or row_names or self._is_named_as_wanted():
            self.width = len(self.first)
        self.body = [row for row in rows[1:] if len(row) == self.width]
        self.header = len(self.first) == self.width and (header or row_names or self._is_header())
        if not self.header and len(rows[0]) == self.width:
            self.body.insert(0, rows[0])
        self.names = tuple(self.first if self.header else (str(i + 1) for i in range(self.width)))
        self.values = [list(column) for column in zip(*self.body, strict=True)] or [
            [] for _ in range(self.width)
        ]

    # The header

    def _place(self, column: str) -> int | None:
        names = [folded(cell) for cell in self.first]
        return names.index(folded(column)) if folded(column) in names else None

    def _is_named_as_wanted(self) -> bool:
        """Whether the first row has the names that the user gave or else the usual ones."""
        chosen = [name for name in (self.chosen_label, self.chosen_text) if name is not None]
        if any(self._place(name) is not None for name in chosen):
            return True
        wanted = _DEFAULTS if self.reading.labelled else _DEFAULTS[1:]
        return all(self._place(name) is not None for name in wanted)

    def _is_header(self) -> bool:
        if self._is_named_as_wanted():
            return True
        if {"label", "text"} <= {usual_role(cell, whole=True) for cell in self.first}:
            return True
        if not self.body or not all(map(_is_name, filter(None, self._filled()))):
            return False
        if self._is_numbered_header():
            return True
        recurring = [i for i in range(self.width) if self.first[i] and self._recurs(i)]
        numeric = [all(_is_number(row[i]) for row in self.body) for i in range(self.width)]
        if any(numeric[i] and _is_number(self.first[i]) for i in range(self.width)):
            return False
        if recurring:
            return False
        if self._is_named():
            return True
        if len(self.body) > 1 and any(numeric[i] and self.first[i] for i in range(self.width)):
            return True
        return self._stands_out()

    def _filled(self) -> list[str]:
        """The first row's cells, without those of columns that are empty altogether."""
        filled = [any(row[i].strip() for row in self.body) for i in range(self.width)]
        cells = [
            cell if cell or not filled[i] or i == 0 else "\n" for i, cell in enumerate(self.first)
        ]
        distinct = [cell for cell in cells if cell]
        return cells if len(set(distinct)) == len(distinct) else ["\n"]

    def _is_numbered_header(self) -> bool:
        """What pandas writes when columns have no names: `,0,1`."""
        cells = [cell for cell in self.first if cell]
        numbers = [str(i) for i in range(len(cells))]
        texts = any(not _is_number(row[i]) for row in self.body for i in (self.width - 1,))
        return self.first[0] == "" and cells == numbers and texts

    def _is_named(self) -> bool:
        """Whether the first row's cells are what columns are called, sentences hardly being so."""
        if self.width == 1:
            return usual_role(self.first[0], whole=True) == "text" and (
                not may_be_label(self.first[0]) or self._is_unlike(words=1)
            )
        cells = [cell for cell in self.first if cell]
        roles = [usual_role(cell) for cell in cells]
        if len(cells) > 1 and all(roles) and "text" in roles:
            return True
        certain = [cell for cell in cells if " " not in cell and not may_be_label(cell)]
        words = all(re.fullmatch(r"[\w.:/-]+( [\w.:/-]+)?", cell) for cell in cells)
        known = any(map(usual_role, certain))
        return words and known and (len(self.body) >= FEW or self._is_unlike(words=1))

    def _recurs(self, i: int) -> bool:
        return any(row[i].strip() == self.first[i] for row in self.body)

    def _stands_out(self) -> bool:
        """Whether the first row's words are unlike all others; unsure where that may be chance."""
        texts = range(self.width)
        text = self._longest_column()
        unlike = self._is_unlike(words=3)
        if self.width == 1:
            certain = False
            uncertain = unlike and bool(re.fullmatch(r"\w+", self.first[0]))
        else:
            counts = [Counter(row[i].strip() for row in self.body) for i in texts]
            label = min(texts, key=lambda i: len(counts[i]))
            size = len(self.body)
            recurring = sum(count for count in counts[label].values() if count > 1) >= 0.9 * size
            certain = recurring and size >= (MANY if unlike else 2 * MANY)
            name = re.fullmatch(r"[\w .-]*", self.first[text])
            word = all(re.fullmatch(r"[\w.-]+", cell) for cell in self.first)
            uncertain = (name is not None and (unlike or (recurring and size >= FEW))) or (
                word and self._is_unlike(words=1)
            )
        if certain or not uncertain:
            return certain
        numbers = [self.chosen_text, self.chosen_label if self.reading.labelled else "1"]
        if all(number is not None and number.isdigit() for number in numbers):
            return False
        example = quoted([shortened(cell) for cell in self.first])
        raise UserError(
            f"{self.name}: it can't be told whether its first row, {example}, is a header or an"
            f" example. {HOW_TO_CHOOSE}: names if it is a header, numbers if it is an example."
        )

    def _longest_column(self) -> int:
        columns = range(self.width)
        return max(columns, key=lambda i: statistics.fmean(len(row[i]) for row in self.body))

    def _is_unlike(self, words: int) -> bool:
        """Whether nearly all texts below the first row have more words than that.

        Where words have no spaces between them, texts are as many times as long as the first.
        """
        text = self._longest_column()
        longer = [
            len(re.findall(r"\w+", row[text])) > words
            or (not row[text].isascii() and len(row[text]) > words * len(self.first[text]))
            for row in self.body
        ]
        return statistics.fmean(longer) >= 0.8

    # The columns

    def columns(self) -> Columns:
        label, text = self._chosen(self.chosen_label), self._chosen(self.chosen_text)
        if self.reading.labelled and self.width == 1:
            raise UserError(
                f"{self.name}: it has one column, {self._listed([0])}: labels are missing, or the"
                " columns are separated by something else. Choose with data.delimiter."
            )
        plain = label is None and text is None
        if self.header:
            if text is None:
                text = self._named("text", taken=label)
            if label is None and (self.reading.labelled or text is None):
                label = self._named("label", taken=text)
            plain = plain and text is not None and folded(self.names[text]) == "text"
            if label is not None:
                plain = plain and folded(self.names[label]) == "label"
        if text is None or (self.reading.labelled and label is None):
            label, text, usual = self._by_values(label, text)
            plain = plain and usual and not self.header
        if label == text:
            raise UserError(
                f"{self.name}: the label's and the text's column are the same,"
                f" {self._listed([text])}. {HOW_TO_CHOOSE}."
            )
        return Columns(
            label if self.reading.labelled else None,
            text,
            self.width,
            self.names,
            self.header,
            plain,
        )

    def _chosen(self, column: str | None) -> int | None:
        if column is None:
            return None
        place = self._place(column) if self.header else None
        if place is None and column.isdecimal() and 0 < int(column[:9]) <= self.width:
            place = int(column) - 1
        if place is None:
            option = "text_column" if column == self.chosen_text else "label_column"
            raise UserError(
                f"{self.name}:1: unknown column '{column}'. Its first row has"
                f" {quoted([shortened(cell) for cell in self.first])}."
                f"{nearest(column, self.first)} Name the column with"
                f" data.{option}, or number it from 1."
            )
        return place

    def _named(self, role: str, taken: int | None) -> int | None:
        """The one column that is called as such columns are; the surest kind of name wins."""
        free = [i for i in range(self.width) if i != taken]
        if role == "label" and len(free) > 1:  # a `score` of 0.273 is no class
            free = [i for i in free if folded(self.names[i]) == role or not self._is_measure(i)]
        names = {i: self.names[i] for i in free}
        for found in (
            [i for i, name in names.items() if folded(name) == role],
            [i for i, name in names.items() if usual_role(name, whole=True) == role],
            [i for i, name in names.items() if usual_role(name) == role],
        ):
            if len(found) == 1:
                return found[0]
            if len(found) > 1 and (self.reading.labelled or role == "text"):
                self._ambiguous(role, found)
        return None

    def _by_values(self, label: int | None, text: int | None) -> tuple[int | None, int, bool]:
        """Fills in what names leave open; True as well where this is the plain convention."""
        free = [i for i in range(self.width) if i not in (label, text) and not self._is_index(i)]
        if not free:
            self._ambiguous("text" if text is None else "label", [])
        if not self.reading.labelled and len(free) == 1:
            return None, free[0], self.width == 1
        if text is None and label is None and len(free) == 2:
            return self._of_two(*free)
        if text is None:
            text = free[0] if len(free) == 1 else self._longest(free)
            free.remove(text)
        if self.reading.labelled and label is None:
            likely = [i for i in free if self._is_like_label(i)] if len(free) > 1 else free
            if len(likely) != 1 or self._is_like_text(likely[0]) or self._is_measure(likely[0]):
                self._ambiguous("label", free)
            label = likely[0]
        return label, text, False

    def _of_two(self, first: int, second: int) -> tuple[int | None, int, bool]:
        one, two = self.values[first], self.values[second]
        size = len(one)
        distinct = [len(set(values)) for values in (one, two)]
        length = [statistics.fmean(map(len, values)) if values else 0.0 for values in (one, two)]
        numeric = [bool(values) and all(map(_is_number, values)) for values in (one, two)]

        def signs(label: int, text: int) -> int:
            return (
                (2 * distinct[label] <= min(size, distinct[text]))
                + (length[text] >= 2 * length[label] > 0)
                + (numeric[label] and not numeric[text])
            )

        forward, backward = signs(0, 1), signs(1, 0)
        labels_first = 2 * distinct[0] <= min(size, distinct[1])
        if self.reading.labelled and self.width > 2 and forward and self._is_measure(first):
            self._ambiguous("label", [first, second])
        if backward == 0 and (forward or (not self.header and self.width == 2)):
            return first, second, True
        if labels_first and not numeric[1]:
            return first, second, True
        if backward >= 2 and forward == 0:
            return second, first, False
        self._ambiguous("label", [first, second])
        raise AssertionError

    def _longest(self, free: list[int]) -> int:
        lettered = [i for i in free if any(map(_LETTER.search, self.values[i]))] or free
        likely = [i for i in lettered if self._is_like_text(i)] or lettered
        length = {i: statistics.fmean([0, *map(len, self.values[i])]) for i in likely}
        ordered = sorted(likely, key=lambda i: -length[i])
        words = any(not value.isascii() or " " in value for value in self.values[ordered[0]])
        if len(ordered) > 1 and (length[ordered[0]] < 3 * length[ordered[1]] or not words):
            self._ambiguous("text", ordered)
        return ordered[0]

    def _is_index(self, i: int) -> bool:
        values = self.values[i]
        if self.header and (not self.names[i] or usual_role(self.names[i]) == "other"):
            return True
        if self.width > 2 and not any(value.strip() for value in values):
            return True
        if len(values) < (2 if self.header else 5) or not all(
            re.fullmatch(r"\d{1,15}", value) for value in values
        ):
            return False
        numbers = list(map(int, values))
        return self.width > 2 and numbers == list(range(numbers[0], numbers[0] + len(numbers)))

    def _is_like_label(self, i: int) -> bool:
        values = [value.strip() for value in self.values[i]]
        count = len(set(values))
        return count > 1 and 2 * count <= len(values) and not self._is_like_text(i)

    def _is_measure(self, i: int) -> bool:
        """Whether a column holds numbers with fractions, hardly one like another."""
        values = [value.strip() for value in self.values[i]]
        return (
            all(map(_is_number, values))
            and 2 * len(set(values)) > len(values)
            and 2 * sum(float(value.replace(",", ".")) % 1 > 0 for value in values) > len(values)
        )

    def _is_like_text(self, i: int) -> bool:
        values = self.values[i]
        words = statistics.fmean([0, *(len(value.split()) for value in values)])
        return len(values) >= 5 and len(set(values)) > 0.8 * len(values) and words >= 3

    def _ambiguous(self, role: str, likely: list[int]) -> None:
        raise UserError(
            f"{self.name}: it can't be told which column is the {role}. It has"
            f" {self._listed(range(self.width))}."
            + (f" It may be {listed([str(i + 1) for i in likely], ' or ')}." if likely else "")
            + f" {HOW_TO_CHOOSE}."
        )

    def _listed(self, columns: Sequence[int]) -> str:
        return listed(
            [
                f"column {i + 1}"
                + (f" '{shortened(self.names[i])}'" if self.header else "")
                + (f" (as '{shortened(self.values[i][0], 30)}')" if self.values[i] else "")
                for i in columns
            ],
            "; ",
        )


def _is_name(cell: str) -> bool:
    """Whether a cell may be a column's name: a few words, nothing that ends a sentence."""
    return (
        len(cell) <= 60
        and len(cell.split()) <= 4
        and not re.search(r"[\n\r\t]|[.!?。！？,]$|[.!?] ", cell)
    )


def _is_number(cell: str) -> bool:
    return bool(re.fullmatch(r"[+-]?\d+([.,]\d+)?", cell.strip(), re.ASCII))
