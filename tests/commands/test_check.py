"""`check` from the command line, and the check that `train` begins with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

MESSAGES = Path(__file__).parents[2] / "data" / "messages"


@pytest.fixture
def bad(tmp_path):
    path = tmp_path / "bad.tsv"
    rows = [f"{label}\ttext {n} {label}" for n in range(30) for label in ("a", "b")]
    path.write_text("\n".join([*rows, "a|b\tboth", "a\t", "b\tnan"]) + "\n", encoding="utf-8")
    return path


def test_classes_and_findings(call, bad):
    done = call("check", bad)
    assert done.status == 0
    assert f"train: {bad}: 63 examples, 3 classes: a 31, b 31, a|b 1" in done.out
    assert f"have no text ({bad}:62)" in done.out
    assert "'a|b'" in done.out
    assert not done.err


def test_strict(call, bad):
    done = call("check", bad, "--strict")
    assert done.status == 2
    assert "have no text" in done.out
    assert done.err == "error: findings: 4, and --strict makes each an error.\n"
    splits = [MESSAGES / f"{name}.tsv" for name in ("train", "validation", "test")]
    done = call("check", splits[0], "--validation", splits[1], "--test", splits[2], "--strict")
    assert done.status == 0, done.out
    assert done.out.splitlines()[-1] == "nothing found that looks wrong"


def test_json(call, bad, tmp_path):
    content = json.loads(call("check", bad, "--json", "-").out)
    kinds = [finding["kind"] for finding in content["findings"]]
    assert kinds == ["empty_texts", "missing_texts", "joined_labels", "single_examples"]
    done = call("check", bad, "--json", tmp_path / "report.json")
    assert done.out
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8")) == content


def test_several_sources_are_one(call, bad):
    done = call("check", bad, bad)
    assert "126 examples" in done.out
    assert f"{bad}:1 (as {bad}:1)" in done.out


def test_names_of_columns_and_labels_are_shown_safely(call, tmp_path):
    path = tmp_path / "a.csv"
    rows = "".join(f"text number {n},l{n % 2}\x1b[31m\n" for n in range(60))
    path.write_text(f"commentaire,catégorie\n{rows}", encoding="utf-8")
    done = call("check", path, "--test", path)
    taken = [line for line in done.err.splitlines() if "label: column 2 'catégorie'" in line]
    assert len(taken) == 1 and "--text-column" in taken[0]
    assert "\x1b" not in done.out
    assert "l0\\x1b[31m 30" in done.out
    assert "60 of 60 examples (100.0%) have a text that is in the train data too" in done.out
    done = call("check", path, "--delimiter", "tab")
    assert done.status == 2 and "one column" in done.err


def test_mistakes(call, tmp_path):
    done = call("check")
    assert (done.status, done.err[:14]) == (2, "error: SRC is ")
    done = call("check", tmp_path / "none.tsv")
    assert (done.status, "no such file" in done.err) == (2, True)


def test_training_begins_with_the_check(call, bad, tmp_path):
    out = tmp_path / "run"
    done = call("train", "--train", bad, "--out", out, "--strict")
    assert done.status == 2
    assert "the check of the data found 4 things" in done.err
    assert not out.exists()
