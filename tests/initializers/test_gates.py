"""Which gates weights have, and where."""

from __future__ import annotations

import numpy as np
import pytest

from hier_rnn.initializers.gates import block_shape, gate_blocks, gates_of

GRU = ("update", "reset", "candidate")
LSTM = ("input", "forget", "cell", "output")


@pytest.mark.parametrize(
    ("name", "gates"),
    [
        ("character_encoder/gru_0/kernel", GRU),
        ("character_encoder/gru_12/backward/bias", GRU),
        ("sentence_encoder/lstm_0/forward/recurrent_kernel", LSTM),
        ("character_encoder/embedding", ()),
        ("character_encoder/projection/kernel", ()),
        ("sentence_encoder/initial_state_0/forward/cell", ()),
        ("sentence_encoder/attention/kernel", ()),
        ("head/kernel", ()),
    ],
)
def test_gates_by_name(name, gates):
    assert gates_of(name) == gates


def test_blocks_are_in_keras_order():
    bias = np.repeat([10, 20, 30, 40], 5)
    blocks = gate_blocks("sentence_encoder/lstm_0/forward/bias", bias.shape)
    assert {gate: set(bias[index]) for gate, (index,) in blocks.items()} == {
        "input": {10},
        "forget": {20},
        "cell": {30},
        "output": {40},
    }


def test_a_reset_after_bias_is_two_vectors_per_gate():
    blocks = gate_blocks("character_encoder/gru_0/bias", (2, 12))
    bias = np.arange(24).reshape(2, 12)
    first, second = blocks["reset"]
    assert bias[first].tolist() == [4, 5, 6, 7]
    assert bias[second].tolist() == [16, 17, 18, 19]
    assert block_shape((2, 12), first) == (4,)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("character_encoder/gru_0/bias", (2, 12)),
        ("character_encoder/gru_0/bias", (12,)),
        ("character_encoder/gru_0/kernel", (7, 12)),
        ("sentence_encoder/lstm_0/forward/kernel", (7, 12)),
        ("head/kernel", (7, 12)),
        ("head/bias", (12,)),
    ],
)
def test_blocks_cover_a_weight_once(name, shape):
    seen = np.zeros(shape, int)
    for indices in gate_blocks(name, shape).values():
        for index in indices:
            assert seen[index].shape == block_shape(shape, index)
            seen[index] += 1
    assert (seen == 1).all()
