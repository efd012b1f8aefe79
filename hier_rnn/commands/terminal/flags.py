"""The flags of the terminal, and how messages of the library, which name options, name them."""

from __future__ import annotations

import re

READING = {
    "seed": "--seed",
    "data.label_column": "--label-column NAME",
    "data.text_column": "--text-column NAME",
    "data.delimiter": "--delimiter CHARACTER",
    "data.quoting": "--quoting",
    "data.tfds_data_dir": "--tfds-data-dir DIR",
}
"""Flags of all commands that train: the flag by the option's dotted name."""

CLASSIFICATION = {
    "data.train": "--train SRC",
    "data.validation": "--validation SRC",
    "data.test": "--test SRC",
    "data.encoder": "--encoder auto|none|english|DIR",
    "data.transfer": "--transfer",
    "training.freeze_encoder": "--freeze-encoder",
    "training.distribute": "--distribute",
    **READING,
    "data.multi_label": "--multi-label",
    "data.label_separator": "--label-separator TEXT",
}

PRETRAINING = {
    "data.text": "--text SRC",
    "data.counts": "--counts DIR",
    "data.targets": "--targets FILE",
    "data.teacher": "--teacher MODEL",
    "pretraining.objective": "--objective",
    "pretraining.vectors": "--vectors FILE",
    "pretraining.distribute": "--distribute",
    "data.encoder": "--encoder english|DIR",
    "data.transfer": "--transfer",
    **READING,
}

_ARGUMENTS = {"`out`": "--out", "`force=True`": "--force", "`verify=False`": "--no-verify"}
"""Arguments of the library's functions, as messages write them."""
_FLAGS = {
    name: flag.split()[0]
    for name, flag in {**CLASSIFICATION, **PRETRAINING}.items()
    if name.startswith("data.") or name.endswith(".distribute")
}
# Not where a message begins with the place in a file: there the option is called as in the file.
_NAMED = re.compile(
    rf"(?<![\w.-])(?<!: )({'|'.join(map(re.escape, _FLAGS))})(?![\w.]*\w)"
    rf"|{'|'.join(map(re.escape, _ARGUMENTS))}"
)


def with_flags(message: str) -> str:
    """Returns a message of the library as it is to be understood in the terminal.

    Args:
        message: It names options (`data.train`) and arguments (`force=True`).
    """
    names = {**_ARGUMENTS, **_FLAGS}
    return _NAMED.sub(lambda match: names[match[0]], message)
