"""What an encoder knew it still knows after it has learnt from another text."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import hier_rnn
from hier_rnn.inference.neighbours import neighbours
from hier_rnn.inference.word_vector_map import MAP, learnt_vectors
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.training.pretraining import prepare as module
from hier_rnn.training.pretraining.prepare import append_previous_vectors
from hier_rnn.training.pretraining.pretrain import pretrain
from hier_rnn.training.word_vectors.targets import Targets

pytestmark = pytest.mark.slow

WORDS = ["walk", "talks", "jumping", "wlak", "never", ""]


@pytest.fixture(scope="module")
def encoder(configuration, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("known") / "encoder"
    pretrain(configuration({"units": 32}, epochs=25), out)
    return out


@pytest.fixture(scope="module")
def other_text(text, tmp_path_factory) -> Path:
    """The words of `text` in other company: stems are put together anew."""
    path = tmp_path_factory.mktemp("other") / "text.txt"
    words = sorted(set(text.read_text().split()))
    stems = sorted({word[:4] for word in words})
    generator = np.random.default_rng(1)
    topic = dict(zip(stems, generator.permutation(len(stems)) % 4, strict=True))
    drawn = (
        generator.choice([word for word in words if topic[word[:4]] == number], 10)
        for number in generator.integers(4, size=300)
    )
    path.write_text("".join(" ".join(line) + "\n" for line in drawn))
    return path


def test_vectors_of_length_one_as_they_were_learnt(encoder):
    loaded = hier_rnn.load_encoder(encoder)
    found = learnt_vectors(loaded, WORDS)
    assert found.shape == (len(WORDS), 12)
    weights = EncoderDirectory(encoder).read_word_vector_map()
    mapped = loaded(WORDS) @ weights[f"{MAP}/kernel"] + weights[f"{MAP}/bias"]
    np.testing.assert_allclose(
        found, mapped / np.linalg.norm(mapped, axis=1, keepdims=True), rtol=1e-4, atol=1e-6
    )


def test_its_own_vectors_if_it_learnt_something_else(encoder, tmp_path):
    copy = shutil.copytree(encoder, tmp_path / "copy")
    directory = EncoderDirectory(copy)
    directory.word_vector_map.unlink()
    del directory.manifest.files[directory.word_vector_map.name]
    directory.manifest.write(copy)
    loaded = hier_rnn.load_encoder(copy)
    vectors = loaded(WORDS)
    np.testing.assert_allclose(
        learnt_vectors(loaded, WORDS),
        vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
        rtol=1e-4,
        atol=1e-6,
    )


def test_beside_each_other_both_count_alike(encoder):
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(len(WORDS), 7)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    targets = Targets(WORDS, np.arange(len(WORDS)), vectors, {"parts": 3})
    loaded = hier_rnn.load_encoder(encoder)
    found = append_previous_vectors(targets, loaded)
    assert found.words == WORDS and found.metadata == {"parts": 3}
    np.testing.assert_array_equal(found.counts, targets.counts)
    assert found.vectors.shape == (len(WORDS), 7 + 12) and found.vectors.dtype == np.float32
    known = learnt_vectors(loaded, WORDS)
    cosines = found.vectors @ found.vectors.T
    np.testing.assert_allclose(cosines, (vectors @ vectors.T + known @ known.T) / 2, atol=1e-5)


def test_going_on_keeps_what_was_known_and_learns_what_is_new(
    configuration, encoder, other_text, tmp_path, monkeypatch
):
    """By how alike each pair of words is; the new text contradicts the old one."""
    made = configuration({"units": 32}, epochs=15)
    data = made.data.model_copy(update={"text": (str(other_text),), "encoder": str(encoder)})
    going_on = made.model_copy(update={"data": data})
    pretrain(going_on, tmp_path / "beside")
    new = {}
    monkeypatch.setattr(
        module,
        "append_previous_vectors",
        lambda targets, _: new.update(targets._asdict()) or targets,
    )
    pretrain(going_on, tmp_path / "alone")

    def alike(out):
        vectors = learnt_vectors(hier_rnn.load_encoder(out), new["words"])
        return vectors @ vectors.T

    pairs = np.triu_indices(len(new["words"]), 1)

    def agreement(one, other):
        return np.corrcoef(one[pairs], other[pairs])[0, 1]

    old, beside, alone = map(alike, (encoder, tmp_path / "beside", tmp_path / "alone"))
    wanted = new["vectors"] @ new["vectors"].T
    assert agreement(old, beside) > agreement(old, alone) + 0.2
    assert agreement(wanted, beside) > agreement(wanted, old) + 0.1

    def nearest(out):
        return [{word for word, _ in found} for found in neighbours(out, new["words"][:40], 3)]

    def shared(out):
        pairs = zip(nearest(encoder), nearest(out), strict=True)
        return sum(len(before & after) for before, after in pairs)

    assert shared(tmp_path / "beside") > shared(tmp_path / "alone")
