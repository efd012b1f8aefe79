"""`take_encoder_options`: a run that starts from an encoder directory has the encoder's options."""

from __future__ import annotations

from pathlib import Path

from hier_rnn.configuration.options import AUTO, Configuration
from hier_rnn.configuration.toml import read_configuration
from hier_rnn.errors import UserError

GROUPS = ("text", "character_encoder")

# These shape neither the weights nor what the encoder reads, so every run may choose its own.
FREE = {"minimum_character_count", "embedding_dropout", "dropout", "recurrent_dropout"}


def encoder_directory(path: Path) -> Path:
    """Returns the encoder directory that a path means: itself, or the one inside a run directory.

    Args:
        path: An encoder directory or a run directory.

    Raises:
        UserError: It is neither.
    """
    for directory in (path / "encoder", path):
        if (directory / "encoder.weights.h5").exists():
            return directory
    wrong = "no such folder" if not path.exists() else "not an encoder directory"
    raise UserError(
        f"{path}: {wrong}: there is no encoder.weights.h5. Accepted: what `train.py pretrain --out`"
        " wrote, or a run directory."
    )


def take_encoder_options(configuration: Configuration) -> Configuration:
    """Returns the configuration with the options of the encoder that `data.encoder` names, if any.

    Args:
        configuration: The run's options; those that somebody gave are its `model_fields_set`.

    Raises:
        UserError: No encoder there, or a given option contradicts it; both values are named.
    """
    if not configuration.data.encoder:
        return configuration
    directory = encoder_directory(Path(configuration.data.encoder))
    encoder = read_configuration(directory / "config.toml")
    taken = {}
    for name in GROUPS:
        ours, theirs = getattr(configuration, name), getattr(encoder, name)
        for option in ours.model_fields_set - FREE:
            if getattr(ours, option) not in (getattr(theirs, option), AUTO):
                raise UserError(
                    f"{name}.{option}: {getattr(ours, option)!r} contradicts the encoder"
                    f" {directory}, made with {getattr(theirs, option)!r}. Leave the option out, or"
                    " start without --encoder."
                )
        free = {option: getattr(ours, option) for option in ours.model_fields_set & FREE}
        taken[name] = theirs.model_copy(update=free)
    return configuration.model_copy(update=taken)
