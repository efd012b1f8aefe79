"""A whole measurement on next to nothing, in processes of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.peers.catalogue import REFERENCE, WARM, chosen
from hier_rnn.errors import UserError

ROOT = Path(__file__).parents[2]
TINY = "--sentences 24 --batches 2 --runs 2 --embedding 4 --units 8 --sentence-units 8"


def throughput(*arguments: str | Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "benchmarks.throughput", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


@pytest.mark.slow
def test_hier_rnn_and_keras_are_measured_and_compute_the_same(tmp_path):
    json_file, figure = tmp_path / "speed.json", tmp_path / "speed.png"
    done = throughput(
        *f"{TINY} --batch-sizes 4 --stream-words 300 --no-memory".split(),
        *("--models", "keras-flattened", "--json", json_file, "--plot", figure),
    )
    assert done.returncode == 0, done.stderr
    results = json.loads(json_file.read_text())
    names = [REFERENCE, "keras-flattened"]
    assert list(results["check"]) == names
    assert max(each["logits_differ_by"] for each in results["check"].values()) < 1e-5
    training = results["training"]["4"]
    speeds = training["words_per_second"]
    assert list(speeds) == names
    for name in names:
        assert len(speeds[name]["runs"]) == 2
        assert min(speeds[name]["runs"]) > 0
    assert len(set(training["words"].values())) == 1
    assert 0 < training["arithmetic"]["share"] < 1
    assert list(results["inference"]["words_per_second"]) == [*names, WARM]
    assert results["data"]["name"] == "messages/train.tsv"
    assert str(ROOT) not in json_file.read_text()
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert "cache warm" in done.stdout


@pytest.mark.slow
def test_mistakes_are_told_at_once(tmp_path):
    for arguments, message in (
        (["--models", "kera"], "Did you mean 'keras'?"),
        (["--plot", tmp_path / "speed.txt"], ".png"),
        (["--batch-sizes", "0"], "above 0"),
        (["--data", tmp_path / "nothing.tsv"], "no such file"),
    ):
        done = throughput(*arguments)
        assert done.returncode == 2
        assert message in done.stderr
        assert "Traceback" not in done.stderr


def test_hier_rnn_is_always_among_the_models():
    assert chosen(["keras", "keras"]) == [REFERENCE, "keras"]
    with pytest.raises(UserError, match="There are: hier_rnn"):
        chosen(["nothing"])
