"""Tuning from Python: on lists, with options that are not searched, and its trials as a table."""

from __future__ import annotations

import pytest

import hier_rnn
from hier_rnn.errors import UserError

pytest.importorskip("optuna")


@pytest.mark.slow
def test_lists_are_tuned_on_and_the_best_run_predicts(eager, examples, options, tmp_path):
    texts, labels = examples
    training = {**options["training"], "epochs": 2}
    given = {**options, "training": training}
    tuning = hier_rnn.tune(
        (texts[:80], labels[:80]),
        (texts[80:], labels[80:]),
        minutes=5,
        trials=2,
        out=tmp_path / "run",
        **given,
    )
    assert tuning.path == tmp_path / "run"
    assert len(tuning.trials) == 2
    assert tuning.best in tuning.trials
    assert tuning.options == tuning.best.options
    assert tuning.run.predict(["the good shop"])[0].label in labels
    assert tuning.run.configuration.training.learning_rate == 0.1  # it was given
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(tuning.trials)
    assert table["score"].max() == tuning.best.score
    assert "head.dropout" in table["options"][1]


def test_mistakes_are_named(data, tmp_path):
    with pytest.raises(UserError, match=r"training\.epoch: no such option"):
        hier_rnn.tune(data["train"], out=tmp_path / "run", training={"epoch": 3})
    with pytest.raises(UserError, match="validation needs train"):
        hier_rnn.tune(validation=data["validation"])
