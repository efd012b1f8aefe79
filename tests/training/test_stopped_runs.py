"""Runs that stop before their end, by Ctrl-C or trouble: what is kept, and how they go on."""

from __future__ import annotations

import resource
import signal
from pathlib import Path

import numpy as np
import pytest

from hier_rnn.errors import UserError
from hier_rnn.runs.weights_file import read_weights
from hier_rnn.training import classify
from hier_rnn.training.checkpoints import Checkpoints
from hier_rnn.training.state import TrainingState

# tf.data keeps its graphs where all else is eager.
pytestmark = pytest.mark.filterwarnings("ignore:Even though the")


def same(run: Path, weights: dict[str, np.ndarray]) -> bool:
    kept = read_weights(run / "model.weights.h5")
    assert kept.keys() == weights.keys()
    return all(np.array_equal(kept[name], weights[name]) for name in kept)


def epochs(run: Path) -> int:
    return len((run / "metrics.jsonl").read_text().splitlines())


def test_checkpoint_seconds(train, monkeypatch):
    saved = []
    monkeypatch.setattr(TrainingState, "save", lambda self: saved.append(self.progress.step))
    train("often", training={"epochs": 1, "checkpoint_seconds": 0})
    assert saved == [1, 2, 3]
    saved.clear()
    train("seldom", training={"epochs": 1, "checkpoint_seconds": 1e6})
    assert saved == [3]


def test_a_loss_that_is_not_finite(train, tmp_path):
    options = {"learning_rate": 1e38, "clip_norm": 0, "checkpoint_seconds": 0, "warmup": 0.9}
    with pytest.raises(UserError, match=r"loss is not finite: .*lower training.learning_rate"):
        train(training=options)
    kept = Checkpoints(tmp_path / "run" / "checkpoints").latest()
    assert all(np.isfinite(values).all() for values in kept.tensors.values())
    assert not (tmp_path / "run" / "model.weights.h5").exists()


def test_ctrl_c_saves_and_the_same_command_goes_on(train, plain, tmp_path, monkeypatch, capsys):
    step = classify.ClassifierTraining._step

    def interrupted(self, *arguments):
        loss = step(self, *arguments)
        if self.state.progress.step == 4:
            signal.raise_signal(signal.SIGINT)
        return loss

    with monkeypatch.context() as patch:
        patch.setattr(classify.ClassifierTraining, "_step", interrupted)
        with pytest.raises(KeyboardInterrupt, match="saved after step 4. The same command again"):
            train()
    assert Checkpoints(tmp_path / "run" / "checkpoints").latest().progress["step"] == 4
    assert same(plain, train(settings={"quiet": False}))
    assert "going on after step 4, epoch 2" in capsys.readouterr().err


def test_ctrl_c_twice_stops_at_once(train, tmp_path, monkeypatch):
    def interrupted(*_):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("it should have stopped")

    monkeypatch.setattr(classify.ClassifierTraining, "_step", interrupted)
    with pytest.raises(KeyboardInterrupt, match="^$"):
        train()
    assert Checkpoints(tmp_path / "run" / "checkpoints").latest() is None


def test_no_space_left_loses_nothing(train, plain, tmp_path, monkeypatch):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    save = TrainingState.save

    def full(self):
        if self.progress.step == 5:
            resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
        save(self)

    with monkeypatch.context() as patch:
        patch.setattr(TrainingState, "save", full)
        try:
            with pytest.raises(UserError, match="step-0000000005.h5: can't write it.*kept"):
                train(training={"checkpoint_seconds": 0})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            signal.signal(signal.SIGXFSZ, handler)
    assert epochs(tmp_path / "run") == 1
    assert same(plain, train(training={"checkpoint_seconds": 0}))
    assert epochs(tmp_path / "run") == 2


def test_data_that_changed_since_the_run_began(train, tiny, tmp_path, monkeypatch):
    source = tmp_path / "train.tsv"
    rows = Path(tiny().data.train[0]).read_text("utf-8")
    source.write_text(rows, "utf-8")
    changed = {"data": {"train": str(source)}, "training": {"epochs": 1}}
    with monkeypatch.context() as patch:
        patch.setattr(classify, "finish", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            train(**changed)
    for more in ("good\tnice\n", "new\tnice\n", "good\tňňň\n"):
        source.write_text(rows + more, "utf-8")
        with pytest.raises(UserError, match="not those that the run in .* began with"):
            train(**changed)
    source.write_text(rows, "utf-8")
    train(**changed)
