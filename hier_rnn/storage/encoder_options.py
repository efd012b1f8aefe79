"""`take_encoder_options`: a run that starts from an encoder directory has the encoder's options."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hier_rnn.configuration.options import AUTO, ENGLISH, SENTENCE_ENCODER, Configuration
from hier_rnn.errors import UserError
from hier_rnn.storage.encoder_directory import EncoderDirectory

# These shape neither the weights nor what the encoders read, so every run may choose its own.
OVERRIDABLE = {
    "minimum_character_count",
    "embedding_dropout",
    "word_dropout",
    "input_dropout",
    "dropout",
    "recurrent_dropout",
    "segment_words",
}


def take_encoder_options(
    configuration: Configuration, labels_decide: bool = False
) -> Configuration:
    """Returns the configuration with the options of the encoder that `data.encoder` names, if any.

    Which of the encoders are taken is decided as well, where `data.transfer` is `auto`.

    Args:
        configuration: The run's options; those that somebody gave are its `model_fields_set`.
        labels_decide: Whether it is left to the number of labels what is taken of the English
            encoder (`choose_encoder`). Default False.

    Raises:
        UserError: No encoder there, a given option contradicts it (both values are named), or it
            has no sentence encoder to take.
    """
    if not configuration.encoder:
        return configuration
    if labels_decide and configuration.encoder == ENGLISH and configuration.data.transfer == AUTO:
        return configuration
    directory = EncoderDirectory.find(Path(configuration.encoder))
    configuration = _with_transfer(configuration, directory)
    encoder = directory.read_configuration()
    for name, option, ours, theirs in _contradictions(configuration, encoder):
        raise UserError(
            f"{name}.{option}: {ours!r} contradicts the encoder {directory.path}, made with"
            f" {theirs!r}. Leave the option out, or start without {_alternative(name)}."
        )
    taken = {}
    for name in ("text", *configuration.transferred):
        ours, theirs = getattr(configuration, name), getattr(encoder, name)
        own = ours.model_fields_set
        if name == SENTENCE_ENCODER:  # what it learnt labels with is no matter of the teacher's
            own = type(ours).model_fields.keys()
        free = {option: getattr(ours, option) for option in own & OVERRIDABLE}
        taken[name] = theirs.model_copy(update=free)
    return configuration.model_copy(update=taken)


def contradicting_option(configuration: Configuration) -> str:
    """Returns the name of an option that somebody gave and that is not the encoder's, or nothing.

    Args:
        configuration: The run's options, with the encoder that `data.encoder` names.

    Raises:
        UserError: No encoder there.
    """
    directory = EncoderDirectory.find(Path(configuration.encoder))
    configuration = _with_transfer(configuration, directory)
    found = _contradictions(configuration, directory.read_configuration())
    return next((f"{name}.{option}" for name, option, *_ in found), "")


def _contradictions(
    configuration: Configuration, encoder: Configuration
) -> Iterator[tuple[str, str, Any, Any]]:
    """Yields group and name of each option given that is not the encoder's, and both values."""
    for name in ("text", *configuration.transferred):
        ours, theirs = getattr(configuration, name), getattr(encoder, name)
        for option in sorted(ours.model_fields_set - OVERRIDABLE):
            values = getattr(ours, option), getattr(theirs, option)
            if values[0] not in (values[1], AUTO):
                yield name, option, *values


def _with_transfer(configuration: Configuration, directory: EncoderDirectory) -> Configuration:
    transfer, held = configuration.data.transfer, directory.holds_sentence_encoder
    if transfer in ("sentence", "both") and not held:
        raise UserError(
            f"data.transfer: {transfer}, but {directory.path} holds a character encoder alone."
            " Accepted: character, or an encoder that learnt sentence-vectors."
        )
    if transfer == AUTO:
        data = configuration.data.model_copy(update={"transfer": "both" if held else "character"})
        return configuration.model_copy(update={"data": data})
    return configuration


def _alternative(group: str) -> str:
    if group == SENTENCE_ENCODER:
        return "its sentence encoder (data.transfer character)"
    return "the encoder (data.encoder)"
