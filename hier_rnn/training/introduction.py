"""What is about to be trained, told at the start of a run: the data, and the model's layers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import chain

import keras
from rich.console import Console
from rich.table import Table

from hier_rnn.configuration.options import Configuration
from hier_rnn.training.display import tell
from hier_rnn.training.preparation import Preparation

BYTES = 4  # of a parameter


def introduce(
    configuration: Configuration, data: Preparation, weights: Mapping[str, keras.Variable]
) -> None:
    """Prints what is about to be trained, and on what.

    Args:
        configuration: The run's options.
        data: The run's data.
        weights: Every weight by name.
    """
    corpus, named = data.corpus, configuration.data
    tell(
        f"training on {data.train.name}: {corpus.examples:,} examples, {corpus.word_count:,} words,"
        f" {len(corpus.labels)} labels, {len(corpus.alphabet.characters):,} characters"
    )
    tell(f"validation on {data.validation.name}: {len(data.targets):,} examples")
    if not named.validation:
        tell("no --validation was given, so a stratified tenth of the training data is set aside")
    if data.cut:
        limit = configuration.text.maximum_word_length
        tell(f"{data.cut:,} words are longer than {limit} characters and keep head and tail")
    if named.encoder:
        tell(f"character encoder from {named.encoder}")
    if data.new_characters:
        tell(f"characters it never saw: {' '.join(data.new_characters)}")
    show_model(weights)


def show_model(weights: Mapping[str, keras.Variable]) -> None:
    """Prints the layers of a model: their weights' shapes, parameters and size in 80 columns.

    Args:
        weights: Every weight by name.
    """
    table = Table(box=None, pad_edge=False)
    for heading in ("layer", "weights"):
        table.add_column(heading, overflow="fold")
    for heading in ("parameters", "KiB"):
        table.add_column(heading, justify="right", no_wrap=True)
    layers: dict[str, list[tuple[int, ...]]] = {}
    for name, weight in weights.items():
        layers.setdefault(layer_of(name), []).append(tuple(weight.shape))
    for layer, shapes in layers.items():
        counted = Counter("x".join(map(str, shape)) for shape in shapes)
        described = [
            f"{count} of {shape}" if count > 1 else shape for shape, count in counted.items()
        ]
        table.add_row(layer, ", ".join(described), *_size(shapes))
    table.add_row("total", "", *_size(chain(*layers.values())), style="bold")
    Console(stderr=True).print(table)


def layer_of(name: str) -> str:
    """Returns the layer that a weight is of: `character_encoder/gru_0`, `head`."""
    part, _, below = name.partition("/")
    layer, _, _ = below.partition("/")
    return part if part in ("head", "next_character") else f"{part}/{layer}"


def _size(shapes: Iterable[tuple[int, ...]]) -> tuple[str, str]:
    parameters = sum(map(math.prod, shapes))
    return f"{parameters:,}", f"{parameters * BYTES / 1024:,.0f}"
