"""The processes that train together, each with one or several replicas of the model.

All of them go through the same steps. Of each batch a replica computes its share, and the gradients
are summed over all (`tf.distribute`), so that all weights move alike. What must be done once, the
chief does, and tells the others what came of it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import tensorflow as tf

from hier_rnn.errors import UserError
from hier_rnn.packing.share import Share
from hier_rnn.training.distribution.lost import WorkerLostError

logger = logging.getLogger(__name__)

SENT_AT_ONCE = 1 << 24  # 32-bit numbers
PIECE = 4 * SENT_AT_ONCE  # bytes of a file
LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
    tf.errors.FailedPreconditionError,
    tf.errors.UnknownError,
)
"""What TensorFlow raises when a worker is gone."""

Result = TypeVar("Result")


class Workers:
    """The workers as one of them sees them.

    Args:
        strategy: Sums over all replicas. Default None: there is one process with one replica.
        index: Which worker this process is; 0 is the chief. Default 0.
        count: How many workers there are. Default 1.

    Attributes:
        shares: The shares of each batch that this process computes; none: whole batches.
    """

    def __init__(
        self, strategy: tf.distribute.Strategy | None = None, index: int = 0, count: int = 1
    ) -> None:
        self.strategy, self.index, self.count = strategy, index, count
        self.shares: tuple[Share, ...] = ()
        self._begun = False
        if strategy is not None:
            replicas = strategy.num_replicas_in_sync
            own = replicas // count
            self.shares = tuple(Share(i, replicas) for i in range(index * own, (index + 1) * own))
            self._sum = tf.function(
                lambda values: self.total(lambda place: values * int(not place)),
                input_signature=[tf.TensorSpec([None], tf.int32)],
                autograph=False,
            )

    @property
    def is_chief(self) -> bool:
        """Whether this process evaluates and writes."""
        return self.index == 0

    def total(self, compute: Callable[[int], tf.Tensor]) -> tf.Tensor:
        """Returns the sum over all replicas of what each computes; in a graph.

        Args:
            compute: Given which of this process's shares a replica has, returns a tensor.
        """
        assert self.strategy is not None

        def replica() -> tf.Tensor:
            context = tf.distribute.get_replica_context()
            number = tf.get_static_value(context.replica_id_in_sync_group)
            return compute(int(number) - self.shares[0].number)

        return self.strategy.reduce("SUM", self.strategy.run(replica), axis=None)

    @contextlib.contextmanager
    def noticed(self) -> Iterator[None]:
        """A context in which TensorFlow's errors say, if there are several, that one is gone.

        Raises:
            WorkerLostError: A worker is gone.
        """
        try:
            yield
        except LOST as error:
            if self.count == 1:
                raise
            logger.debug("%s", error.message)
            raise WorkerLostError(
                f"worker {self.index} of {self.count}: another worker is gone. Start all workers"
                " again: they go on from the last checkpoint."
            ) from None

    def agree(self, *wishes: bool) -> tuple[bool, ...]:
        """Returns of each wish whether any worker has it."""
        if self.count == 1:
            return wishes
        with self.noticed():
            return tuple((self._sum(np.array(wishes, np.int32)).numpy() > 0).tolist())

    def from_chief(self, make: Callable[[], Result]) -> Result:
        """Returns what the chief makes, to all; it has to be what JSON can hold.

        Raises:
            UserError: The chief's.
        """
        if self.count == 1:
            return make()
        if not self.is_chief:
            content = json.loads(_waiting(self._receive))
            if "error" in content:
                raise UserError(f"the chief stopped: {content['error']}")
            made: Result = content["made"]
            return made
        try:
            made = make()
        except UserError as error:
            self._send(json.dumps({"error": str(error)}).encode())
            raise
        self._send(json.dumps({"made": made}, default=float).encode())
        return made

    def take_from_chief(self, variables: Iterable[tf.Variable]) -> None:
        """Gives variables the values that they have at the chief."""
        if self.count == 1:
            return
        variables = list(variables)
        values = [variable.numpy() for variable in variables]
        if self.is_chief:
            self._send(b"".join(value.tobytes() for value in values))
            return
        received, place = _waiting(self._receive), 0
        for variable, value in zip(variables, values, strict=True):
            size = value.nbytes
            part = np.frombuffer(received, value.dtype, value.size, place)
            variable.assign(part.reshape(value.shape))
            place += size

    @contextlib.contextmanager
    def directory(self, out: Path) -> Iterator[Path]:
        """A context with the directory of a run, which the chief alone keeps.

        The others have a temporary one. It begins with what the chief has put into its own, up to
        its call of `begun`.

        Args:
            out: The chief's.

        Raises:
            UserError: The chief stopped before that.
        """
        if self.count == 1:
            yield out
        elif self.is_chief:
            try:
                yield out
            except UserError as error:
                if not self._begun and not isinstance(error, WorkerLostError):
                    self._send(json.dumps({"error": str(error)}).encode())
                raise
        else:
            files: dict[str, int] = self.from_chief(dict)
            with tempfile.TemporaryDirectory() as folder:
                for name, pieces in files.items():
                    path = Path(folder) / name
                    path.parent.mkdir(exist_ok=True)
                    with path.open("wb") as file:
                        for _ in range(pieces):
                            file.write(_waiting(self._receive))
                yield Path(folder)

    def begun(self, files: Callable[[], Sequence[Path]], out: Path) -> None:
        """The chief gives the others what its directory has; the others have it already.

        Args:
            files: Returns which files.
            out: The directory.
        """
        if self.count == 1 or not self.is_chief:
            return
        self._begun = True
        pieces = {path: -(-path.stat().st_size // PIECE) for path in files()}
        names = {path.relative_to(out).as_posix(): count for path, count in pieces.items()}
        self.from_chief(lambda: names)
        for path, count in pieces.items():
            with path.open("rb") as file:
                for _ in range(count):
                    self._send(file.read(PIECE))

    def _send(self, data: bytes) -> None:
        with self.noticed():
            self._sum(np.array([len(data) >> 30, len(data) & (1 << 30) - 1], np.int32))
            padded = np.frombuffer(data + bytes(-len(data) % 4), np.int32)
            for start in range(0, len(padded), SENT_AT_ONCE):
                self._sum(padded[start : start + SENT_AT_ONCE])

    def _receive(self) -> bytes:
        with self.noticed():
            high, low = self._sum(np.zeros(2, np.int32)).numpy().tolist()
            size, parts = (high << 30) + low, []
            for start in range(0, -(-size // 4), SENT_AT_ONCE):
                count = min(SENT_AT_ONCE, -(-size // 4) - start)
                parts.append(self._sum(np.zeros(count, np.int32)).numpy())
            return b"".join(part.tobytes() for part in parts)[:size]


ALONE = Workers()
"""One process with one replica."""


def _waiting(receive: Callable[[], bytes]) -> bytes:
    """Returns what a function returns; meanwhile Ctrl-C and SIGTERM are heard.

    What waits in TensorFlow hears nothing, and the chief may take long.
    """
    results: list[Any] = []

    def run() -> None:
        try:
            results.append(receive())
        except Exception as error:
            results.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(1.0)
    if isinstance(results[0], Exception):
        raise results[0]
    received: bytes = results[0]
    return received
