"""What every source gives: examples, as often as asked, streamed afresh each time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hier_rnn.errors import UserError

SHOWN = 20  # things that a message lists


class Example(NamedTuple):
    """A text with its label, and where it stands, for messages."""

    label: str | None
    """None where labels are not read, or where a text may have several."""
    text: str
    where: str
    """The place for messages: `FILE:LINE`."""
    row: Mapping[str, str] | None = None
    """All columns of its row by name, when read without labels from something with columns."""
    labels: tuple[str, ...] = ()
    """All labels that the row names: one, or any number where a text may have several."""

    @property
    def required_label(self) -> str:
        """The label, where there has to be one.

        Raises:
            UserError: There is none.
        """
        if self.label is None:
            raise UserError(f"{self.where}: no label.")
        return self.label


@dataclass(frozen=True)
class Source:
    """Examples that can be gone through any number of times, in constant memory.

    Args:
        name: What the user called it.
        read: Starts a new stream from the first example.

    Raises:
        UserError: On iteration, when there is no example at all, or a damaged one.
    """

    name: str
    read: Callable[[], Iterator[Example]]

    def __iter__(self) -> Iterator[Example]:
        example = None
        for example in self.read():
            yield example
        if example is None:
            raise UserError(f"{self.name}: it is empty: there is no example in it.")


@dataclass(frozen=True)
class Reading:
    """How a source is read: what the user chose of it, the same for every format.

    Args:
        label_column: Name or number (from 1) of the label's column. Default "label": found out
            where no column is called so.
        text_column: Name or number (from 1) of the text's column. Default "text": likewise.
        delimiter: What separates columns: one character, "tab", or "auto". Default "auto".
        quoting: How a table writes cells that hold a delimiter or a quote: "double" (quoted, with
            quotes doubled), "backslash" (a backslash before them), "none" or "auto". Default
            "auto".
        tfds_data_dir: Where TensorFlow Datasets are prepared. Default "": TFDS's own.
        maximum_text_length: Characters that are read of one text. Default 100,000.
        labelled: Read labels. Default True.
        multi_label: A text may have several labels, or none. Default False: exactly one.
        label_separator: What separates labels that are written as one. Default "": nothing.
    """

    label_column: str = "label"
    text_column: str = "text"
    delimiter: str = "auto"
    quoting: str = "auto"
    tfds_data_dir: str = ""
    maximum_text_length: int = 100_000
    labelled: bool = True
    multi_label: bool = False
    label_separator: str = ""


def quoted(names: Sequence[str]) -> str:
    """Names for a message: `'id', 'label', 'text'`."""
    return listed([f"'{name}'" for name in names])


def listed(items: Sequence[str], separator: str = ", ") -> str:
    """Things for a message, of very many the first ones: a table may have a million columns."""
    more = f"{separator}{len(items) - SHOWN:,} more" if len(items) > SHOWN else ""
    return f"{separator.join(items[:SHOWN])}{more}"


def shortened(text: str, length: int = 40) -> str:
    """A text for a message: on one line, and cut where it is long."""
    text = " ".join(text.split())
    return text if len(text) <= length else f"{text[: length - 1]}…"
