"""Evaluating runs of several labels: figures against scikit-learn, report, comparison."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, label_ranking_average_precision_score

import hier_rnn
from hier_rnn.errors import UserError
from hier_rnn.evaluation.comparison.run_table import tabulate_runs
from hier_rnn.evaluation.evaluate_runs import evaluate_runs
from hier_rnn.evaluation.explanation import explain
from hier_rnn.sources.source import open_source

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(several_run):
    return hier_rnn.load(several_run)


@pytest.fixture(scope="module")
def source(label_sets):
    return open_source(label_sets["test"], multi_label=True)


@pytest.fixture(scope="module")
def evaluated(run, source, tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluated")
    results = evaluate_runs(
        [run],
        source,
        json=folder / "figures.json",
        report=folder / "report",
        predictions=folder / "predictions.jsonl",
        misspell=["swap:0.5", "attack:1"],
    )
    return folder, results.evaluations[0]


def test_figures_are_scikit_learns(run, source, evaluated):
    folder, evaluation = evaluated
    examples = list(source)
    targets = np.array([[label in e.labels for label in run.labels] for e in examples])
    probabilities = run.probabilities([example.text for example in examples])
    given = probabilities >= np.array(run.decision.thresholds, np.float32)
    figures = json.loads((folder / "figures.json").read_text())
    for average in ("micro", "macro"):
        expected = f1_score(targets, given, average=average)
        assert figures[f"{average}_f1"] == pytest.approx(expected)
    assert figures["accuracy"] == pytest.approx(accuracy_score(targets, given))
    expected = label_ranking_average_precision_score(targets, probabilities)
    assert figures["label_ranking_average_precision"] == pytest.approx(expected)
    low, high = figures["micro_f1_interval"]
    assert low <= figures["micro_f1"] <= high
    assert figures["thresholds"] == list(run.decision.thresholds)
    assert figures["misspelled"]["attack:1"]["accuracy"] <= figures["accuracy"]
    assert evaluation.headline == "micro-F1"
    label, share = evaluation.majority
    column = run.labels.index(label)
    always = np.zeros_like(targets)
    always[:, column] = True
    assert share == pytest.approx(f1_score(targets, always, average="micro"))


def test_every_prediction_is_written(run, source, evaluated):
    folder, evaluation = evaluated
    lines = [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]
    assert [tuple(line["labels"]) for line in lines] == [example.labels for example in source]
    found = run.predict([example.text for example in source])
    assert [tuple(line["predicted"]) for line in lines] == [p.labels for p in found]
    assert np.mean([line["correct"] for line in lines]) == evaluation.scores.accuracy


def test_the_report(evaluated):
    folder, _ = evaluated
    page = (folder / "report" / "report.html").read_text()
    for shown in ("Micro-F1", "Subset accuracy", "Hamming loss", "Label ranking", "All errors"):
        assert shown in page
    assert "Confusions" not in page
    figures = json.loads((folder / "report" / "report.json").read_text())["figures"]
    assert {"reliability", "precision-recall", "misspelled", "training-accuracy"} <= {*figures[0]}


def test_runs_beside_each_other(run, source, several_run, tmp_path):
    other = shutil.copytree(several_run, tmp_path / "other")
    content = json.loads((other / "calibration.json").read_text())
    content["thresholds"] = [0.999] * 3  # it gives hardly any label
    (other / "calibration.json").write_text(json.dumps(content))
    results = evaluate_runs([run, hier_rnn.load(other, verify=False)], source, verify=False)
    [difference] = results.comparison.differences
    first, second = (evaluation.scores for evaluation in results.evaluations)
    gained = difference.difference.micro_f1.value
    assert gained == pytest.approx(second.micro_f1 - first.micro_f1)
    assert gained < 0
    assert results.comparison.disagreeing > 0
    assert json.dumps(results.comparison.to_json())


def test_not_beside_a_run_of_one_label(run, source, small_run):
    with pytest.raises(UserError, match="one label for each text and of several"):
        evaluate_runs([run, hier_rnn.load(small_run)], source)


def test_unseen_labels_are_counted(run, source, tmp_path):
    path = tmp_path / "new.txt"
    path.write_text("__label__bad bad\n__label__bad __label__new x\ny\n")
    new = open_source(str(path), multi_label=True)
    with pytest.raises(UserError, match="never saw: 'new'"):
        evaluate_runs([run], new)
    [evaluation] = evaluate_runs([run], new, unseen="count").evaluations
    assert (evaluation.scores.examples, evaluation.unseen.examples) == (2, 1)


def test_explained_is_any_label_and_given_is_said(run):
    explained = explain(run, "bad and why")
    assert set(explained.given) == set(run.predict(["bad and why"])[0].labels)
    assert explain(run, "bad and why", "good").label == "good"
    total = sum(part.share for part in explained.parts)
    assert np.isfinite(total)


def test_the_table_of_runs_goes_by_micro_f1(several_run):
    document = tabulate_runs([several_run]).to_json()
    assert 0 < document["runs"][0]["validation_micro_f1"] <= 1
