r"""How a table is written: its delimiter, its quoting and its line ends, found out from a sample.

What a file's ending says comes first (`.csv`: commas and doubled quotes; `.tsv`: tabs and no
quoting); it is given up only for what the whole sample agrees on.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from operator import attrgetter
from typing import NamedTuple

from hier_rnn.errors import UserError
from hier_rnn.lines import LONGEST_LINE, without_end
from hier_rnn.sources.example import shortened
from hier_rnn.sources.tables.cells import explained_cells, quoting_of_plain
from hier_rnn.sources.tables.names import has_row_names, usual_role

Rows = Iterator[tuple[int, list[str]]]

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
QUOTINGS = ("auto", "double", "backslash", "none")

# csv takes line ends and (before Python 3.11) NUL for its own: inside a line they pass it as lone
# surrogates, which no decoded text holds.
_HIDDEN = {"\0": "\udc00", "\n": "\udc0a", "\r": "\udc0d"}
_HIDE = str.maketrans(_HIDDEN)
_SHOW = str.maketrans({hidden: character for character, hidden in _HIDDEN.items()})
_IN_THE_WAY = re.compile("[\0\n\r]")


class Dialect(NamedTuple):
    """How a table is written."""

    delimiter: str
    quoting: str
    """`double`, `backslash` or `none`."""
    end: str = "\n"
    r"""What ends a line: `\n` (with or without `\r` before it) or `\r`."""
    separator_line: bool = False
    """Whether the first line is Excel's `sep=`, no row."""

    @property
    def marks(self) -> str:
        """The characters that structure a line."""
        return self.delimiter + ('"\\' if self.quoting != "none" else "")

    def rows(self, lines: Iterable[tuple[int, str]], name: str) -> Rows:
        """Streams rows with the number of their first line; a blank line is a row of no cells.

        Args:
            lines: Numbered lines with their ends.
            name: What messages call the file.

        Raises:
            UserError: A quote that is left open, or text after a quoted cell.
        """
        if self.separator_line:
            lines = (line for line in lines if line[0] > 1)
        return self._plain(lines) if self.quoting == "none" else self._quoted(lines, name)

    def _plain(self, lines: Iterable[tuple[int, str]]) -> Rows:
        for number, line in lines:
            line = without_end(line)
            yield number, line.split(self.delimiter) if line else []

    def _quoted(self, lines: Iterable[tuple[int, str]], name: str) -> Rows:
        csv.field_size_limit(LONGEST_LINE)
        feed = _Feed(lines, self)
        number = 0
        try:
            # strict: a quote left open, or text behind a closing quote, is an error.
            for row in csv.reader(
                feed,
                delimiter=self.delimiter,
                # Without it csv lets text stand behind a closing quote, strict or not.
                doublequote=True,
                escapechar=None if self.quoting == "double" else "\\",
                strict=True,
            ):
                if feed.hidden:
                    row = [cell.translate(_SHOW) for cell in row]
                yield feed.first, row
                number = feed.last
                feed.start()
        except csv.Error as error:
            open_quote = feed.last > feed.first or "end of data" in str(error)
            hint = " Is a quote left open?" if open_quote else ""
            raise UserError(
                f"{name}:{max(feed.first, number)}: not CSV: {error}.{hint} If quotes are part of"
                " the texts, choose data.quoting none; if they stand after a backslash, choose"
                " data.quoting backslash."
            ) from None


class _Feed:
    """Gives `csv.reader` its lines, and knows which ones the row at hand came from."""

    def __init__(self, lines: Iterable[tuple[int, str]], dialect: Dialect) -> None:
        self._lines = iter(lines)
        self._escaped = dialect.quoting == "backslash"
        # A backslash before anything else is a plain one, as R writes them.
        self._backslash = re.compile(rf'\\(["\\{re.escape(dialect.delimiter)}])?', re.DOTALL)
        self.first = self.last = 0
        self.hidden = False

    def start(self) -> None:
        """Begins a row."""
        self.first, self.hidden = 0, False

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        number, line = next(self._lines)
        self.last = number
        self.first = self.first or number
        body = without_end(line)
        if _IN_THE_WAY.search(body):
            self.hidden = True
            line = body.translate(_HIDE) + line[len(body) :]
        if self._escaped and "\\" in line:
            line = self._backslash.sub(lambda m: m[0] if m[1] else "\\\\", line)
        return line


