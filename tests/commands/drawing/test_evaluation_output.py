"""What `evaluate` prints and writes of a real run."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def held_out(tmp_path) -> Path:
    path = tmp_path / "held-out.tsv"
    rows = [
        "good\tnice shop",
        "bad\tsad and late",
        "question\twho is it",
        "bad\tlove",
        "good\tlate",
    ]
    path.write_text("".join(f"{row}\n" for row in rows * 4), "utf-8")
    return path


def test_an_evaluation_is_readable(call, small_run, held_out):
    result = call("evaluate", small_run, "--data", held_out, "--misspell", "swap:1")
    assert result.status == 0
    # A path may be wrapped anywhere.
    assert f"smallon{held_out},20examples" in "".join(result.out.split())
    for part in (
        "always 'bad'",
        "bad taken for",
        "held-out.tsv:4",
        "swap:1",
    ):
        assert part in " ".join(result.out.split())
    assert f"{held_out}: 20 of 20 examples, accuracy" in result.err
    assert call("evaluate", small_run, "--data", held_out, "--quiet")[1:] == ("", "")


def test_labels_never_seen(call, small_run, held_out):
    held_out.write_text(held_out.read_text() + "spam\tbuy\nspam\tnow\n")
    refused = call("evaluate", small_run, "--data", held_out)
    assert refused.status == 2
    assert "2 example(s) with 1 label(s)" in refused.err
    assert "held-out.tsv:21: 'spam'" in refused.err
    counted = call("evaluate", small_run, "--data", held_out, "--unseen", "count")
    assert counted.status == 0
    assert "2 (spam 2)" in counted.out
    written = call("evaluate", small_run, "--data", held_out, "--unseen", "count", "--json", "-")
    assert json.loads(written.out)["unseen"]["labels"] == {"spam": 2}
    assert json.loads(written.out)["examples"] == 20


def test_labels_and_texts_are_not_markup(call, small_run, tmp_path):
    path = tmp_path / "odd.tsv"
    path.write_text("good\t[red]sad[/] late\nbad\t[/y] nice\n", "utf-8")
    out = call("evaluate", small_run, "--data", path).out
    assert "[red]sad[/] late" in out and "[/y] nice" in out


@pytest.mark.slow
def test_files_are_written_before_anything_is_printed(small_run, held_out, tmp_path):
    """614c248 loses report and figures when nobody reads on."""
    other = tmp_path / "other"
    shutil.copytree(small_run, other)
    command = [sys.executable, "-m", "hier_rnn", "evaluate", str(small_run), str(other)]
    command += ["--data", str(held_out), "--json", str(tmp_path / "f.json")]
    process = subprocess.Popen(
        [*command, "--report", str(tmp_path / "report")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    process.stdout.close()
    assert process.wait(timeout=120) == 0
    assert len(json.loads((tmp_path / "f.json").read_text())["runs"]) == 2
    assert (tmp_path / "report" / "report.html").stat().st_size > 10_000


def test_runs_beside_each_other_as_json(call, small_run, tmp_path):
    table = json.loads(call("compare", small_run, "--json", "-").out)
    assert table["differing_options"] == []
    [row] = table["runs"]
    assert row["run"] == str(small_run)
    assert 0.5 < row["validation_accuracy"] <= 1
