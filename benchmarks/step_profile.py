"""Where the time of one training step goes: by part, and by TensorFlow operation.

Each part is timed by itself, on the same packed batches, in turns. Its gradient's time is that of
forward and backward together less that of forward alone, so it holds what forward saves for it.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from benchmarks.machine import machine
from benchmarks.measure import alternate
from benchmarks.options import (
    Results,
    add_options,
    described,
    parser_of,
    positive,
    prepared,
    run,
)
from benchmarks.peers.task import Batch, Task
from benchmarks.peers.threads import start_tensorflow
from benchmarks.workload import sentences_of

if TYPE_CHECKING:
    from benchmarks.peers.hier_rnn_model import HierRNN

# What runs other operations: its time is theirs.
CONTAINERS = ("While", "StatelessWhile", "If", "StatelessIf", "Case", "PartitionedCall")


def main() -> None:
    """Runs the benchmark with the arguments of the process."""
    parser = parser_of("benchmarks.step_profile", __doc__)
    add_options(parser)
    parser.add_argument("--batch-size", type=positive, default=64, help="sentences in a batch")
    parser.add_argument("--operations", type=positive, default=15, help="how many to list")

    def measure(options: argparse.Namespace) -> dict[str, Any]:
        workload, task = prepared(options)
        return {
            "machine": machine(options.threads),
            **described(options, workload),
            "batch_size": options.batch_size,
            "listed": options.operations,
            **profile(task, workload.batches(options.batch_size, options.batches), options.runs),
        }

    run(parser, measure, show, _draw)


def _draw(results: Results, path: Path) -> None:
    from benchmarks.step_profile_plot import plot

    plot(results, path)


def profile(task: Task, batches: Sequence[Batch], rounds: int) -> dict[str, Any]:
    """Returns the milliseconds that each part, and each operation, takes of an average step.

    Args:
        task: The sizes.
        batches: What is trained on.
        rounds: How often each part is timed; medians are returned.
    """
    start_tensorflow(task.threads)
    from benchmarks.peers.hier_rnn_model import HierRNN

    model = HierRNN(task)
    try:
        return _profile(model, batches, rounds)
    finally:
        model.close()


def _profile(model: HierRNN, batches: Sequence[Batch], rounds: int) -> dict[str, Any]:
    sentences = list(sentences_of(batches))
    turns = _turns(model, batches, sentences)
    for turn in turns.values():
        turn()
    timed = {name: lambda t=turn: _milliseconds(t, len(batches)) for name, turn in turns.items()}
    medians = {name: statistics.median(ms) for name, ms in alternate(timed, rounds).items()}
    forward_parts = ("character encoder", "sentence encoder and head")
    parts = {
        "text to words": medians["text"],
        "packing": medians["packing"],
        **{f"{part}, forward": medians[f"{part}, forward"] for part in forward_parts},
        **{
            f"{part}, backward": medians[f"{part}, both"] - medians[f"{part}, forward"]
            for part in forward_parts
        },
        "optimizer": medians["optimizer"],
    }
    return {
        "words": sum(len(sentence) for batch in sentences for sentence in batch),
        "batches": len(batches),
        "parts": parts,
        "step_alone": medians["step"],
        "with_text_and_packing_in_the_background": medians["training"],
        "operations": operations(turns["step"], len(batches)),
    }


def _milliseconds(turn: Callable[[], object], steps: int) -> float:
    begun = time.perf_counter()
    turn()
    return 1000 * (time.perf_counter() - begun) / steps


def _turns(
    model: HierRNN, batches: Sequence[Batch], sentences: Sequence[Sequence[Sequence[str]]]
) -> dict[str, Callable[[], object]]:
    """What is timed: each goes through all batches."""
    import tensorflow as tf

    from hier_rnn.packing.batch import pack_batch

    classifier, weights = model.classifier, model.weights
    spelling = sum(name.startswith("character_encoder/") for name in weights)
    values = [weight.value for weight in weights.values()]
    encoder_values, other_values = values[:spelling], values[spelling:]

    @tf.function(
        input_signature=[tf.TensorSpec([None], tf.string), tf.TensorSpec([None], tf.int32)]
    )
    def pack(words, lengths):
        return pack_batch(words, lengths, model.trie_builder)

    @tf.function(reduce_retracing=True)
    def encode(tries):
        return classifier.character_encoder(tries, differentiable=False)

    @tf.function(reduce_retracing=True)
    def encode_both(tries, upstream):
        with tf.GradientTape() as tape:
            vectors = classifier.character_encoder(tries)
        return tape.gradient(vectors, encoder_values, output_gradients=upstream)

    @tf.function(reduce_retracing=True)
    def classify(vectors, packed):
        return classifier.from_word_vectors(vectors, packed, differentiable=False)

    @tf.function(reduce_retracing=True)
    def classify_both(vectors, packed, labels):
        with tf.GradientTape() as tape:
            tape.watch(vectors)
            logits = classifier.from_word_vectors(vectors, packed)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            loss = tf.reduce_mean(losses)
        return tape.gradient(loss, [vectors, *other_values])

    @tf.function
    def optimize():
        model.optimizer.apply(
            {name: 1e-6 * tf.ones_like(weight.value) for name, weight in weights.items()},
            model.rate,
        )

    columns = [
        (
            tf.constant([word for sentence in batch for word in sentence]),
            tf.constant([len(sentence) for sentence in batch], tf.int32),
        )
        for batch in sentences
    ]
    packed = list(model.packed(batches))
    vectors = [encode(each.batch.prefix_tries) for each in packed]
    upstream = [tf.ones_like(each) / 1000 for each in vectors]
    number = tf.constant(0)

    def over(call: Callable[..., object], arguments: Iterable[tuple]) -> Callable[[], None]:
        arguments = list(arguments)

        def run() -> None:
            for each in arguments:
                call(*each)

        return run

    tries = [(each.batch.prefix_tries,) for each in packed]
    both = list(zip(vectors, (each.batch.sentences for each in packed), strict=True))
    labels = [each.targets for each in packed]
    return {
        "text": over(model.words, [(text,) for batch in batches for text, _ in batch]),
        "packing": over(pack, columns),
        "character encoder, forward": over(encode, tries),
        "character encoder, both": over(
            encode_both, [(*t, u) for t, u in zip(tries, upstream, strict=True)]
        ),
        "sentence encoder and head, forward": over(classify, both),
        "sentence encoder and head, both": over(
            classify_both, [(*b, y) for b, y in zip(both, labels, strict=True)]
        ),
        "optimizer": over(optimize, [()] * len(batches)),
        "step": over(model.step, [(each, model.rate, number) for each in packed]),
        "training": lambda: model.train(batches),
    }


def operations(turn: Callable[[], object], steps: int) -> dict[str, float]:
    """Returns the milliseconds of a step by kind of operation, over all threads, largest first.

    Args:
        turn: Runs the steps.
        steps: How many.
    """
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as folder:
        tf.profiler.experimental.start(folder)
        turn()
        tf.profiler.experimental.stop()
        traces = [path.read_bytes() for path in Path(folder).rglob("*.xplane.pb")]
    milliseconds = Counter()
    for trace in traces:
        for kind, picoseconds in _events(trace):
            milliseconds[kind] += picoseconds / 1e9 / steps
    return dict(milliseconds.most_common())


def _events(trace: bytes) -> Iterable[tuple[str, int]]:
    """Yields each operation's kind and duration. An event of one is named `where/name:Kind`."""
    from tensorflow.tsl.profiler.protobuf.xplane_pb2 import XSpace

    for plane in XSpace.FromString(trace).planes:
        names = {number: metadata.name for number, metadata in plane.event_metadata.items()}
        for line in plane.lines:
            for event in line.events:
                where, colon, kind = names[event.metadata_id].rpartition(":")
                if not colon or where.endswith(":") or not kind.isidentifier():  # not an operation
                    continue
                if not kind.endswith(CONTAINERS):
                    yield kind, event.duration_ps


def show(results: Results, console: Console | None = None) -> None:
    """Prints the parts, then the operations.

    Args:
        results: Of `profile`, and how many operations to list.
        console: Where to; default, standard output.
    """
    console = console or Console()
    words = results["words"] / results["batches"]
    step = results["step_alone"]
    table = Table(title=f"A step on {words:,.0f} words", title_justify="left")
    for heading, justify in (("", "left"), ("ms", "right"), ("of the step", "right")):
        table.add_column(heading, justify=justify)
    for name, milliseconds in results["parts"].items():
        table.add_row(name, f"{milliseconds:.2f}", f"{milliseconds / step:.0%}")
    table.add_section()
    table.add_row("the step, batches packed before", f"{step:.2f}", "100%")
    whole = results["with_text_and_packing_in_the_background"]
    table.add_row("training, text and packing meanwhile", f"{whole:.2f}", f"{whole / step:.0%}")
    console.print(table)
    table = Table(title="TensorFlow operations of a step, over all threads", title_justify="left")
    table.add_column("")
    table.add_column("ms", justify="right")
    for kind, milliseconds in list(results["operations"].items())[: results["listed"]]:
        table.add_row(kind, f"{milliseconds:.2f}")
    console.print(table)


if __name__ == "__main__":
    main()
