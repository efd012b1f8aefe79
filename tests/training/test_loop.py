"""The training loop: what it does where something is not finite, and what it tells."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.errors import UserError
from hier_rnn.storage.checkpoints import Checkpoints
from hier_rnn.storage.weights.weights_file import read_weights
from hier_rnn.training.classification import objective
from hier_rnn.training.events import Diverged, Event, Started, Step
from hier_rnn.training.objective import Losses

pytestmark = [
    pytest.mark.usefixtures("eager"),
    pytest.mark.filterwarnings("ignore:Even though the"),  # tf.data keeps its graphs
]

SIX_STEPS = {"epochs": 2, "checkpoint_seconds": 0}


@pytest.fixture
def broken(monkeypatch) -> Callable[[int, int], None]:
    """`broken(3, 1)`: the loss is infinite from the third step on, so many times."""

    def broken(first: int, times: int) -> None:
        losses_of = objective.ClassificationLosses.__call__
        calls = 0

        def losses(self, batch, rng) -> Losses:
            nonlocal calls
            calls += 1
            found = losses_of(self, batch, rng)
            if first <= calls < first + times:
                return Losses(found.reported, found.minimized * tf.constant(np.inf))
            return found

        monkeypatch.setattr(objective.ClassificationLosses, "__call__", losses)

    return broken


def told(train, name: str = "run", **training) -> list[Event]:
    events: list[Event] = []
    train(name, {"on_event": events.append}, training={**SIX_STEPS, **training})
    return events


def steps(events: list[Event]) -> list[int]:
    return [event.step for event in events if isinstance(event, Step)]


def finite(run) -> bool:
    kept = Checkpoints(run / "checkpoints").latest()
    return all(np.isfinite(values).all() for values in kept.tensors.values())


@pytest.mark.slow
def test_stop_names_the_texts_and_keeps_the_last_good_weights(train, broken, tmp_path, plain):
    broken(4, 1)
    with pytest.raises(UserError) as error:
        told(train)
    message = str(error.value)
    assert "step 4: the loss or its gradient is not finite (its batch: '" in message
    assert "(its batch: ''" not in message and " more)" in message
    assert "training.on_divergence" in message and "training.learning_rate (now 0.03)" in message
    assert Checkpoints(tmp_path / "run" / "checkpoints").latest().progress["step"] == 3
    assert finite(tmp_path / "run")
    # What is done about trouble may change when a run goes on; here there is none any more.
    told(train, on_divergence="skip")
    found, wanted = (read_weights(run / "model.safetensors") for run in (tmp_path / "run", plain))
    for name in wanted:
        np.testing.assert_array_equal(found[name], wanted[name])


@pytest.mark.slow
def test_skip_leaves_the_batch_out(train, broken, tmp_path, caplog):
    broken(2, 1)
    events = told(train, on_divergence="skip")
    [diverged] = [event for event in events if isinstance(event, Diverged)]
    assert (diverged.step, diverged.action, len(diverged.texts)) == (2, "skip", 20)
    assert steps(events) == [1, 3, 4, 5, 6]
    assert "step 2: the loss or its gradient is not finite" in caplog.text
    assert finite(tmp_path / "run")


@pytest.mark.slow
def test_skip_ends_where_every_batch_is_broken(train, broken):
    broken(2, 1000)
    with pytest.raises(UserError, match=r"step 22: .* diverged"):
        told(train, on_divergence="skip", epochs=9)


@pytest.mark.parametrize("first", [1, 4])
@pytest.mark.slow
def test_restore_goes_back_with_half_the_rate(train, broken, tmp_path, first):
    broken(first, 1)
    events = told(train, on_divergence="restore")
    [diverged] = [event for event in events if isinstance(event, Diverged)]
    assert (diverged.step, diverged.action) == (first, "restore")
    assert [event.step for event in events if isinstance(event, Started)] == [0, first - 1]
    assert steps(events) == [1, 2, 3, 4, 5, 6]
    kept = Checkpoints(tmp_path / "run" / "checkpoints").latest()
    assert kept.progress["restored"] == 1
    whole = told(train, "whole")
    assert steps(whole) == steps(events)
    other = Checkpoints(tmp_path / "whole" / "checkpoints").latest()
    for name in kept.tensors:
        if name.startswith("weights/"):
            assert not np.array_equal(kept.tensors[name], other.tensors[name]), name


@pytest.mark.slow
def test_restore_gives_up_after_three_times(train, broken, tmp_path):
    broken(3, 4)
    with pytest.raises(UserError, match=r"step 3: .*Half the learning rate, 3 times, did not help"):
        told(train, on_divergence="restore")
    assert Checkpoints(tmp_path / "run" / "checkpoints").latest().progress["step"] == 2


def test_weights_that_overflow_are_not_saved(train, tmp_path):
    options = {"learning_rate": 3e38, "clip_norm": 0, "warmup": 0, "weight_decay": 1e3}
    with pytest.raises(UserError, match="not finite"):
        told(train, **options)
    if Checkpoints(tmp_path / "run" / "checkpoints").latest() is not None:
        assert finite(tmp_path / "run")
