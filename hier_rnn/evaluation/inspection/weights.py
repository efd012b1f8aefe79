"""`inspect_target`: every weight of a run, an encoder or a configuration, and how it started."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hier_rnn.configuration.options import Training
from hier_rnn.evaluation.inspection.target import InspectedWeights, open_weights
from hier_rnn.initializers.gates import gate_blocks
from hier_rnn.initializers.patterns import matches
from hier_rnn.initializers.rules import ResolvedRule
from hier_rnn.training.phases import multiplier

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
    opened = open_weights(target, train, verify)
    before = open_weights(compare, train, verify).values if compare else {}
    return [row for name in opened.values for row in _rows(name, opened, before.get(name))]


def json_rows(rows: list[WeightRow]) -> list[dict[str, Any]]:
    """Returns the rows as what JSON can hold."""
    return [dataclasses.asdict(row) for row in rows]


def _rows(name: str, opened: InspectedWeights, before: np.ndarray | None) -> Iterator[WeightRow]:
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
