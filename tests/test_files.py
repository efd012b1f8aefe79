"""Writing is whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from hier_rnn.errors import UserError
from hier_rnn.files import write_atomically


def test_writing_is_whole(tmp_path):
    path = tmp_path / "new" / "folder" / "a.txt"
    with write_atomically(path) as file:
        file.write("é\r\n")
        assert not path.exists()
    assert path.read_bytes() == "é\r\n".encode()
    assert [entry.name for entry in path.parent.iterdir()] == ["a.txt"]
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask


def test_writing_bytes(tmp_path):
    with write_atomically(tmp_path / "a", "wb") as file:
        file.write(b"\n\xff")
    assert (tmp_path / "a").read_bytes() == b"\n\xff"


def test_interrupted_writing_leaves_what_was_there(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), write_atomically(path) as file:
        file.write("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_link_stays_a_link(tmp_path):
    target = tmp_path / "target"
    target.write_text("old")
    (tmp_path / "link").symlink_to(target)
    with write_atomically(tmp_path / "link") as file:
        file.write("new")
    assert (tmp_path / "link").is_symlink()
    assert target.read_text() == "new"


def test_unwritable(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(UserError, match="can't write it: it is a folder"),
        write_atomically(tmp_path),
    ):
        pass
    for path in (tmp_path / "file" / "a", tmp_path / "file" / "b" / "a"):
        with pytest.raises(UserError, match="a: can't write it: "), write_atomically(path):
            pass


def test_no_space_left():
    message = "/dev/full: can't write it: No space left on device"
    with pytest.raises(UserError, match=message), write_atomically("/dev/full") as file:
        file.write("x")
    assert not Path("/dev/full").is_file()


def test_another_files_error_is_not_ours(tmp_path):
    with pytest.raises(FileNotFoundError), write_atomically(tmp_path / "a"):
        (tmp_path / "missing").read_text()
    assert not list(tmp_path.iterdir())
