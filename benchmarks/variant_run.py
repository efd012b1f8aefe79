"""One run of a variant, in a process of its own: trains, and writes the figures of the training."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

from benchmarks.measure import peak_memory
from benchmarks.options import parser_of, write_results
from hier_rnn.configuration.toml import format_configuration, read_configuration
from hier_rnn.errors import UserError
from hier_rnn.tensorflow_setup import import_tensorflow

CURVE = ("epoch", "train_loss", "validation_loss", "validation_accuracy", "words_per_second")


def main() -> None:
    """Trains with the arguments of the process."""
    parser = parser_of("benchmarks.variant_run", __doc__)
    parser.add_argument("configuration", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("figures", type=Path)
    options = parser.parse_args()
    import_tensorflow()
    from hier_rnn.training.classification.train import train_classifier

    try:
        configuration = read_configuration(options.configuration)
        peak = peak_memory(lambda: train_classifier(configuration, options.run))
    except UserError as error:
        parser.exit(2, f"{error}\n")
    lines = (options.run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    curve = [{name: row[name] for name in CURVE} for row in rows]
    kept = [row for row in rows if row.get("kept")]
    best = kept[-1] if kept else max(curve, key=lambda point: point["validation_accuracy"])
    write_results(
        options.figures,
        {
            "accuracy": best["validation_accuracy"],
            "best_epoch": best["epoch"],
            # Of a whole epoch: the first one builds the graph.
            "words_per_second": statistics.median(p["words_per_second"] for p in curve),
            "peak_bytes": peak,
            "curve": curve,
            "configuration": format_configuration(configuration),
        },
    )


if __name__ == "__main__":
    main()
