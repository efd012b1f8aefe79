"""A run that starts from an encoder has the encoder's options."""

import numpy as np
import pytest

from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.storage.encoder_options import take_encoder_options
from hier_rnn.text.alphabet import Alphabet

MADE_WITH = {
    "text": {"lowercase": True},
    "character_encoder": {"units": 48, "layers": 2, "dropout": 0.25},
}


def write(path, **groups):
    configuration = Configuration.model_validate({**MADE_WITH, **groups})
    weights = {"character_encoder/embedding": np.zeros((3, 2))}
    EncoderDirectory(path).finish(configuration, Alphabet(()), weights, {}, {})
    return path


@pytest.fixture
def encoder(tmp_path):
    return write(tmp_path / "run" / "encoder")


def taking(encoder, **given) -> Configuration:
    return take_encoder_options(
        Configuration.model_validate({"data": {"encoder": str(encoder)}, **given})
    )


def test_options_come_from_the_encoder(encoder):
    configuration = taking(encoder, head={"dropout": 0.125})
    assert configuration.character_encoder.units == 48
    assert configuration.character_encoder.layers == 2
    assert configuration.text.lowercase is True
    assert configuration.head.dropout == 0.125


def test_without_an_encoder_nothing_changes():
    assert take_encoder_options(Configuration()) == Configuration()


def test_a_contradicting_option_names_both_values(encoder):
    with pytest.raises(UserError, match=r"character_encoder.units: 64 contradicts .* with 48"):
        taking(encoder, character_encoder={"units": 64})
    with pytest.raises(UserError, match=r"text.lowercase: False contradicts .* with True"):
        taking(encoder, text={"lowercase": False})


def test_a_repeated_option_is_no_contradiction(encoder):
    configuration = taking(encoder, **MADE_WITH)
    assert take_encoder_options(configuration) == configuration == taking(encoder)


def test_words_by_the_script_leave_it_to_the_encoder(encoder):
    write(encoder, text={**MADE_WITH["text"], "words": "sentencepiece"})
    assert taking(encoder, text={"words": "auto"}).text.words == "sentencepiece"
    with pytest.raises(UserError, match=r"text.words: 'whitespace' contradicts .*'sentencepiece'"):
        taking(encoder, text={"words": "whitespace"})


def test_dropout_is_each_runs_own(encoder):
    given = {"dropout": 0.5, "embedding_dropout": 0.1}
    configuration = taking(encoder, character_encoder=given)
    assert configuration.character_encoder.dropout == 0.5
    assert configuration.character_encoder.embedding_dropout == 0.1
    assert configuration.character_encoder.units == 48
