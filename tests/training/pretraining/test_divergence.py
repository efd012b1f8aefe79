"""Pretraining where a gradient is not finite."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.errors import UserError
from hier_rnn.storage.checkpoints import Checkpoints
from hier_rnn.storage.weights.weights_file import read_weights
from hier_rnn.training.pretraining.pretrain import pretrain
from hier_rnn.training.pretraining.word_vector_objective import WordVectorObjective

pytestmark = [
    pytest.mark.usefixtures("eager"),
    pytest.mark.filterwarnings("ignore:Even though the"),  # tf.data keeps its graphs
]


def finite(run) -> bool:
    kept = Checkpoints(run / "checkpoints").latest()
    return all(np.isfinite(values).all() for values in kept.tensors.values())


@pytest.mark.parametrize("action", ["stop", "skip", "restore"])
@pytest.mark.slow
def test_pretraining_takes_no_step_whose_gradient_is_not_finite(
    configuration, tmp_path, monkeypatch, action
):
    """The loss is finite and its gradient is not: the root of nothing has an infinite slope."""
    loss_of = WordVectorObjective.loss
    calls = 0

    def loss(self, batch, rng=None):
        nonlocal calls
        calls += 1
        bias = self.named_weights()["word_vectors/bias"].value
        root = tf.reduce_sum(tf.sqrt(bias - tf.stop_gradient(bias)))
        return loss_of(self, batch, rng) + (root if calls == 3 else 0.0)

    monkeypatch.setattr(WordVectorObjective, "loss", loss)
    made = configuration(epochs=1, checkpoint_seconds=0.0, on_divergence=action)
    if action == "stop":
        with pytest.raises(UserError, match=r"step 3: .*pretraining.on_divergence"):
            pretrain(made, tmp_path / "out")
        assert finite(tmp_path / "out")
    pretrain(made, tmp_path / "out")
    for values in read_weights(tmp_path / "out" / "encoder.safetensors").values():
        assert np.isfinite(values).all()
