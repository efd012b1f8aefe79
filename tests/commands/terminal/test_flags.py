"""Messages of the library name options and arguments; those of the terminal name flags."""

import pytest

from hier_rnn.commands.terminal.flags import with_flags


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Choose with data.delimiter.", "Choose with --delimiter."),
        ("Name it with data.label_column, or number it", "Name it with --label-column, or number"),
        ("Give another `out`, or `force=True` to start over.", "Give another --out, or --force to"),
        ("With `verify=False` it is read.", "With --no-verify it is read."),
    ],
)
def test_options_and_arguments_become_flags(message, expected):
    assert with_flags(message).startswith(expected)


@pytest.mark.parametrize(
    "message",
    [
        "my.toml: data.delimiter: a string is expected.",
        "--data.delimiter is no flag",
        "mydata.train.tsv: missing",
        "data.train.tsv: missing",
        "training.epochs 10 instead of 3",
    ],
)
def test_what_is_no_such_option_stays(message):
    assert with_flags(message) == message
