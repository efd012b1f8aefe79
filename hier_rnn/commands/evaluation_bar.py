"""How far an evaluation has come: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time

from tqdm import tqdm

from hier_rnn.evaluation.progress import PassProgress

SECONDS_BETWEEN_LINES = 10.0


class EvaluationBar:
    """Shows the passes of an evaluation on standard error, one after the other.

    Args:
        quiet: Show nothing.
    """

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._bar: tqdm | None = None
        self._line_after = time.monotonic() + SECONDS_BETWEEN_LINES

    def __enter__(self) -> EvaluationBar:
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, progress: PassProgress) -> None:
        """Shows how far a pass has come."""
        if self._quiet:
            return
        ended = progress.done == progress.total
        if sys.stderr.isatty():
            self._move(progress)
            if not ended:
                return
            self._bar.close()
            self._bar = None
        if ended or time.monotonic() > self._line_after:
            self._line_after = time.monotonic() + SECONDS_BETWEEN_LINES
            done = f"{progress.done:,} of {progress.total:,} examples"
            line = f"{progress.stage}: {done}, {_figures(progress)}"
            print(line, file=sys.stderr, flush=True)

    def _move(self, progress: PassProgress) -> None:
        if self._bar is None:
            self._bar = tqdm(
                total=progress.total, unit=" examples", leave=False, dynamic_ncols=True
            )
        self._bar.set_description_str(progress.stage, refresh=False)
        self._bar.set_postfix_str(_figures(progress), refresh=False)
        self._bar.update(progress.done - self._bar.n)


def _figures(progress: PassProgress) -> str:
    return f"accuracy {100 * progress.accuracy:.2f}, {progress.words_per_second:,.0f} words/s"
