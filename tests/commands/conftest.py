"""Commands called as from a shell, in this process, with what they print and how they exit."""

from __future__ import annotations

import sys
from typing import NamedTuple

import pytest

from hier_rnn.commands.main import cli, run


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
