"""Whose an output directory is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hier_rnn.runs.claim import claim, to_do

from hier_rnn.configuration.options import Configuration, Data
from hier_rnn.configuration.toml import read_configuration
from hier_rnn.errors import UserError

OWN = Configuration.model_validate({"training": {"epochs": 10}})
OTHER = Configuration.model_validate({"seed": 3, "training": {"epochs": 77}})


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "run"


@pytest.fixture
def record(path) -> Path:
    return path / "config.toml"


def test_a_new_directory(path, record):
    assert to_do(path, record, OWN, finished=False)
    assert not path.exists()
    claim(path, record, OWN)
    assert read_configuration(record) == OWN


def test_the_same_command_again(path, record):
    claim(path, record, OWN)
    written = record.stat().st_mtime_ns
    assert to_do(path, record, OWN, finished=False)
    claim(path, record, OWN)
    assert record.stat().st_mtime_ns == written
    assert not to_do(path, record, OWN, finished=True)
    assert to_do(path, record, OWN, finished=True, force=True)


def test_other_options(path, record):
    claim(path, record, OWN)
    with pytest.raises(UserError) as error:
        to_do(path, record, OTHER, finished=False)
    different = "seed 0 instead of 3; training.epochs 10 instead of 77"
    assert f"holds a run with other options: {different}. Give another" in str(error.value)
    assert to_do(path, record, OTHER, finished=False, force=True)


@pytest.mark.parametrize("encoder", [".", "encoder", "checkpoints/warm_start"])
def test_by_force_the_encoder_to_start_from_does_not_go(path, record, encoder, monkeypatch):
    claim(path, record, OWN)
    monkeypatch.chdir(path)  # an encoder is found whatever it is called
    starting = OWN.model_copy(update={"data": Data(encoder=encoder)})
    with pytest.raises(UserError, match=f"would take away the encoder {encoder}"):
        to_do(path, record, starting, finished=True, force=True)
    for elsewhere in ("../other", "../run2", "kept/encoder"):
        starting = OWN.model_copy(update={"data": Data(encoder=elsewhere)})
        assert to_do(path, record, starting, finished=True, force=True)


def test_by_force_a_run_goes_but_nothing_else(path, record):
    claim(path, record, OWN)
    (path / "checkpoints").mkdir()
    (path / "checkpoints" / "step-0000000001.safetensors").touch()
    for name in ("model.safetensors", "labels.json", "evaluation.json", "notes.txt"):
        (path / name).touch()
    claim(path, record, OTHER, force=True)
    assert sorted(entry.name for entry in path.iterdir()) == ["config.toml", "notes.txt"]
    assert read_configuration(record) == OTHER


@pytest.mark.parametrize("force", [False, True])
def test_something_that_is_no_run(path, record, force):
    path.mkdir()
    (path / ".config.toml.0badcafe").touch()  # left by a call that was killed
    assert to_do(path, record, OWN, finished=False, force=force)
    (path / "thesis.tex").touch()
    with pytest.raises(UserError, match=r"holds no run: there is no config.toml"):
        to_do(path, record, OWN, finished=False, force=force)


def test_a_file_in_its_place(path, record):
    path.touch()
    with pytest.raises(UserError, match=r"run is a file"):
        to_do(path, record, OWN, finished=False)
    with pytest.raises(UserError, match=r"below: .*run is a file"):
        to_do(path / "below", path / "below" / "config.toml", OWN, finished=False)


def test_no_permission(path, record, monkeypatch):
    asked = []
    monkeypatch.setattr(os, "access", lambda *arguments: asked.append(arguments))
    with pytest.raises(UserError, match=rf"no permission to write in {path.parent}"):
        to_do(path, record, OWN, finished=False)
    assert asked == [(path.parent, os.W_OK | os.X_OK)]


def test_a_damaged_record(path, record):
    path.mkdir()
    record.write_text("seed = what")
    with pytest.raises(UserError, match=r"config.toml: not TOML"):
        to_do(path, record, OWN, finished=False)
    assert to_do(path, record, OWN, finished=False, force=True)
