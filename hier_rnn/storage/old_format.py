"""Directories written before there were manifests (the format of commit 614c248)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hier_rnn.configuration.options import Configuration
from hier_rnn.configuration.renamed import rename_old_options
from hier_rnn.configuration.toml import parse_table, validate_table
from hier_rnn.errors import UserError

OLD_WEIGHTS = {"run": "model.weights.h5", "encoder": "encoder.weights.h5"}
OLD_FILES = (*OLD_WEIGHTS.values(), "word_vectors.map.h5")

# What decides the answers. A resolved config.toml has every option: without a checksum, one that
# lacks some was cut, and their defaults would give other answers.
OPTIONS = {
    "text": (
        "words normalization lowercase minimum_character_count boundary_marks maximum_word_length"
        " sentencepiece_model sentencepiece_type vocabulary_size"
    ),
    "character_encoder": (
        "embedding_dim units layers bidirectional reset_after projection embedding_dropout dropout"
        " recurrent_dropout share_layer_weights initial_state"
    ),
    "sentence_encoder": (
        "units layers pooling word_dropout input_dropout dropout recurrent_dropout"
        " share_layer_weights initial_state segment_words"
    ),
}


def read_old_configuration(data: bytes, path: Path, groups: Sequence[str]) -> Configuration:
    """Returns the options of a `config.toml` that no manifest vouches for.

    Args:
        data: Its content.
        path: The file, for the message.
        groups: Groups that it has; empty for all.

    Raises:
        UserError: Not TOML, a value that is not accepted, or an option is missing.
    """
    table = rename_old_options(parse_table(data, path))
    for group, names in OPTIONS.items():
        if groups and group not in groups:
            continue
        there = table.get(group, {})
        missing = [name for name in names.split() if name not in there]
        if missing:
            raise UserError(
                f"{path}: damaged, or cut short: [{group}] lacks {', '.join(missing)}. Copy the"
                " directory again from where it is whole, or train again."
            )
    return validate_table(table, path)
