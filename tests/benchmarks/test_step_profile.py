"""Where a step's time goes, measured on next to nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.trace import OTHER, PRODUCTS, Event, by_group, by_kind

ROOT = Path(__file__).parents[2]
TINY = "--sentences 24 --batches 2 --runs 2 --embedding 4 --units 8 --sentence-units 8"


def test_operations_by_what_they_are_for():
    events = [
        Event("while/MatMul", "MatMul", 2.0),
        Event("while/mul", "Mul", 1.0),
        Event("while/TensorListSetItem", "TensorListSetItem", 0.5),
        Event("optimizer/while/MatMul", "MatMul", 4.0),
        Event("cond/averages/mul", "Mul", 8.0),
        Event("noise", "Unheard", 16.0),
    ]
    assert by_group(events, 2) == {
        PRODUCTS: 1.0,
        "element by element": 0.5,
        "memory": 0.25,
        "optimizer": 2.0,
        "averages": 4.0,
        OTHER: 8.0,
    }
    assert by_kind(events, 1) == {"Unheard": 16, "Mul": 9, "MatMul": 6, "TensorListSetItem": 0.5}


@pytest.mark.slow
def test_the_three_kinds_of_work(tmp_path):
    results, figure = tmp_path / "steps.json", tmp_path / "steps.png"
    command = [sys.executable, "-m", "benchmarks.step_profile", *TINY.split()]
    command += ["--batch-size", "4", "--json", str(results), "--plot", str(figure)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    for title in ("A training step", "A step of pretraining", "Inference"):
        assert title in done.stdout
    measured = json.loads(results.read_text())
    for work in ("training", "pretraining"):
        shares = measured[work]["shares"]
        assert min(shares[PRODUCTS], shares["optimizer"]) > 0
        assert sum(shares.values()) == pytest.approx(1, abs=0.5)
        assert (shares["averages"] > 0) == (work == "training")
    for work in ("training", "pretraining", "inference"):
        assert 0 < measured[work]["limit"] < measured[work]["step_alone"]
    assert figure.read_bytes().startswith(b"\x89PNG")


def test_what_ships_has_marks():
    command = [sys.executable, "-m", "benchmarks.step_profile", "--no-marks"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 2
    assert "--no-marks: what ships has boundary marks" in done.stderr
