from __future__ import annotations

import json

import pytest

from hier_rnn.errors import UserError
from hier_rnn.evaluation.comparison.run_table import tabulate_runs
from hier_rnn.storage.run_directory import RunDirectory


def rewrite(run, file, content):
    RunDirectory(run).write({run / file: content.encode()})


def test_runs_are_listed_best_first_with_the_options_that_differ(runs):
    table = tabulate_runs([runs[1], runs[0]])
    assert [row.run for row in table.rows] == list(runs)
    assert table.rows[0].record.best == pytest.approx(1 - 0.5 / 6)
    assert set(table.differing_options) == {"seed", "training.epochs"}
    first, second = json.loads(json.dumps(table.to_json()))["runs"]
    assert first["options"] == {"seed": 0, "training.epochs": 6}
    assert second["options"] == {"seed": 7, "training.epochs": 3}
    assert (first["epochs"], first["words_per_second"]) == (6, 30_000)
    assert first["evaluation"] is None


def test_an_evaluation_in_the_run_is_told(runs):
    document = {"accuracy": 0.8125, "data": "test.tsv"}
    rewrite(runs[0], "evaluation.json", json.dumps(document))
    told = tabulate_runs(runs).to_json()["runs"][0]["evaluation"]
    assert told == {**document, "macro_f1": None}


def test_a_run_without_evaluations_comes_last(runs):
    rewrite(runs[0], "metrics.jsonl", "")
    rows = tabulate_runs(runs).rows
    assert [row.run for row in rows] == [runs[1], runs[0]]
    assert set(rows[1].figures.values()) == {None}


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("metrics.jsonl", '{"epoch": 1}\nnot json\n', r"metrics.jsonl:2: damaged"),
        ("evaluation.json", "[]", "not what an evaluation of one run writes"),
        ("config.toml", "seed = -1", "config.toml"),
    ],
)
def test_a_damaged_file_is_named(runs, file, content, message):
    rewrite(runs[1], file, content)
    with pytest.raises(UserError, match=message):
        tabulate_runs(runs)
