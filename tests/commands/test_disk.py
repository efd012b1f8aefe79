"""Disks that are full, read-only or gone: told, and the run is as it was."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import hier_rnn
from hier_rnn.sources.bundled import bundled


@pytest.fixture
def full(tmp_path):
    """A file system of 64 kB; where none can be mounted the test is skipped."""
    folder = tmp_path / "full"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, timeout=60)
    except FileNotFoundError:
        pytest.skip("there is no mount here")
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.decode()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True, timeout=60)


@pytest.fixture
def labelled(small_run, tmp_path) -> Path:
    path = tmp_path / "labelled.tsv"
    lines = [f"{label}\tthe {label} shop\n" for label in hier_rnn.load(small_run).labels]
    path.write_text("".join(lines * 70), "utf-8")
    return path


def files(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("option", ["--json", "--report", "--predictions"])
@pytest.mark.slow
def test_evaluating_to_a_full_disk(call, small_run, labelled, full, option):
    out = full / ("figures" if option == "--report" else "figures.jsonl")
    (full / "fill").write_bytes(bytes(60 << 10))
    result = call("evaluate", small_run, "--data", labelled, option, out, "--quiet")
    assert result.status == 2
    assert "can't write it: No space left on device" in result.err
    # Charts that had room are whole; nothing is half written.
    assert not [name for name in files(full) if not name.endswith(("fill", ".svg"))]
    assert hier_rnn.load(small_run).predict(["shop"])


def test_predicting_to_a_full_disk(call, small_run, labelled, full):
    (full / "fill").write_bytes(bytes(60 << 10))
    result = call("predict", small_run, labelled, "--out", full / "out.tsv", "--quiet")
    assert result.status == 2
    assert "out.tsv: can't write it: No space left on device" in result.err
    assert files(full) == ["fill"]


@pytest.mark.parametrize("made", [False, True])
def test_an_export_without_room_leaves_nothing_in_the_way(call, small_run, full, made):
    (full / "fill").write_bytes(bytes(56 << 10))
    if made:
        (full / "out").mkdir()
    result = call("export", small_run, full / "out")
    assert (result.status, "can't write it: No space left on device" in result.err) == (2, True)
    assert files(full) == ["fill"] and (full / "out").exists() == made
    (full / "fill").unlink()
    subprocess.run(["mount", "-o", "remount,size=8m", str(full)], check=True)
    assert call("export", small_run, full / "out").status == 0
    assert hier_rnn.load(full / "out").predict(["shop"])


@pytest.mark.slow
def test_training_into_a_full_disk_goes_on_once_there_is_room(call, full, tmp_path):
    lines = Path(bundled("train")).read_text("utf-8").splitlines(keepends=True)[:60]
    (tmp_path / "train.tsv").write_text("".join(lines), "utf-8")
    command = ["train", "--train", tmp_path / "train.tsv", "--out", full / "run", "--quiet",
               "--training.epochs", "1", "--training.warm_start_epochs", "0",
               "--character_encoder.units", "16", "--sentence_encoder.units", "8"]  # fmt: skip
    result = call(*command)
    assert result.status == 2
    assert "can't write it: No space left on device" in result.err
    assert "What was saved before is kept" in result.err
    subprocess.run(["mount", "-o", "remount,size=8m", str(full)], check=True, timeout=60)
    assert call(*command).status == 0
    assert hier_rnn.load(full / "run").predict(["where is my parcel"])
    assert not [name for name in files(full) if name.startswith(".")]


def test_a_read_only_disk(call, small_run, labelled, full, tmp_path):
    subprocess.run(["mount", "-o", "remount,size=64m", str(full)], check=True, timeout=60)
    run = Path(shutil.copytree(small_run, full / "run"))
    subprocess.run(["mount", "-o", "remount,ro", str(full)], check=True, timeout=60)
    assert call("predict", run, "--text", "shop").status == 0
    assert call("evaluate", run, "--data", labelled, "--quiet").status == 0
    result = call("evaluate", run, "--data", labelled, "--json", full / "a.json", "--quiet")
    assert (result.status, "can't write it" in result.err) == (2, True), result.err
    result = call("train", "--train", labelled, "--out", full / "new", "--quiet")
    assert (result.status, "can't write it" in result.err) == (2, True), result.err