def numbered(text: str, end: str) -> Iterator[tuple[int, str]]:
    """The lines of a sample as `read_lines` gives those of the file."""
    lines = re.findall(f"[^{end}]*{end}|[^{end}]+\\Z", text)
    return iter(enumerate(lines, start=1))


def sample_rows(text: str, more: bool, dialect: Dialect) -> list[list[str]] | None:
    """The rows of a sample that are not blank, or None if it is not written so.

    Args:
        text: The sample.
        more: Whether the file goes on after it: then its last line is left out.
        dialect: How the sample is read.
    """
    lines = list(numbered(text, dialect.end))
    if more and len(lines) > 1:
        del lines[-1]
    rows, iterator = [], dialect.rows(iter(lines), "")
    try:
        for _, row in iterator:
            if any(cell.strip() for cell in row):
                rows.append(row)
    except UserError as error:
        if not (more and "unexpected end of data" in str(error)):
            return None
    return rows


def find_dialect(
    name: str, text: str, more: bool, ending: str, labelled: bool, delimiter: str, quoting: str
) -> Dialect:
    """Finds out how a table is written.

    Args:
        name: What messages call the file.
        text: A sample: its start.
        more: Whether the file goes on after the sample.
        ending: `.csv` or `.tsv`.
        labelled: Whether two columns are needed.
        delimiter: What the user said: a character, "tab" or "auto".
        quoting: What the user said: one of `QUOTINGS`.

    Raises:
        UserError: Several ways of reading the sample are as likely, or an unknown delimiter or
            quoting was named.
    """
    first_line = re.split("[\r\n]", text, maxsplit=1)[0]
    excel = re.fullmatch('"?sep=(.)"?', first_line.strip(" ,;|"), re.IGNORECASE) or re.fullmatch(
        '"?sep=(.)"?', first_line, re.IGNORECASE
    )
    said = _delimiter(delimiter) or (excel[1] if excel else None)
    if quoting not in QUOTINGS:
        raise UserError(f"data.quoting is {', '.join(QUOTINGS)}. Received: '{quoting}'.")
    usual = "\t" if ending == ".tsv" else ","
    delimiters = [said] if said else [usual, *(d for d in DELIMITERS if d != usual)]
    found: list[_Candidate] = []
    doubtful: list[Dialect] = []
    for end in _line_ends(text):
        for character in delimiters:
            plain = Dialect(character, "none", end, bool(excel))
            likely = [quoting] if quoting != "auto" else _quotings(text, more, plain, ending)
            dialect = plain._replace(quoting=likely[0])
            # With returns for line ends, a line feed only stands between quotes.
            mixed = end == "\r" and "\n" in text
            if mixed and not explained_cells(text, more, character, end, likely[0]):
                continue
            found.append(_Candidate(dialect, sample_rows(text, more, dialect) or []))
            if len(likely) > 1:
                doubtful.append(dialect)
    best = _best(name, found, labelled, text)
    if best.dialect in doubtful:
        found_at = re.search(r'\\["\\]', text)
        place = found_at.start() if found_at else 0
        raise UserError(
            f"{name}: it can't be told whether a backslash before a quote or another backslash"
            f" belongs to the text, as in '{shortened(text[max(place - 20, 0) : place + 20])}'."
            " Choose data.quoting double or data.quoting backslash."
        )
    return best.dialect


class _Candidate(NamedTuple):
    """A way to read the sample, and the rows it gives."""

    dialect: Dialect
    rows: list[list[str]]

    @property
    def agreement(self) -> float:
        """The share of rows with the commonest number of columns, if that is two or more."""
        widths = Counter(map(len, self.rows))
        if not widths:
            return 0.0
        width, count = max(widths.items(), key=lambda item: (item[1], -item[0]))
        if has_row_names(self.rows):
            return 1.0
        return count / len(self.rows) if width > 1 else 0.0

    @property
    def named(self) -> bool:
        """Whether the first row names a column as a label or a text is often called."""
        return any(usual_role(cell) in ("label", "text") for cell in self.rows[0])

    @property
    def is_prose(self) -> bool:
        """Whether the delimiter stands as in sentences: with a space after it, seldom without."""
        cells = [cell for row in self.rows for cell in row[1:]]
        spaced = sum(cell[:1] == " " for cell in cells)
        return self.dialect.delimiter in ",;" and spaced >= 0.8 * len(cells)

    @property
    def has_classes(self) -> bool:
        """Whether a column has far fewer values than there are rows."""
        columns = zip(*(row for row in self.rows if len(row) == len(self.rows[-1])), strict=True)
        return any(2 * len(set(column)) <= len(self.rows) for column in columns)


