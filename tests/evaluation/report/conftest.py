"""Reports of small honest classifiers: of one run, of two, and of many classes."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from hier_rnn.evaluation.evaluate_runs import evaluate_runs
from hier_rnn.sources.example import Example, Source


@pytest.fixture(scope="session")
def report(tmp_path_factory, training_examples, examples, trigrams, write, save_run):
    """Writes the report of an evaluation with misspellings and an attack, once for each case."""

    @functools.cache
    def report(case: str) -> Path:
        folder = tmp_path_factory.mktemp("report")
        train, test = training_examples, examples
        if case == "many classes":
            topics = {
                f"topic_{i}_{'with_a_long_name_' * (i % 3)}한국": f"word{i} thing{i % 9}"
                for i in range(30)
            }
            train, test = write(600, 3, topics), write(200, 4, topics)
        odd = Example(test[0].label, '<script>alert("x")</script> & $a_b$ مرحبا', "held-out.tsv:0")
        data = Source("data/held-out.tsv", lambda: iter([odd, *test]))
        predictors = []
        for i in range(2 if case == "two runs" else 1):
            run = save_run(folder / f"run{i}", train, training={"epochs": 4 + i})
            predictors.append(trigrams(run, train[i * 200 :], 2.0))
        evaluate_runs(
            predictors,
            data,
            report=folder / "report",
            misspell=["swap:0.5", "swap:1", "attack:1:swap"],
            command="hier-rnn evaluate <run>",
        )
        return folder / "report"

    return report
