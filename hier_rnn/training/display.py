"""What a person sees of a training run: what is about to be trained, a bar, a line an epoch."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import keras
from rich.console import Console
from rich.table import Table
from tqdm import tqdm

PARTS = ("character_encoder", "sentence_encoder", "head")


def show_model(weights: Mapping[str, keras.Variable]) -> None:
    """Prints the parts of a model with their weights' shapes, parameters and size.

    Args:
        weights: Every weight by name.
    """
    table = Table(box=None, pad_edge=False)
    for heading in ("part", "weights"):
        table.add_column(heading)
    for heading in ("parameters", "KiB"):
        table.add_column(heading, justify="right")
    total = 0
    for part in PARTS:
        groups: dict[str, list[str]] = {}
        parameters: dict[str, int] = {}
        for name, weight in weights.items():
            if not name.startswith(f"{part}/"):
                continue
            group, _, last = name.rpartition("/")
            groups.setdefault(group, []).append(f"{last} {'x'.join(map(str, weight.shape))}")
            parameters[group] = parameters.get(group, 0) + int(weight.numpy().size)
        for group, described in groups.items():
            count = parameters[group]
            table.add_row(group, ", ".join(described), f"{count:,}", f"{count * 4 / 1024:,.0f}")
            total += count
    table.add_row("total", "", f"{total:,}", f"{total * 4 / 1024:,.0f}", style="bold")
    Console(stderr=True).print(table)


class Display:
    """Shows progress: a bar on a terminal, and a line an evaluation everywhere.

    Args:
        total: Sentences that will be trained on, at the most.
        done: Sentences that an earlier session trained on.
        quiet: Show nothing.
    """

    def __init__(self, total: int, done: int, quiet: bool) -> None:
        self._quiet = quiet
        self._validation = ""
        self._bar = (
            tqdm(
                total=total,
                initial=done,
                unit=" sentences",
                unit_scale=True,
                dynamic_ncols=True,
                smoothing=0.05,
            )
            if not quiet and sys.stderr.isatty()
            else None
        )

    def say(self, line: str) -> None:
        """Prints a line, above the bar if there is one."""
        if self._quiet:
            return
        if self._bar is not None:
            self._bar.write(line, file=sys.stderr)
        else:
            print(line, file=sys.stderr, flush=True)

    def step(self, sentences: int, epoch: int, loss: float, words_per_second: float) -> None:
        """Counts a step."""
        if self._bar is not None:
            self._bar.set_description(f"epoch {epoch}", refresh=False)
            figures = f"loss {loss:.3f}{self._validation}, {words_per_second:,.0f} words/s"
            self._bar.set_postfix_str(figures, refresh=False)
            self._bar.update(sentences)

    def evaluation(self, line: Mapping[str, Any], metric: str, best: bool) -> None:
        """Shows the line that an evaluation adds to `metrics.jsonl`."""
        score = line[f"validation_{metric}"]
        self._validation = f", {metric} {score:.4f}"
        self.say(
            f"epoch {line['epoch']:3d}  train loss {line['train_loss']:.4f}"
            f"  validation loss {line['validation_loss']:.4f}"
            f"  accuracy {100 * line['validation_accuracy']:.2f}"
            f"  macro-F1 {100 * line['validation_macro_f1']:.2f}"
            f"  {line['words_per_second']:,.0f} words/s  {line['seconds']:.0f} s"
            + ("  best" if best else "")
        )

    def close(self) -> None:
        """Takes the bar away."""
        if self._bar is not None:
            self._bar.close()
