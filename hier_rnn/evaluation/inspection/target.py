"""What is inspected: the weights of a run, an encoder or a configuration, and their rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hier_rnn.configuration.options import AUTO, Configuration, InitializerRule, Training
from hier_rnn.configuration.schema import validate
from hier_rnn.configuration.toml import read_configuration
from hier_rnn.errors import UserError
from hier_rnn.initializers.rules import WeightInit, resolve
from hier_rnn.model.weight_specs import encoder_shapes, weight_shapes
from hier_rnn.sources.source import open_source
from hier_rnn.storage.encoder_directory import (
    EncoderDirectory,
    find_directory,
    named_encoder,
)
from hier_rnn.storage.encoder_options import take_encoder_options
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.text.alphabet import Alphabet
from hier_rnn.text.tokenizer import Tokenizer
from hier_rnn.training.classification.run_alphabet import run_alphabet
from hier_rnn.training.phases import for_given_encoder
from hier_rnn.training.preparation.encoder_choice import choose_encoder


@dataclass(frozen=True)
class InspectedWeights:
    """Weights, and the decisions that they started from where these are recorded."""

    values: Mapping[str, np.ndarray]
    decisions: Mapping[str, WeightInit]
    training: Training


def open_weights(path: Path | None, train: str, verify: bool) -> InspectedWeights:
    """Returns the weights of a run or an encoder, or those that training would start from.

    Args:
        path: As `inspect_target` takes it.
        train: Likewise.
        verify: Likewise.

    Raises:
        UserError: It is none of these, is damaged, or its rules are wrong.
    """
    if path is None:
        configuration = _decided(Configuration(), train)
        return _before_training(configuration, *_counted(configuration, train))
    path = named_encoder(path)
    if path.is_dir():
        return _stored(find_directory(path, verify))
    if not path.exists():
        raise UserError(
            f"{path}: no such file or directory. Accepted: a run directory, an encoder directory"
            " or a TOML configuration."
        )
    configuration = take_encoder_options(read_configuration(path), labels_decide=True)
    run = RunDirectory(path.parent, verify)
    if run.alphabet.exists() and run.labels.exists():  # the configuration of a run
        return _before_training(configuration, run.read_alphabet(), len(run.read_labels()))
    configuration = _decided(configuration, train)
    return _before_training(configuration, *_counted(configuration, train))


def _decided(configuration: Configuration, train: str) -> Configuration:
    """The configuration with the encoder that training would start from."""
    data = configuration.data
    return choose_encoder(
        configuration, None, lambda: open_source(data.train or train, **data.reading)
    )


def _before_training(
    configuration: Configuration, alphabet: Alphabet, classes: int
) -> InspectedWeights:
    shapes = weight_shapes(configuration, alphabet.size, classes)
    rules, encoder = configuration.initializers.rules, configuration.encoder
    decisions = resolve(shapes, rules, encoder, configuration.transferred)
    values = {
        name: decision.draw(configuration.seed, alphabet) for name, decision in decisions.items()
    }
    return InspectedWeights(values, decisions, for_given_encoder(configuration))


def _stored(directory: RunDirectory | EncoderDirectory) -> InspectedWeights:
    configuration, size = directory.read_configuration(), directory.read_alphabet().size
    if isinstance(directory, RunDirectory):
        shapes = weight_shapes(configuration, size, len(directory.read_labels()))
    else:
        shapes = encoder_shapes(configuration, size, directory.holds_sentence_encoder)
    decisions = resolve(shapes, *_start(directory, configuration))
    return InspectedWeights(
        directory.read_weights(shapes), decisions, for_given_encoder(configuration)
    )


def _start(
    directory: RunDirectory | EncoderDirectory, configuration: Configuration
) -> tuple[tuple[InitializerRule, ...], str, tuple[str, ...]]:
    """The rules that a directory's weights started from, the encoder, and what came from it."""
    start = configuration
    if isinstance(directory, EncoderDirectory):
        facts = directory.read_facts()
        recorded = {
            "initializers": {"rules": facts.get("initializers", [])},
            "data": {"encoder": facts.get("encoder", ""), "transfer": facts.get("transfer", AUTO)},
        }
        start = validate(recorded, lambda name: f"{directory.facts}, {name}")
    return start.initializers.rules, start.encoder, start.transferred


def _counted(configuration: Configuration, train: str) -> tuple[Alphabet, int]:
    """Counts the training source's characters and labels.

    It needs no SentencePiece model: pieces have the characters of the words they are cut of.
    """
    data = configuration.data
    source = open_source(data.train or train, **data.reading)
    words = Tokenizer(configuration.text.model_copy(update={"words": "whitespace"}))
    labels = set()

    def texts() -> Iterator[list[str]]:
        for example in source:
            labels.add(example.label)
            yield words(example.text)

    seen = Alphabet.count(texts(), configuration.text.minimum_character_count)
    return run_alphabet(configuration, seen)[0], len(labels)
