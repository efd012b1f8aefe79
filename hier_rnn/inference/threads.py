"""Threads that compute side by side: how many, and for how long they live."""

from __future__ import annotations

import contextlib
import os
from concurrent.futures import Executor, ThreadPoolExecutor

WORDS_WORTH_THREADS = 256


def processors() -> int:
    """Returns how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on every system
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def pool_for(words: int) -> contextlib.AbstractContextManager[Executor | None]:
    """Returns threads for so many words, or none if the caller's own is enough.

    They end with the block: no thread is left for a fork to lose.
    """
    if processors() == 1 or words < WORDS_WORTH_THREADS:
        return contextlib.nullcontext()
    return ThreadPoolExecutor(processors())
