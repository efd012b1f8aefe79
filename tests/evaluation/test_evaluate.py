from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.special import softmax

import hier_rnn
from hier_rnn.errors import UserError
from hier_rnn.evaluation.evaluate import evaluate, evaluate_runs, run_names


@pytest.fixture
def evaluation(predictor, source):
    return evaluate(predictor, source, misspell=["swap:1", "attack:1:swap"], seed=3)


def test_the_document_has_every_figure(evaluation, examples, predictor):
    document = json.loads(json.dumps(evaluation.to_json(), allow_nan=False))
    promised = (
        "examples accuracy macro_f1 weighted_f1 loss labels per_class confusion_matrix "
        "words_per_second misspelled"
    )
    assert set(promised.split()) <= set(document)
    assert document["examples"] == len(examples)
    assert document["labels"] == predictor.labels == list(document["per_class"])
    low, high = document["accuracy_interval"]
    assert low < document["accuracy"] < high
    assert sum(map(sum, document["confusion_matrix"])) == len(examples)
    for specification in ("swap:1", "attack:1:swap"):
        worse = document["misspelled"][specification]
        assert set(promised.split()) - {"labels", "misspelled"} <= set(worse)
        assert worse["accuracy"] < document["accuracy"]


def test_examples_worth_reading(evaluation, examples, predictor):
    chances = predictor.probabilities([example.text for example in examples])
    wrong = chances.argmax(1) != [predictor.labels.index(e.label) for e in examples]
    by_text = dict(zip((e.where for e in examples), examples, strict=True))

    errors = evaluation.chosen.errors
    assert len(errors) == 8
    assert errors[0].probability == pytest.approx(chances.max(1)[wrong].max())
    assert [e.probability for e in errors] == sorted((e.probability for e in errors), reverse=True)
    assert all(error.label != error.predicted for error in errors)
    close = evaluation.chosen.close_calls
    assert close[0].probability == pytest.approx(chances.max(1)[~wrong].min())
    assert all(one.label == one.predicted for one in close)
    for one in (*errors, *close):
        assert (one.label, one.text) == by_text[one.where][:2]

    confusions = evaluation.chosen.confusions
    assert sum(confusion.examples for confusion in confusions) == wrong.sum()
    sizes = [confusion.examples for confusion in confusions]
    assert sizes == sorted(sizes, reverse=True)
    assert all(c.example.label == c.label for c in confusions)
    assert all(c.example.predicted == c.predicted for c in confusions)


def test_the_seed_decides_intervals_and_misspellings(predictor, source):
    def run(seed):
        return evaluate(predictor, source, misspell=["mixed:0.5"], seed=seed)

    first, again, other = run(1), run(1), run(2)
    assert first.intervals == again.intervals != other.intervals
    losses = [e.misspelled["mixed:0.5"].scores.loss for e in (first, again, other)]
    assert losses[0] == losses[1] != losses[2]


def test_one_run(runs, source, examples, tmp_path, capsys):
    out = tmp_path / "out"
    (result,) = evaluate_runs(
        runs[:1], source, json=out / "e.json", predictions=out / "p.jsonl", misspell=["swap:0.5"]
    )
    document = json.loads((out / "e.json").read_text("utf-8"))
    assert document == json.loads(json.dumps(result.to_json()))
    assert document["run"] == "whole"
    lines = [json.loads(line) for line in (out / "p.jsonl").read_text("utf-8").splitlines()]
    assert [(line["label"], line["text"], line["where"]) for line in lines] == list(examples)
    assert np.mean([line["correct"] for line in lines]) == document["accuracy"]
    logits = next(iter(hier_rnn.load(runs[0]).logits([examples[0].text])))
    assert list(lines[0]["probabilities"].values()) == pytest.approx(
        softmax(logits / 2.5), abs=1e-6
    )
    printed = capsys.readouterr()
    assert "whole on held-out.tsv, 300 examples" in printed.out
    assert "300 of 300" in printed.err


def test_quiet_says_nothing(runs, source, capsys):
    evaluate_runs(runs, source, quiet=True)
    assert capsys.readouterr() == ("", "")


def test_several_runs_are_compared_with_the_first(runs, source, tmp_path, capsys):
    whole, few = evaluate_runs(runs, source, json=tmp_path / "e.json")
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
    assert "Compared with whole" in capsys.readouterr().out


def test_lone_surrogates_and_any_script_pass_through(runs, tmp_path, examples):
    from hier_rnn.sources.example import Source

    odd = [examples[0]._replace(text="\ud800 lovely <b>&amp;</b> 사랑 مرحبا"), *examples[1:20]]
    source = Source("odd", lambda: iter(odd))
    evaluate_runs(runs[:1], source, predictions=tmp_path / "p", report=tmp_path / "r", quiet=True)
    line = json.loads((tmp_path / "p").read_text("utf-8").splitlines()[0])
    assert line["text"] == odd[0].text
    page = (tmp_path / "r" / "report.html").read_text("utf-8")
    assert "<b>&amp;" not in page


def test_a_wrong_misspelling_is_told_before_anything_runs(source, tmp_path):
    with pytest.raises(UserError, match="swop"):
        evaluate_runs([tmp_path / "no run"], source, misspell=["swop:1"])


def test_runs_are_called_by_their_folders_unless_two_share_a_name(tmp_path):
    a, b, other = tmp_path / "x" / "run", tmp_path / "y" / "run", tmp_path / "z"
    assert run_names([a, other]) == ["run", "z"]
    assert run_names([a, b]) == [str(a), str(b)]
    with pytest.raises(UserError, match="twice"):
        run_names([a, a / ".." / "run"])
