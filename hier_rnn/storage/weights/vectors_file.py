"""Word vectors in the text format of word2vec, fastText and GloVe: one line per word.

A first line says how many words and how wide (GloVe's files have none); every other line is a word,
a space and its numbers. Read as a stream, plain or gzipped; written whole or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from hier_rnn.errors import UserError
from hier_rnn.files import write_atomically
from hier_rnn.lines import read_lines, without_end


def read_vectors(path: str | Path, limit: int | None = None) -> tuple[list[str], np.ndarray]:
    """Reads words and their vectors, in the order of the file, shape `(words, dimensions)`.

    Args:
        path: The file; `.gz` is read as gzip.
        limit: Words to read, default all; published files stand by descending frequency.

    Raises:
        UserError: Unreadable; a line that isn't a word and as many numbers as the first one's; a
            number that isn't finite; a word twice; fewer words than announced; no words.
    """
    lines = iter(read_lines(Path(path), marks=" "))
    _, first = next(lines, (1, ""))
    announced, dimensions = _header(without_end(first))
    words: dict[str, None] = {}
    rows: list[np.ndarray] = []
    if dimensions is None:
        lines = iter(read_lines(Path(path), marks=" "))
    for number, line in islice(lines, limit):
        # From the right: a word of some tools has spaces in it, numbers have none.
        line = without_end(line).rstrip(" ")
        word, *numbers = line.rsplit(" ", dimensions or line.count(" "))
        dimensions = dimensions or len(numbers)
        row = _row(word, numbers, path, number, dimensions)
        if not word or word in words:
            problem = f"the word '{word}' a second time" if word else "no word before the numbers"
            raise UserError(f"{path}:{number}: {problem}.")
        words[word] = None
        rows.append(row)
    if not words:
        raise UserError(f"{path}: no word vectors in it: expected lines of a word and its numbers.")
    if announced is not None and len(words) < min(announced, limit or announced):
        raise UserError(
            f"{path}: cut short: its first line announces {announced} words, it has {len(words)}."
        )
    return list(words), np.stack(rows)


def write_vectors(path: str | Path, words: Iterable[str], vectors: np.ndarray) -> None:
    """Writes words and their vectors, with the first line that gensim and fastText's tools expect.

    Args:
        path: The file to write.
        words: Without white space, which the format can't hold.
        vectors: Shape `(words, dimensions)`.

    Raises:
        UserError: A word is empty or has white space in it; the file can't be written.
    """
    with write_atomically(path) as file:
        file.writelines(vector_lines(words, vectors))


def vector_lines(words: Iterable[str], vectors: np.ndarray) -> Iterator[str]:
    """Yields the lines of such a file, as `write_vectors`."""
    yield f"{len(vectors)} {vectors.shape[1]}\n"
    for word, row in zip(words, vectors, strict=True):
        yield f"{_checked(word)} {' '.join(map('{:.6g}'.format, row.tolist()))}\n"


def _header(line: str) -> tuple[int | None, int | None]:
    """Returns words and dimensions if this is word2vec's first line."""
    fields = line.split()
    if len(fields) == 2 and all(re.fullmatch("[0-9]{1,18}", field) for field in fields):
        words, dimensions = map(int, fields)
        if dimensions > 0:
            return words, dimensions
    return None, None


def _row(
    word: str, numbers: list[str], path: str | Path, number: int, dimensions: int
) -> np.ndarray:
    try:
        row = np.array(numbers, np.float32)
    except ValueError:
        row = np.empty(0, np.float32)
    too_many = " " in word and _is_number(word.rsplit(" ", 1)[1])
    if too_many or not 0 < dimensions == len(row) or not np.isfinite(row).all():
        line = " ".join([word, *numbers])
        shown = line if len(line) <= 60 else line[:57] + "..."
        raise UserError(
            f"{path}:{number}: expected a word and {dimensions or 'its'} finite numbers, received"
            f" '{shown}'."
        )
    return row


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _checked(word: str) -> str:
    if word.split() != [word]:
        raise UserError(
            f"the word {word!r} can't be written to a file of word vectors: a word there is not"
            " empty and has no white space."
        )
    return word
