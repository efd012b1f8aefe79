"""What is known of every option, and how a mistake in one is told."""

import pytest

from hier_rnn.configuration import schema
from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError

OPTIONS = {option.name: option for option in schema.options_of()}


def mistakes(values: dict) -> str:
    with pytest.raises(UserError) as error:
        schema.validate(values, lambda name: f"<{name}>")
    return str(error.value)


def test_every_option_is_described_and_says_what_it_accepts():
    for option in OPTIONS.values():
        assert option.description, option.name
        assert schema.accepted(option.node)


def test_options_are_those_of_the_configuration():
    def names(table: dict, prefix: str = "") -> set[str]:
        inner = [names(v, f"{prefix}{k}.") for k, v in table.items() if schema.group(prefix + k)]
        own = {prefix + k for k in table if not schema.group(prefix + k)}
        return own.union(*inner)

    assert set(OPTIONS) == names(Configuration().model_dump())


def test_options_of_a_group_and_of_a_single_option():
    assert [option.name for option in schema.options_of("training.misspell")] == [
        "training.misspell.kind",
        "training.misspell.rate",
    ]
    assert [option.name for option in schema.options_of("seed")] == ["seed"]
    assert [option.name for option in schema.options_of("head.dropout")] == ["head.dropout"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("training.batch_size", "a whole number, at least 1, at most 1000000000"),
        ("training.clip_norm", "a number, at least 0"),
        ("training.moving_average", "a number, at least 0, below 1"),
        ("training.learning_rate", "a number, above 0"),
        ("text.lowercase", "true|false"),
        ("text.words", "auto|whitespace|sentencepiece"),
        ("text.sentencepiece_model", "text"),
        ("training.class_weights", "none|balanced or a table, each value a number"),
        ("data.text", "a list, each entry text"),
    ],
)
def test_accepted(name, words):
    assert schema.accepted(OPTIONS[name].node) == words


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"head": {"droput": 0.1}},
            "<head.droput>: no such option. Did you mean 'dropout'?",
        ),
        ({"trainin": {}}, "<trainin>: no such option. Did you mean 'training'?"),
        (
            {"head": {"dropout": 1}},
            "<head.dropout>: must be a number, at least 0, below 1. Received: 1.",
        ),
        (
            {"text": {"words": "whitespaces"}},
            "<text.words>: must be auto|whitespace|sentencepiece. Received: 'whitespaces'."
            " Did you mean 'whitespace'?",
        ),
        (
            {"training": {"phases": [{}, {"steps": 0}]}},
            "<training.phases[1].steps>: must be a whole number, at least 1, at most 1000000000."
            " Received: 0.",
        ),
        (
            {"initializers": {"rules": [{"pattern": ".*"}]}},
            "<initializers.rules[0].initializer>: is needed (name of the initializer).",
        ),
        (
            {"training": {"learning_rate_multipliers": {"head/.*": "fast"}}},
            "<training.learning_rate_multipliers.\"head/.*\">: must be a number. Received: 'fast'.",
        ),
        (
            {"text": 3},
            "<text>: must be a table of words, normalization, lowercase,",
        ),
    ],
)
def test_mistakes_name_option_received_and_accepted(values, message):
    assert message in mistakes(values)


def test_every_mistake_is_told_once():
    told = mistakes({"training": {"class_weights": 3, "epochs": "x"}}).splitlines()
    assert told == [
        "<training.epochs>: must be a whole number, at least 1, at most 1000000000. Received: 'x'.",
        "<training.class_weights>: must be none|balanced or a table, each value a number."
        " Received: 3.",
    ]


def test_a_group_without_the_name_lists_what_there_is():
    assert "There are: dropout." in mistakes({"head": {"xyz": 0.1}})
