"""The parts of a step, and its operations, as a figure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.figures import bars, figure, save

OPERATIONS = 12


def plot(results: Mapping[str, Any], path: Path) -> None:
    """Draws both as bars.

    Args:
        results: As `step_profile` writes them.
        path: The figure; its ending says which kind.
    """
    drawn, axes = figure(1, 2)
    largest = dict(list(results["training"]["operations"].items())[:OPERATIONS])
    bars(axes[0, 0], "parts of a step", results["training"]["parts"], "milliseconds")
    bars(axes[0, 1], "operations, over all threads", largest, "milliseconds")
    save(drawn, path)
