"""Ctrl-C during long work: the first one asks to stop after the step, the second stops at once."""

from __future__ import annotations

import signal
import threading
from types import FrameType


class Interruption:
    """A context in which Ctrl-C sets `requested` instead of raising, once."""

    def __init__(self) -> None:
        self.requested = False
        self._previous = None

    def __enter__(self) -> Interruption:
        # Only the main thread may set handlers; elsewhere Ctrl-C is somebody else's.
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.signal(signal.SIGINT, self._request)
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def _request(self, number: int, frame: FrameType | None) -> None:
        self.requested = True
        self._restore()

    def _restore(self) -> None:
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)
            self._previous = None
