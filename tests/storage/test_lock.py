"""One training at a time writes into a directory."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys

import pytest

from hier_rnn.errors import UserError
from hier_rnn.storage import lock as lock_module
from hier_rnn.storage.lock import RunLock

HOLD = """
import sys, time
from pathlib import Path
from hier_rnn.storage.lock import RunLock
with RunLock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def held(tmp_path):
    """A process that holds the directory."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "run")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait(60)


def test_the_second_ends_at_once_and_names_the_first(held, tmp_path):
    owner = f"process {held.pid} on '{socket.gethostname()}' trains into it"
    for _ in range(2):
        with pytest.raises(UserError, match=owner), RunLock(tmp_path / "run"):
            pass
    with RunLock(tmp_path / "other"):
        pass


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_dead_process_holds_nothing(held, tmp_path, number):
    held.send_signal(number)
    held.wait(60)
    assert (tmp_path / "run" / ".lock").exists()
    with RunLock(tmp_path / "run"):
        assert str(os.getpid()) in (tmp_path / "run" / ".lock").read_text()
    assert not (tmp_path / "run").exists() or not list((tmp_path / "run").iterdir())


def test_also_within_one_process(tmp_path):
    with (
        RunLock(tmp_path),
        pytest.raises(UserError, match=f"process {os.getpid()} on"),
        RunLock(tmp_path),
    ):
        pass
    with RunLock(tmp_path):
        pass


def test_nothing_is_left(tmp_path):
    with RunLock(tmp_path / "a" / "b"):
        assert (tmp_path / "a" / "b").is_dir()
    assert not list(tmp_path.iterdir())
    with RunLock(tmp_path / "a" / "b"):
        (tmp_path / "a" / "b" / "file").touch()
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["file"]


def test_nowhere_to_write(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="can't write there"), RunLock(tmp_path / "file" / "run"):
        pass
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".lock").symlink_to("/etc/passwd")
    with pytest.raises(UserError, match="can't write there"), RunLock(tmp_path / "run"):
        pass


def test_a_file_system_without_locks_is_told_of(tmp_path, monkeypatch, caplog):
    def flock(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(lock_module.fcntl, "flock", flock)
    with RunLock(tmp_path / "run"):
        assert "this file system has no locks" in caplog.text


@pytest.mark.slow
def test_many_at_once_have_one_winner(tmp_path):
    script = HOLD.replace("time.sleep(60)", "time.sleep(1)")
    command = [sys.executable, "-c", script, str(tmp_path / "run")]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(6)
    ]
    ends = [process.communicate(timeout=120) for process in processes]
    assert sum(out == b"held\n" for out, _ in ends) >= 1
    assert all(out == b"held\n" or b"UserError" in error for out, error in ends)
