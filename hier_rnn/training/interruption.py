"""Ctrl-C and SIGTERM during long work: what they ask for, and what a person is told was kept.

Within the training loop the first one asks to stop after the step, and the second stops at once.
Elsewhere one stops at once. Either way a `KeyboardInterrupt` says what is kept.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """A context in which the first Ctrl-C or SIGTERM sets `requested` instead of raising."""

    def __init__(self) -> None:
        self.requested = False
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Interruption:
        # Only the main thread may set handlers; elsewhere Ctrl-C is somebody else's.
        if threading.current_thread() is threading.main_thread():
            self._previous = {number: signal.signal(number, self._request) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def _request(self, number: int, frame: FrameType | None) -> None:
        self.requested = True
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous = {}


def interrupted_after(step: int) -> KeyboardInterrupt:
    """Returns what says that a training was interrupted and saved after a step."""
    return KeyboardInterrupt(
        f"interrupted; saved after step {step:,}. The same command again goes on from here."
    )


@contextlib.contextmanager
def interruptible(kept: Callable[[], str]) -> Iterator[None]:
    """A context in which SIGTERM interrupts as Ctrl-C does, and either says what is kept.

    Args:
        kept: Says what is kept; asked when an interruption says nothing itself.

    Raises:
        KeyboardInterrupt: Ctrl-C or SIGTERM, with a message.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    main = threading.current_thread() is threading.main_thread()
    previous = signal.signal(signal.SIGTERM, interrupt) if main else None
    try:
        yield
    except KeyboardInterrupt as interruption:
        raise KeyboardInterrupt(str(interruption) or f"interrupted; {kept()}") from None
    finally:
        if main:
            signal.signal(signal.SIGTERM, previous)
