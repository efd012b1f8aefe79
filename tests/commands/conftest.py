"""Commands called as from a shell, in this process, with what they print and how they exit."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from hier_rnn.commands.main import cli, run

ROOT = Path(__file__).parents[2]


class Result(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str


@pytest.fixture
def call(monkeypatch, capsys):
    """`call("predict", RUN, ...)` runs `hier-rnn predict RUN ...`."""

    def call(*arguments: object, command=cli, program: str = "hier-rnn") -> Result:
        monkeypatch.setattr(sys, "argv", [program, *map(str, arguments)])
        with pytest.raises(SystemExit) as exit:
            run(command, program)
        return Result(exit.value.code, *capsys.readouterr())

    return call


@pytest.fixture
def call_in(monkeypatch, call):
    """`call_in("cp1252", "predict", ...)` runs a command whose streams have an encoding.

    As `PYTHONIOENCODING` makes them; what was written is decoded again.
    """

    def call_in(encoding: str, *arguments: object) -> Result:
        streams = [io.BytesIO(), io.BytesIO()]
        with monkeypatch.context() as context:
            context.setenv("PYTHONIOENCODING", encoding)
            for name, stream in zip(("stdout", "stderr"), streams, strict=True):
                context.setattr(sys, name, io.TextIOWrapper(stream, encoding, write_through=True))
            status = call(*arguments).status
            return Result(status, *(stream.getvalue().decode(encoding) for stream in streams))

    return call_in


@pytest.fixture
def calls(monkeypatch):
    """`calls("package.module", "function")` replaces a function of the layers below by a recorder.

    What it was called with is in the list returned; no TensorFlow is imported.
    """
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")

    def calls(module: str, function: str, answer: object = None) -> list[tuple[tuple, dict]]:
        recorded: list[tuple[tuple, dict]] = []

        def record(*arguments, **settings):
            recorded.append((arguments, settings))
            return answer

        stand_in = type(sys)(module)
        setattr(stand_in, function, record)
        monkeypatch.setitem(sys.modules, module, stand_in)
        return recorded

    return calls


@pytest.fixture
def standard_input(monkeypatch):
    """`standard_input(b"...")` is what a pipe brings."""
    opened = []

    def standard_input(content: bytes) -> None:
        reader, writer = os.pipe()
        os.write(writer, content)
        os.close(writer)
        opened.append(os.fdopen(reader, encoding="utf-8"))
        monkeypatch.setattr(sys, "stdin", opened[-1])

    yield standard_input
    for file in opened:
        file.close()


@pytest.fixture
def shell():
    """`shell("hier-rnn inspect x | head -1")` runs a line of bash with this `hier-rnn`."""

    def shell(line: str, **environment: str) -> subprocess.CompletedProcess:
        function = f'hier-rnn() {{ "{sys.executable}" -m hier_rnn "$@"; }}; set -o pipefail; '
        return subprocess.run(
            ["bash", "-c", function + line],
            capture_output=True,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            timeout=120,
        )

    return shell


@pytest.fixture(scope="session")
def two_runs(small_run, tiny, tmp_path_factory) -> list[Path]:
    """Two finished runs that differ in an option with a long value."""
    from hier_rnn.training.classification.train import train_classifier

    other = tmp_path_factory.mktemp("others") / "another"
    train_classifier(tiny(training={"epochs": 1, "freeze_encoder": True}), other)
    return [small_run, other]
