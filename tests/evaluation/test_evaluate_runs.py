"""Runs evaluated beside each other, and the files written of it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hier_rnn.decisions.one_label import OneLabel
from hier_rnn.errors import UserError
from hier_rnn.evaluation.evaluate_runs import evaluate_runs, run_names
from hier_rnn.sources.example import Example, Source


def test_one_run(predictors, source, examples, tmp_path, capsys):
    out = tmp_path / "out"
    results = evaluate_runs(
        predictors[:1],
        source,
        json=out / "e.json",
        predictions=out / "p.jsonl",
        misspell=["swap:0.5"],
    )
    (result,) = results.evaluations
    assert results.comparison is None
    document = json.loads((out / "e.json").read_text("utf-8"))
    assert document == json.loads(json.dumps(result.to_json()))
    assert document["run"] == "whole"
    lines = [json.loads(line) for line in (out / "p.jsonl").read_text("utf-8").splitlines()]
    read = [(example.label, example.text, example.where) for example in examples]
    assert [(line["label"], line["text"], line["where"]) for line in lines] == read
    assert np.mean([line["correct"] for line in lines]) == document["accuracy"]
    logits = next(predictors[0].logits([examples[0].text]))
    expected = OneLabel(2.5).probabilities(logits)
    assert list(lines[0]["probabilities"].values()) == pytest.approx(expected, abs=1e-6)
    assert capsys.readouterr() == ("", "")


def test_progress_is_reported_pass_by_pass(predictors, source):
    reports = []
    evaluate_runs(predictors[:1], source, misspell=["swap:1"], on_progress=reports.append)
    ends = [(one.stage, one.done, one.total) for one in reports if one.done == one.total]
    assert ends == [("held-out.tsv", 300, 300), ("held-out.tsv swap:1", 300, 300)]


def test_runs_that_know_other_labels_are_compared_on_what_both_know(
    predictors, examples, trigrams, write, tmp_path
):
    wider = trigrams(tmp_path / "wider", [*write(60, 5), Example("account", "password", "x:1")])
    wider.run.mkdir()
    (wider.run / "words.txt").write_text("")
    account = Example("account", "password please", "held-out.tsv:7")
    data = Source("held-out.tsv", lambda: iter([account, *examples]))
    with pytest.raises(UserError, match="account"):
        evaluate_runs([wider, predictors[0]], data)
    results = evaluate_runs([wider, predictors[0]], data, unseen="count")
    assert [one.scores.examples for one in results.evaluations] == [300, 300]
    assert [one.unseen.labels for one in results.evaluations] == [{"account": 1}] * 2


def test_several_runs_are_compared_with_the_first(predictors, source, tmp_path):
    results = evaluate_runs(predictors, source, json=tmp_path / "e.json")
    whole, few = results.evaluations
    document = json.loads((tmp_path / "e.json").read_text("utf-8"))
    assert [run["run"] for run in document["runs"]] == ["whole", "few"]
    (difference,) = document["comparison"]["differences"]
    gained = few.scores.accuracy - whole.scores.accuracy
    assert difference["accuracy"]["value"] == pytest.approx(gained)
    test = difference["mcnemar"]
    assert (test["only_second"] - test["only_first"]) / 300 == pytest.approx(gained)
    assert 0 < len(document["comparison"]["disagreements"]) <= 12
    for row in document["comparison"]["disagreements"]:
        assert row["predicted"][0] != row["predicted"][1]


def test_lone_surrogates_and_any_script_pass_through(predictors, tmp_path, examples):
    odd = [examples[0]._replace(text="\ud800 lovely <b>&amp;</b> 사랑 مرحبا"), *examples[1:20]]
    source = Source("odd", lambda: iter(odd))
    evaluate_runs(predictors[:1], source, predictions=tmp_path / "p", report=tmp_path / "r")
    line = json.loads((tmp_path / "p").read_text("utf-8").splitlines()[0])
    assert line["text"] == odd[0].text
    page = (tmp_path / "r" / "report.html").read_text("utf-8")
    assert "<b>&amp;" not in page


def test_a_wrong_misspelling_is_told_before_anything_runs(predictors, source):
    (predictors[0].run / "words.txt").unlink()
    with pytest.raises(UserError, match="swop"):
        evaluate_runs(predictors, source, misspell=["swop:1"])


def test_words_never_seen_are_told_by_the_runs_vocabulary(predictors, source):
    (result,) = evaluate_runs(predictors[1:], source).evaluations
    assert 0 < result.result.unseen_share.mean() < 0.5
    (predictors[0].run / "words.txt").unlink()
    with pytest.raises(UserError, match=r"words\.txt"):
        evaluate_runs(predictors[:1], source)


def test_runs_are_called_by_their_folders_unless_two_share_a_name(tmp_path):
    a, b, other = tmp_path / "x" / "run", tmp_path / "y" / "run", tmp_path / "z"
    assert run_names([a, other]) == ["run", "z"]
    assert run_names([a, b]) == [str(a), str(b)]
    with pytest.raises(UserError, match="twice"):
        run_names([a, a / ".." / "run"])
