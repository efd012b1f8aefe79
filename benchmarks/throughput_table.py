"""The results of `throughput`, as tables in the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.peers.catalogue import REFERENCE, WARM


def show(results: Mapping[str, Any], console: Console | None = None) -> None:
    """Prints every table there is something for.

    Args:
        results: As `throughput` writes them.
        console: Where to; default, standard output.
    """
    console = console or Console()
    data, machine = results["data"], results["machine"]
    console.print(
        f"{data['name']}: {data['sentences']:,} sentences, {data['words']:,} words."
        f" {machine['processor']}, {machine['threads']} threads each."
    )
    if (machine["load_before"] or 0) > machine["processors"] / 2:
        console.print(
            f"The machine was busy with other work (load {machine['load_before']:.1f}): the figures"
            " below say little, least of all about PyTorch, whose idle threads wait busily unless"
            " OMP_WAIT_POLICY=PASSIVE is set."
        )
    for size, training in results["training"].items():
        title = f"Training, batches of {size}"
        console.print(_speeds(title, training, results.get("memory", {}).get(size)))
        reached = training["arithmetic"]
        console.print(
            f"hier_rnn's matrix products: {reached['reached_gflops']:.1f} GFLOP/s of the"
            f" {reached['matrix_product_gflops']:.1f} of a large one, {reached['share']:.0%}; at"
            " that speed alone it would be"
            f" {reached['words_per_second_at_matrix_product_speed']:,.0f} words/s."
        )
    if "inference" in results:
        console.print(_speeds("Inference, from text to label", results["inference"]))
    for kind, points in results.get("sweeps", {}).items():
        console.print(_sweep(kind, points))
    differences = results["check"]
    if len(differences) > 1:
        worst = max(d["logits_differ_by"] for d in differences.values())
        console.print(f"Same function, checked: logits differ by {worst:.0e} at the most.")
    if "keras" in differences and data["longest_sentence"] > results["sizes"]["keras_words_axis"]:
        axis = results["sizes"]["keras_words_axis"]
        console.print(f"TimeDistributed reads {axis} words of a sentence; only those are counted.")
    busy = max(results["idle_seconds"].values())
    console.print(f"While others had their turns no model used more than {busy:.2f} s.")


def _speeds(
    title: str, measured: Mapping[str, Any], peaks: Mapping[str, int | None] | None = None
) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for heading in ("words/s", "from", "to", f"{REFERENCE} is faster by"):
        table.add_column(heading, justify="right")
    if WARM in measured["words_per_second"]:
        table.add_column("cache warm, by", justify="right")
    if peaks is not None:
        table.add_column("peak of a step", justify="right")
    for name, speed in measured["words_per_second"].items():
        cells = [
            name,
            f"{speed['median']:,.0f}",
            f"{min(speed['runs']):,.0f}",
            f"{max(speed['runs']):,.0f}",
        ]
        for ratio in ("reference_is_faster_by", "warm_reference_is_faster_by"):
            if ratio in speed:
                ours = name in (REFERENCE, WARM)
                cells.append("" if ours else f"{speed[ratio]:.2f}")
        if peaks is not None:
            cells.append(_size(peaks.get(name)))
        table.add_row(*cells)
    return table


def _sweep(kind: str, points: list[Mapping[str, Any]]) -> Table:
    table = Table(title=f"Training by {kind}: words/s, peak of a step", title_justify="left")
    table.add_column(kind, justify="right")
    names = list(dict.fromkeys(n for p in points for n in p["training"]["words_per_second"]))
    for name in names:
        table.add_column(name, justify="right")
    for point in points:
        speeds, peaks = point["training"]["words_per_second"], point.get("memory", {})
        cells = [
            f"{speeds[name]['median']:,.0f}  {_size(peaks.get(name))}" if name in speeds else "–"
            for name in names
        ]
        table.add_row(f"{point[kind]:,}", *cells)
    return table


def _size(peak: int | None) -> str:
    return "" if peak is None else f"{peak / 2**20:,.0f} MiB"
