"""Measuring: turns that alternate, medians, ratios within a round, and the peak of memory."""

from __future__ import annotations

import ctypes
import gc
import os
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")

STATUS = Path("/proc/self/status")
CLEAR = Path("/proc/self/clear_refs")
RESET_PEAK = "5"


def alternate(turns: Mapping[str, Callable[[], Result]], rounds: int) -> dict[str, list[Result]]:
    """Runs everything in turns, so that what the machine does meanwhile falls on all alike.

    Args:
        turns: What to run, by name.
        rounds: How many times each. Every round begins with another one.
    """
    results: dict[str, list[Result]] = {name: [] for name in turns}
    names = list(turns)
    for number in range(rounds):
        first = number % len(names) if names else 0
        for name in names[first:] + names[:first]:
            results[name].append(turns[name]())
    return results


def summary(
    speeds: Mapping[str, Sequence[float]], reference: str
) -> dict[str, dict[str, float | list[float]]]:
    """Returns the runs of each, their median, and how many times faster the reference is.

    The ratio is the median of the rounds' ratios: what slows a round slows both.

    Args:
        speeds: Words per second by name, one number per round.
        reference: The name that others are compared with.
    """
    result = {}
    for name, runs in speeds.items():
        ratios = [own / other for own, other in zip(speeds[reference], runs, strict=True)]
        result[name] = {
            "runs": [round(speed, 1) for speed in runs],
            "median": round(statistics.median(runs), 1),
            "reference_is_faster_by": round(statistics.median(ratios), 3),
        }
    return result


def peak_memory(action: Callable[[], object]) -> int | None:
    """Returns by how many bytes this process grows at its largest while `action` runs.

    The resident set's high-water mark (VmHWM, set back first) less the resident set before, after
    what is free has been given back. Everything counts: frameworks' buffers, Python's objects,
    pages that the allocator keeps. None where the system does not tell (it is Linux that does).

    Args:
        action: What to run.
    """
    if not CLEAR.exists():
        return None
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
    CLEAR.write_text(RESET_PEAK)
    before = _status("VmRSS")
    action()
    return max(_status("VmHWM") - before, 0)


def _status(field: str) -> int:
    for line in STATUS.read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise KeyError(field)


def available_memory() -> int:
    """Returns the bytes that can be had without swapping; unknown is plenty."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except FileNotFoundError:
        return sys.maxsize
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))


def processors() -> int:
    """Returns how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
