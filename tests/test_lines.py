"""Lines come as they were written, and whatever is wrong is told with its place."""

from __future__ import annotations

import gzip
import random
import tracemalloc

import pytest

from hier_rnn.errors import UserError
from hier_rnn.lines import read_lines, without_end


def test_lines_are_numbered_and_keep_their_ends(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo\n\nfour \xc3\xa9\rstill four")
    found = list(read_lines(path))
    assert found == [(1, "one\r\n"), (2, "two\n"), (3, "\n"), (4, "four é\rstill four")]
    assert [without_end(line) for _, line in found] == ["one", "two", "", "four é\rstill four"]


def test_only_a_first_byte_order_mark_is_left_out(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("\ufeffone\n\ufefftwo\n", encoding="utf-8")
    assert [line for _, line in read_lines(path)] == ["one\n", "\ufefftwo\n"]


def test_separators_of_unicode_end_no_line(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("a\u2028b\x85c\x0bd\n", encoding="utf-8")
    assert list(read_lines(path)) == [(1, "a\u2028b\x85c\x0bd\n")]


def test_gzip_reads_the_same(tmp_path):
    path = tmp_path / "A.TXT.GZ"
    path.write_bytes(gzip.compress("one\ntwo é".encode()))
    assert list(read_lines(path)) == [(1, "one\n"), (2, "two é")]


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
    assert sum(len(line) for _, line in read_lines(path)) == 40 * 2000 * 100
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000
