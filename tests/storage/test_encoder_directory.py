"""An encoder directory holds the encoder alone."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hier_rnn.runs.encoder_directory import write_encoder_directory

from hier_rnn.configuration.options import Configuration
from hier_rnn.configuration.toml import read_configuration, read_table
from hier_rnn.runs import encoder_directory
from hier_rnn.storage.run_directory import read_json, read_vocabulary
from hier_rnn.storage.weights_file import read_weights
from hier_rnn.text.alphabet import Alphabet

CONFIGURATION = Configuration.model_validate(
    {"text": {"lowercase": True}, "character_encoder": {"units": 9}, "training": {"epochs": 3}}
)
WEIGHTS = {"character_encoder/embedding": np.ones((5, 2)), "head/bias": np.zeros(3)}


def write(path, configuration=CONFIGURATION, **settings):
    counts = Counter({"ba": 3, "ab": 1})
    facts = {"objective": "classify"}
    alphabet = Alphabet(("a", "b"))
    write_encoder_directory(path, configuration, alphabet, WEIGHTS, counts, facts, **settings)


def test_written(tmp_path):
    write(tmp_path / "new" / "encoder")
    path = tmp_path / "new" / "encoder"
    assert set(read_table(path / "config.toml")) == {"text", "character_encoder"}
    assert read_configuration(path / "config.toml").character_encoder.units == 9
    assert Alphabet.load(path / "alphabet.json").characters == ("a", "b")
    assert read_vocabulary(path / "words.txt") == {"ba": 3, "ab": 1}
    facts = {"objective": "classify", "initializers": [], "encoder": ""}
    assert read_json(path / "facts.json") == facts
    assert list(read_weights(path / "encoder.safetensors")) == ["character_encoder/embedding"]
    assert not (path / "words.model").exists()


def test_a_sentencepiece_model_comes_along(tmp_path):
    model = tmp_path / "words.model"
    model.write_bytes(b"pieces")
    write(tmp_path / "encoder", words_model=model)
    assert (tmp_path / "encoder" / "words.model").read_bytes() == b"pieces"
    write(tmp_path, words_model=model)  # it is there already
    assert model.read_bytes() == b"pieces"


def test_what_the_encoder_started_from_is_among_the_facts(tmp_path):
    rules = [
        {"pattern": "head/.*", "initializer": "ones"},
        {"pattern": ".*", "initializer": "zeros"},
        {"pattern": ".*/embedding", "initializer": "constant", "options": {"value": 0.5}},
    ]
    write(tmp_path, Configuration.model_validate({"initializers": {"rules": rules[::2]}}))
    assert read_json(tmp_path / "facts.json")["initializers"] == rules[2:]
    write(tmp_path, Configuration.model_validate({"initializers": {"rules": rules[:2]}}))
    assert read_json(tmp_path / "facts.json")["initializers"] == rules[1:2]
    write(tmp_path, Configuration.model_validate({"data": {"encoder": "other"}}))
    assert read_json(tmp_path / "facts.json")["encoder"] == "other"


def test_the_weights_come_last(tmp_path, monkeypatch):
    def killed(path, weights):
        raise KeyboardInterrupt

    monkeypatch.setattr(encoder_directory, "write_weights", killed)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path)
    assert len(list(tmp_path.iterdir())) == 4
