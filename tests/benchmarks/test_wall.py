"""Time to a model: every phase of a real training is counted, and the table shows them."""

from __future__ import annotations

import argparse
import time

import pytest

from benchmarks import wall
from benchmarks.wall_worker import Phases


def test_seconds_go_to_the_phase_that_ended():
    phases = Phases(time.time() - 2)
    phases.ended("start")
    phases.ended("reading")
    assert 2 <= phases.seconds["start"] < 3 and phases.seconds["reading"] < 1


def test_the_table_has_the_largest_phase_first(capsys):
    runs = [
        {"accuracy": 0.5 + n / 10, "whole": 10.0 + n, "seconds": {"start": 2.0, "steps": 8.0 + n}}
        for n in range(3)
    ]
    sets = [{"train": "a.tsv", "test": "b.tsv", "runs": {"hier_rnn": runs}}]
    wall.show({"sets": sets})
    printed = capsys.readouterr().out
    for expected in ("a.tsv", "b.tsv", "11.0", "60.0", "steps 9.0, start 2.0"):
        assert expected in printed


@pytest.mark.slow
def test_a_training_is_timed_in_a_process_of_its_own(data, tmp_path, capsys):
    config = tmp_path / "small.toml"
    config.write_text(
        "[character_encoder]\nunits = 8\n[sentence_encoder]\nunits = 4\n"
        "[training]\nepochs = 2\nwarm_start_epochs = 2\nminimum_steps_per_epoch = 0\n"
    )
    options = argparse.Namespace(
        data=[(data["train"], data["validation"])],
        models=["hier_rnn", "minilm"],
        encoder=None,
        config=str(config),
        minilm=None,
        runs=1,
    )
    [result] = wall.measure(options)["sets"]
    [run] = result["runs"]["hier_rnn"]
    assert list(result["runs"]) == ["hier_rnn"] and "minilm" in capsys.readouterr().err
    assert 0 < run["accuracy"] <= 1
    assert sum(run["seconds"].values()) == pytest.approx(run["whole"])
    for phase in ("start", "reading", "warm start", "steps", "validation", "evaluation"):
        assert run["seconds"][phase] > 0
