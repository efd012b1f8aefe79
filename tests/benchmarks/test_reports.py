from __future__ import annotations

from io import StringIO

from rich.console import Console

from benchmarks import bundled, throughput_table
from benchmarks.peers.catalogue import REFERENCE
from benchmarks.throughput_plot import plot


def speed(median: float, ratio: float) -> dict:
    runs = [median * 0.9, median, median * 1.2]
    return {"runs": runs, "median": median, "reference_is_faster_by": ratio}


ARITHMETIC = {
    "reached_gflops": 40.0,
    "matrix_product_gflops": 100.0,
    "share": 0.4,
    "words_per_second_at_matrix_product_speed": 100_000.0,
}
TRAINING = {
    "words_per_second": {REFERENCE: speed(40_000, 1), "torch": speed(8_000, 5)},
    "arithmetic": ARITHMETIC,
}
RESULTS = {
    "machine": {"processor": "P", "processors": 2, "threads": 2, "load_before": 3.0},
    "data": {"name": "d.tsv", "sentences": 10, "words": 100, "longest_sentence": 20},
    "sizes": {"keras_words_axis": 20},
    "check": {name: {"logits_differ_by": 1e-7} for name in (REFERENCE, "torch")},
    "training": {"64": TRAINING},
    "memory": {"64": {REFERENCE: 2**20, "torch": None}},
    "idle_seconds": {REFERENCE: 0.0},
    "sweeps": {
        "batch": [
            {"batch": 16, "training": TRAINING, "memory": {REFERENCE: 2**20}},
            {"batch": 64, "training": {"words_per_second": {REFERENCE: speed(50_000, 1)}}},
        ]
    },
}


def printed(show, results) -> str:
    console = Console(file=StringIO(), width=140)
    show(results, console)
    return console.file.getvalue()


def test_the_table_has_speeds_ratios_memory_and_a_warning_when_the_machine_was_busy():
    text = printed(throughput_table.show, RESULTS)
    for expected in ("40,000", "8,000", "5.00", "1 MiB", "40%", "busy", "torch", "–"):
        assert expected in text
    quiet = {**RESULTS, "machine": {**RESULTS["machine"], "load_before": 0.1}}
    assert "busy" not in printed(throughput_table.show, quiet)


def test_the_figure_is_of_the_kind_its_name_says(tmp_path):
    plot(RESULTS, tmp_path / "speed.svg")
    drawn = (tmp_path / "speed.svg").read_text()
    assert "<svg" in drawn


def test_both_accuracies_stand_side_by_side_with_their_means():
    def runs(*accuracies: float) -> dict:
        each = [{"seed": s, "accuracy": a, "seconds": 9.0} for s, a in enumerate(accuracies)]
        mean = sum(accuracies) / len(accuracies)
        return {"runs": each, "accuracy": mean, "seconds": 9.0}

    results = {
        "data": {"test": "messages/test.tsv", "validation": "messages/validation.tsv"},
        "test_examples": 300,
        "hier_rnn": runs(0.90, 0.80),
        "fasttext": {**runs(0.70, 0.60), "settings": {"epochs": 30}, "tuning_seconds": 5.0},
    }
    text = printed(bundled.show, results)
    for expected in ("90.0", "70.0", "85.0", "65.0", "epochs 30"):
        assert expected in text
