"""Runs that stop before their end, by Ctrl-C or trouble: what is kept, and how they go on."""

from __future__ import annotations

import resource
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest

from hier_rnn.errors import UserError
from hier_rnn.storage.checkpoints import Checkpoints
from hier_rnn.storage.weights.weights_file import read_weights
from hier_rnn.training.classification import classifier_training
from hier_rnn.training.events import Event, Saved, Stage, Started, Step
from hier_rnn.training.state import TrainingState

# tf.data keeps its graphs where all else is eager.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Even though the"),
    pytest.mark.slow,
]


def same(run: Path, weights: dict[str, np.ndarray]) -> bool:
    kept = read_weights(run / "model.safetensors")
    assert kept.keys() == weights.keys()
    return all(np.array_equal(kept[name], weights[name]) for name in kept)


def epochs(run: Path) -> int:
    return len((run / "metrics.jsonl").read_text().splitlines())


def test_checkpoint_seconds(train):
    def saved(name: str, seconds: float) -> list[int]:
        events = []
        training = {"epochs": 1, "checkpoint_seconds": seconds}
        train(name, {"on_event": events.append}, training=training)
        return [event.step for event in events if isinstance(event, Saved)]

    assert saved("often", 0) == [1, 2, 3]
    assert saved("seldom", 1e6) == [3]


def test_a_loss_that_is_not_finite(train, tmp_path):
    options = {"learning_rate": 1e38, "clip_norm": 0, "checkpoint_seconds": 0, "warmup": 0.9}
    with pytest.raises(UserError, match=r"not finite.*diverged.*lower training.learning_rate"):
        train(training=options)
    kept = Checkpoints(tmp_path / "run" / "checkpoints").latest()
    assert all(np.isfinite(values).all() for values in kept.tensors.values())
    assert not (tmp_path / "run" / "model.safetensors").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_save_and_the_same_command_goes_on(train, plain, tmp_path, number):
    def interrupt(event: Event) -> None:
        if isinstance(event, Step) and event.step == 4:
            signal.raise_signal(number)

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt, match="saved after step 4. The same command again"):
        train(settings={"on_event": interrupt})
    assert signal.getsignal(signal.SIGTERM) is before
    assert Checkpoints(tmp_path / "run" / "checkpoints").latest().progress["step"] == 4
    events = []
    assert same(plain, train(settings={"on_event": events.append}))
    [started] = [event for event in events if isinstance(event, Started)]
    assert (started.step, started.epoch, len(started.metrics)) == (4, 1, 1)


def test_ctrl_c_twice_stops_at_once_and_says_what_is_kept(train, tmp_path):
    def interrupt(event: Event) -> None:
        if isinstance(event, Step) and event.step == 4:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            raise AssertionError("it should have stopped")

    with pytest.raises(KeyboardInterrupt, match="interrupted; what was saved before is kept"):
        train(settings={"on_event": interrupt})
    assert Checkpoints(tmp_path / "run" / "checkpoints").latest().progress["step"] == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("stage", "kept"),
    [
        ("counting words", "nothing was counted to the end. The same command again begins it"),
        ("learning to spell", r"saved after step \d. The same command again goes on from here"),
    ],
)
def test_an_interrupted_warm_start_says_what_is_kept(train, tmp_path, stage, kept, number):
    training = {"warm_start_epochs": 2, "epochs": 1}
    whole = train("whole", training=training)

    def interrupt(event: Event) -> None:
        if isinstance(event, Stage) and event.name == stage:
            signal.raise_signal(number)

    with pytest.raises(KeyboardInterrupt, match=f"interrupted in the warm start; {kept}"):
        train(settings={"on_event": interrupt}, training=training)
    train(training=training)
    assert same(tmp_path / "run", whole)


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
            with pytest.raises(UserError, match=r"step-0000000005\..*can't write it.*kept"):
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
        patch.setattr(
            classifier_training, "write_run", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
        )
        with pytest.raises(KeyboardInterrupt):
            train(**changed)
    for more in ("good\tnice\n", "new\tnice\n", "good\tňňň\n"):
        source.write_text(rows + more, "utf-8")
        with pytest.raises(UserError, match="data.train: not the data that the run in .* began"):
            train(**changed)
    source.write_text(rows, "utf-8")
    train(**changed)


@pytest.mark.parametrize("when", [Started, Step, Saved])
def test_a_directory_that_goes_while_it_trains_is_told_and_not_made_up(train, tmp_path, when):
    def take_away(event: Event) -> None:
        if isinstance(event, when) and (tmp_path / "run").exists():
            shutil.rmtree(tmp_path / "run")

    with pytest.raises(UserError, match="run: moved or deleted while its training went on"):
        train(settings={"on_event": take_away}, training={"checkpoint_seconds": 0})
    assert not (tmp_path / "run" / "model.safetensors").exists()
    assert not (tmp_path / "run" / "manifest.json").exists()
