"""Options that had another name before: an error names the new one, and old runs are still read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

RENAMED = {
    "training.epoch_steps": "training.minimum_steps_per_epoch",
    "training.encoder_rate": "training.encoder_learning_rate_multiplier",
    "training.unfreeze_after": "training.frozen_encoder_share",
    "training.warm_start_label_weight": "training.warm_start_label_feature_weight",
    "pretraining.frequency_power": "pretraining.frequency_exponent",
    "pretraining.variants": "pretraining.rewrites_per_word",
    "pretraining.misspell.rate": "pretraining.misspell.copies_per_word",
}
"""The new dotted name by the old one; both are in the same group."""


def rename_old_options(tree: Mapping[str, Any], group: str = "") -> dict[str, Any]:
    """Returns the options with their new names, for the configuration of a run that has old ones.

    Args:
        tree: Nested tables of options, as TOML gives them.
        group: The group that the tables are of. Default the whole configuration.
    """
    renamed = {}
    for key, value in tree.items():
        name = f"{group}.{key}".lstrip(".")
        if isinstance(value, Mapping):
            value = rename_old_options(value, name)
        renamed[RENAMED.get(name, name).rpartition(".")[2]] = value
    return renamed
