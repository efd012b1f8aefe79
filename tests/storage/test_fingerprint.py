"""The same data are known at another place."""

from __future__ import annotations

import os
import shutil

import pytest

from hier_rnn.errors import UserError
from hier_rnn.storage.fingerprint import fingerprint


def test_a_file_by_its_content(tmp_path):
    for name, content in {"a": "x\n", "b": "x\n", "c": "y\n"}.items():
        (tmp_path / name).write_text(content)
    a, b, c = (fingerprint(str(tmp_path / name)) for name in "abc")
    assert a == b != c


def test_a_folder_by_its_files(tmp_path):
    (tmp_path / "one" / "class").mkdir(parents=True)
    (tmp_path / "one" / "class" / "1.txt").write_text("x")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    before = fingerprint(str(tmp_path / "one"))
    assert fingerprint(str(tmp_path / "two")) == before
    (tmp_path / "two" / "class" / "1.txt").rename(tmp_path / "two" / "class" / "2.txt")
    assert fingerprint(str(tmp_path / "two")) != before


def test_a_run_by_its_manifest(run, tmp_path):
    before = fingerprint(str(run.path))
    (run.path / "notes.txt").touch()
    assert fingerprint(str(run.path)) == before
    assert fingerprint(str(run.encoder)) != before


def test_a_data_set_by_its_name():
    assert fingerprint("tfds:imdb:train") == "tfds:imdb:train"


def test_a_pipe_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert fingerprint(str(tmp_path / "pipe")) == ""


def test_nothing_there(tmp_path):
    with pytest.raises(UserError, match="none: can't read it"):
        fingerprint(str(tmp_path / "none"))
