"""Options on a command line: each does what it says, over a file's, over the defaults."""

import click
import pytest
from click.testing import CliRunner

from hier_rnn.configuration import schema
from hier_rnn.configuration.command_line import (
    ConfiguredCommand,
    SeveralOption,
    configuration_options,
    resolve,
    unknown_option,
)
from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError

GROUPS = list(Configuration.model_fields)[1:]
OTHER_VALUES = {
    "initializers.rules": '[{"pattern": ".*", "initializer": "zeros"}]',
    "training.phases": '[{"train": ["head/.*"], "epochs": 2}, {}]',
    "training.learning_rate_multipliers": '{"head/.*": 2}',
    "training.class_weights": "balanced",
    "data.text": '["a", "b"]',
}


@click.command(cls=ConfiguredCommand)
@configuration_options(flags={"seed": "--seed"}, groups=GROUPS)
def everything(**given):
    """Has every option."""
    print(resolve(None, given).model_dump_json())


def configured(*arguments: str) -> Configuration:
    result = CliRunner().invoke(
        everything, arguments, catch_exceptions=False, standalone_mode=False
    )
    return Configuration.model_validate_json(result.output)


def other_value(option: schema.Option) -> str:
    if option.name in OTHER_VALUES:
        return OTHER_VALUES[option.name]
    for value in [*schema.choices(option.node), "true", "false", "3", "7", "0.625", "abc"]:
        try:
            changed = resolve(None, {option.name: value})
        except UserError:
            continue
        if changed != Configuration():
            return value
    raise AssertionError(f"no other value for {option.name}")


@pytest.mark.parametrize("option", list(schema.options_of()), ids=lambda option: option.name)
def test_an_option_changes_itself_and_nothing_else(option):
    changed = configured(f"--{option.name}", other_value(option)).model_dump()
    table, default = changed, Configuration().model_dump()
    *groups, key = option.name.split(".")
    for group in groups:
        table, default = table[group], default[group]
    assert table[key] != default[key]
    table[key] = default[key]
    assert changed == Configuration().model_dump()


@pytest.mark.parametrize("option", list(schema.options_of()), ids=lambda option: option.name)
def test_help_tells_each_option_its_meaning_and_default(option):
    words = " ".join(CliRunner().invoke(everything, ["--help"], terminal_width=300).output.split())
    assert f"--{option.name} " in words
    assert " ".join(option.description.split()) in words
    assert schema.bounds(option.node) in words


def test_help_stands_under_the_groups_headings():
    help = CliRunner().invoke(everything, ["--help"], terminal_width=110).output
    assert help.index("[head] From the sentence vector") < help.index("--head.dropout X")
    assert help.index("--head.dropout X") < help.index("[training] The optimization:")
    assert "dropout on the sentence vector [at least 0, below 1; default: 0.3]" in help
    assert "--text.words auto|whitespace|sentencepiece" in help


def test_a_bare_switch_is_true():
    assert configured("--text.lowercase").text.lowercase is True
    assert configured("--text.lowercase", "--seed", "3").seed == 3
    assert configured("--text.boundary_marks", "false").text.boundary_marks is False


def test_equals_sign():
    assert configured("--head.dropout=0.125").head.dropout == 0.125


def test_the_command_line_goes_over_the_file_and_the_file_over_the_defaults(tmp_path):
    file = tmp_path / "options.toml"
    file.write_text("[training]\nepochs = 3\nbatch_size = 7\nmisspell = {kind = 'swap'}\n")
    given = {"training.epochs": "5", "training.misspell.rate": "0.5", "seed": None}
    configuration = resolve(file, given)
    assert configuration.training.epochs == 5
    assert configuration.training.batch_size == 7
    assert configuration.training.misspell.kind == "swap"
    assert configuration.training.misspell.rate == 0.5
    assert configuration.training.patience == Configuration().training.patience


def test_what_was_given_can_be_told_from_defaults():
    configuration = resolve(None, {"character_encoder.units": "256"})
    assert configuration.character_encoder.model_fields_set == {"units"}
    assert configuration.text.model_fields_set == set()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "training.epochs",
            "many",
            "--training.epochs: must be a whole number, at least 1, at most 1000000000. Rec",
        ),
        ("text.lowercase", "perhaps", "--text.lowercase: must be true|false. Received: 'perhaps'."),
        ("training.phases", "[{", "--training.phases: not JSON: "),
        ("training.phases", "[" * 100_000, "--training.phases: not JSON: "),
        ("training.phases", f"[{'9' * 5000}]", "--training.phases: not JSON: "),
        ("training.phases", "head", "--training.phases: must be a list, each entry a table of tr"),
        ("training.class_weights", "balance", "Did you mean 'balanced'?"),
        ("data.train", "\ud800", "--data.train: not UTF-8. Received: "),
    ],
)
def test_a_wrong_value_names_the_option(name, value, message):
    with pytest.raises(UserError) as error:
        resolve(None, {name: value})
    assert message in str(error.value)
    assert len(str(error.value)) < 1000


@click.command(cls=ConfiguredCommand)
@configuration_options(flags={"data.text": "--text SRC"}, groups=["head"])
@click.option("--misspell", cls=SeveralOption, accepts=lambda value: ":" in value)
@click.argument("runs", nargs=-1)
def several(misspell, runs, **given):
    """Has options with several values."""
    print(repr((given["data.text"], misspell, runs)))


@pytest.mark.parametrize(
    ("arguments", "received"),
    [
        (["--text", "a", "b", "--text", "c"], (("a", "b", "c"), (), ())),
        (["--text", "a", "--misspell", "x:1", "y:1", "run"], (("a",), ("x:1", "y:1"), ("run",))),
        (["run", "--misspell", "x:1", "--misspell", "y:1"], ((), ("x:1", "y:1"), ("run",))),
        (["--text", "-", "a"], (("-", "a"), (), ())),
        ([], ((), (), ())),
    ],
)
def test_several_values(arguments, received):
    assert CliRunner().invoke(several, arguments).output.strip() == repr(received)


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--text.lowercas", "--text.lowercas: no such option. Did you mean '--text.lowercase'?"),
        ("--batch-size", "Did you mean '--training.batch_size' or '--pretraining.sentences"),
        ("--zzz", "--zzz: no such option. See train --help."),
    ],
)
def test_unknown_option(flag, message):
    assert message in unknown_option(flag, everything, "train")


def test_an_option_of_another_command():
    assert unknown_option("--training.epochs", several, "x") == (
        "--training.epochs: 'x' does not use this option."
    )
