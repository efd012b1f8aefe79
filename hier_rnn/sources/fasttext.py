"""fastText lines, `__label__NAME text`, and plain text, one text on each line."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from hier_rnn.errors import UserError
from hier_rnn.lines import read_lines, read_sample, without_end
from hier_rnn.sources.example import Example, Reading

logger = logging.getLogger(__name__)

PREFIX = "__label__"
LABELS = 1 << 12  # characters of a long line kept for its labels
NEARLY_ALL = 0.9  # of a file's lines, to be fastText's with some labels missing

# fastText ends a token at these and at no other white space.
_SPACE = " \t\v\f\0"
_TOKEN = re.compile(f"[^{_SPACE}]+")


def open_txt(path: Path, reading: Reading) -> Callable[[], Iterator[Example]]:
    """Opens a `.txt`: lines with labels or, read without labels, one text on each line.

    As in fastText, every token of a line that begins with `__label__` is a label of it, wherever
    it stands, and no word of the text; a comma behind a label, as old data sets have it, belongs to
    neither. Read without labels, a sample of the file decides whether its lines have labels, which
    are then left out, or are texts as they stand.

    Args:
        path: The file, plain or `.gz`.
        reading: What the user chose.

    Returns:
        What starts a stream of one example for each line, blank lines included.

    Raises:
        UserError: Read without labels, some lines of the sample have labels and others have not;
            on iteration, a line that has no label where labels are read.

    Source: https://fasttext.cc/docs/en/supervised-tutorial.html and `Dictionary::getType`.
    """
    if reading.labelled:
        return partial(_read_labelled, path, reading)
    return partial(_read_texts, path, reading, _has_labels(path))


def split_labels(line: str) -> tuple[tuple[str, ...], str]:
    """Takes the labels out of a fastText line.

    Args:
        line: Without its line end.

    Returns:
        The labels, and the text without them and without the white space after each.
    """
    if PREFIX not in line:
        return (), line
    labels: list[str] = []
    kept: list[str] = []
    place, leading = 0, True
    for match in _TOKEN.finditer(line):
        token, end = match[0], match.end()
        if token.startswith(PREFIX):
            name = token.removeprefix(PREFIX)
            if line[end:].lstrip(_SPACE).startswith(PREFIX):
                name = name.removesuffix(",")
            labels.append(name)
        elif not (leading and labels and token == ","):
            leading = False
            continue
        kept.append("" if leading else line[place : match.start()])
        place = min(end + 1, len(line))
    return tuple(labels), "".join((*kept, line[place:]))


def _read_labelled(path: Path, reading: Reading) -> Iterator[Example]:
    for number, line in read_lines(path, reading.maximum_text_length + LABELS):
        where = f"{path}:{number}"
        labels, text = split_labels(without_end(line))
        without = not labels and text.strip() and not reading.multi_label
        if "" in labels or without:
            raise UserError(
                f"{where}: no label: a line is expected to start '{PREFIX}NAME '."
                " A table with a label and a text column ends in .tsv or .csv. A text without"
                " labels is one of data.multi_label true."
            )
        yield Example(labels[0] if labels else None, text, where, labels=labels)


def _read_texts(path: Path, reading: Reading, with_labels: bool) -> Iterator[Example]:
    for number, line in read_lines(path, reading.maximum_text_length + LABELS):
        text = without_end(line)
        if with_labels:
            text = split_labels(text)[1]
        yield Example(None, text, f"{path}:{number}")


def _has_labels(path: Path) -> bool:
    """Whether a file's lines have labels that are no words of the texts."""
    text, more = read_sample(path)
    lines = text.split("\n")
    if more and len(lines) > 1:
        del lines[-1]
    labelled = [line.lstrip(_SPACE).startswith(PREFIX) for line in lines if line.strip()]
    if not any(labelled):
        return False
    without = len(labelled) - sum(labelled)
    if without and sum(labelled) < NEARLY_ALL * len(labelled):
        raise UserError(
            f"{path}: of its first {len(labelled):,} lines, {sum(labelled):,} begin with"
            f" '{PREFIX}' and {without:,} do not: it can't be told whether that is a label or"
            " part of the text. Put lines with labels and lines without into files of their own."
        )
    missing = f", which {without:,} of the first {len(labelled):,} do not have" if without else ""
    logger.info("%s: lines begin with '%sNAME', no part of the text%s.", path, PREFIX, missing)
    return True
