"""The data that a program gives a training: by name, or the examples themselves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hier_rnn.api.data.examples import Labelled, labelled_source, source_names
from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError
from hier_rnn.sources.bundled import bundled
from hier_rnn.sources.example import Source
from hier_rnn.training.classification.training_data import Sources


def with_names(
    configuration: Configuration, given: Mapping[str, Labelled], encoder: str | Path | None
) -> Configuration:
    """Returns the options with the sources that are named; the bundled data where there are none.

    Args:
        configuration: The options.
        given: Data by role: `train`, `validation` and, where it is taken, `test`.
        encoder: An encoder directory, or None.

    Raises:
        UserError: Validation data without training data, or several sources where one is expected.
    """
    update: dict[str, Any] = {} if encoder is None else {"encoder": str(encoder)}
    for role, data in given.items():
        if data is None:
            continue
        names = source_names(data) or ()
        if role == "train":
            update[role] = names
        elif len(names) > 1:
            raise UserError(f"{role}: one source is expected. Received: {', '.join(names)}.")
        else:
            update[role] = "".join(names)
    if given["train"] is None and not configuration.data.train:
        if given.get("validation") is not None:
            raise UserError("validation needs train beside it.")
        update["train"] = (bundled("train"),)
        if "validation" in given:
            update["validation"] = bundled("validation")
        if "test" in given:
            update.setdefault("test", configuration.data.test or bundled("test"))
    return configuration.model_copy(update={"data": configuration.data.model_copy(update=update)})


def sources_of(configuration: Configuration, given: Mapping[str, Labelled]) -> Sources | None:
    """Returns the data; None where all of it has names, which a run opens itself.

    Args:
        configuration: The options, with the names.
        given: Data by role.

    Raises:
        UserError: A source that can't be read, a label or a column that is missing.
        TypeError: A text that is not a `str`.
    """
    if all(data is None or source_names(data) for data in given.values()):
        return None
    options = configuration.data
    named = {"train": options.train, "validation": options.validation, "test": options.test}

    def opened(role: str) -> Source | None:
        data = named[role] or None if given.get(role) is None else given[role]
        return None if data is None else labelled_source(data, role, options)

    train = opened("train")
    assert train is not None  # without any it would be the bundled data, by name
    return Sources(train, opened("validation"), opened("test"))
