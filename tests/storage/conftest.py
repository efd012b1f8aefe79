"""A finished run and an encoder to be damaged, and what they answer while they are whole."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hier_rnn.storage.run_directory import RunDirectory


@pytest.fixture
def run(small_run, tmp_path) -> RunDirectory:
    """A copy of a finished run."""
    return RunDirectory(Path(shutil.copytree(small_run, tmp_path / "run")))


@pytest.fixture
def rewritten(run) -> Callable[[str, bytes], RunDirectory]:
    """`rewritten("labels.json", b"[]")` is a run whose writer meant it: its checksum is right."""

    def rewritten(name: str, data: bytes) -> RunDirectory:
        run.write({run.path / name: data})
        return RunDirectory(run.path)

    return rewritten
