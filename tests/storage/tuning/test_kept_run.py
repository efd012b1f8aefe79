"""A copied run is whole, replaces the one before, and leaves what is not its own."""

from __future__ import annotations

import shutil

import pytest

import hier_rnn
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.storage.tuning.kept_run import keep_run, remove_run


@pytest.fixture
def out(small_run, tmp_path):
    out = tmp_path / "out"
    (out / "tuning").mkdir(parents=True)
    (out / "tuning" / "study.json").write_text("{}")
    (out / "notes.txt").write_text("mine")
    keep_run(RunDirectory(small_run), out)
    return out


def test_the_copy_is_the_run(small_run, out):
    text = ["the good shop"]
    first, second = hier_rnn.load(small_run), hier_rnn.load(out)
    assert first.probabilities(text).tolist() == second.probabilities(text).tolist()
    assert hier_rnn.load_encoder(out)(text).shape == (1, 8)
    assert (out / "tuning" / "study.json").exists()
    assert (out / "notes.txt").exists()


def test_it_replaces_the_one_before(small_run, out):
    (out / "evaluation.json").write_text("of the run before")
    keep_run(RunDirectory(small_run), out)
    assert not (out / "evaluation.json").exists()
    assert hier_rnn.load(out).labels


def test_a_copy_that_was_cut_off_is_no_run(small_run, out, monkeypatch):
    def full(*arguments, **settings):
        raise OSError("no space left")

    monkeypatch.setattr(shutil, "copytree", full)
    with pytest.raises(hier_rnn.UserError, match="can't copy the best trial's run"):
        keep_run(RunDirectory(small_run), out)
    with pytest.raises(hier_rnn.UserError):
        hier_rnn.load(out)


def test_what_is_no_run_stays(out):
    remove_run(out)
    assert sorted(entry.name for entry in out.iterdir()) == ["notes.txt", "tuning"]
