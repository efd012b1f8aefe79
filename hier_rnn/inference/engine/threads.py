"""Threads that compute side by side: how many, and for how long they live.

Batches are computed side by side, a thread each. BLAS, which would split every product over all
processors, is asked to use one thread for each product meanwhile: on two processors that is faster
by half, and so is what other threads of the program compute at the same time.
"""

from __future__ import annotations

# Before a fork this takes a lock that whoever is inside needs: ours has to be registered after it,
# as what is registered last is called first.
import concurrent.futures.thread  # noqa: F401
import contextlib
import os
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor

from threadpoolctl import ThreadpoolController

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


class _OneThreadEach:
    """Counts who computes; the first one in sets BLAS's threads, the last one out restores them.

    No more are inside than there are processors: more would compete for them, and for Python's
    lock, and all of them would be slower. The others wait in the order in which they came.

    A fork waits until nobody is inside: whatever lock somebody held in there, ours or BLAS's, would
    be held in the child for ever.
    """

    def __init__(self) -> None:
        controllers = ThreadpoolController().lib_controllers
        self._libraries = [library for library in controllers if library.user_api == "blas"]
        self._gate = threading.Condition()
        self._waiting: deque[object] = deque()
        self._inside = self._forking = 0
        self._before: list[int] = []

    def enter(self) -> None:
        with self._gate:
            turn = object()
            self._waiting.append(turn)
            try:
                self._gate.wait_for(lambda: self._may_enter(turn))
            finally:  # also if Ctrl-C ended it
                self._waiting.remove(turn)
                self._gate.notify_all()
            if self._inside == 0:
                self._before = [library.num_threads for library in self._libraries]
                for library in self._libraries:
                    library.set_num_threads(1)
            self._inside += 1

    def _may_enter(self, turn: object) -> bool:
        return not self._forking and self._inside < processors() and self._waiting[0] is turn

    def leave(self) -> None:
        with self._gate:
            self._inside -= 1
            if self._inside == 0:
                for library, threads in zip(self._libraries, self._before, strict=True):
                    library.set_num_threads(threads)
            self._gate.notify_all()

    def before_fork(self) -> None:
        self._gate.acquire()
        self._forking += 1
        while self._inside:
            self._gate.wait()

    def after_fork(self) -> None:
        self._forking -= 1
        self._gate.notify_all()
        self._gate.release()

    def after_fork_in_child(self) -> None:
        """Whoever waited was another thread, which is not here."""
        self._gate = threading.Condition()
        self._waiting.clear()
        self._forking = 0


_state = _OneThreadEach()
if hasattr(os, "register_at_fork"):  # where there is fork
    os.register_at_fork(
        before=_state.before_fork,
        after_in_parent=_state.after_fork,
        after_in_child=_state.after_fork_in_child,
    )


@contextlib.contextmanager
def one_thread_each() -> Iterator[None]:
    """Makes BLAS use one thread for each product of the whole process while the block lasts."""
    _state.enter()
    try:
        yield
    finally:
        _state.leave()
