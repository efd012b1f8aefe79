"""Progress of long work on standard error: one bar on a terminal, a plain line now and then else.

The bar says the stage, how far it has come, its figures (the most important first, as many as have
room) and the time left; it is never narrower than ten characters, and no figure is cut.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

from tqdm import tqdm

from hier_rnn.commands.terminal.console import escaped, tell
from hier_rnn.evaluation.progress import PassProgress
from hier_rnn.sources.example import Example, Source

BAR = 10
COLUMNS = 80
COUNTED_AT_ONCE = 256
SECONDS_BETWEEN_DRAWINGS = 0.1
SECONDS_BETWEEN_LINES = 5.0
SHARE_BETWEEN_LINES = 0.05  # of the time so far: an hour's work writes no thousand lines


class Progress:
    """What has been done of the stage that work is in.

    Args:
        quiet: Show nothing.
    """

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._bar: tqdm | None = None
        self._name, self._unit, self._total = "", "", 0
        self._start = self._first = self._told = time.monotonic()
        self._from = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def stage(self, name: str, total: int | None, unit: str, done: int = 0) -> None:
        """Begins a stage; the bar of the one before goes away.

        Args:
            name: What is done.
            total: How much there is to do; None: nobody knows.
            unit: What is counted, in the plural.
            done: What was done of it before.
        """
        self.close()
        self._name, self._unit, self._total = escaped(name), unit, total or 0
        self._start, self._from = time.monotonic(), done
        if not self._quiet and sys.stderr.isatty():
            self._bar = tqdm(
                **self._drawing(()),
                total=total,
                initial=done,
                leave=False,
                file=_Patient(sys.stderr),
                unit=f" {unit}",
                smoothing=0.05,
                miniters=1,
                mininterval=SECONDS_BETWEEN_DRAWINGS,
            )

    def to(self, done: int, figures: Sequence[str] = (), name: str = "") -> None:
        """Shows how far the stage has come.

        Args:
            done: How much of it is done in all.
            figures: What else to show, the most important first.
            name: What the stage is called from now on; by default as before.
        """
        self._name = escaped(name) or self._name
        if self._bar is not None:
            for name, value in self._drawing(figures).items():
                setattr(self._bar, name, value)
            self._bar.update(min(done, self._total or done) - self._bar.n)
        elif not self._quiet:
            now = time.monotonic()
            if now - self._told >= max(
                SECONDS_BETWEEN_LINES, SHARE_BETWEEN_LINES * (now - self._first)
            ):
                self._told = now
                amount = f"{self._name}: {self._amount(done)}"
                tell(", ".join([amount, *figures, *self._left(done)]))

    def counted(self, source: Source, unit: str) -> Source:
        """Returns the source; each time it is gone through is a stage, however long it is.

        Args:
            source: Examples.
            unit: What they are called, in the plural.
        """

        def read() -> Iterator[Example]:
            self.stage(source.name, None, unit)
            for number, example in enumerate(source, 1):
                yield example
                if number % COUNTED_AT_ONCE == 0:
                    self.to(number)

        return Source(source.name, read)

    def line(self, text: str) -> None:
        """Writes a line that stays, above the bar if there is one."""
        if self._quiet:
            return
        with tqdm.external_write_mode(file=sys.stderr):
            tell(text)
        self._told = time.monotonic()

    def close(self) -> None:
        """Takes the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _drawing(self, figures: Sequence[str]) -> dict[str, Any]:
        """How tqdm draws the bar: what has room in the terminal's present width."""
        columns = _columns() - 1  # the last one would make some terminals wrap
        # Beside the bar: spaces, percentage, marks and the time left.
        room = columns - BAR - len(" 100%|| 00:00:00 left")
        name = self._name if len(self._name) <= room else f"{self._name[: room - 1]}…"
        shown, room = "", room - len(name)
        for figure in figures:
            if len(shown) + len(figure) + 2 <= room:
                shown += f" {figure},"
        name, shown = (text.replace("{", "{{").replace("}", "}}") for text in (name, shown))
        if self._total:
            drawn = f"{name} {{percentage:3.0f}}%|{{bar}}|{shown} {{remaining}} left"
        else:
            drawn = f"{name}: {{n_fmt}}{{unit}},{shown} {{elapsed}}"
        return {"ncols": columns, "bar_format": drawn}

    def _amount(self, done: int) -> str:
        if not self._total:
            return f"{done:,} {self._unit}"
        return f"{done:,} of {self._total:,} {self._unit}"

    def _left(self, done: int) -> list[str]:
        """The time left, once the stage's own speed is known."""
        moved = done - self._from
        if not self._total or moved <= 0:
            return []
        seconds = (self._total - done) * (time.monotonic() - self._start) / moved
        return [f"{tqdm.format_interval(max(0, seconds))} left"]


class EvaluationScreen:
    """Draws the passes of an evaluation over data: call it with how far one has come.

    Args:
        quiet: Show nothing.
    """

    def __init__(self, quiet: bool) -> None:
        self._progress = Progress(quiet)
        self._stage = ""

    def __enter__(self) -> EvaluationScreen:
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.close()

    def __call__(self, event: PassProgress) -> None:
        """Shows how far a pass has come; a finished one leaves a line."""
        figures = [f"accuracy {100 * event.accuracy:.2f}", f"{event.words_per_second:,.0f} words/s"]
        if event.stage != self._stage:
            self._stage = event.stage
            self._progress.stage(event.stage, event.total, "examples")
        if event.done < event.total:
            self._progress.to(event.done, figures)
            return
        self._stage = ""
        self._progress.close()
        done = f"{event.done:,} of {event.total:,} examples"
        self._progress.line(", ".join([f"{event.stage}: {done}", *figures]))


class _Patient:
    """Standard error that may lose its reader: progress is not worth ending the work for."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __eq__(self, other: object) -> bool:
        return self._stream is other  # so that tqdm makes way for lines written to the stream

    def __hash__(self) -> int:
        return hash(self._stream)


def _columns() -> int:
    """The width of the terminal that standard error is."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or COLUMNS
    except OSError:
        return COLUMNS
