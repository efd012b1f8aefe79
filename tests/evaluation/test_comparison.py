from __future__ import annotations

import json

import pytest
from rich.console import Console

from hier_rnn.errors import UserError
from hier_rnn.evaluation.comparison import compare_runs, differing_options, flattened


@pytest.fixture
def console():
    return Console(width=160, record=True, quiet=False, file=open("/dev/null", "w"))


def test_runs_are_listed_best_first_with_the_options_that_differ(runs, console):
    rows = compare_runs([runs[1], runs[0]], console)
    assert [row.run for row in rows] == list(runs)
    shown = console.export_text()
    assert shown.index("whole") < shown.index("few")
    assert f"{100 - 50 / 6:.1f}" in shown
    assert "training.epochs = 6" in shown
    assert "seed = 7" in shown
    assert "learning_rate" not in shown
    assert "evaluated" not in shown


def test_an_evaluation_in_the_run_is_shown(runs, console):
    document = {"accuracy": 0.8125, "data": "test.tsv"}
    (runs[0] / "evaluation.json").write_text(json.dumps(document))
    compare_runs(runs, console)
    shown = console.export_text()
    assert "81.2 on test.tsv" in shown


def test_a_run_without_evaluations_comes_last(runs, console):
    (runs[0] / "metrics.jsonl").write_text("")
    assert [row.run for row in compare_runs(runs, console)] == [runs[1], runs[0]]


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("metrics.jsonl", '{"epoch": 1}\nnot json\n', r"metrics.jsonl:2: damaged"),
        ("evaluation.json", "[]", "not what `evaluate.py --json` writes"),
        ("config.toml", "seed = -1", "config.toml"),
    ],
)
def test_a_damaged_file_is_named(runs, console, file, content, message):
    (runs[1] / file).write_text(content)
    with pytest.raises(UserError, match=message):
        compare_runs(runs, console)


def test_options_are_compared_by_their_dotted_names():
    tables = [flattened({"a": {"b": 1, "c": {}}}), flattened({"a": {"b": 2, "c": {"x": 1}}})]
    assert tables[1] == {"a.b": 2, "a.c.x": 1}
    assert differing_options(tables) == ["a.b", "a.c", "a.c.x"]
