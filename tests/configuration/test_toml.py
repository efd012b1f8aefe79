"""TOML files of options: reading, mistakes, merging, writing."""

import time

import pytest

from hier_rnn.configuration import schema
from hier_rnn.configuration.options import Configuration
from hier_rnn.configuration.toml import (
    format_configuration,
    merge,
    read_configuration,
    read_table,
)
from hier_rnn.errors import UserError

UNUSUAL = {
    "seed": 7,
    "data": {"train": 'a "quoted"\\path\nand a line', "text": ["데이터.txt", "b.txt"]},
    "text": {"lowercase": True},
    "initializers": {
        "rules": [
            {
                "pattern": r".*/gru_\d+/.*",
                "gate": "update",
                "initializer": "constant",
                "options": {"value": 1, "deep": {"list": [1, 2]}},
            },
            {"pattern": "head/.*", "initializer": "zeros", "per_gate": False},
        ]
    },
    "training": {
        "learning_rate": 1e-5,
        "learning_rate_multipliers": {"character_encoder/.*": 0.1},
        "class_weights": {"a b": 2.0, "ü": 0.5},
        "misspell": {"kind": "swap", "rate": 0.25},
        "phases": [{"train": ["head/.*"], "epochs": 2}, {"freeze": ["x", "y"], "steps": 3}],
    },
}


@pytest.fixture
def write(tmp_path):
    def write(text: str):
        path = tmp_path / "options.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("values", [{}, UNUSUAL], ids=["defaults", "unusual"])
def test_what_is_written_is_read_back(write, values):
    configuration = Configuration.model_validate(values)
    assert read_configuration(write(format_configuration(configuration))) == configuration


def test_every_option_is_written_with_its_meaning():
    text = format_configuration(Configuration())
    for option in schema.options_of():
        assert f"{option.name.rpartition('.')[2]} = " in text
        assert option.description in text


def test_chosen_groups_are_written_alone(write):
    configuration = Configuration.model_validate(UNUSUAL)
    table = read_table(write(format_configuration(configuration, ["text", "character_encoder"])))
    assert list(table) == ["text", "character_encoder"]
    assert Configuration.model_validate(table).text == configuration.text


def test_what_a_file_leaves_out_has_its_default(write):
    configuration = read_configuration(write("[head]\ndropout = 0.125\n"))
    assert configuration == Configuration.model_validate({"head": {"dropout": 0.125}})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[head]\ndropuot = 1", "options.toml, [head] dropuot: no such option. Did you mean 'dro"),
        ("[training.misspell]\nkind = 'swop'", "[training.misspell] kind: must be none|swap|"),
        ("sede = 1", "options.toml, sede: no such option. Did you mean 'seed'?"),
        ("[head\n", "options.toml: not TOML: "),
        ("[head]\ndropout = x\n", "at line 2"),
    ],
)
def test_mistakes_name_file_and_table(write, text, message):
    with pytest.raises(UserError) as error:
        read_configuration(write(text))
    assert message in str(error.value)


def test_unreadable_files(tmp_path):
    with pytest.raises(UserError, match=r"none.toml: cannot be read: No such file"):
        read_table(tmp_path / "none.toml")
    with pytest.raises(UserError, match="cannot be read: Is a directory"):
        read_table(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b"[data]\ntrain = '\xe9'")
    with pytest.raises(UserError, match=r"latin.toml: not UTF-8 \(byte 16\)"):
        read_table(tmp_path / "latin.toml")


def test_later_layers_win_option_by_option_but_other_tables_are_replaced():
    first = {"training": {"epochs": 1, "class_weights": {"a": 1.0}, "misspell": {"kind": "swap"}}}
    second = {"seed": 3, "training": {"class_weights": {"b": 2.0}, "misspell": {"rate": 0.5}}}
    assert merge(first, second) == {
        "seed": 3,
        "training": {
            "epochs": 1,
            "class_weights": {"b": 2.0},
            "misspell": {"kind": "swap", "rate": 0.5},
        },
    }
    assert first["training"]["misspell"] == {"kind": "swap"}


@pytest.mark.parametrize(
    "text",
    [
        "a" + ".a" * 100_000 + " = 1",
        "'a'" + ' . "b"' * 1_000 + " = 1",
        "[" + "a." * 1_000 + "a]",
        "seed = " + "[" * 100_000,
        "seed = " + "[" * 40 + "]" * 40,
        "seed = " + "{a=" * 40 + "1" + "}" * 40,
        "seed = " + "9" * 10_000,
        "seed = 0x" + "f" * 100_000,
        'seed = "' + '\\"' * 100_000,
        'seed = """' + '"' * 100_000,
        "seed = '''" + "'" * 100_001,
        "[a.b]\n" * 10_000,
        "".join(f"a{number} = 1\n" for number in range(50_000)),
        "seed = '" + "x" * 1_100_000 + "'",
        "seed = 1979-05-27",
        "\x00",
    ],
    ids=lambda text: text[:20],
)
def test_files_that_mean_harm(write, text):
    begun = time.process_time()
    with pytest.raises(UserError) as error:
        read_configuration(write(text))
    assert time.process_time() - begun < 3
    assert len(str(error.value)) < 10_000


def test_dots_and_brackets_in_texts_are_text(write):
    rules = [{"pattern": "." * 50 + "[" * 50, "initializer": "zeros", "options": {"x": '"."'}}]
    values = {"initializers": {"rules": rules}, "data": {"train": "'.'" * 20 + "#" + "[" * 50}}
    configuration = Configuration.model_validate(values)
    assert read_configuration(write(format_configuration(configuration))) == configuration
