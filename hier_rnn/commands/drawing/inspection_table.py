"""The weights of a run, an encoder or a configuration as a table that explains itself."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import groupby

from rich.text import Text

from hier_rnn.commands.drawing.draw import draw
from hier_rnn.commands.drawing.table import Column, Table, numbers
from hier_rnn.commands.terminal.console import escaped
from hier_rnn.evaluation.inspection.weights import WeightRow
from hier_rnn.initializers.gates import gates_of


def print_inspection(rows: Sequence[WeightRow], heading: str) -> None:
    """Prints a heading line, the table, and what its columns mean, on standard output.

    Gates that the same rule decided the same way share a line; a weight that does not train says
    so behind its shape.

    Args:
        rows: What `inspect_target` returned.
        heading: What was inspected.
    """
    compared = any(row.moved is not None for row in rows)
    where = [Column("weight", whole=True), Column("gate")]
    started = [Column("initializer"), *([Column("rule")] if _ruled(rows) else [])]
    values = numbers("mean", "dev", "orth", *(["moved"] if compared else []))
    above: list[str] = []
    lines: list[tuple[list[Text | str], list[str]]] = []
    for name, alike in groupby(rows, lambda row: row.weight):
        *outer, last = name.split("/")
        for depth, part in enumerate(outer):
            if outer[: depth + 1] != above[: depth + 1]:
                lines.append(([Text(" " * depth + escaped(part), "bold"), ""], []))
        above = outer
        for group in _groups(list(alike)):
            gate, *cells = _cells(group, compared, bool(_ruled(rows)))
            lines.append(([" " * len(outer) + last, gate], cells))

    def table(start: int, columns: Sequence[Column], end: int | None = None) -> Table:
        empty = [""] * len(columns)
        drawn: list[Sequence[Text | str]] = [
            (*place, *(cells[start:end] or empty)) for place, cells in lines
        ]
        return Table("", [*where, *columns], drawn)

    first = 1 + len(started)
    shape = numbers("shape")
    whole = table(0, [*shape, *started, *values])
    # Without room for all columns: what is in the weights, then how they started.
    whole.narrow = (
        Table(
            "",
            [*where, *shape, *values],
            [
                (*place, *([*cells[:1], *cells[first:]] or [""] * (1 + len(values))))
                for place, cells in lines
            ],
        ),
        table(1, started, first),
    )
    draw(Text(_heading(rows, heading), style="bold"), "", whole, "", _legend(rows))


def _ruled(rows: Sequence[WeightRow]) -> set[str]:
    """The rules of the user that decided something."""
    return {row.rule for row in rows if not row.rule.startswith("default")}


def _groups(rows: list[WeightRow]) -> Iterable[list[WeightRow]]:
    """A weight's rows by what decided them, in the order they come."""
    groups: dict[tuple[str, str], list[WeightRow]] = {}
    for row in rows:
        groups.setdefault((row.rule, row.initializer), []).append(row)
    return groups.values()


def _cells(group: list[WeightRow], compared: bool, ruled: bool) -> list[str]:
    """What follows the name in a line of the table, over all blocks of the group (of one size)."""
    row = group[0]
    mean = sum(each.mean for each in group) / len(group)
    square = sum(each.deviation**2 + each.mean**2 for each in group) / len(group)
    distances = [each.orthogonality for each in group if each.orthogonality is not None]
    gates = [each.gate for each in group if each.gate]
    every = gates and len(gates) == len(gates_of(row.weight))
    shape = (*row.shape[:-1], row.shape[-1] * len(group))
    cells = [
        "all" if every else ", ".join(gates),
        "×".join(map(str, shape)) + ("" if row.trainable else " fixed"),
        row.initializer,
        *([row.rule.partition(":")[0]] if ruled else []),
        _number(mean),
        _number(math.sqrt(max(0.0, square - mean**2))),
        _number(max(distances)) if distances else "",
    ]
    if compared:
        moves = [each.moved for each in group if each.moved is not None]
        rms = math.sqrt(sum(move**2 for move in moves) / len(moves)) if moves else None
        cells.append("" if rms is None else _number(rms))
    return cells


def _number(value: float) -> str:
    if not math.isfinite(value) or value == int(value):
        return f"{value:g}"
    return f"{value:.4f}" if 5e-4 <= abs(value) < 100 else f"{value:.0e}"


def _heading(rows: Sequence[WeightRow], heading: str) -> str:
    sizes = [math.prod(row.shape) for row in rows]
    training = sum(size for row, size in zip(rows, sizes, strict=True) if row.trainable)
    count = len({row.weight for row in rows})
    return (
        f"{escaped(heading)}: {count} weights, {sum(sizes):,} numbers,"
        f" {training:,} of them training"
    )


def _legend(rows: Sequence[WeightRow]) -> Table:
    """A line for every column that is in use and needs one, and for every rule of the user."""
    lines = {}
    if any(row.gate for row in rows):
        lines["gate"] = (
            "GRU: update, reset, candidate; LSTM: input, forget, cell, output; all of them alike"
        )
    if not all(row.trainable for row in rows):
        lines["fixed"] = "training does not move it"
    if any(row.initializer for row in rows):
        lines["initializer"] = (
            "gate by gate, on the gate's own shape; 'fused': on the whole at once"
        )
    rules = _ruled(rows)
    if rules:
        lines["rule"] = "what decided; default: no rule of yours did, the built-in table's did"
    for rule in sorted(rules, key=lambda rule: (len(rule.partition(":")[0]), rule)):
        label, _, rest = rule.partition(": ")
        lines[label] = escaped(rest) or "the directory does not say what it started from"
    lines["dev"] = "standard deviation"
    lines["orth"] = "of square gates, max |W'W - I|: 0 is orthogonal"
    if any(row.moved is not None for row in rows):
        lines["moved"] = "root mean square of the change"
    legend: list[Sequence[Text]] = [
        (Text(name, "dim"), Text(meaning, "dim")) for name, meaning in lines.items()
    ]
    return Table("", [Column("", whole=True), Column("")], legend)
