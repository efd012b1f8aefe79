"""What bad disks and strangers do to a file: `damages`, used by tests and by benchmarks."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

PAGE = 4096


class Damage(NamedTuple):
    """A damage by its name; called with a file, it does it."""

    name: str
    do: Callable[[Path], None]


def flip(place: float, bit: int) -> Callable[[Path], None]:
    """Flips a bit at a place in the file, from 0 to 1."""

    def do(path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[min(int(place * len(data)), len(data) - 1)] ^= 1 << bit
        path.write_bytes(data)

    return do


def zero_page(place: float) -> Callable[[Path], None]:
    """Zeroes a page of the file."""

    def do(path: Path) -> None:
        data = bytearray(path.read_bytes())
        start = int(place * len(data)) // PAGE * PAGE
        data[start : start + PAGE] = bytes(len(data[start : start + PAGE]))
        path.write_bytes(data)

    return do


def truncate(place: float) -> Callable[[Path], None]:
    """Cuts the file short."""
    return lambda path: os.truncate(path, int(place * path.stat().st_size))


def replace(content: bytes) -> Callable[[Path], None]:
    """Puts something else into the file."""
    return lambda path: path.write_bytes(content) and None


def append(content: bytes) -> Callable[[Path], None]:
    """Adds something to the end of the file."""
    return lambda path: path.write_bytes(path.read_bytes() + content) and None


def swap(other: Path) -> Callable[[Path], None]:
    """Puts the same file of another directory in its place."""
    return lambda path: shutil.copyfile(other / path.name, path) and None


def become(make: Callable[[Path], None]) -> Callable[[Path], None]:
    """Puts something that is no regular file in its place."""

    def do(path: Path) -> None:
        path.unlink()
        make(path)

    return do


SPECIAL = (
    Damage("deleted", lambda path: path.unlink()),
    Damage("empty", replace(b"")),
    Damage("zeros", lambda path: path.write_bytes(bytes(path.stat().st_size)) and None),
    Damage("garbage", replace(random.Random(0).randbytes(5000))),
    Damage("appended", append(b"\n")),
    Damage("named pipe", become(os.mkfifo)),
    Damage("link to /dev/zero", become(lambda path: path.symlink_to("/dev/zero"))),
    Damage("link to /etc/passwd", become(lambda path: path.symlink_to("/etc/passwd"))),
    Damage("dangling link", become(lambda path: path.symlink_to("nowhere"))),
    Damage("folder", become(lambda path: path.mkdir())),
    Damage("sparse 100 GB", lambda path: os.truncate(path, 100 << 30)),
)


def damages(seed: int, other: Path | None = None) -> Iterator[Damage]:
    """Yields damages without end: each special one first, then flips, pages and cuts in turn.

    Args:
        seed: Decides the places.
        other: A directory of the same kind whose files may come into this one.
    """
    yield from SPECIAL
    if other is not None:
        yield Damage("of another directory", swap(other))
    draw = random.Random(seed)
    while True:
        for _ in range(4):
            place, bit = draw.random(), draw.randrange(8)
            yield Damage(f"bit {bit} at {place:.4f}", flip(place, bit))
        place = draw.random() ** 4  # near the beginning, where headers are
        yield Damage(f"bit at {place:.4f}", flip(place, draw.randrange(8)))
        place = draw.random()
        yield Damage(f"page zeroed at {place:.4f}", zero_page(place))
        yield Damage(f"cut at {place:.4f}", truncate(place))
