"""Counting beside Beam: what is counted, and that both ways are compared."""

from __future__ import annotations

import argparse

import pytest

from benchmarks import counting


def test_more_than_eight_parts_are_the_same_again(tmp_path):
    texts = tmp_path / "texts.txt"
    texts.write_text("".join(f"text {n}\n" for n in range(20)))
    assert counting.write_parts(tmp_path / "parts", str(texts), 8) == texts.stat().st_size
    twice = counting.write_parts(tmp_path / "parts", str(texts), 16)
    assert twice == 2 * texts.stat().st_size
    assert (tmp_path / "parts/0000.txt").read_text() == (tmp_path / "parts/0008.txt").read_text()


def test_another_file_and_another_byte_are_a_difference(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
        (folder / "a").write_bytes(b"1")
    assert counting.same(one, other)
    (other / "a").write_bytes(b"2")
    assert not counting.same(one, other)
    (other / "a").write_bytes(b"1")
    (other / "b").write_bytes(b"")
    assert not counting.same(one, other)


@pytest.mark.slow
def test_a_text_is_counted_here_and_by_beam(data, capsys):
    pytest.importorskip("apache_beam")
    results = counting.measure(argparse.Namespace(text=data["train"], parts=[16], workers=2))
    [row] = results["rows"]
    assert row["same_bytes"] and row["counts_bytes"] > 0
    for way in ("local", "beam"):
        assert row[way]["peak_bytes"] >= row[way]["largest_process_bytes"] > 1 << 24
    counting.show(results)
    assert "yes" in capsys.readouterr().out
