"""How far a pass over the data has come, reported as it goes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

SECONDS_BETWEEN_REPORTS = 0.1


@dataclass(frozen=True)
class PassProgress:
    """Where a pass is."""

    stage: str
    """What is being evaluated: the data, and how they are misspelled."""
    done: int
    total: int
    """Examples."""
    accuracy: float
    """Of those that are done."""
    words_per_second: float


OnProgress = Callable[[PassProgress], None]


class Stopwatch:
    """Counts examples, hits and words, and reports them ten times per second and at the end.

    Args:
        stage: What is being evaluated.
        total: Examples to come.
        report: Called with how far it has come; None: nobody asks.
    """

    def __init__(self, stage: str, total: int, report: OnProgress | None) -> None:
        self.stage, self.total = stage, total
        self.examples = self.hits = self.words = 0
        self._report = report
        self._start = self._reported = time.perf_counter()

    def step(self, correct: bool, words: int) -> None:
        """Counts one example of so many words."""
        self.examples += 1
        self.hits += correct
        self.words += words
        if self._report is None:
            return
        now = time.perf_counter()
        if now - self._reported >= SECONDS_BETWEEN_REPORTS or self.examples == self.total:
            self._reported = now
            accuracy = self.hits / self.examples
            speed = self.words_per_second
            self._report(PassProgress(self.stage, self.examples, self.total, accuracy, speed))

    @property
    def seconds(self) -> float:
        """Time since the start."""
        return time.perf_counter() - self._start

    @property
    def words_per_second(self) -> float:
        """Words classified in a second, reading and segmentation included."""
        return self.words / max(self.seconds, 1e-9)
