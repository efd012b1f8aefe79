"""A folder: a sub-folder per class, a UTF-8 text file per example."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hier_rnn.errors import UserError
from hier_rnn.files import read_lines
from hier_rnn.sources.example import Example


def read_folder(
    folder: Path, label_column: str, text_column: str, labelled: bool
) -> Iterator[Example]:
    r"""Streams a folder, its sub-folders and their files each sorted by name.

    Line ends are read as `\n`, the last one left out. Hidden files, and files beside the
    sub-folders, are not examples. Without labels, a folder of files alone will do.

    Args:
        folder: The folder.
        label_column: Not used: there are no columns.
        text_column: Not used: there are no columns.
        labelled: Read labels.

    Raises:
        UserError: There is no sub-folder, or there is one inside a class.
    """
    entries = _entries(folder)
    classes = [entry for entry in entries if entry.is_dir()]
    if not classes and labelled:
        raise UserError(
            f"{folder}: a folder with a sub-folder per class is expected."
            f" There are {len(entries)} files in it and no folder."
        )
    for class_folder in classes or [folder]:
        label = _name(class_folder) if labelled else None
        for path in _entries(class_folder):
            if path.is_dir():
                raise UserError(
                    f"{path}: a folder inside a class's folder. In {folder}, a sub-folder per"
                    " class with files in it is expected."
                )
            yield Example(label, "\n".join(line for _, line in read_lines(path)), str(path))


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise UserError(f"{folder}: can't read it: {error.strerror}.") from None


def _name(folder: Path) -> str:
    try:
        folder.name.encode("utf-8")
    except UnicodeEncodeError:  # bytes that are not UTF-8 come as lone surrogates
        raise UserError(f"{folder!a}: a class's name is UTF-8; this folder's is not.") from None
    return folder.name