def _best(name: str, found: list[_Candidate], labelled: bool, text: str) -> _Candidate:
    usual = found[0]
    if len(found) == 1:
        return usual
    agreed = [candidate for candidate in found if candidate.agreement == 1]
    if usual in agreed and (
        usual.dialect.delimiter == "\t" or (len(usual.rows) < 2 and not usual.is_prose)
    ):
        return usual
    tabs = [candidate for candidate in agreed if candidate.dialect.delimiter == "\t"]
    if tabs:
        return tabs[0]  # no text has one tab on every line
    if usual in agreed and usual.named:
        return usual
    likely = [candidate for candidate in agreed if not candidate.is_prose]
    if usual in agreed and not likely:
        return usual
    if labelled and not likely:
        likely = agreed
    for sign in (attrgetter("named"), attrgetter("has_classes")):
        if len(likely) > 1:
            likely = [candidate for candidate in likely if sign(candidate)] or likely
    if len(likely) > 1:
        said = ", ".join(_described(candidate) for candidate in likely)
        raise UserError(
            f"{name}: it can't be told what separates its columns. Its first line,"
            f" '{shortened(text[:200].splitlines()[0])}', and all others are read as {said}."
            " Choose with data.delimiter."
        )
    if likely:
        return likely[0]
    # Where no way fits every line, reading tells which line does not fit the best one.
    return max(
        found, key=lambda candidate: candidate.agreement if candidate.agreement >= 0.5 else 0
    )


def _described(candidate: _Candidate) -> str:
    delimiter = DELIMITERS.get(candidate.dialect.delimiter, candidate.dialect.delimiter)
    return f"{len(candidate.rows[0])} columns by {delimiter}"


def _delimiter(said: str) -> str | None:
    if said == "auto":
        return None
    names = {name: character for character, name in DELIMITERS.items()}
    character = names.get(said, "\t" if said == "\\t" else said)
    if len(character) != 1 or character in '"\\\r\n ' or character.isalnum():
        raise UserError(
            "data.delimiter is auto, comma, semicolon, tab, pipe or another single"
            f" character that is no letter, digit, space, quote or backslash. Received: '{said}'."
        )
    return character


def _line_ends(text: str) -> list[str]:
    if not re.search("\r(?!\n)", text):
        return ["\n"]
    # Without a line feed it is an old Mac's; with both, one of them may stand inside cells.
    return ["\n", "\r"] if "\n" in text else ["\r"]


def _quotings(text: str, more: bool, dialect: Dialect, ending: str) -> list[str]:
    """How the cells of a sample are quoted; both ways where either explains it as well."""
    delimiter, end = dialect.delimiter, dialect.end
    quoted = dialect._replace(quoting="double")
    if delimiter == "\t" and (
        ending == ".tsv" or (end == "\n" and sample_rows(text, more, quoted) is None)
    ):
        return [quoting_of_plain(text, more, delimiter, end)]
    if '\\"' not in text:
        # Whoever escapes with backslashes doubles those of the text.
        runs = [len(run) for run in re.findall(r"\\+", text)] if '"' in text else []
        return ["double"] if any(run % 2 for run in runs) or not runs else ["double", "backslash"]
    double, backslash = (
        _Candidate(dialect, sample_rows(text, more, dialect._replace(quoting=quoting)) or [])
        for quoting in ("double", "backslash")
    )
    if not backslash.rows or double.rows == backslash.rows:
        return ["double"]
    if not double.rows or double.agreement < backslash.agreement:
        return ["backslash"]
    if double.agreement > backslash.agreement:
        return ["double"]
    # A quote in a cell without quotes around it is explained by a backslash alone.
    both = ["double", "backslash"]
    explained = [way for way in both if explained_cells(text, more, delimiter, end, way)]
    return explained if explained == ["backslash"] else both
