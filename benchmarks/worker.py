"""A process of its own for each model, kept alive and fed by turns.

Frameworks do not share a process (their thread pools would fight), and a worker that has no turn
waits for one, blocked. How much processor time it used while it waited is measured as well.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np

from benchmarks.measure import peak_memory
from benchmarks.peers.catalogue import MODELS, REFERENCE, Model, model
from benchmarks.peers.task import Batch, Task
from benchmarks.peers.threads import start_tensorflow
from hier_rnn.errors import UserError


class Turn(NamedTuple):
    """What came of a turn."""

    words: int
    seconds: float
    result: Any
    """Losses, or logits."""

    @property
    def speed(self) -> float:
        """Words per second."""
        return self.words / self.seconds


class Worker:
    """A model in a process of its own; use it in a `with`.

    Args:
        name: The model's, as in the catalogue.
        task: What to compute.
    """

    def __init__(self, name: str, task: Task) -> None:
        self.name = name
        self.idle_seconds = 0.0
        """Processor time that the worker used while others had their turns."""
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, name, task), daemon=True)
        self._process.start()
        theirs.close()
        self._receive()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._process.join()

    def train(self, batches: Sequence[Batch]) -> Turn:
        """Takes a step on each batch."""
        return Turn(*self._ask("train", batches))

    def infer(self, texts: Sequence[str], warm: bool = False) -> Turn:
        """Classifies texts; `warm`: with what is remembered from earlier ones."""
        return Turn(*self._ask("infer", texts, warm))

    def memory(self, batches: Sequence[Batch]) -> int | None:
        """Returns the peak of memory while it trains on batches, in bytes."""
        return self._ask("memory", batches)

    def matrix_product_speed(self) -> float:
        """Returns the machine's floating-point operations a second, as TensorFlow reaches them."""
        return self._ask("matrix_product_speed")

    def _ask(self, request: str, *arguments: Any) -> Any:
        self._connection.send((request, arguments))
        return self._receive()

    def _receive(self) -> Any:
        try:
            answer, idle = self._connection.recv()
        except (EOFError, ConnectionResetError):
            self._process.join()
            raise UserError(
                f"{self.name}: its process ended (status {self._process.exitcode}); what it wrote"
                " is above. Out of memory? Try smaller --batch-sizes."
            ) from None
        self.idle_seconds += idle
        return answer


def _serve(connection: Connection, name: str, task: Task) -> None:
    """The worker's side: answers requests until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one who asks decides what Ctrl-C means
    os.environ["OMP_NUM_THREADS"] = str(task.threads)
    if MODELS[name].library in ("tensorflow", "keras"):
        start_tensorflow(task.threads, shared_out=name == REFERENCE)
    served = model(name, task)
    try:
        _answer(connection, _answers(served))
    finally:
        served.close()


def _answer(connection: Connection, answers: Mapping[str, Callable[..., Any]]) -> None:
    connection.send((None, 0.0))
    waiting_since = time.process_time()
    while True:
        try:
            request, arguments = connection.recv()
        except EOFError:
            return
        idle = time.process_time() - waiting_since
        answer = answers[request](*arguments)
        connection.send((answer, idle))
        waiting_since = time.process_time()


def _answers(served: Model) -> dict[str, Callable[..., Any]]:
    def timed(call: Callable[..., tuple[Any, int]], *arguments: Any) -> tuple[int, float, Any]:
        begun = time.perf_counter()
        result, words = call(*arguments)
        return words, time.perf_counter() - begun, result

    def train(batches: Sequence[Batch]) -> tuple[int, float, list[float]]:
        return timed(served.train, batches)

    def infer(texts: Sequence[str], warm: bool) -> tuple[int, float, np.ndarray]:
        return timed(served.logits, texts, warm)

    def memory(batches: Sequence[Batch]) -> int | None:
        return peak_memory(lambda: served.train(batches))

    def matrix_product_speed() -> float:
        from benchmarks.peers.hier_rnn_model import matrix_product_speed

        return matrix_product_speed()

    return {
        "train": train,
        "infer": infer,
        "memory": memory,
        "matrix_product_speed": matrix_product_speed,
    }
