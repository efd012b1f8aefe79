"""An encoder directory holds the encoder alone."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from hier_rnn.configuration.options import Configuration
from hier_rnn.configuration.toml import read_table
from hier_rnn.errors import UserError
from hier_rnn.initializers.beginning import encoder_beginning
from hier_rnn.storage import directory as directory_module
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.text.alphabet import Alphabet

CONFIGURATION = Configuration.model_validate(
    {"text": {"lowercase": True}, "character_encoder": {"units": 9}, "training": {"epochs": 3}}
)
WEIGHTS = {"character_encoder/embedding": np.ones((5, 2)), "head/bias": np.zeros(3)}
FACTS = {"objective": "classify"}


def write(path, **settings) -> EncoderDirectory:
    counts = Counter({"ba": 3, "ab": 1})
    EncoderDirectory(path).finish(
        CONFIGURATION, Alphabet(("a", "b")), WEIGHTS, counts, FACTS, **settings
    )
    return EncoderDirectory(path)


def test_written(tmp_path):
    encoder = write(tmp_path / "new" / "encoder")
    encoder.require()
    assert set(read_table(encoder.configuration)) == {"text", "character_encoder"}
    assert encoder.read_configuration().character_encoder.units == 9
    assert encoder.read_alphabet().characters == ("a", "b")
    assert encoder.read_vocabulary() == {"ba": 3, "ab": 1}
    assert encoder.read_facts() == FACTS
    assert list(encoder.read_weights()) == ["character_encoder/embedding"]
    assert encoder.read_word_vector_map() is None
    assert not encoder.has(encoder.words_model)


def test_what_only_some_have(tmp_path):
    kernel = np.ones((2, 3), np.float32)
    encoder = write(tmp_path, words_model=b"pieces", word_vector_map={"kernel": kernel})
    assert encoder.read_words_model() == b"pieces"
    assert (encoder.read_word_vector_map()["kernel"] == kernel).all()
    encoder.word_vector_map.unlink()
    with pytest.raises(UserError, match=r"word_vectors.safetensors: missing"):
        EncoderDirectory(tmp_path).read_word_vector_map()
    encoder.words_model.write_bytes(b"others")
    with pytest.raises(UserError, match=r"words.model: damaged, or of another encoder"):
        EncoderDirectory(tmp_path).read_words_model()


def test_a_sentence_encoder_beside_the_character_encoder(tmp_path):
    name, kernel = "sentence_encoder/lstm_0/forward/kernel", np.ones((2, 3), np.float16)
    EncoderDirectory(tmp_path).finish(
        CONFIGURATION,
        Alphabet(("a", "b")),
        {**WEIGHTS, name: kernel},
        {},
        FACTS,
        sentence_vector_map={"kernel": kernel},
    )
    encoder = EncoderDirectory(tmp_path)
    assert encoder.holds_sentence_encoder and not write(tmp_path / "other").holds_sentence_encoder
    assert set(read_table(encoder.configuration)) == {
        "text",
        "character_encoder",
        "sentence_encoder",
    }
    assert set(encoder.read_weights()) == {"character_encoder/embedding", name}
    assert (encoder.read_sentence_vector_map()["kernel"] == 1).all()
    encoder.sentence_vector_map.unlink()
    with pytest.raises(UserError, match=r"sentence_vectors.safetensors: missing"):
        EncoderDirectory(tmp_path).read_sentence_vector_map()


def test_found_by_its_own_path_or_the_runs(run, tmp_path):
    assert EncoderDirectory.find(run.path).path == run.encoder
    assert EncoderDirectory.find(run.encoder).path == run.encoder
    with pytest.raises(UserError, match="not an encoder directory"):
        EncoderDirectory.find(tmp_path)
    with pytest.raises(UserError, match="no such folder"):
        EncoderDirectory.find(tmp_path / "none")
    moved = run.encoder.rename(tmp_path / "moved")
    run.encoder.symlink_to(moved)
    with pytest.raises(UserError, match="encoder: a symbolic link"):
        EncoderDirectory.find(run.path)


def test_an_unfinished_one(tmp_path):
    EncoderDirectory(tmp_path / "encoder").write_record(CONFIGURATION)
    with pytest.raises(UserError, match="the encoder is not finished"):
        EncoderDirectory.find(tmp_path / "encoder")


def test_what_the_encoder_started_from():
    rules = [
        {"pattern": "head/.*", "initializer": "ones"},
        {"pattern": ".*/embedding", "initializer": "constant", "options": {"value": 0.5}},
    ]
    made = Configuration.model_validate({"initializers": {"rules": rules}})
    assert encoder_beginning(made, WEIGHTS) == {
        "initializers": rules[1:],
        "encoder": "",
        "transfer": "auto",
    }
    made = Configuration.model_validate({"data": {"encoder": "other", "transfer": "character"}})
    assert encoder_beginning(made, WEIGHTS) == {
        "initializers": [],
        "encoder": "other",
        "transfer": "character",
    }


def test_killed_while_it_is_written_it_is_not_finished(tmp_path, monkeypatch):
    written = []

    def killed(path, mode):
        written.append(path.name)
        if path.name == "encoder.safetensors":
            raise KeyboardInterrupt
        return write_atomically(path, mode)

    write_atomically = directory_module.write_atomically
    monkeypatch.setattr(directory_module, "write_atomically", killed)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path)
    assert written[-1] == "encoder.safetensors" and len(written) == 5
    assert not EncoderDirectory(tmp_path).finished
