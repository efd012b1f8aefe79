"""A folder: a sub-folder for each class, a UTF-8 text file for each example."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from hier_rnn.errors import UserError
from hier_rnn.lines import read_lines, without_end
from hier_rnn.sources.example import Example, Reading


def open_folder(folder: Path, reading: Reading) -> Callable[[], Iterator[Example]]:
    r"""Opens a folder; its sub-folders and their files are each sorted by name.

    Line ends are read as `\n`, the last one left out. Hidden files, and files beside the
    sub-folders, are not examples. Without labels, a folder of files alone will do.

    Args:
        folder: The folder.
        reading: What the user chose.

    Returns:
        What starts a stream of one example for each file.

    Raises:
        UserError: On iteration: there is no sub-folder, or there is one inside a class, or a
            file is no regular one.
    """
    return partial(_read, folder, reading)


def _read(folder: Path, reading: Reading) -> Iterator[Example]:
    entries = _entries(folder)
    classes = [entry for entry in entries if entry.is_dir()]
    if not classes and reading.labelled:
        raise UserError(
            f"{folder}: a folder with a sub-folder per class is expected."
            f" There are {len(entries)} files in it and no folder."
        )
    for class_folder in classes or [folder]:
        label = _name(class_folder) if reading.labelled else None
        labels = () if label is None else (label,)
        for path in _entries(class_folder):
            if path.is_dir():
                raise UserError(
                    f"{path}: a folder inside a class's folder. In {folder}, a sub-folder per"
                    " class with files in it is expected."
                )
            text = _text(path, reading.maximum_text_length)
            yield Example(label, text, str(path), labels=labels)


def _text(path: Path, longest: int) -> str:
    """The text of a file, no more of it than shows that it is too long."""
    lines: list[str] = []
    length = 0
    for _, line in read_lines(path, longest):
        lines.append(without_end(line))
        length += len(lines[-1]) + 1
        if length > longest + 1:
            break
    return "\n".join(lines)


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
