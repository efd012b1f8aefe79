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
WITHOUT_LAYERS = ("head", "next_character")


def introduce(
    configuration: Configuration,
    data: Preparation,
    weights: Mapping[str, keras.Variable],
    passes: int,
    epochs: int,
) -> None:
    """Prints what is about to be trained, and on what.

    Args:
        configuration: The run's options.
        data: The run's data.
        weights: Every weight by name.
        passes: How often an epoch passes over the training data.
        epochs: How many there are.
    """
    corpus, named = data.corpus, configuration.data
    tell(
        f"training on {data.train.name}: {corpus.examples:,} examples, {corpus.word_count:,} words,"
        f" {len(corpus.labels)} labels, {len(corpus.alphabet.characters):,} characters"
    )
    if configuration.text.words == "sentencepiece":
        tell("words are the pieces of a SentencePiece model (else: --text.words whitespace)")
    if passes > 1:
        tell(f"little training data: an epoch passes over it {passes} times")
    training = configuration.training
    if epochs < training.epochs and not training.phases:
        tell(
            f"much training data: {epochs} epochs instead of {training.epochs}"
            f" (--training.maximum_steps {training.maximum_steps})"
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
    """Prints the parts of a model and their layers: shapes, parameters and size in 80 columns.

    Args:
        weights: Every weight by name.
    """
    parts: dict[str, dict[str, list[tuple[int, ...]]]] = {}
    for name, weight in weights.items():
        part, _, below = name.partition("/")
        layer = "" if part in WITHOUT_LAYERS else below.partition("/")[0]
        parts.setdefault(part, {}).setdefault(layer, []).append(tuple(weight.shape))
    table = Table(box=None, pad_edge=False)
    table.add_column("part", no_wrap=True)
    table.add_column("weights", overflow="fold")
    for heading in ("parameters", "KiB"):
        table.add_column(heading, justify="right", no_wrap=True)
    for part, layers in parts.items():
        whole = list(chain(*layers.values()))
        table.add_row(part, _described(layers.pop("", [])), *_size(whole))
        for layer, shapes in layers.items():
            table.add_row(f"  {layer}", _described(shapes), *_size(shapes), style="dim")
    everything = [tuple(weight.shape) for weight in weights.values()]
    table.add_row("total", "", *_size(everything), style="bold")
    Console(stderr=True).print(table)


def _described(shapes: Iterable[tuple[int, ...]]) -> str:
    """`2 of (256x512, 128x512, 512)`."""
    counts = Counter("x".join(map(str, shape)) for shape in shapes)
    if len(set(counts.values())) > 1:
        return ", ".join(f"{n} of {shape}" if n > 1 else shape for shape, n in counts.items())
    times, shown = next(iter(counts.values()), 1), ", ".join(counts)
    if times == 1:
        return shown
    return f"{times} of ({shown})" if len(counts) > 1 else f"{times} of {shown}"


def _size(shapes: Iterable[tuple[int, ...]]) -> tuple[str, str]:
    parameters = sum(map(math.prod, shapes))
    return f"{parameters:,}", f"{parameters * BYTES / 1024:,.0f}"
