"""Commands on a run of several labels, as a person gives them."""

from __future__ import annotations

import csv
import json

import pytest

import hier_rnn

TEXTS = ["bad and why", "the my"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found(several_run):
    return hier_rnn.load(several_run).predict(TEXTS)


def pairs(prediction, run) -> list[str]:
    shares = dict(zip(hier_rnn.load(run).labels, prediction.probabilities, strict=True))
    return [f"{label}\t{shares[label]:.4f}" for label in prediction.labels]


def test_a_line_has_the_labels_of_the_text(call, several_run, found):
    result = call("predict", several_run, "--text", TEXTS[0], "--text", TEXTS[1])
    assert result.out == "".join("\t".join(pairs(p, several_run)) + "\n" for p in found)
    top = call("predict", several_run, "--text", TEXTS[1], "--top", 2).out
    assert len(top.strip().split("\t")) == 4
    surest = call("predict", several_run, "--text", TEXTS[0], "--min-confidence", 1)
    assert surest.out in ("\n", "\t".join(pairs(found[0], several_run)) + "\n")


def test_json(call, several_run, found):
    result = call("predict", several_run, "--text", TEXTS[0], "--text", TEXTS[1], "--json")
    lines = [json.loads(line) for line in result.out.splitlines()]
    assert [tuple(line["labels"]) for line in lines] == [p.labels for p in found]
    assert [list(line["probabilities"]) for line in lines] == [list(p.labels) for p in found]
    every = call("predict", several_run, "--text", TEXTS[1], "--json", "--all").out
    assert len(json.loads(every)["probabilities"]) == 3
    assert tuple(json.loads(every)["labels"]) == found[1].labels


def test_a_table(call, several_run, found, tmp_path):
    (tmp_path / "texts.csv").write_text("id,text\n1,bad and why\n2,the my\n")
    out = tmp_path / "answers.csv"
    assert call("predict", several_run, tmp_path / "texts.csv", "--out", out).status == 0
    with out.open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["id", "text", "predicted", "probability"]
    assert [row["predicted"] for row in rows] == ["|".join(p.labels) for p in found]


def test_vectors(call, several_run):
    out = call("predict", several_run, "--text", "bad", "--vectors").out
    assert len(out.split()) == 12


def test_evaluate(call, several_run, label_sets, tmp_path):
    result = call("evaluate", several_run, "--data", label_sets["test"], "--report", tmp_path / "r")
    for name in ("micro-F1", "subset accuracy", "hamming loss", "label ranking average precision"):
        assert name in result.out
    assert "taken for" not in result.out
    assert result.status == 0
    # As a table with a separator of its own.
    table = tmp_path / "test.csv"
    table.write_text("label,text\nbad;question,bad why\n,the\ngood,nice\n")
    result = call("evaluate", several_run, "--data", table, "--label-separator", ";", "--quiet")
    assert (result.status, result.err) == (0, "")
    assert "never saw: 'bad;question'" in call("evaluate", several_run, "--data", table).err


def test_compare_and_explain(call, several_run, small_run):
    assert "micro-F1" in call("compare", several_run).out
    both = call("compare", several_run, small_run).out
    assert "micro-F1" in both and "accuracy" in both
    shown = call("explain", several_run, "bad and why").out
    assert "given" in shown
    assert call("inspect", several_run).status == 0


def test_check(call, label_sets, tmp_path):
    result = call("check", label_sets["train"], "--validation", label_sets["validation"])
    assert "3 classes: " in result.out
    assert "have no label, which is learnt too" in result.out
    assert "several labels, " in result.err
    (tmp_path / "a.csv").write_text("label,text\n" + "a|b,x y\na,y z\nb,z x\n" * 20)
    assert "--label-separator" in call("check", tmp_path / "a.csv").out
    result = call("check", tmp_path / "a.csv", "--label-separator", "|")
    assert "2 classes: a 40, b 40" in result.out


def test_train(call, label_sets, tmp_path):
    small = ["--character_encoder.units", 4, "--sentence_encoder.units", 4]
    small += ["--training.epochs", 1, "--training.warm_start_epochs", 0]
    small += ["--training.minimum_steps_per_epoch", 1]
    sources = ["--train", label_sets["train"], "--test", label_sets["test"]]
    result = call("train", *sources, "--out", tmp_path / "run", *small)
    assert result.status == 0
    assert "micro-F1" in result.out
    assert "micro-F1" in result.err
    again = call("train", *sources, "--out", tmp_path / "run", *small)
    assert "nothing to do" in again.err
    refused = call("train", *sources, "--out", tmp_path / "x", *small, "--multi-label", "false")
    assert (refused.status, "more than one label" in refused.err) == (2, True)
