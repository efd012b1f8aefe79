"""The results of `throughput`, as a figure: speeds as bars, sweeps as lines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.figures import bars, figure, lines, save

LABELS = {
    "batch": "sentences in a batch",
    "length": "words in a sentence",
    "units": "units of GRU and LSTM",
}
SPEED = "words per second"


def plot(results: Mapping[str, Any], path: Path) -> None:
    """Draws all there is something for.

    Args:
        results: As `throughput` writes them.
        path: The figure; its ending says which kind.
    """
    measured = {f"training, batches of {n}": t for n, t in results["training"].items()}
    if "inference" in results:
        measured["inference"] = results["inference"]
    sweeps = results.get("sweeps", {})
    drawn, axes = figure(1 + len(sweeps), max(len(measured), 2 if sweeps else 1))
    for panel, (title, each) in zip(axes[0], measured.items(), strict=False):
        speeds = each["words_per_second"]
        medians = {name: speed["median"] for name, speed in speeds.items()}
        bars(panel, title, medians, SPEED, {name: s["runs"] for name, s in speeds.items()})
    for row, (swept, points) in zip(axes[1:], sweeps.items(), strict=True):
        speeds = [(p[swept], p["training"]["words_per_second"]) for p in points]
        medians = [(x, {n: s["median"] for n, s in by_name.items()}) for x, by_name in speeds]
        lines(row[0], LABELS[swept], SPEED, medians)
        peaks = [
            (p[swept], {n: b / 2**20 for n, b in p.get("memory", {}).items() if b}) for p in points
        ]
        if any(by_name for _, by_name in peaks):
            lines(row[1], LABELS[swept], "peak of a step, MiB", peaks)
    save(drawn, path)
