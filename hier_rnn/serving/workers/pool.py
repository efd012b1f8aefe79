"""The workers, and the requests that wait for them: batches, retries, replacements.

A worker that is free takes the requests that have come while all were busy, as one batch; one that
finds a request at once takes it alone. So nothing waits for a timer, and batches grow with load.

A request is held here until it is answered. When a worker dies, what it was computing goes back to
the front of the queue and to another worker, each request alone then, and the worker is replaced. A
request that has seen three workers die is given up: it may be what kills them.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import numpy as np

from hier_rnn.decisions.decision import Decision
from hier_rnn.decisions.one_label import OneLabel
from hier_rnn.decisions.several_labels import SeveralLabels
from hier_rnn.errors import UserError
from hier_rnn.serving.metrics import Metrics
from hier_rnn.serving.request_error import RequestError
from hier_rnn.serving.workers.frames import EXPLAIN, PREDICT, Frame, encoded, receive

logger = logging.getLogger(__name__)

BATCH_TEXTS = 512
BATCH_CHARACTERS = 100_000
ATTEMPTS = 3
# A worker that takes longer for a batch is taken for stuck.
ANSWER_SECONDS, SLOWEST_CHARACTERS = 60.0, 10_000  # in a second
STOP_SECONDS = 5.0
LONGEST_PAUSE = 10.0  # between attempts to start a worker that fails at once


@dataclass(eq=False)
class _Job:
    """A request's work."""

    kind: str
    texts: list[str]
    label: str | None
    answer: asyncio.Future[Frame]
    deaths: int = 0
    characters: int = field(init=False)

    def __post_init__(self) -> None:
        self.characters = sum(map(len, self.texts))


