"""A server as a person starts it: a process of its own, on a free port of this machine."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

ROOT = Path(__file__).parents[2]
START_SECONDS, STOP_SECONDS = 90, 40


class Server:
    """A running `hier-rnn serve`."""

    def __init__(self, run: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hier_rnn", "serve", str(run), "--port", "0", *options],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.log: list[str] = []
        self._listening = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._listening.wait(START_SECONDS) or not self.log_match:
            self.kill()
            raise AssertionError(f"the server did not start: {''.join(self.log)}")
        self.url = self.log_match[1]
        self.port = int(self.url.rpartition(":")[2])
        self.client = httpx.Client(base_url=self.url, timeout=60)

    def _read(self) -> None:
        for line in self.process.stderr:
            self.log.append(line)
            if self.log_match:
                self._listening.set()
        self._listening.set()  # it has ended

    @property
    def log_match(self) -> re.Match | None:
        return re.search(r"at (http://\S+:\d+) ", "".join(self.log))

    @property
    def workers(self) -> list[psutil.Process]:
        """The processes that compute."""
        return psutil.Process(self.process.pid).children()

    def predict(self, *texts: str, **fields: object) -> httpx.Response:
        """Asks for the labels of some texts."""
        return self.client.post("/predict", json={"texts": list(texts), **fields})

    def metric(self, name: str) -> float:
        """A counter's value."""
        text = self.client.get("/metrics").text
        return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.M))

    def stop(self, signal_number: int = signal.SIGTERM) -> int:
        """Stops it in good order; returns its exit status."""
        self.client.close()
        if self.process.poll() is None:
            os.kill(self.process.pid, signal_number)
        status = self.process.wait(STOP_SECONDS)
        self._reader.join(STOP_SECONDS)
        return status

    def kill(self) -> None:
        """Ends it at once."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait(STOP_SECONDS)


@contextlib.contextmanager
def _started(run: Path) -> Iterator[Server]:
    server = Server(run)
    yield server
    assert server.stop() == 0
    assert "Traceback" not in "".join(server.log)


@pytest.fixture(scope="session")
def server_of() -> Callable[[Path], contextlib.AbstractContextManager[Server]]:
    """`server_of(RUN)` is a context with a server of a run, with one worker."""
    return _started


@pytest.fixture(scope="session")
def server(small_run) -> Iterator[Server]:
    """A server with one worker."""
    with _started(small_run) as server:
        yield server


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """`serve(RUN, "--workers", "2")` starts a server for one test."""
    servers: list[Server] = []

    def serve(run: Path, *options: str) -> Server:
        servers.append(Server(run, *options))
        return servers[-1]

    yield serve
    for server in servers:
        server.kill()
