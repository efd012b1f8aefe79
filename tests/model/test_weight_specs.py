"""Names and shapes of weights from options."""

from __future__ import annotations

import pytest

from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError
from hier_rnn.model.weight_specs import weight_shapes, word_width


def shapes(**groups):
    groups = {
        "character_encoder": {"embedding_dim": 3, "units": 4, **groups.get("character", {})},
        "sentence_encoder": {"units": 5, **groups.get("sentence", {})},
    }
    return weight_shapes(Configuration.model_validate(groups), alphabet_size=11, classes=6)


def test_smallest():
    assert shapes() == {
        "character_encoder/embedding": (11, 3),
        "character_encoder/gru_0/kernel": (3, 12),
        "character_encoder/gru_0/recurrent_kernel": (4, 12),
        "character_encoder/gru_0/bias": (2, 12),
        "sentence_encoder/lstm_0/forward/kernel": (4, 20),
        "sentence_encoder/lstm_0/forward/recurrent_kernel": (5, 20),
        "sentence_encoder/lstm_0/forward/bias": (20,),
        "sentence_encoder/lstm_0/backward/kernel": (4, 20),
        "sentence_encoder/lstm_0/backward/recurrent_kernel": (5, 20),
        "sentence_encoder/lstm_0/backward/bias": (20,),
        "head/kernel": (10, 6),
        "head/bias": (6,),
    }


def test_reset_before_has_one_row_of_biases():
    assert shapes(character={"reset_after": False})["character_encoder/gru_0/bias"] == (12,)


def test_stacked_layers_read_what_is_below():
    found = shapes(character={"layers": 3}, sentence={"layers": 2})
    assert found["character_encoder/gru_2/kernel"] == (4, 12)
    assert found["sentence_encoder/lstm_1/backward/kernel"] == (10, 20)
    assert "character_encoder/gru_3/kernel" not in found


def test_a_bidirectional_character_encoder_stacks_each_direction_by_itself():
    found = shapes(character={"bidirectional": True, "layers": 2})
    assert found["character_encoder/gru_0/forward/kernel"] == (3, 12)
    assert found["character_encoder/gru_1/backward/kernel"] == (4, 12)
    assert "character_encoder/gru_0/kernel" not in found
    assert found["sentence_encoder/lstm_0/forward/kernel"] == (8, 20)


@pytest.mark.parametrize(("bidirectional", "states"), [(False, 4), (True, 8)])
def test_a_projection_narrows_word_vectors(bidirectional, states):
    found = shapes(character={"bidirectional": bidirectional, "projection": 7})
    assert found["character_encoder/projection/kernel"] == (states, 7)
    assert found["character_encoder/projection/bias"] == (7,)
    assert found["sentence_encoder/lstm_0/forward/kernel"] == (7, 20)


def test_word_width():
    options = Configuration().character_encoder
    assert word_width(options) == options.units
    assert word_width(options.model_copy(update={"bidirectional": True})) == 2 * options.units
    assert word_width(options.model_copy(update={"projection": 9})) == 9


def test_trainable_initial_states_are_one_vector_per_layer_and_direction():
    plain = shapes(character={"layers": 2}, sentence={"layers": 2})
    found = shapes(
        character={"layers": 2, "initial_state": "trainable"},
        sentence={"layers": 2, "initial_state": "trainable"},
    )
    assert {name: shape for name, shape in found.items() if name not in plain} == {
        "character_encoder/initial_state_0": (4,),
        "character_encoder/initial_state_1": (4,),
        **{
            f"sentence_encoder/initial_state_{layer}/{direction}/{part}": (5,)
            for layer in (0, 1)
            for direction in ("forward", "backward")
            for part in ("hidden", "cell")
        },
    }
    both = shapes(character={"bidirectional": True, "initial_state": "trainable"})
    assert both["character_encoder/initial_state_0/backward"] == (4,)


def test_attention():
    found = shapes(sentence={"pooling": "attention"})
    assert found["sentence_encoder/attention/kernel"] == (10, 10)
    assert found["sentence_encoder/attention/bias"] == (10,)
    assert found["sentence_encoder/attention/query"] == (10,)
    assert not any("attention" in name for name in shapes(sentence={"pooling": "mean"}))


def test_shared_layers_have_one_cell_but_a_state_each():
    found = shapes(
        character={
            "layers": 3,
            "share_layer_weights": True,
            "embedding_dim": 4,
            "initial_state": "trainable",
        },
        sentence={"layers": 2, "share_layer_weights": True, "units": 2},
    )
    assert found["character_encoder/gru_0/kernel"] == (4, 12)
    assert found["sentence_encoder/lstm_0/forward/kernel"] == (4, 8)
    assert not any("_1/kernel" in name or "lstm_1" in name for name in found)
    assert "character_encoder/initial_state_2" in found


def test_shared_layers_must_be_of_one_width():
    with pytest.raises(
        UserError, match=r"embedding_dim must equal units.*embedding_dim 3, units 4"
    ):
        shapes(character={"share_layer_weights": True})
    with pytest.raises(UserError, match=r"2 \* units wide.*word vectors 4, units 5"):
        shapes(sentence={"share_layer_weights": True})
