"""The results of variants, as a figure: training curves, the mean over seeds and their range."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.figures import figure, save

CURVES = {
    "validation_accuracy": "validation accuracy",
    "validation_loss": "validation loss",
    "train_loss": "training loss",
}


def plot(results: Mapping[str, Any], path: Path) -> None:
    """Draws a row of curves for each data set.

    Args:
        results: As the benchmark writes them.
        path: The figure; its ending says which kind.
    """
    drawn, axes = figure(len(results["data"]), len(CURVES))
    for row, (name, by_variant) in zip(axes, results["data"].items(), strict=True):
        for panel, (field, title) in zip(row, CURVES.items(), strict=True):
            panel.set_visible(True)
            for variant, runs in by_variant.items():
                # Early stopping may end one seed's run before another's.
                length = min(len(run["curve"]) for run in runs)
                curves = np.array([[p[field] for p in run["curve"][:length]] for run in runs])
                epochs = np.arange(1, length + 1)
                (line,) = panel.plot(epochs, curves.mean(0), "o-", markersize=3, label=variant)
                panel.fill_between(
                    epochs, curves.min(0), curves.max(0), color=line.get_color(), alpha=0.15, lw=0
                )
            panel.set_title(f"{name}: {title}")
            panel.set_xlabel("epoch")
            panel.grid(alpha=0.3)
            panel.spines[["top", "right"]].set_visible(False)
        row[0].legend(frameon=False, fontsize="small")
    save(drawn, path)
