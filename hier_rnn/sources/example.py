"""What every source gives: examples, as often as asked, streamed afresh each time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from hier_rnn.errors import UserError


class Example(NamedTuple):
    """A text, its label (None where labels are not read) and where it stands, for messages."""

    label: str | None
    text: str
    where: str
    number: int = 0
    """Which data row of its file it is, from 1; headers are not counted."""
    row: Mapping[str, str] | None = None
    """All columns of its row by name, when read without labels from something with columns."""


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


def quoted(names: list[str]) -> str:
    """Names for a message: `'id', 'label', 'text'`."""
    return ", ".join(f"'{name}'" for name in names)
