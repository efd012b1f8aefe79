"""Whether an output directory is free, holds the same run, or another."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hier_rnn.configuration.options import Configuration, Data
from hier_rnn.errors import UserError
from hier_rnn.storage.output_directory import WRITTEN, claim_output, needs_training
from hier_rnn.storage.run_directory import RunDirectory

OWN = Configuration.model_validate({"training": {"epochs": 10}})
OTHER = Configuration.model_validate({"seed": 3, "training": {"epochs": 77}})


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "run"


@pytest.fixture
def claim(path):
    def claim(configuration=OWN, **settings) -> RunDirectory:
        claim_output(RunDirectory(path), configuration, **settings)
        return RunDirectory(path)

    return claim


def finish(path) -> None:
    run = RunDirectory(path)
    run.write({run.weights: b"weights"}, complete=True)


def test_a_new_directory(path, claim):
    assert needs_training(RunDirectory(path), OWN)
    assert not path.exists()
    run = claim()
    assert run.read_record() == OWN
    assert not run.manifest.complete and set(run.manifest.files) == {"config.toml"}


def test_the_same_command_again(path, claim):
    written = claim().configuration.stat().st_mtime_ns
    assert needs_training(RunDirectory(path), OWN)
    assert claim().configuration.stat().st_mtime_ns == written
    finish(path)
    assert not needs_training(RunDirectory(path), OWN)
    assert needs_training(RunDirectory(path), OWN, force=True)


def test_killed_before_its_manifest(path, claim):
    claim()
    (path / "manifest.json").unlink()
    assert needs_training(RunDirectory(path), OWN)
    assert claim().manifest is not None
    finish(path)
    (path / "manifest.json").unlink()
    with pytest.raises(UserError, match=r"there is no manifest.json"):
        needs_training(RunDirectory(path), OWN)


def test_other_options(path, claim):
    claim()
    with pytest.raises(UserError) as error:
        needs_training(RunDirectory(path), OTHER)
    different = "seed 0 instead of 3; training.epochs 10 instead of 77"
    assert f"holds a run with other options: {different}. Give another" in str(error.value)
    assert needs_training(RunDirectory(path), OTHER, force=True)


@pytest.mark.parametrize("encoder", [".", "encoder", "checkpoints/warm_start"])
def test_by_force_the_encoder_to_start_from_does_not_go(path, claim, encoder, monkeypatch):
    claim()
    monkeypatch.chdir(path)  # an encoder is found whatever it is called
    starting = OWN.model_copy(update={"data": Data(encoder=encoder)})
    with pytest.raises(UserError, match=f"would take away the encoder {encoder}"):
        needs_training(RunDirectory(path), starting, force=True)
    for elsewhere in ("../other", "../run2", "kept/encoder"):
        starting = OWN.model_copy(update={"data": Data(encoder=elsewhere)})
        assert needs_training(RunDirectory(path), starting, force=True)


def test_by_force_a_run_goes_but_nothing_else(path, claim):
    claim()
    for name in ("checkpoints", "encoder", "tensorboard"):
        (path / name).mkdir()
        (path / name / "file").touch()
    for name in (*WRITTEN, "notes.txt"):
        if not (path / name).exists():
            (path / name).touch()
    run = claim(OTHER, force=True)
    there = sorted(entry.name for entry in path.iterdir())
    assert there == ["config.toml", "manifest.json", "notes.txt"]
    assert run.read_record() == OTHER and not run.finished


def test_what_killed_processes_left_goes_at_the_next_start(path, claim):
    claim()
    ours = [
        ".config.toml.0badcafe",
        ".model.safetensors.01234567",
        "encoder/.manifest.json.89abcdef",
        "checkpoints/.step-0000000007.safetensors.0badcafe",
        "checkpoints/.prepared.safetensors.0badcafe",
    ]
    others = [".notes.txt.0badcafe", ".config.toml.swp", "checkpoints/.x.0badcafe", ".lock"]
    for name in (*ours, *others):
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).touch()
    claim()
    assert not any((path / name).exists() for name in ours)
    assert all((path / name).exists() for name in others)


@pytest.mark.parametrize("force", [False, True])
def test_something_that_is_no_run(path, force):
    path.mkdir()
    (path / ".config.toml.0badcafe").touch()  # left by a call that was killed
    assert needs_training(RunDirectory(path), OWN, force=force)
    (path / "thesis.tex").touch()
    with pytest.raises(UserError, match=r"holds no run: there is no config.toml"):
        needs_training(RunDirectory(path), OWN, force=force)


def test_a_file_in_its_place(path):
    path.touch()
    with pytest.raises(UserError, match=r"run: .*run is a file"):
        needs_training(RunDirectory(path), OWN)
    with pytest.raises(UserError, match=r"below: .*run is a file"):
        needs_training(RunDirectory(path / "below"), OWN)


def test_no_permission(path, monkeypatch):
    asked = []
    monkeypatch.setattr(os, "access", lambda *arguments: asked.append(arguments))
    with pytest.raises(UserError, match=rf"no permission to write in {path.parent}"):
        needs_training(RunDirectory(path), OWN)
    assert asked == [(path.parent, os.W_OK | os.X_OK)]


def test_a_damaged_record(path, claim):
    claim().configuration.write_text("seed = what")
    with pytest.raises(UserError, match=r"config.toml: damaged, or of another run"):
        needs_training(RunDirectory(path), OWN)
    assert needs_training(RunDirectory(path), OWN, force=True)
