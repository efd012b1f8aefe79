"""The files of a run: complete, unfinished, damaged."""

from __future__ import annotations

import resource
import shutil
import signal
from collections import Counter
from pathlib import Path

import pytest

from hier_rnn.errors import UserError
from hier_rnn.storage.run_directory import (
    RunDirectory,
    read_json,
    read_vocabulary,
    write_json,
    write_vocabulary,
)


@pytest.fixture
def run(small_run, tmp_path) -> RunDirectory:
    """A copy of a finished run, to be damaged."""
    return RunDirectory(Path(shutil.copytree(small_run, tmp_path / "run")))


def test_a_whole_one(run):
    run.require()
    assert run.finished
    assert run.read_labels() == ["bad", "good", "question"]
    assert run.read_words()("a  café") == ["a", "café"]
    assert run.read_configuration().sentence_encoder.units == 6
    assert run.read_alphabet().size == 3 + len(run.read_alphabet().characters)


def test_no_such_directory(tmp_path):
    with pytest.raises(UserError, match="none: no such run directory"):
        RunDirectory(tmp_path / "none").require()


def test_an_unfinished_one(run):
    run.weights.unlink()
    run.labels.unlink()
    with pytest.raises(UserError, match="the run is not finished.*same `train.py` command"):
        run.require()


@pytest.mark.parametrize("name", ["config.toml", "alphabet.json", "labels.json"])
def test_an_incomplete_one(run, name):
    (run.path / name).unlink()
    with pytest.raises(UserError, match=f"not a whole run directory: no {name}"):
        run.require()


def test_some_other_directory(tmp_path):
    with pytest.raises(
        UserError, match="no config.toml, no alphabet.json, no labels.json, no model"
    ):
        RunDirectory(tmp_path).require()


@pytest.mark.parametrize("content", ["", "{", '{"a": 1}', '["a", 2]', "[" * 100_000])
def test_damaged_labels(run, content):
    run.labels.write_text(content)
    with pytest.raises(UserError, match=r"labels.json: damaged"):
        run.read_labels()


@pytest.mark.parametrize("content", ["[]", "{}", '{"temperature": 0}', '{"temperature": Infinity}'])
def test_a_damaged_temperature(run, content):
    run.calibration.write_text(content)
    with pytest.raises(UserError, match=r"calibration.json: damaged: no temperature"):
        run.read_temperature()


def test_without_calibration_logits_stay_as_they_are(run):
    run.calibration.unlink()
    assert run.read_temperature() == 1


def test_no_space_left_for_metrics_keeps_the_earlier_lines(run):
    run.write_metrics([{"epoch": 1}])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(UserError, match=r"metrics.jsonl: can't write it"):
            run.write_metrics([{"epoch": 1}] * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert run.metrics.read_text() == '{"epoch": 1}\n'


def test_a_vocabulary(tmp_path):
    path = tmp_path / "words.txt"
    write_vocabulary(path, Counter({"b": 2, "a": 2, "né\x1f": 1, "c": 7}))
    assert path.read_text("utf-8") == "c\t7\na\t2\nb\t2\nné\x1f\t1\n"
    assert list(read_vocabulary(path).items()) == [("c", 7), ("a", 2), ("b", 2), ("né\x1f", 1)]
    write_vocabulary(path, Counter("aab"), limit=1)
    assert read_vocabulary(path) == {"a": 2}


@pytest.mark.parametrize("line", ["word", "word\tmany", "\t3", "word\t²"])
def test_a_damaged_vocabulary(tmp_path, line):
    path = tmp_path / "words.txt"
    path.write_text(f"fine\t3\n{line}\n", "utf-8")
    with pytest.raises(UserError, match=r"words.txt:2: damaged"):
        read_vocabulary(path)


def test_json(tmp_path):
    write_json(tmp_path / "x.json", {"ž": [1]})
    assert read_json(tmp_path / "x.json") == {"ž": [1]}
    assert "ž" in (tmp_path / "x.json").read_text("utf-8")
    with pytest.raises(UserError, match=r"none.json: can't be read"):
        read_json(tmp_path / "none.json")
