"""Workers on this machine, as processes of their own."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.storage.run_directory import RunDirectory

PROGRAM = Path(__file__).with_name("trainings.py")


Begin = Callable[[Sequence[object], list[str], int, Path], subprocess.Popen]


@pytest.fixture(scope="session")
def program() -> Path:
    """The program of the small trainings."""
    return PROGRAM


@pytest.fixture(scope="session")
def trainings() -> ModuleType:
    """The small trainings, for this process."""
    spec = importlib.util.spec_from_file_location("trainings", PROGRAM)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def weights_of() -> Callable[[Path], dict[str, np.ndarray]]:
    """Returns the weights of a finished run or encoder."""

    def read(path: Path) -> dict[str, np.ndarray]:
        kind = RunDirectory if (path / "labels.json").exists() else EncoderDirectory
        return kind(path).read_weights()

    return read


@pytest.fixture(scope="session")
def free_addresses() -> Callable[[int], list[str]]:
    """Returns addresses of this machine whose ports nobody has at this moment."""

    def find(count: int) -> list[str]:
        with contextlib.ExitStack() as opened:
            servers = [socket.create_server(("localhost", 0)) for _ in range(count)]
            for server in servers:
                opened.enter_context(server)
            return [f"localhost:{server.getsockname()[1]}" for server in servers]

    return find


@pytest.fixture(scope="module")
def begin() -> Iterator[Begin]:
    """`begin(arguments, addresses, 1, file)` begins worker 1, which writes to a file."""
    begun: list[subprocess.Popen] = []

    def start(
        arguments: Sequence[object], addresses: list[str], index: int, file: Path
    ) -> subprocess.Popen:
        task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        environment = {**os.environ, "TF_CONFIG": json.dumps(task), "TF_CPP_MIN_LOG_LEVEL": "3"}
        with file.open("ab") as written:
            command = [sys.executable, *map(str, arguments)]
            process = subprocess.Popen(command, env=environment, stdout=written, stderr=written)
        begun.append(process)
        return process

    yield start
    for process in begun:
        process.kill()
        process.wait(60)
