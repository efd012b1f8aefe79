"""A run that starts from an encoder has the encoder's options."""

import pytest

from hier_rnn.configuration.options import Configuration
from hier_rnn.configuration.toml import format_configuration
from hier_rnn.errors import UserError
from hier_rnn.storage.encoder_options import encoder_directory, take_encoder_options

MADE_WITH = {
    "text": {"lowercase": True},
    "character_encoder": {"units": 48, "layers": 2, "dropout": 0.25},
}


@pytest.fixture
def encoder(tmp_path):
    directory = tmp_path / "run" / "encoder"
    directory.mkdir(parents=True)
    (directory / "encoder.safetensors").touch()
    configuration = Configuration.model_validate(MADE_WITH)
    text = format_configuration(configuration, ["text", "character_encoder"])
    (directory / "config.toml").write_text(text, encoding="utf-8")
    return directory


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
    made = {**MADE_WITH, "text": {**MADE_WITH["text"], "words": "sentencepiece"}}
    text = format_configuration(Configuration.model_validate(made), ["text", "character_encoder"])
    (encoder / "config.toml").write_text(text, encoding="utf-8")
    assert taking(encoder, text={"words": "auto"}).text.words == "sentencepiece"
    with pytest.raises(UserError, match=r"text.words: 'whitespace' contradicts .*'sentencepiece'"):
        taking(encoder, text={"words": "whitespace"})


def test_dropout_is_each_runs_own(encoder):
    given = {"dropout": 0.5, "embedding_dropout": 0.1}
    configuration = taking(encoder, character_encoder=given)
    assert configuration.character_encoder.dropout == 0.5
    assert configuration.character_encoder.embedding_dropout == 0.1
    assert configuration.character_encoder.units == 48


def test_an_encoder_directory_or_the_run_around_it(encoder):
    assert encoder_directory(encoder) == encoder
    assert encoder_directory(encoder.parent) == encoder


def test_anything_else_is_a_mistake(tmp_path):
    with pytest.raises(UserError, match="not an encoder directory"):
        encoder_directory(tmp_path)
    with pytest.raises(UserError, match="no such folder"):
        encoder_directory(tmp_path / "none")
