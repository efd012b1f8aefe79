"""Nearest known words, of any spelling."""

from __future__ import annotations

import shutil

import pytest

from hier_rnn.inference.neighbours import neighbours
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.training.pretraining.pretrain import pretrain

pytestmark = pytest.mark.slow  # for the training that all of them use


@pytest.fixture(scope="module")
def encoder(text, tmp_path_factory):
    from hier_rnn.configuration.options import Configuration

    options = {
        "data": {"text": [str(text)]},
        "character_encoder": {"units": 48, "embedding_dim": 16},
        "pretraining": {
            "minimum_count": 2,
            "dimensions": 30,
            "epochs": 40,
            "batch_size": 32,
            "learning_rate": 0.02,
            "misspell": {"copies_per_word": 1.0},
        },
    }
    out = tmp_path_factory.mktemp("encoder") / "out"
    pretrain(Configuration.model_validate(options), out)
    return out


def test_the_intended_word_is_found(encoder):
    queries = ["waalk", "jumpingg", "OPENED", "shows!"]
    for query, wanted, found in zip(
        queries,
        ["walk", "jumping", "opened", "shows"],
        neighbours(encoder, queries, count=5),
        strict=True,
    ):
        assert len(found) == 5
        assert wanted in [word for word, _ in found], (query, found)


def test_a_known_word_is_not_its_own_neighbour_and_cosines_fall(encoder):
    [found] = neighbours(encoder, ["walk"], count=8)
    cosines = [cosine for _, cosine in found]
    assert "walk" not in [word for word, _ in found]
    assert cosines == sorted(cosines, reverse=True) and -1 <= cosines[-1] <= cosines[0] <= 1.0001


def test_spellings_of_one_word_are_shown_once(encoder):
    [found] = neighbours(encoder, ["walk"], count=1000)
    words = [word.strip(".,") for word, _ in found]
    assert len(words) == len(set(words))


def test_without_the_map_the_encoders_own_vectors_are_compared(encoder, tmp_path):
    shutil.copytree(encoder, tmp_path / "copy")
    directory = EncoderDirectory(tmp_path / "copy")
    directory.word_vector_map.unlink()
    del directory.manifest.files[directory.word_vector_map.name]
    directory.manifest.write(directory.path)
    mapped, own = (neighbours(path, ["walk"], 3) for path in (encoder, tmp_path / "copy"))
    assert len(own[0]) == 3
    assert mapped != own
