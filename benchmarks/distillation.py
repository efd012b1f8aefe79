"""An epoch of learning to spell word vectors: through the trie, and through a padded Keras GRU.

They learn the same words of the same text in batches of the same size, with the same weights, loss
and optimizer; each spells, computes, and moves its weights. Keras' is timed twice, on some batches
of the epoch, spread over all of it. By batch: each padded to its own longest word, in a loop of
one's own, and no mask. At once: all padded to the longest of all, as by `pad_sequences` for `fit`,
and masked.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.machine import machine
from benchmarks.measure import alternate, processors, summary
from benchmarks.options import parser_of, positive, run
from benchmarks.peers.threads import start_tensorflow
from hier_rnn.configuration.options import Configuration
from hier_rnn.sources.bundled import bundled
from hier_rnn.sources.source import open_source
from hier_rnn.text.tokenizer import Tokenizer
from hier_rnn.training.word_vectors.targets import Targets
from hier_rnn.training.word_vectors.word_counts import count_words

UNITS = Configuration().character_encoder.units


def main() -> None:
    """Runs the benchmark with the arguments of the process."""
    parser = parser_of("benchmarks.distillation", __doc__)
    parser.add_argument("--text", metavar="SRC", help="a source; without: the bundled messages")
    parser.add_argument("--words", type=positive, default=60_000, help="most frequent words")
    parser.add_argument("--units", type=positive, default=UNITS, help="width of the GRU")
    parser.add_argument("--dimensions", type=positive, default=300, help="of the word vectors")
    parser.add_argument("--batch-size", type=positive, default=512, help="words in a batch")
    parser.add_argument("--padded-batches", type=positive, default=8, help="timed in a turn")
    parser.add_argument("--runs", type=positive, default=3, help="turns of each")
    parser.add_argument("--threads", type=positive, default=processors(), help="of each")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results")

    def measure(options: argparse.Namespace) -> dict[str, Any]:
        start_tensorflow(options.threads)
        return {"machine": machine(options.threads), **compare(options)}

    run(parser, measure, show)


def compare(options: Any) -> dict[str, Any]:
    """Times them.

    Args:
        options: Those of `main`.
    """
    configuration = Configuration.model_validate(
        {
            "character_encoder": {"units": options.units},
            "pretraining": {"batch_size": options.batch_size},
        }
    )
    words = Tokenizer(configuration.text)
    source = open_source(options.text or bundled("train"), labelled=options.text is None)
    counted = count_words(words(example.text) for example in source)
    frequent = counted.most_frequent(options.words)
    # How fast they are learnt does not depend on what the vectors are.
    vectors = np.random.default_rng(0).normal(size=(len(frequent.words), options.dimensions))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    targets = Targets(frequent.words, frequent.counts, vectors.astype(np.float32), {})
    from benchmarks.peers.distillation import TRIE, turns_of

    turns, spellings, difference = turns_of(configuration, targets, options.padded_batches)
    turns = {name: _speed(turn) for name, turn in turns.items()}
    alternate(turns, 1)  # compiled, and warm
    figures = summary(alternate(turns, options.runs), TRIE)
    return {
        "words": len(frequent.words),
        "spellings_in_an_epoch": spellings,
        "units": options.units,
        "batch_size": options.batch_size,
        "difference_of_losses": difference,
        "seconds_per_epoch": {
            name: round(spellings / each["median"], 2) for name, each in figures.items()
        },
        "words_per_second": figures,
    }


def _speed(turn: Callable[[], tuple[int, float]]) -> Callable[[], float]:
    def measured() -> float:
        words, seconds = turn()
        return words / seconds

    return measured


def show(results: dict[str, Any]) -> None:
    """Prints the results of `compare`."""
    table = Table(title=f"{results['words']:,} words, batches of {results['batch_size']}")
    for heading in ("", "seconds per epoch", "words per second", "trie is faster by"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, figures in results["words_per_second"].items():
        table.add_row(
            name,
            f"{results['seconds_per_epoch'][name]:.1f}",
            f"{statistics.median(figures['runs']):,.0f}",
            f"{figures['reference_is_faster_by']:.1f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
