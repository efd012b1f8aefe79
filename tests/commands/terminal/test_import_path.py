"""Modules that lie around, in a stranger's run say, are not found by the commands' imports."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LOOKS = """
import runpy, sys
from importlib.util import find_spec
from hier_rnn.commands import main
def found(*_):
    print("found" if find_spec("stranger_runs") else "not found")
    raise SystemExit(0)
main.run = main.main = found
"""


@pytest.mark.parametrize(
    "command", ["train.py", pytest.param("evaluate.py", marks=pytest.mark.slow), "-m"]
)
def test_what_lies_in_the_folder_is_not_importable(tmp_path, command):
    for name in ("train.py", "evaluate.py"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "stranger_runs").mkdir()
    (tmp_path / "stranger_runs" / "evil.py").write_text("raise SystemExit('it was run')\n")
    # As Python itself puts the folder first, before it runs what it is told to.
    begin = f"{LOOKS}\nsys.path.insert(0, {str(tmp_path)!r})\nassert find_spec('stranger_runs')\n"
    name, way = ("hier_rnn", "run_module") if command == "-m" else (command, "run_path")
    result = subprocess.run(
        [sys.executable, "-P" if sys.version_info >= (3, 11) else "-I", "-c",
         f"{begin}runpy.{way}({name!r}, run_name='__main__')"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )  # fmt: skip
    assert result.stdout == "not found\n", result.stderr
