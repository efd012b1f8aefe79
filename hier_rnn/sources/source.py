"""From what a user writes for data (`FILE.tsv.gz`, `FOLDER/`, `tfds:NAME:SPLIT`) to a source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

from hier_rnn.errors import UserError, nearest
from hier_rnn.lines import require_regular
from hier_rnn.sources.clean import Cleaned
from hier_rnn.sources.example import Example, Reading, Source
from hier_rnn.sources.fasttext import open_txt
from hier_rnn.sources.folder import open_folder
from hier_rnn.sources.jsonl import open_jsonl
from hier_rnn.sources.patterns import expanded
from hier_rnn.sources.standard_input import looks_like, standard_input
from hier_rnn.sources.tables.arrow import open_arrow
from hier_rnn.sources.tables.delimited import open_table
from hier_rnn.sources.tables.names import folded
from hier_rnn.tensorflow_setup import import_tensorflow

__all__ = ["Example", "Source", "open_source"]

STANDARD_INPUT = "-"
TFDS_PREFIX = "tfds:"

Opened = Callable[[], Iterator[Example]]

TEXT_FORMATS: dict[str, Callable[[Path, Reading], Opened]] = {
    ".tsv": lambda path, reading: open_table(path, ".tsv", reading),
    ".csv": lambda path, reading: open_table(path, ".csv", reading),
    ".jsonl": open_jsonl,
    ".txt": open_txt,
}
BINARY_FORMATS: dict[str, Callable[[Path, Reading], Opened]] = {
    ".parquet": open_arrow,
    ".arrow": open_arrow,
    ".feather": open_arrow,
}
FORMATS = {**TEXT_FORMATS, **BINARY_FORMATS}


def open_source(
    spec: str | Sequence[str],
    label_column: str = "label",
    text_column: str = "text",
    tfds_data_dir: str = "",
    labelled: bool = True,
    delimiter: str = "auto",
    quoting: str = "auto",
    maximum_text_length: int = 100_000,
    multi_label: bool = False,
    label_separator: str = "",
) -> Source:
    """Opens a source and reads its first example, so that most mistakes are told right away.

    Read without labels, files give one example for each data row, blank rows included, whose
    text is empty: what is predicted stands beside its row. With labels, blank rows are left out,
    and their number is logged after the first pass.

    Args:
        spec: `FILE.tsv`, `.csv`, `.jsonl` or `.txt`, any of them also `.gz`; `.parquet`, `.arrow`
            or `.feather`; a folder with a sub-folder per class; `tfds:NAME[/CONFIG][:SPLIT]`; `-`
            for standard input, whose format is found out; or a list of these, read one after
            the other. A pattern, `part-*.tsv`, is the files that match it, sorted.
        label_column: Name of the label's column where columns have names, or its number from 1.
            Default "label": found out where no column has that name.
        text_column: Name or number of the text's column. Default "text": likewise.
        tfds_data_dir: Where TensorFlow Datasets are prepared. Default "": TFDS's own.
        labelled: False to leave labels out: they may then be absent, and a `.txt` is one text on
            each line. Default True.
        delimiter: What separates a table's columns: one character, "tab", or "auto" to find out.
            Default "auto".
        quoting: How a table's cells are quoted: "double", "backslash", "none" or "auto" to find
            out. Default "auto".
        maximum_text_length: Characters of one text; a longer one is cut, and the number of these
            is logged after the first pass. Default 100,000.
        multi_label: Whether a text may have several labels, or none: an example then has no
            `label`, and all of them in `labels`. Default False.
        label_separator: What separates the labels of a text that are written in one cell or
            string. Default "": nothing.

    Raises:
        UserError: Nothing there, an unknown ending, an unknown column, no example, a bad one, or
            a file that can be read in several ways.
    """
    if labelled and folded(label_column) == folded(text_column):
        raise UserError(f"The label's and the text's column are both '{text_column}'.")
    reading = Reading(
        label_column,
        text_column,
        delimiter,
        quoting,
        tfds_data_dir,
        maximum_text_length,
        labelled,
        multi_label,
        label_separator,
    )
    specs = expanded([spec] if isinstance(spec, str) else list(spec))
    if not specs:
        raise UserError("No source is named: a file, a folder or tfds:NAME is expected.")
    sources = [_open_one(one, reading) for one in specs]
    if len(sources) == 1:
        return sources[0]
    return Source(", ".join(specs), partial(_one_after_the_other, tuple(sources)))


def _open_one(spec: str, reading: Reading) -> Source:
    try:
        opened = _opened(spec, reading)
    except OSError as error:
        raise UserError(f"{spec}: can't read it: {error.strerror}.") from None
    except ValueError as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"{spec!a}: can't read it: {error}.") from None  # a NUL in its name
    next(iter(Source(spec, Cleaned(spec, opened, reading))))
    return Source(spec, Cleaned(spec, opened, reading))


def _opened(spec: str, reading: Reading) -> Opened:
    if spec.startswith(TFDS_PREFIX):
        import_tensorflow()  # or what it writes at start-up would be shown
        from hier_rnn.sources import tensorflow_datasets

        return tensorflow_datasets.open_tfds(spec, reading)
    if spec == STANDARD_INPUT:
        path = standard_input()
        read = TEXT_FORMATS[looks_like(path, reading.labelled)](path, reading)
        return partial(_placed, read, str(path))
    path = Path(spec)
    if path.is_dir():
        return open_folder(path, reading)
    if not path.exists():
        siblings = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
        raise UserError(f"{path}: no such file or folder.{nearest(path.name, siblings)}")
    require_regular(path)
    ending = Path(path.name.lower().removesuffix(".gz")).suffix
    formats = TEXT_FORMATS if path.name.lower().endswith(".gz") else FORMATS
    if ending not in formats:
        raise UserError(
            f"{path}: unknown ending '{ending or path.suffix}'.{nearest(ending, formats)}"
            f" A file ends in {', '.join(FORMATS)}; one of text may have .gz after it."
        )
    return formats[ending](path, reading)


def _placed(read: Opened, path: str) -> Iterator[Example]:
    """Examples of standard input, whose places name it and not the file that it is kept in."""
    for example in read():
        yield example._replace(where=example.where.replace(path, STANDARD_INPUT, 1))


def _one_after_the_other(sources: tuple[Source, ...]) -> Iterator[Example]:
    return chain.from_iterable(sources)
