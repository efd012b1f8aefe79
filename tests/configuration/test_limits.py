"""Options have upper limits that hold."""

from __future__ import annotations

import pytest

from hier_rnn.configuration.options import Configuration
from hier_rnn.configuration.schema import options_of, validate
from hier_rnn.errors import UserError


def whole_numbers():
    for option in options_of():
        branches = [option.node, *option.node.get("anyOf", ())]
        if any(branch.get("type") == "integer" for branch in branches):
            yield option.name


def nested(name: str, value: object) -> dict:
    for part in reversed(name.split(".")):
        value = {part: value}
    return value


@pytest.mark.parametrize("name", list(whole_numbers()))
@pytest.mark.parametrize("value", [10**12, 10**400, 10**5000, -(10**12)], ids="1234")
def test_no_whole_number_is_without_limit(name, value):
    with pytest.raises(UserError, match=name):
        validate(nested(name, value), lambda name: name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("character_encoder.layers", 65),
        ("character_encoder.units", 10**5),
        ("character_encoder.embedding_dim", 10**5),
        ("character_encoder.projection", 10**5),
        ("sentence_encoder.layers", 65),
        ("sentence_encoder.units", 10**5),
        ("sentence_encoder.segment_words", 10**7),
        ("text.maximum_word_length", 10**5),
        ("text.vocabulary_size", 10**7),
    ],
)
def test_what_takes_memory_has_a_low_one(name, value):
    with pytest.raises(UserError, match=f"{name}: must be a whole number, .*at most"):
        validate(nested(name, value), lambda name: name)


def test_long_values_are_not_printed_whole():
    with pytest.raises(UserError) as error:
        validate({"seed": "x" * 10**6, "training": {"epochs": [[10**5000]]}}, lambda name: name)
    assert len(str(error.value)) < 1000


def test_the_defaults_are_within():
    assert Configuration.model_validate(Configuration().model_dump()) == Configuration()