class Pool:
    """Workers that share a queue.

    Args:
        run: The run directory.
        workers: How many processes.
        metrics: Counts batches and workers.

    Attributes:
        labels: The run's, known once started.
        decision: What the run makes of logits, likewise.
        ready: How many workers have loaded the run.
    """

    def __init__(self, run: Path, workers: int, metrics: Metrics) -> None:
        self.run = run
        self.workers = workers
        self.labels: list[str] = []
        self.decision: Decision = OneLabel()
        self.ready = 0
        self._metrics = metrics
        self._queue: deque[_Job] = deque()
        self._arrived = asyncio.Event()
        self._keepers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Starts the workers and returns when the first has loaded the run.

        Raises:
            UserError: The run can't be loaded.
        """
        first = await self._started()
        self._keepers = [asyncio.create_task(self._keep(first))]
        self._keepers += [asyncio.create_task(self._keep()) for _ in range(self.workers - 1)]

    async def stop(self) -> None:
        """Lets the workers go, each after what it computes."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)

    async def predict(self, texts: list[str]) -> np.ndarray:
        """Returns the probability of every label for each text, `(texts, classes)`."""
        frame = await self._submit(PREDICT, texts)
        return np.frombuffer(frame.payload, "<f4").reshape(len(texts), len(self.labels))

    async def explain(self, text: str, label: str | None) -> dict[str, Any]:
        """Returns an explanation, as JSON values, of a label or of the predicted one."""
        return (await self._submit(EXPLAIN, [text], label)).message

    async def _submit(self, kind: str, texts: list[str], label: str | None = None) -> Frame:
        job = _Job(kind, texts, label, asyncio.get_running_loop().create_future())
        self._queue.append(job)
        self._arrived.set()
        return await job.answer

    async def _keep(self, process: Process | None = None) -> None:
        """Keeps one worker going: feeds it, and starts another whenever it is gone."""
        pause = 0.0
        while True:
            try:
                process = process or await self._started()
            except (UserError, asyncio.IncompleteReadError) as error:
                pause = min(LONGEST_PAUSE, 2 * pause + 0.5)
                reason = str(error) if isinstance(error, UserError) else "it ended while loading"
                logger.error("a worker can't start (%s): again in %.1f s", reason, pause)
                await asyncio.sleep(pause)
                continue
            pause = 0.0
            self.ready += 1
            self._metrics.workers_ready.set(self.ready)
            try:
                await self._use(process)
            finally:
                self.ready -= 1
                self._metrics.workers_ready.set(self.ready)
                await _end(process)
            logger.warning("worker %d ended (status %s): replaced", process.pid, process.returncode)
            self._metrics.workers_replaced.inc()
            process = None

    async def _started(self) -> Process:
        """Returns a new worker that has loaded the run."""
        environment = {
            **os.environ,
            # A worker imports what the server imports, and nothing from the current folder.
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "PYTHONSAFEPATH": "1",
        }
        threads = str(max(1, (os.cpu_count() or 1) // self.workers))
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            if self.workers > 1:
                environment.setdefault(name, threads)
        command = (sys.executable, "-m", "hier_rnn.serving.workers.worker", str(self.run))
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, env=environment
        )
        try:
            message = (await receive(_output(process))).message
        except BaseException:  # whatever ends the wait, the process must not be left behind
            await _end(process)
            raise
        if "mistake" in message:
            await _end(process)
            raise UserError(message["mistake"])
        self.labels = self.labels or message["labels"]
        several = "thresholds" in message["decision"]
        self.decision = (SeveralLabels if several else OneLabel)(**message["decision"])
        return process

    async def _use(self, process: Process) -> None:
        """Feeds a worker until it is gone."""
        feeding = asyncio.create_task(self._feed(process))
        gone = asyncio.create_task(process.wait())
        try:
            await asyncio.wait((feeding, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (feeding, gone):
                task.cancel()
            await asyncio.gather(feeding, gone, return_exceptions=True)

    async def _feed(self, process: Process) -> None:
        """Hands a worker batch after batch; a batch that it does not answer goes back."""
        while True:
            batch = await self._next_batch()
            characters = sum(job.characters for job in batch)
            patience = ANSWER_SECONDS + characters / SLOWEST_CHARACTERS
            try:
                answers = await asyncio.wait_for(_exchange(process, batch), patience)
            except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
                return
            else:
                self._metrics.batch_texts.observe(sum(len(job.texts) for job in batch))
                for job, answer in zip(batch, answers, strict=True):
                    if not job.answer.done():
                        job.answer.set_result(answer)
            finally:
                self._put_back([job for job in batch if not job.answer.done()])

    async def _next_batch(self) -> list[_Job]:
        while True:
            while self._queue and self._queue[0].answer.done():  # nobody waits for it any more
                self._queue.popleft()
            if self._queue:
                return self._batch()
            self._arrived.clear()
            await self._arrived.wait()

    def _batch(self) -> list[_Job]:
        batch = [self._queue.popleft()]
        texts, characters = len(batch[0].texts), batch[0].characters
        alone = batch[0].kind == EXPLAIN or batch[0].deaths
        while self._queue and not alone:
            job = self._queue[0]
            texts, characters = texts + len(job.texts), characters + job.characters
            if (
                job.kind == EXPLAIN
                or job.deaths
                or texts > BATCH_TEXTS
                or characters > BATCH_CHARACTERS
            ):
                break
            batch.append(self._queue.popleft())
        return batch

    def _put_back(self, jobs: list[_Job]) -> None:
        for job in reversed(jobs):
            job.deaths += 1
            if job.deaths < ATTEMPTS:
                self._queue.appendleft(job)
                self._arrived.set()
                continue
            logger.error("a request was given up: %d workers died on it", job.deaths)
            job.answer.set_exception(
                RequestError(
                    HTTPStatus.INTERNAL_SERVER_ERROR,
                    "This request could not be computed: each worker that tried it died.",
                )
            )


def _output(process: Process) -> asyncio.StreamReader:
    assert process.stdout is not None  # it was started with a pipe
    return process.stdout


async def _exchange(process: Process, batch: list[_Job]) -> list[Frame]:
    """Returns a worker's answer to each request of a batch."""
    assert process.stdin is not None  # it was started with a pipe
    first = batch[0]
    message: dict[str, Any]
    if first.kind == EXPLAIN:
        message = {"kind": EXPLAIN, "text": first.texts[0], "label": first.label}
    else:
        message = {"kind": PREDICT, "texts": [text for job in batch for text in job.texts]}
    process.stdin.write(encoded(message))
    await process.stdin.drain()
    frame = await receive(_output(process))
    if first.kind == EXPLAIN:
        return [frame]
    row = len(frame.payload) // sum(len(job.texts) for job in batch)
    frames, start = [], 0
    for job in batch:
        end = start + row * len(job.texts)
        frames.append(Frame({}, frame.payload[start:end]))
        start = end
    return frames


async def _end(process: Process) -> None:
    """Ends a worker: by closing its input, or, when it does not heed that, by force."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except asyncio.TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
