"""`render`: the rows of `inspect_target` as a table for one screen, which explains itself."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import groupby

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from hier_rnn.evaluation.inspection.weights import Row
from hier_rnn.initializers.gates import gates_of


def render(rows: Sequence[Row], heading: str = "") -> Group:
    """Returns a heading line, the table, and a legend of what its columns mean.

    Gates that the same rule decided the same way share a line.

    Args:
        rows: What `inspect_target` returned.
        heading: What was inspected, to open the heading line.
    """
    compared = any(row.moved is not None for row in rows)
    table = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    table.add_column("weight", no_wrap=True)
    table.add_column("gate", max_width=13)
    table.add_column("shape", justify="right", no_wrap=True)
    table.add_column("initializer", overflow="fold")
    for name in ("rule", "train"):
        table.add_column(name, no_wrap=True)
    for name in ("mean", "dev", "orth", *(["moved"] if compared else [])):
        table.add_column(name, justify="right", no_wrap=True)
    above: list[str] = []
    for name, alike in groupby(rows, lambda row: row.weight):
        *outer, last = name.split("/")
        for depth, part in enumerate(outer):
            if outer[: depth + 1] != above[: depth + 1]:
                table.add_row(Text(" " * depth + part, style="bold"))
        above = outer
        for group in _groups(list(alike)):
            table.add_row(" " * len(outer) + last, *_cells(group, compared))
    return Group(Text(_heading(rows, heading), style="bold"), "", table, "", *_legend(rows))


def _groups(rows: list[Row]) -> Iterable[list[Row]]:
    """A weight's rows by what decided them, in the order they come."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.rule, row.initializer), []).append(row)
    return groups.values()


def _cells(group: list[Row], compared: bool) -> list[str]:
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
        "×".join(map(str, shape)),
        row.initializer,
        row.rule.partition(":")[0],
        "yes" if row.trainable else "no",
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


def _heading(rows: Sequence[Row], heading: str) -> str:
    sizes = [math.prod(row.shape) for row in rows]
    training = sum(size for row, size in zip(rows, sizes, strict=True) if row.trainable)
    count = len({row.weight for row in rows})
    total = f"{count} weights, {sum(sizes):,} numbers, {training:,} of them training"
    return f"{heading}: {total}" if heading else total


def _legend(rows: Sequence[Row]) -> Iterable[Text]:
    """A line for every column that is in use and needs one, and for every rule of the user."""
    lines = {}
    rules = {row.rule for row in rows if not row.rule.startswith("default")}
    if any(row.gate for row in rows):
        lines["gate"] = (
            "GRU: update, reset, candidate; LSTM: input, forget, cell, output; all: each one alike"
        )
    if any(row.initializer for row in rows):
        lines["initializer"] = (
            "gate by gate, on the gate's own shape; 'fused': on the whole at once"
        )
    lines["rule"] = "what decided; default: no rule of yours did, the built-in table's did"
    for rule in sorted(rules, key=lambda rule: (len(rule.partition(":")[0]), rule)):
        label, _, rest = rule.partition(": ")
        lines[label] = rest or "the directory does not say what it started from"
    lines["dev"] = "standard deviation"
    lines["orth"] = "of square gates, max |W'W - I|: 0 is orthogonal"
    if any(row.moved is not None for row in rows):
        lines["moved"] = "root mean square of the change"
    width = max(map(len, lines))
    return [Text(f"{name:<{width}}  {text}", style="dim") for name, text in lines.items()]
