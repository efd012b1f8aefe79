"""Lines come as they were written, whatever is wrong is told with its place, writing is atomic."""

from __future__ import annotations

import gzip
import os
import random
import stat
import tracemalloc
from pathlib import Path

import pytest

from hier_rnn.errors import UserError
from hier_rnn.files import read_lines, write_atomically


def test_lines_are_numbered_and_lose_their_ends(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo\n\nfour \xc3\xa9\rstill four")
    assert list(read_lines(path)) == [(1, "one"), (2, "two"), (3, ""), (4, "four é\rstill four")]
    assert "".join(line for _, line in read_lines(path, keep_ends=True)).startswith("one\r\ntwo\n")


def test_only_a_first_byte_order_mark_is_left_out(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("\ufeffone\n\ufefftwo\n", encoding="utf-8")
    assert [line for _, line in read_lines(path)] == ["one", "\ufefftwo"]


def test_separators_of_unicode_end_no_line(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("a\u2028b\x85c\x0bd\n", encoding="utf-8")
    assert list(read_lines(path)) == [(1, "a\u2028b\x85c\x0bd")]


def test_gzip_reads_the_same(tmp_path):
    path = tmp_path / "A.TXT.GZ"
    path.write_bytes(gzip.compress("one\ntwo é".encode()))
    assert list(read_lines(path)) == [(1, "one"), (2, "two é")]


def test_gzip_cut_short(tmp_path):
    path = tmp_path / "a.txt.gz"
    lines = "".join(f"{random.Random(i).random()}\n" for i in range(20000))
    path.write_bytes(gzip.compress(lines.encode())[:-1000])
    with pytest.raises(UserError, match=r"a\.txt\.gz:\d\d+: .*cut short"):
        list(read_lines(path))


@pytest.mark.parametrize("damage", ["plain", "middle"])
def test_gzip_damaged(tmp_path, damage):
    path = tmp_path / "a.txt.gz"
    data = bytearray(gzip.compress(bytes(range(65, 91)) * 1000))
    data[20:30] = b"\xff" * 10
    path.write_bytes(b"not gzip at all\n" if damage == "plain" else bytes(data))
    with pytest.raises(UserError, match=r"a\.txt\.gz:1: not gzip data, or damaged"):
        list(read_lines(path))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"fine\nna\xefve\n", r"a\.txt:2: not UTF-8: byte 0xef at position 3 .*save it as UTF-8"),
        ("é".encode("utf-16"), "a.txt:1: not UTF-8: byte 0xff at position 1 .*UTF-16"),
        (gzip.compress(b"x", mtime=0), "a.txt:1: not UTF-8: byte 0x8b at position 2 .*gzip"),
        (b"\xef\xbb\xbfab\xff", "byte 0xff at position 6"),
        (b"\xed\xa0\x80", "a.txt:1: not UTF-8: byte 0xed"),  # a surrogate
    ],
)
def test_not_utf8(tmp_path, content, message):
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    with pytest.raises(UserError, match=message):
        list(read_lines(path))


def test_unreadable(tmp_path):
    with pytest.raises(UserError, match="nothing.txt: can't read it: No such file"):
        list(read_lines(tmp_path / "nothing.txt"))
    with pytest.raises(UserError, match="can't read it: Is a directory"):
        list(read_lines(tmp_path))


def test_reading_takes_constant_memory(tmp_path):
    path = tmp_path / "a.txt.gz"
    with gzip.open(path, "wt", compresslevel=1) as file:
        for _ in range(40):
            file.write(("x" * 99 + "\n") * 2000)
    tracemalloc.start()
    assert sum(len(line) for _, line in read_lines(path)) == 40 * 2000 * 99
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


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
