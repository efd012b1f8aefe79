"""`inspect_target`: every weight of a run, an encoder or a configuration, and how it started."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hier_rnn.configuration.options import AUTO, Configuration, InitializerRule, Training
from hier_rnn.configuration.schema import validate
from hier_rnn.configuration.toml import read_configuration
from hier_rnn.errors import UserError
from hier_rnn.initializers.gates import gate_blocks
from hier_rnn.initializers.patterns import matches
from hier_rnn.initializers.rules import ResolvedRule, WeightInit, resolve
from hier_rnn.model.weight_specs import encoder_shapes, weight_shapes
from hier_rnn.sources.source import open_source
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.storage.encoder_options import take_encoder_options
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.storage.stored_weights import find_directory
from hier_rnn.text.alphabet import Alphabet
from hier_rnn.text.tokenizer import Tokenizer
from hier_rnn.training.classification.run_alphabet import run_alphabet
from hier_rnn.training.phases import for_given_encoder, multiplier

UNRECORDED = "not recorded"


@dataclass(frozen=True)
class WeightRow:
    """A gate of a weight, or a weight without gates.

    Args:
        weight: The weight's name.
        gate: The gate, "" if the weight has none.
        shape: What the gate has of the weight's shape.
        rule: What decided: `rule 2: .*bias [forget]` or `default: .*/kernel`.
        initializer: The initializer and the options given to it.
        trainable: Whether training moves it, in one phase at least.
        mean: Mean of its values.
        deviation: Their standard deviation.
        orthogonality: max |W'W - I| of a square matrix, else None.
        moved: Root mean square of the difference to what it is compared with; None without
            comparison, or if that has no such weight of this shape.
    """

    weight: str
    gate: str
    shape: tuple[int, ...]
    rule: str
    initializer: str
    trainable: bool
    mean: float
    deviation: float
    orthogonality: float | None
    moved: float | None


@dataclass(frozen=True)
class _Weights:
    """Weights, and the decisions that they started from where these are recorded."""

    values: Mapping[str, np.ndarray]
    decisions: Mapping[str, WeightInit]
    training: Training


def inspect_target(
    target: Path | None = None,
    compare: Path | None = None,
    train: str = "",
    verify: bool = True,
) -> list[WeightRow]:
    """Returns a row for every gate of every weight, in the order of the flow.

    Args:
        target: A run directory, an encoder directory, or a TOML configuration: of that, the
            weights are those that training would start from. None: the default configuration.
        compare: Another of these, to say how far each weight has moved since. A run's own
            `config.toml` gives the way from its first values.
        train: Training source of a configuration that names none: its characters and labels
            decide the shapes.
        verify: Whether files must be as their directory's manifest says. Default True.

    Raises:
        UserError: It is none of these, is damaged, or its rules are wrong.
    """
    opened = _opened(target, train, verify)
    before = _opened(compare, train, verify).values if compare else {}
    return [row for name in opened.values for row in _rows(name, opened, before.get(name))]


def json_rows(rows: list[WeightRow]) -> list[dict[str, Any]]:
    """Returns the rows as what JSON can hold."""
    return [dataclasses.asdict(row) for row in rows]


def _opened(path: Path | None, train: str, verify: bool) -> _Weights:
    if path is None:
        return _before_training(Configuration(), *_counted(Configuration(), train))
    if path.is_dir():
        return _stored(find_directory(path, verify))
    if not path.exists():
        raise UserError(
            f"{path}: no such file or directory. Accepted: a run directory, an encoder directory"
            " or a TOML configuration."
        )
    configuration = take_encoder_options(read_configuration(path))
    run = RunDirectory(path.parent, verify)
    if run.alphabet.exists() and run.labels.exists():  # the configuration of a run
        return _before_training(configuration, run.read_alphabet(), len(run.read_labels()))
    return _before_training(configuration, *_counted(configuration, train))


def _before_training(configuration: Configuration, alphabet: Alphabet, classes: int) -> _Weights:
    shapes = weight_shapes(configuration, alphabet.size, classes)
    rules, encoder = configuration.initializers.rules, configuration.data.encoder
    decisions = resolve(shapes, rules, encoder, configuration.transferred)
    values = {
        name: decision.draw(configuration.seed, alphabet) for name, decision in decisions.items()
    }
    return _Weights(values, decisions, for_given_encoder(configuration))


def _stored(directory: RunDirectory | EncoderDirectory) -> _Weights:
    configuration, size = directory.read_configuration(), directory.read_alphabet().size
    if isinstance(directory, RunDirectory):
        shapes = weight_shapes(configuration, size, len(directory.read_labels()))
    else:
        shapes = encoder_shapes(configuration, size, directory.holds_sentence_encoder)
    decisions = resolve(shapes, *_start(directory, configuration))
    return _Weights(directory.read_weights(shapes), decisions, for_given_encoder(configuration))


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
    return start.initializers.rules, start.data.encoder, start.transferred


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


def _rows(name: str, opened: _Weights, before: np.ndarray | None) -> Iterator[WeightRow]:
    value = opened.values[name].astype(np.float64)
    change = None
    if before is not None and before.shape == value.shape:
        change = value - before
    decision = opened.decisions.get(name)
    for gate, indices in gate_blocks(name, value.shape).items():
        # The two rows of a reset_after bias are shown as one.
        columns = (..., *indices[0][1:])
        block = value[columns]
        square = block.ndim == 2 and block.shape[0] == block.shape[1] and len(indices) == 1
        yield WeightRow(
            weight=name,
            gate=gate,
            shape=block.shape,
            rule=decision.choices[gate].text if decision else UNRECORDED,
            initializer=_initializer(decision.choices[gate]) if decision else "",
            trainable=_trains(name, opened.training),
            mean=float(block.mean()),
            deviation=float(block.std()),
            orthogonality=_distance_from_orthogonal(block) if square else None,
            moved=None if change is None else float(np.sqrt(np.mean(change[columns] ** 2))),
        )


def _initializer(choice: ResolvedRule) -> str:
    return f"{choice.initializer}{'' if choice.rule.per_gate else ', fused'}"


def _distance_from_orthogonal(block: np.ndarray) -> float:
    return float(np.abs(block.T @ block - np.eye(len(block))).max())


def _trains(name: str, training: Training) -> bool:
    if training.freeze_encoder and name.startswith("character_encoder/"):
        return False
    if multiplier(name, training.learning_rate_multipliers) == 0:
        return False
    return not training.phases or any(
        any(matches(pattern, name) for pattern in phase.train)
        and not any(matches(pattern, name) for pattern in phase.freeze)
        for phase in training.phases
    )
