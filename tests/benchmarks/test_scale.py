"""Cost against size: every piece is measured in a process of its own, and the table shows it."""

from __future__ import annotations

import argparse

import pytest

from benchmarks import scale
from benchmarks.scale_worker import _spellings, _write_text


@pytest.mark.slow
def test_each_size_of_a_piece_is_measured(small_run, data, capsys):
    options = argparse.Namespace(
        text=data["train"],
        data=data["train"],
        run=str(small_run),
        pieces=["count", "factorize", "read", "classify"],
        batch_size=8,
        timeout=120,
        count=[100],
        factorize=[300, 600],
        read=[64],
        classify=[50],
    )
    results = scale.measure(options)
    for piece, sizes in (("count", 1), ("factorize", 2), ("read", 1), ("classify", 1)):
        rows = results["pieces"][piece]
        assert len(rows) == sizes
        assert all(row["seconds"] > 0 < row["per_second"] for row in rows)
        assert all(row["peak_bytes"] > 1 << 24 for row in rows)
    assert [row["size"] for row in results["pieces"]["factorize"]] == [300, 600]
    scale.show(results)
    assert "600 subtokens" in capsys.readouterr().out


def test_what_takes_too_long_is_left_out(data, capsys):
    options = argparse.Namespace(
        text=data["train"],
        data=data["train"],
        run=None,
        pieces=["factorize", "classify"],
        batch_size=8,
        timeout=0.01,
        factorize=[300],
    )
    assert scale.measure(options)["pieces"] == {"factorize": []}
    assert "left out" in capsys.readouterr().err


def test_a_text_is_taken_up_to_so_many_words(tmp_path):
    (tmp_path / "a.txt").write_text("one two\nthree four\nfive six\n")
    _write_text(tmp_path / "b.jsonl", str(tmp_path / "a.txt"), 3)
    assert len((tmp_path / "b.jsonl").read_text().splitlines()) == 2


def test_spellings_go_on_where_a_text_has_too_few(tmp_path):
    (tmp_path / "a.txt").write_text("one two one\n")
    assert _spellings(str(tmp_path / "a.txt"), 2) == ["one", "two"]
    assert _spellings(str(tmp_path / "a.txt"), 5) == ["one", "two", "one1", "two1", "one2"]
