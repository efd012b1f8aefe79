"""What a person sees of a run while it trains: its events as one bar and as lines that stay."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from hier_rnn.commands.drawing.progress import Progress
from hier_rnn.training.events import (
    Evaluated,
    Event,
    ModelBuilt,
    PhaseEnded,
    Stage,
    Started,
    Step,
)

BYTES = 4  # of a parameter
WITHOUT_LAYERS = ("head", "next_character")


class TrainingScreen:
    """Draws a run's events: call it with each of them.

    Args:
        quiet: Show nothing.
    """

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._progress = Progress(quiet)
        self._stage = ""
        self._score = ""

    def __enter__(self) -> TrainingScreen:
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.close()

    def __call__(self, event: Event) -> None:
        """Shows an event."""
        if isinstance(event, Stage):
            if event.name != self._stage:
                self._stage = event.name
                self._progress.stage(event.name, event.total, event.unit, event.done)
            else:
                self._progress.to(event.done)
        elif isinstance(event, ModelBuilt):
            self._progress.close()
            if not self._quiet:
                print_model(event.shapes)
        elif isinstance(event, Started):
            self._start(event)
        elif isinstance(event, Step):
            figures = [f"loss {event.loss:.3f}", f"{event.words_per_second:,.0f} words/s"]
            if self._score:
                figures.insert(0, self._score)
            self._progress.to(event.done, figures, f"epoch {event.epoch}")
        elif isinstance(event, Evaluated):
            self._evaluated(event)
        elif isinstance(event, PhaseEnded) and event.stalled:
            self._progress.line("no better for some epochs: the phase ends early")

    def _start(self, event: Started) -> None:
        if event.step:
            self._progress.line(f"going on after step {event.step:,}, epoch {event.epoch + 1}")
        self._stage = ""
        self._progress.stage(f"epoch {event.epoch + 1}", event.total, event.unit, event.done)

    def _evaluated(self, event: Evaluated) -> None:
        row = event.metrics
        name = event.score_name.removeprefix("validation_").replace("_f1", "-F1").replace("_", " ")
        self._score = f"{name} {row[event.score_name]:.4f}"
        line = evaluation_line(row, event.score_name)
        self._progress.line(line + ("  best" if event.best else ""))


def evaluation_line(row: Mapping[str, Any], score_name: str) -> str:
    """Returns a row of `metrics.jsonl` as a line for people.

    Args:
        row: The row.
        score_name: Which of the metrics decides what is best.
    """
    line = f"epoch {row['epoch']:2d}  loss {row['train_loss']:.4f}"
    if "validation_loss" in row:
        line += f"  validation {row['validation_loss']:.4f}"
        shown = score_name.removeprefix("validation_")
        if shown == "loss":
            shown = "micro_f1" if "validation_micro_f1" in row else "accuracy"
        line += f"  {shown.replace('_f1', '-F1')} {100 * row[f'validation_{shown}']:.2f}"
    else:
        line += f"  {score_name.replace('_', ' ')} {row[score_name]:.4f}"
    return f"{line}  {row['words_per_second']:,.0f} words/s"


def print_model(shapes: Mapping[str, Sequence[int]]) -> None:
    """Prints the parts of a model and their layers on standard error: shapes and sizes.

    Args:
        shapes: The shape of every weight by name.
    """
    from hier_rnn.commands.drawing.draw import draw_messages
    from hier_rnn.commands.drawing.table import Column, Table, numbers

    parts: dict[str, dict[str, list[tuple[int, ...]]]] = {}
    for name, shape in shapes.items():
        part, _, below = name.partition("/")
        layer = "" if part in WITHOUT_LAYERS else below.partition("/")[0]
        parts.setdefault(part, {}).setdefault(layer, []).append(tuple(shape))
    columns = [Column("part", whole=True), Column("weights"), *numbers("parameters", "KiB")]
    table = Table("", columns)
    for part, layers in parts.items():
        whole = list(chain(*layers.values()))
        table.add(part, _described(layers.pop("", [])), *_size(whole))
        for layer, some in layers.items():
            table.add(f"  {layer}", _described(some), *_size(some))
    table.add("total", "", *_size(list(map(tuple, shapes.values()))))
    draw_messages(table)


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
