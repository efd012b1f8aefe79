"""Counts ever more text, in one process and by Beam's direct runner with several workers.

For each size it prints the seconds of the whole command, the most memory that all its processes
had at one time and that the largest of them had, and whether both ways came to the same bytes.
The text is cut into eight parts, a file each; more parts are the same ones again. Runs on Linux,
with the extra `beam`.
"""

from __future__ import annotations

import argparse
import filecmp
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.machine import machine
from benchmarks.measure import processors
from benchmarks.options import Results, parser_of, positive, run
from hier_rnn.errors import UserError
from hier_rnn.sources.bundled import bundled
from hier_rnn.sources.source import open_source

PARTS = 8  # of the whole text
SECONDS_BETWEEN_LOOKS = 0.25


def main() -> None:
    """Runs the benchmark with the arguments of the process."""
    parser = parser_of("benchmarks.counting", __doc__)
    add = parser.add_argument
    add("--text", metavar="SRC", default=bundled("train"), help="text to count")
    help = "sizes, in eighths of the text; above 8 it is counted again"
    add("--parts", nargs="+", type=positive, default=[1, 2, 4, 8, 16], metavar="N", help=help)
    add("--workers", type=positive, default=2, help="processes that count for Beam")
    add("--json", type=Path, metavar="FILE", help="write the results")
    run(parser, measure, show)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Returns the figures of each size."""
    rows = []
    beam = ["--runner", "DirectRunner", "--beam", f"direct_num_workers={options.workers}"]
    beam += ["--beam", "direct_running_mode=multi_processing"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for parts in sorted(options.parts):
            written = write_parts(folder / "text", options.text, parts)
            row: dict[str, Any] = {"parts": parts, "text_bytes": written}
            for way, arguments in (("local", []), ("beam", beam)):
                print(f"{parts} parts, {way} ...", file=sys.stderr, flush=True)
                source = str(folder / "text" / "*.txt")
                command = ["count", source, "--out", str(folder / way), "--force", "--quiet"]
                row[way] = followed([*command, *arguments])
            row["counts_bytes"] = sum(p.stat().st_size for p in (folder / "local").iterdir())
            row["same_bytes"] = same(folder / "local", folder / "beam")
            rows.append(row)
    return {"machine": machine(processors()), "workers": options.workers, "rows": rows}


def write_parts(folder: Path, source: str, parts: int) -> int:
    """Writes so many eighths of a text, each into a file, and returns their bytes."""
    folder.mkdir(exist_ok=True)
    texts = [" ".join(example.text.split()) for example in open_source(source, labelled=False)]
    for number in range(parts):
        lines = texts[number % PARTS :: PARTS]
        text = "".join(f"{line}\n" for line in lines)
        (folder / f"{number:04d}.txt").write_text(text, "utf-8", errors="replace")
    return sum(path.stat().st_size for path in folder.iterdir())


def followed(arguments: list[str]) -> dict[str, float]:
    """Runs a command; returns its seconds and the most memory of its processes.

    A page that several processes have counts for each its share (`Pss`).
    """
    begun, most, largest = time.perf_counter(), 0, 0
    with tempfile.TemporaryFile("w+") as messages:
        process = psutil.Popen([sys.executable, "-m", "hier_rnn", *arguments], stderr=messages)
        while process.poll() is None:
            sizes = list(_memory(process))
            most, largest = max(most, sum(sizes)), max(largest, *sizes, 0)
            time.sleep(SECONDS_BETWEEN_LOOKS)
        if process.returncode:
            messages.seek(0)
            raise UserError(f"{' '.join(arguments)}: {messages.read()[-2000:]}")
    seconds = time.perf_counter() - begun
    return {"seconds": seconds, "peak_bytes": most, "largest_process_bytes": largest}


def _memory(process: psutil.Process) -> Iterator[int]:
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return
    for member in family:
        try:
            yield member.memory_full_info().pss
        except psutil.Error:  # it has ended
            continue


def same(one: Path, other: Path) -> bool:
    """Whether two directories have the same files."""
    names = sorted(path.name for path in one.iterdir())
    if names != sorted(path.name for path in other.iterdir()):
        return False
    _, different, unread = filecmp.cmpfiles(one, other, names, shallow=False)
    return not different and not unread


def show(results: Results) -> None:
    """Prints a table of all sizes."""
    table = Table(title=f"Counting, here and by {results['workers']} workers of Beam")
    for name in ("text", "one process", "workers", "counts", "the same bytes"):
        table.add_column(name, justify="right")
    for row in results["rows"]:
        table.add_row(
            f"{row['text_bytes'] / 1e6:,.0f} MB",
            _cell(row["local"]),
            _cell(row["beam"]),
            f"{row['counts_bytes'] / 1e6:,.0f} MB",
            "yes" if row["same_bytes"] else "no",
        )
    Console(width=120).print(table)


def _cell(figures: dict[str, float]) -> str:
    memory, largest = (figures[n] / 2**20 for n in ("peak_bytes", "largest_process_bytes"))
    return f"{figures['seconds']:,.1f} s, {memory:,.0f} MiB (largest {largest:,.0f})"


if __name__ == "__main__":
    main()
