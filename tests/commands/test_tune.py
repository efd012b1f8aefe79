"""`train tune` in the shell."""

from __future__ import annotations

import importlib.util
import json

import pytest

from hier_rnn.commands.drawing.tuning_screen import TuningScreen, trial_line
from hier_rnn.configuration.toml import format_configuration
from hier_rnn.storage.tuning.study import Trial
from hier_rnn.training.events import Step
from hier_rnn.training.tuning.events import TrialEnded, TrialStarted, TuningStarted

FIRST = Trial(0, "finished", {}, 0.5, (0.4, 0.5), 9.0, 1.0)
SECOND = Trial(1, "pruned", {"head.dropout": 0.123456}, 0.25, (0.25,), 4.0, 1.0)


def test_a_trial_on_a_line():
    assert trial_line(FIRST, True, "validation_accuracy") == (
        "trial  0  accuracy 50.00  2 epochs, 9 s  best  as given"
    )
    assert trial_line(SECOND, False, "validation_macro_f1") == (
        "trial  1  macro-F1 25.00 (pruned)  1 epochs, 4 s  dropout 0.123"
    )


def test_the_bar_has_the_best_score_and_the_time_left(capsys, monkeypatch):
    screen = TuningScreen(quiet=False)
    for name in ("SECONDS_BETWEEN_LINES", "SHARE_BETWEEN_LINES"):
        monkeypatch.setattr(f"hier_rnn.commands.drawing.progress.{name}", 0.0)
    with screen:
        screen(TuningStarted(60.0, 10.0, None, "validation_accuracy"))
        screen(TrialEnded(FIRST, True, "validation_accuracy", 20.0))
        screen(TrialStarted(1, {}, 20.0))
        screen(Step(1, 1, 10, 0.5, 100.0))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("tuning: 10 of 60 seconds")
    assert "trial  0  accuracy 50.00" in "".join(lines)
    assert "tuning: 20 of 60 seconds, best 50.00, trial 1, epoch 1" in lines[-1]
    assert lines[-1].endswith("left")


def test_without_optuna_it_says_what_to_install(call, data, tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    result = call("train", "tune", "--train", data["train"], "--out", tmp_path / "run")
    assert result.status == 2
    assert "pip install 'hier_rnn[tune]'" in result.err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--minutes", "0"], "--minutes"),
        (["--minutes", "soon"], "--minutes"),
        (["--trials", "0"], "--trials"),
        (["--minute", "3"], "Did you mean '--minutes'"),
        (["--test", "x.tsv"], "--test"),
        (["--train", "nowhere.tsv"], "nowhere.tsv: no such file"),
    ],
)
def test_mistakes_are_told(call, data, tmp_path, arguments, message):
    pytest.importorskip("optuna")
    result = call("train", "tune", "--train", data["train"], "--out", tmp_path / "run", *arguments)
    assert result.status == 2
    assert message in result.err
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_shell_tunes_and_what_it_leaves_predicts(call, tiny, data, tmp_path):
    pytest.importorskip("optuna")
    import tensorflow as tf

    out, options = tmp_path / "run", tmp_path / "options.toml"
    options.write_text(format_configuration(tiny()), "utf-8")
    # A configuration that has every option leaves nothing to tune.
    tuning = ["train", "tune", "--train", data["train"], "--validation", data["validation"]]
    refused = call(*tuning, "--config", options, "--out", out)
    assert refused.status == 2
    assert "nothing to tune" in refused.err
    options.write_text(
        "[character_encoder]\nembedding_dim = 4\nunits = 8\n"
        "[training]\nepochs = 2\nwarm_start_epochs = 0\nminimum_steps_per_epoch = 0\n"
    )
    tf.config.run_functions_eagerly(True)
    tuned = call(*tuning, "--config", options, "--out", out, "--trials", "2")
    tf.config.run_functions_eagerly(False)
    assert tuned.status == 0
    assert "Trials, the best first" in tuned.out
    assert "as given" in tuned.out
    assert f"hier-rnn predict {out}" in tuned.out
    assert "trial  1" in tuned.err
    answer = call("predict", out, "--text", "the good shop", "--json")
    line = json.loads(answer.out)
    assert line["label"] in ("bad", "good", "question")
    assert call("evaluate", out, "--data", data["validation"]).status == 0
    again = call(*tuning, "--config", options, "--out", out, "--trials", "2", "--quiet")
    assert (again.status, again.out) == (0, "")
