"""Options that had another name."""

from __future__ import annotations

from operator import attrgetter

import click
import pytest

from hier_rnn.configuration.command_line import unknown_option
from hier_rnn.configuration.options import Configuration
from hier_rnn.configuration.renamed import RENAMED, rename_old_options
from hier_rnn.configuration.schema import validate
from hier_rnn.errors import UserError


def nested(name: str, value: object) -> dict:
    for part in reversed(name.split(".")):
        value = {part: value}
    return value  # type: ignore[return-value]


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_an_old_name_is_an_error_that_names_the_new_one(old, new):
    with pytest.raises(UserError, match=f"{old}: no such option: its name is now {new}"):
        validate(nested(old, 1), str)
    message = unknown_option(f"--{old}", click.Command("train"), "train")
    assert message == f"--{old}: no such option: its name is now --{new}."


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_an_old_run_is_read_under_the_new_names(old, new):
    made = validate(rename_old_options(nested(old, 1)), str)
    assert attrgetter(new)(made) == 1
    assert attrgetter(new)(Configuration()) != 1 or new.endswith("copies_per_word")


def test_what_has_its_name_still_stays():
    tree = {"seed": 3, "training": {"epochs": 2, "class_weights": {"variants": 2.0}}}
    assert rename_old_options(tree) == tree
