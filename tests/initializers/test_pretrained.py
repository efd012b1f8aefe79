"""Weights copied from a run or encoder directory by name."""

from __future__ import annotations

import numpy as np
import pytest

from hier_rnn.configuration.options import InitializerRule
from hier_rnn.errors import UserError
from hier_rnn.initializers.rules import initialize
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.storage.weights.weights_file import weights_bytes
from hier_rnn.text.alphabet import Alphabet

KERNEL = "character_encoder/gru_0/kernel"
EMBEDDING = "character_encoder/embedding"


def save(path, weights, kind=EncoderDirectory, characters="abc"):
    directory = kind(path)
    directory.write_alphabet(Alphabet(tuple(characters)))
    directory.write({directory.weights: weights_bytes(weights)}, complete=True)
    return path


def pretrained(pattern, path, gate=None):
    return InitializerRule(
        pattern=pattern, gate=gate, initializer="pretrained", options={"path": str(path)}
    )


@pytest.fixture
def kernel():
    return np.arange(24, dtype=np.float32).reshape(2, 12)


@pytest.mark.parametrize("kind", [EncoderDirectory, RunDirectory])
def test_copies_by_name(tmp_path, kernel, kind):
    path = save(tmp_path / "source", {KERNEL: kernel, "head/bias": np.ones(3)}, kind)
    values = initialize({KERNEL: (2, 12), "head/bias": (3,)}, [pretrained(KERNEL, path)])
    np.testing.assert_array_equal(values[KERNEL], kernel)
    assert not values["head/bias"].any()


def test_copies_one_gate(tmp_path, kernel):
    path = save(tmp_path / "source", {KERNEL: kernel})
    shapes = {KERNEL: (2, 12)}
    values = initialize(shapes, [pretrained(KERNEL, path, gate="reset")])[KERNEL]
    np.testing.assert_array_equal(values[:, 4:8], kernel[:, 4:8])
    untouched = initialize(shapes)[KERNEL]
    np.testing.assert_array_equal(values[:, :4], untouched[:, :4])


def test_copies_both_rows_of_a_bias(tmp_path):
    name = "character_encoder/gru_0/bias"
    bias = np.arange(12, dtype=np.float32).reshape(2, 6)
    path = save(tmp_path / "source", {name: bias})
    values = initialize({name: (2, 6)}, [pretrained(name, path)])
    np.testing.assert_array_equal(values[name], bias)


def test_the_path_decides(tmp_path, kernel):
    first = save(tmp_path / "first", {KERNEL: kernel})
    second = save(tmp_path / "second", {KERNEL: -kernel})
    values = [initialize({KERNEL: (2, 12)}, [pretrained(KERNEL, path)]) for path in (first, second)]
    np.testing.assert_array_equal(values[0][KERNEL], -values[1][KERNEL])


def test_embedding_rows_follow_their_characters(tmp_path):
    stored = np.arange(12, dtype=np.float32).reshape(6, 2) + 100
    path = save(tmp_path / "source", {EMBEDDING: stored}, characters="abc")
    values = initialize(
        {EMBEDDING: (6, 2)}, [pretrained(EMBEDDING, path)], alphabet=Alphabet(("c", "x", "a"))
    )[EMBEDDING]
    np.testing.assert_array_equal(values[[0, 1, 2, 3, 5]], stored[[0, 1, 2, 5, 3]])
    assert np.abs(values[4]).max() <= 1  # x: by default
    with pytest.raises(ValueError, match="alphabet"):
        initialize({EMBEDDING: (6, 2)}, [pretrained(EMBEDDING, path)])


def test_an_encoder_comes_before_all_rules(tmp_path, kernel):
    path = save(tmp_path / "source", {KERNEL: kernel})
    everything = InitializerRule(pattern=".*", initializer="ones")
    shapes = {KERNEL: (2, 12), "head/bias": (3,)}
    values = initialize(shapes, [everything], encoder=str(path))
    np.testing.assert_array_equal(values[KERNEL], kernel)
    assert (values["head/bias"] == 1).all()


def test_mistakes(tmp_path, kernel):
    path = save(tmp_path / "source", {KERNEL: kernel})
    name = "character_encoder/gru_1/kernel"
    with pytest.raises(UserError, match=f"no weight '{name}'. Did you mean '{KERNEL}'"):
        initialize({name: (2, 12)}, [pretrained(name, path)])
    with pytest.raises(UserError, match=r"has shape \(2, 12\), but this model's has \(3, 12\)"):
        initialize({KERNEL: (3, 12)}, [pretrained(KERNEL, path)])
    with pytest.raises(UserError, match=r"holds neither model\.safetensors"):
        initialize({KERNEL: (2, 12)}, [pretrained(KERNEL, tmp_path)])
    with pytest.raises(UserError, match="is no directory"):
        initialize({KERNEL: (2, 12)}, [pretrained(KERNEL, tmp_path / "nowhere")])
    (path / "encoder.safetensors").write_bytes(b"no weights")
    with pytest.raises(UserError, match="damaged"):
        initialize({KERNEL: (2, 12)}, [pretrained(KERNEL, path)])


def test_an_embedding_of_another_width(tmp_path):
    path = save(tmp_path / "source", {EMBEDDING: np.zeros((6, 5), np.float32)})
    with pytest.raises(UserError, match=r"\(6, 5\).*must be \(6, 2\)"):
        initialize({EMBEDDING: (6, 2)}, [pretrained(EMBEDDING, path)], alphabet=Alphabet(("a",)))
