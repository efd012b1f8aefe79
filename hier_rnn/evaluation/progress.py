"""How far an evaluation has come: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time

from tqdm import tqdm

SECONDS_BETWEEN_LINES = 10.0


class Progress:
    """Counts examples, hits and words, and shows them on standard error.

    Args:
        title: What is being evaluated.
        total: Examples to come.
        quiet: Count, but show nothing.
    """

    def __init__(self, title: str, total: int, quiet: bool = False):
        self.title, self.total = title, total
        self.examples = self.hits = self.words = 0
        self._shown = not quiet
        self._start = self._last_line = time.perf_counter()
        self._bar = (
            tqdm(total=total, desc=title, unit=" examples", leave=False, dynamic_ncols=True)
            if self._shown and sys.stderr.isatty()
            else None
        )

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind, error, trace) -> None:
        if self._bar is not None:
            self._bar.close()
        if self._shown and kind is None:
            self._line()

    def step(self, correct: bool, words: int) -> None:
        """Counts one example of so many words."""
        self.examples += 1
        self.hits += correct
        self.words += words
        if self._bar is not None:
            self._bar.set_postfix_str(self._figures(), refresh=False)
            self._bar.update()
        elif self._shown and self.examples % 64 == 0:
            now = time.perf_counter()
            if now - self._last_line > SECONDS_BETWEEN_LINES:
                self._last_line = now
                self._line()

    @property
    def seconds(self) -> float:
        """Time since the start."""
        return time.perf_counter() - self._start

    @property
    def words_per_second(self) -> float:
        """Words classified in a second, reading and segmentation included."""
        return self.words / max(self.seconds, 1e-9)

    def _figures(self) -> str:
        accuracy = self.hits / max(self.examples, 1)
        return f"accuracy {100 * accuracy:.2f}, {self.words_per_second:,.0f} words/s"

    def _line(self) -> None:
        done = f"{self.examples:,} of {self.total:,} examples"
        print(f"{self.title}: {done}, {self._figures()}", file=sys.stderr, flush=True)
