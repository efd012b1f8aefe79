"""Lines of files, pipes and terminals."""

import gzip
import logging
import os
import sys
import threading
from pathlib import Path

import pytest

from hier_rnn.commands.terminal import lines
from hier_rnn.commands.terminal.lines import batches_of_lines
from hier_rnn.errors import UserError


def all_lines(path: Path) -> list[str]:
    return [line for batch in batches_of_lines(path) for line in batch]


def test_lines_come_as_soon_as_they_are_there(monkeypatch):
    reader, writer = os.pipe()
    monkeypatch.setattr(sys, "stdin", os.fdopen(reader))
    batches = batches_of_lines(Path("-"))
    os.write(writer, b"\xef\xbb\xbffirst\nsec")
    assert next(batches) == ["first"]
    os.write(writer, b"ond\r\n\n")
    assert next(batches) == ["second", ""]
    os.write(writer, b"third")
    os.close(writer)
    assert list(batches) == [["third"]]


def test_a_file_comes_in_large_batches_also_as_standard_input(tmp_path, monkeypatch):
    path = tmp_path / "lines.txt"
    path.write_text("x\n" * (2 * lines.LINES_AT_ONCE + 5))
    sizes = [lines.LINES_AT_ONCE, lines.LINES_AT_ONCE, 5]
    assert list(map(len, batches_of_lines(path))) == sizes
    with open(path) as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert list(map(len, batches_of_lines(Path("-")))) == sizes


@pytest.mark.parametrize("size", [1, 2, 3, 1 << 16])
def test_lines_are_those_of_the_file_wherever_it_is_cut(tmp_path, monkeypatch, size):
    path = tmp_path / "lines.txt"
    path.write_bytes("\ufeffé\r\n\n🥹 a\nlast".encode())
    monkeypatch.setattr(lines, "BYTES_AT_ONCE", size)
    assert all_lines(path) == ["é", "", "🥹 a", "last"]
    (tmp_path / "lines.txt.gz").write_bytes(gzip.compress(path.read_bytes()))
    assert all_lines(tmp_path / "lines.txt.gz") == ["é", "", "🥹 a", "last"]


def test_a_line_without_end_is_cut_and_the_others_are_answered(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(lines, "MAXIMUM_LINE", 10)
    monkeypatch.setattr(lines, "BYTES_AT_ONCE", 4)
    path = tmp_path / "lines.txt"
    path.write_bytes("before\né23456789é123\nafter\n".encode())
    logging.getLogger("hier_rnn").propagate = True
    with caplog.at_level(logging.WARNING):
        assert all_lines(path) == ["before", "é23456789", "after"]
    assert "line 2: 15 bytes; only its first 10 are read" in caplog.text


def test_a_hundred_megabytes_on_a_line_are_read_in_linear_time(monkeypatch):
    reader, writer = os.pipe()
    monkeypatch.setattr(sys, "stdin", os.fdopen(reader))

    def write() -> None:
        with os.fdopen(writer, "wb") as file:
            for _ in range(100):
                file.write(b"x" * 1_000_000)
            file.write(b"\nafter\n")

    thread = threading.Thread(target=write)
    thread.start()
    long, after = all_lines(Path("-"))
    thread.join(60)
    assert (len(long), after) == (lines.MAXIMUM_LINE, "after")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="a system without /dev/zero")
def test_a_line_that_never_ends_is_no_text(monkeypatch):
    monkeypatch.setattr(lines, "ENDLESS_LINE", 1 << 25)
    with pytest.raises(UserError, match="/dev/zero: a line does not end within 33,554,432 bytes"):
        all_lines(Path("/dev/zero"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"fine\nb\xff\n", "a.txt, line 2: not UTF-8: byte 0xff at position 2"),
        ("a.txt.gz", b"no", "a.txt.gz:1: not gzip data"),
        ("a.txt.gz", gzip.compress(b"x\n" * 9999, mtime=0)[:-12], "the gzip data end too soon"),
        ("none.txt", None, "none.txt: can't read it: No such file"),
    ],
)
def test_mistakes(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message):
        all_lines(tmp_path / name)


def test_a_closed_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(UserError, match="Standard input is closed"):
        all_lines(Path("-"))
