"""What a person sees of a run while it trains: a bar, and a line an evaluation."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from tqdm import tqdm


def tell(line: str) -> None:
    """Prints a line to a person: not to standard output, which is for results."""
    print(line, file=sys.stderr, flush=True)


class Display:
    """Shows progress: a bar on a terminal, and a line an evaluation everywhere.

    Args:
        total: Sentences that will be trained on, at the most.
        done: Sentences that an earlier session trained on.
        quiet: Show nothing.
        unit: What the bar counts. Default sentences.
    """

    def __init__(self, total: int, done: int, quiet: bool, unit: str = "sentences") -> None:
        self._quiet = quiet
        self._validation = ""
        self._bar = (
            tqdm(
                total=total,
                initial=done,
                unit=f" {unit}",
                unit_scale=True,
                dynamic_ncols=True,
                smoothing=0.05,
            )
            if not quiet and sys.stderr.isatty()
            else None
        )

    def __enter__(self) -> Display:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def say(self, line: str) -> None:
        """Prints a line, above the bar if there is one."""
        if self._quiet:
            return
        if self._bar is not None:
            self._bar.write(line, file=sys.stderr)
        else:
            tell(line)

    def step(self, sentences: int, epoch: int, loss: float, words_per_second: float) -> None:
        """Counts a step."""
        if self._bar is not None:
            self._bar.set_description(f"epoch {epoch}", refresh=False)
            figures = f"loss {loss:.3f}{self._validation}, {words_per_second:,.0f} words/s"
            self._bar.set_postfix_str(figures, refresh=False)
            self._bar.update(sentences)

    def score(self, text: str) -> None:
        """Shows a validation score in the bar from now on."""
        self._validation = f", {text}"

    def evaluation(self, line: Mapping[str, Any], metric: str, best: bool) -> None:
        """Shows the line that an evaluation adds to `metrics.jsonl`."""
        self.score(f"{metric} {line[f'validation_{metric}']:.4f}")
        shown = "macro_f1" if metric == "macro_f1" else "accuracy"
        self.say(
            f"epoch {line['epoch']:2d}  loss {line['train_loss']:.4f}"
            f"  validation {line['validation_loss']:.4f}"
            f"  {shown.replace('_f1', '-F1')} {100 * line[f'validation_{shown}']:.2f}"
            f"  {line['words_per_second']:,.0f} words/s" + ("  best" if best else "")
        )

    def close(self) -> None:
        """Takes the bar away."""
        if self._bar is not None:
            self._bar.close()
