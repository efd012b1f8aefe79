"""The results of `transfer`, as a figure: accuracy by labels, the mean and the deviation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.figures import OTHERS, figure, save
from benchmarks.transfer import FASTTEXT, mean_and_deviation


def plot(results: Mapping[str, Any], path: Path) -> None:
    """Draws a panel for each data set, with one line per variant.

    Args:
        results: As the benchmark writes them.
        path: The figure; its ending says which kind.
    """
    drawn, axes = figure(len(results["data"]), 1)
    for panel, (name, points) in zip(axes[:, 0], results["data"].items(), strict=True):
        panel.set_visible(True)
        labels = [point["labels"] for point in points]
        for variant in points[0]["runs"] if points else ():
            scores = [mean_and_deviation(point["runs"][variant]) for point in points]
            means, deviations = 100 * np.transpose(scores)
            style = {"color": OTHERS, "linestyle": "--"} if variant == FASTTEXT else {}
            (line,) = panel.plot(labels, means, marker="o", markersize=3, label=variant, **style)
            panel.fill_between(
                labels,
                means - deviations,
                means + deviations,
                color=line.get_color(),
                alpha=0.15,
                lw=0,
            )
        panel.set_xscale("log")
        panel.set_xticks(labels, [f"{count:,}" for count in labels])
        panel.minorticks_off()
        panel.set_title(name)
        panel.set_xlabel("labels")
        panel.set_ylabel("validation accuracy, %")
        panel.grid(alpha=0.3)
        panel.spines[["top", "right"]].set_visible(False)
        panel.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    save(drawn, path)
