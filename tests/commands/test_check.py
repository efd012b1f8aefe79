"""`check` from the command line, and the check that `train` begins with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

MESSAGES = Path(__file__).parents[2] / "data" / "messages"


@pytest.fixture
def bad(tmp_path):
    path = tmp_path / "bad.tsv"
    rows = [f"{label}\ttext {n} {label}" for n in range(30) for label in ("a", "b")]
    path.write_text("\n".join([*rows, "a|b\tboth", "a\t", "b\tnan"]) + "\n", encoding="utf-8")
    return path


def hier_rnn(*arguments):
    command = [sys.executable, "-m", "hier_rnn", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120)


def test_classes_and_findings(bad):
    done = hier_rnn("check", bad)
    assert done.returncode == 0
    assert f"train: {bad}: 63 examples, 3 classes: a 31, b 31, a|b 1" in done.stdout
    assert f"have no text ({bad}:62)" in done.stdout
    assert "'a|b'" in done.stdout
    assert not done.stderr


def test_strict(bad):
    done = hier_rnn("check", bad, "--strict")
    assert done.returncode == 2
    assert "have no text" in done.stdout
    assert done.stderr == "error: findings: 4, and --strict makes each an error.\n"
    splits = [MESSAGES / f"{name}.tsv" for name in ("train", "validation", "test")]
    done = hier_rnn("check", splits[0], "--validation", splits[1], "--test", splits[2], "--strict")
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1] == "nothing found that looks wrong"


def test_json(bad, tmp_path):
    content = json.loads(hier_rnn("check", bad, "--json", "-").stdout)
    kinds = [finding["kind"] for finding in content["findings"]]
    assert kinds == ["empty_texts", "missing_texts", "joined_labels", "single_examples"]
    done = hier_rnn("check", bad, "--json", tmp_path / "report.json")
    assert done.stdout
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8")) == content


def test_several_sources_are_one(bad):
    done = hier_rnn("check", bad, bad)
    assert "126 examples" in done.stdout
    assert f"{bad}:1 (as {bad}:1)" in done.stdout


def test_names_of_columns_and_labels_are_shown_safely(tmp_path):
    path = tmp_path / "a.csv"
    rows = "".join(f"text number {n},l{n % 2}\x1b[31m\n" for n in range(60))
    path.write_text(f"commentaire,catégorie\n{rows}", encoding="utf-8")
    done = hier_rnn("check", path, "--test", path)
    taken = [line for line in done.stderr.splitlines() if "label: column 2 'catégorie'" in line]
    assert len(taken) == 1 and "--text-column" in taken[0]
    assert "\x1b" not in done.stdout
    assert "l0\\x1b[31m 30" in done.stdout
    assert "60 of 60 examples (100.0%) have a text that is in the train data too" in done.stdout
    done = hier_rnn("check", path, "--delimiter", "tab")
    assert done.returncode == 2 and "one column" in done.stderr


def test_mistakes(tmp_path):
    done = hier_rnn("check")
    assert (done.returncode, done.stderr[:14]) == (2, "error: SRC is ")
    done = hier_rnn("check", tmp_path / "none.tsv")
    assert (done.returncode, "no such file" in done.stderr) == (2, True)


def test_training_begins_with_the_check(bad, tmp_path):
    out = tmp_path / "run"
    done = hier_rnn("train", "--train", bad, "--out", out, "--strict")
    assert done.returncode == 2
    assert "the check of the data found 4 things" in done.stderr
    assert not out.exists()
