"""The library's log for a program that asks to be told: `verbose=True`."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

from hier_rnn.training.events import Evaluated, Event

logger = logging.getLogger(__name__)


@contextlib.contextmanager
def shown_log(verbose: bool) -> Iterator[None]:
    """A context in which the library's log is shown on standard error.

    Args:
        verbose: False to leave the program's own handlers and levels alone.
    """
    root = logging.getLogger("hier_rnn")
    if not verbose:
        yield
        return
    handler, level = logging.StreamHandler(), root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def log_evaluation(event: Event) -> None:
    """Logs the end of an epoch; listens to the events of a training."""
    if isinstance(event, Evaluated):
        row = event.metrics
        logger.info(
            "epoch %d: training loss %.4f, %s %.4f%s",
            row["epoch"],
            row["train_loss"],
            event.score_name.replace("_", " "),
            row[event.score_name],
            ", the best so far" if event.best else "",
        )
