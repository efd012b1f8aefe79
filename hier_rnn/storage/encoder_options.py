"""`take_encoder_options`: a run that starts from an encoder directory has the encoder's options."""

from __future__ import annotations

from pathlib import Path

from hier_rnn.configuration.options import AUTO, Configuration
from hier_rnn.errors import UserError
from hier_rnn.storage.encoder_directory import EncoderDirectory

# These shape neither the weights nor what the encoder reads, so every run may choose its own.
OVERRIDABLE = {"minimum_character_count", "embedding_dropout", "dropout", "recurrent_dropout"}


def take_encoder_options(configuration: Configuration) -> Configuration:
    """Returns the configuration with the options of the encoder that `data.encoder` names, if any.

    Args:
        configuration: The run's options; those that somebody gave are its `model_fields_set`.

    Raises:
        UserError: No encoder there, or a given option contradicts it; both values are named.
    """
    if not configuration.data.encoder:
        return configuration
    directory = EncoderDirectory.find(Path(configuration.data.encoder))
    encoder = directory.read_configuration()
    taken = {}
    for name in directory.groups:
        ours, theirs = getattr(configuration, name), getattr(encoder, name)
        for option in ours.model_fields_set - OVERRIDABLE:
            if getattr(ours, option) not in (getattr(theirs, option), AUTO):
                raise UserError(
                    f"{name}.{option}: {getattr(ours, option)!r} contradicts the encoder"
                    f" {directory.path}, made with {getattr(theirs, option)!r}. Leave the option"
                    " out, or start without the encoder (data.encoder)."
                )
        free = {option: getattr(ours, option) for option in ours.model_fields_set & OVERRIDABLE}
        taken[name] = theirs.model_copy(update=free)
    return configuration.model_copy(update=taken)
