"""Benchmarks that train variants: what they try, and a whole one on next to nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks import initial_state, initializers, variants
from benchmarks.variants_plot import plot
from hier_rnn.configuration.options import Configuration
from hier_rnn.initializers.rules import resolve
from hier_rnn.model.weight_specs import weight_shapes

ROOT = Path(__file__).parents[2]
POINT = {"train_loss": 1.0, "validation_loss": 1.1, "validation_accuracy": 0.75}
RUN = {
    "accuracy": 0.75,
    "best_epoch": 2,
    "words_per_second": 12_345.0,
    "peak_bytes": 2**21,
    "curve": [{"epoch": 1, **POINT}, {"epoch": 2, **POINT}],
}
RESULTS = {"seeds": [0, 1], "data": {"a.tsv": {"one": [RUN, {**RUN, "accuracy": 0.5}]}}}


@pytest.mark.parametrize(
    "variant", [*initializers.variants(), *initial_state.variants()], ids=lambda v: v.name
)
def test_every_variant_is_a_configuration(variant):
    configuration = Configuration.model_validate(variant.options)
    shapes = weight_shapes(configuration, 10, 3)
    assert resolve(shapes, configuration.initializers.rules).keys() == shapes.keys()


def test_the_table_and_the_figure(tmp_path):
    console = Console(file=StringIO(), width=140)
    variants.show(RESULTS, console)
    printed = console.file.getvalue()
    for expected in ("a.tsv", "one", "62.50", "17.68", "75.0 50.0", "12,345", "2"):
        assert expected in printed
    plot(RESULTS, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_segments_are_trained_and_kept(tmp_path):
    source, config = tmp_path / "data.tsv", tmp_path / "base.toml"
    lines = ["good\tred green blue fine", "bad\tred green blue poor red", "bad\tpoor"] * 4
    source.write_text("\n".join(lines) + "\n")
    config.write_text(
        "[character_encoder]\nembedding_dim = 3\nunits = 4\n[sentence_encoder]\nunits = 3\n"
        "[training]\nminimum_steps_per_epoch = 0\nepochs = 2\nwarm_start_epochs = 0\n"
    )
    command = [
        sys.executable, "-m", "benchmarks.initial_state", "--data", source, source,
        "--config", config, "--out", tmp_path / "runs", "--json", tmp_path / "results.json",
        "--seeds", "3", "--variants", "segments of 50",
    ]  # fmt: skip

    def run(*more: str) -> subprocess.CompletedProcess:
        given = [*map(str, command), *more]
        return subprocess.run(given, cwd=ROOT, capture_output=True, text=True, timeout=300)

    done = run()
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "results.json").read_text())
    [[figures]] = [by_variant["segments of 50"] for by_variant in results["data"].values()]
    assert 0 <= figures["accuracy"] <= 1
    assert len(figures["curve"]) == 2
    assert str(tmp_path) not in (tmp_path / "results.json").read_text()
    assert run().returncode == 0
    assert json.loads((tmp_path / "results.json").read_text())["data"] == results["data"]
    config.write_text(
        "[training]\nminimum_steps_per_epoch = 0\nepochs = 3\nwarm_start_epochs = 0\n"
    )
    changed = run()
    assert changed.returncode == 2
    assert "other options" in changed.stderr
