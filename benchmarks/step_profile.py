"""Where the time of a step goes, of training from labels, of pretraining, and of inference.

A step of pretraining is one of the warm start, too, and always as shipped.
Each part is timed by itself, on the same packed batches, in turns. Its gradient's time is that of
forward and backward together less that of forward alone, so it holds what forward saves for it.
What operations are for is from TensorFlow's profiler, as a share of the time of all threads; beside
it stands how long the matrix products would take at the speed of a large one.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from benchmarks import arithmetic
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
from benchmarks.trace import by_group, by_kind, traced
from benchmarks.workload import sentences_of
from hier_rnn.errors import UserError

if TYPE_CHECKING:
    from benchmarks.peers.hier_rnn_model import HierRNN
    from hier_rnn.training.classification.batching.batches import LabelledBatch

Turns = dict[str, Callable[[], object]]

LIMIT = "the matrix products at the speed of a large one"
WAITING = "executor, and threads that wait"


def main() -> None:
    """Runs the benchmark with the arguments of the process."""
    parser = parser_of("benchmarks.step_profile", __doc__)
    add_options(parser)
    parser.add_argument("--batch-size", type=positive, default=64, help="sentences in a batch")
    parser.add_argument("--operations", type=positive, default=15, help="how many to list")
    parser.add_argument(
        "--shipped",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="train with all that hier_rnn ships with: misspelled words, boundary marks, dropout,"
        " averages; without (and with --no-marks): as the peers in benchmarks.throughput",
    )
    parser.set_defaults(marks=True)

    def measure(options: argparse.Namespace) -> dict[str, Any]:
        if options.shipped and not options.marks:
            raise UserError(
                "--no-marks: what ships has boundary marks. Accepted: with --no-shipped."
            )
        workload, task = prepared(options)
        batches = workload.batches(options.batch_size, options.batches)
        return {
            "machine": machine(options.threads),
            **described(options, workload),
            "batch_size": options.batch_size,
            "listed": options.operations,
            **profile(task, batches, options.runs, options.shipped),
        }

    run(parser, measure, show, _draw)


def _draw(results: Results, path: Path) -> None:
    from benchmarks.step_profile_plot import plot

    plot(results, path)


def profile(
    task: Task, batches: Sequence[Batch], rounds: int, shipped: bool = False
) -> dict[str, Any]:
    """Returns the milliseconds that each part, and each operation, takes of an average step.

    Args:
        task: The sizes.
        batches: What is trained on.
        rounds: How often each part is timed; medians are returned.
        shipped: Whether to train with all that hier_rnn ships with. Default False.
    """
    start_tensorflow(task.threads)
    from benchmarks.peers.hier_rnn_model import HierRNN, ShippedHierRNN, matrix_product_speed

    speed = matrix_product_speed()
    model = (ShippedHierRNN if shipped else HierRNN)(task)
    try:
        return {
            "matrix_product_gflops": speed / 1e9,
            "training": _training(model, batches, rounds, task, speed),
            "pretraining": _pretraining(batches, rounds, task, speed),
            "inference": _inference(model, batches, rounds, task, speed),
        }
    finally:
        model.close()


def _medians(turns: Turns, steps: int, rounds: int) -> dict[str, float]:
    """Returns the milliseconds of a step in each turn."""
    for turn in turns.values():
        turn()
    timed = {name: lambda t=turn: _milliseconds(t, steps) for name, turn in turns.items()}
    return {name: statistics.median(ms) for name, ms in alternate(timed, rounds).items()}


def _milliseconds(turn: Callable[[], object], steps: int) -> float:
    begun = time.perf_counter()
    turn()
    return 1000 * (time.perf_counter() - begun) / steps


def _training(
    model: HierRNN, batches: Sequence[Batch], rounds: int, task: Task, speed: float
) -> dict[str, Any]:
    sentences = list(sentences_of(batches))
    turns = _training_turns(model, batches, sentences)
    medians = _medians(turns, len(batches), rounds)
    forward_parts = ("character encoder", "sentence encoder and head")
    parts = {
        "text to words": medians["text"],
        "packing": medians["packing"],
        **{f"{part}, forward": medians[f"{part}, forward"] for part in forward_parts},
        **{
            f"{part}, backward": medians[f"{part}, both"] - medians[f"{part}, forward"]
            for part in forward_parts
        },
        "optimizer and averages": medians["optimizer"],
    }
    words = sum(len(sentence) for batch in sentences for sentence in batch)
    work = sum(
        arithmetic.operations(counts, model.options, task.alphabet.size, task.classes, True)
        for counts in map(_counts, model.packed(batches))
    )
    return {
        "words": words,
        "batches": len(batches),
        "parts": parts,
        **_operations(turns["step"], medians["step"], len(batches), task.threads, work, speed),
        "with_text_and_packing_in_the_background": medians["training"],
    }


def _counts(batch: LabelledBatch) -> arithmetic.Counts:
    """Returns what there is to compute in a batch as it is trained on, its words misspelled."""
    trie = batch.batch.prefix_tries[0]
    sizes = (trie.characters, trie.ends, batch.batch.sentences.words, batch.batch.sentences.lengths)
    return arithmetic.Counts(*(len(each) for each in sizes))


def _operations(
    turn: Callable[[], object], step: float, steps: int, threads: int, work: int, speed: float
) -> dict[str, Any]:
    """Returns what the operations of steps are for.

    Args:
        turn: Takes the steps.
        step: Milliseconds of one.
        steps: How many.
        threads: Of TensorFlow.
        work: Floating-point operations of all their matrix products.
        speed: Of a large product, in a second.
    """
    events = traced(turn)
    groups = by_group(events, steps)
    groups[WAITING] = max(0.0, threads * step - sum(groups.values()))
    return {
        "step_alone": step,
        "shares": {group: ms / (threads * step) for group, ms in groups.items()},
        "limit": 1000 * work / speed / steps,
        "operations": by_kind(events, steps),
    }


def _training_turns(
    model: HierRNN, batches: Sequence[Batch], sentences: Sequence[Sequence[Sequence[str]]]
) -> Turns:
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
    tries = [(each.batch.prefix_tries,) for each in packed]
    both = list(zip(vectors, (each.batch.sentences for each in packed), strict=True))
    labels = [each.targets for each in packed]
    return {
        "text": _over(model.words, [(text,) for batch in batches for text, _ in batch]),
        "packing": _over(pack, columns),
        "character encoder, forward": _over(encode, tries),
        "character encoder, both": _over(
            encode_both, [(*t, u) for t, u in zip(tries, upstream, strict=True)]
        ),
        "sentence encoder and head, forward": _over(classify, both),
        "sentence encoder and head, both": _over(
            classify_both, [(*b, y) for b, y in zip(both, labels, strict=True)]
        ),
        "optimizer": _over(optimize, [()] * len(batches)),
        "step": _over(model.step, [(each, model.rate, number) for each in packed]),
        "training": lambda: model.train(batches),
    }


def _over(call: Callable[..., object], arguments: Iterable[tuple]) -> Callable[[], None]:
    arguments = list(arguments)

    def run() -> None:
        for each in arguments:
            call(*each)

    return run


def _pretraining(batches: Sequence[Batch], rounds: int, task: Task, speed: float) -> dict[str, Any]:
    import tensorflow as tf

    from benchmarks.peers.hier_rnn_model import PretrainingSteps

    sentences = [sentence for batch in sentences_of(batches) for sentence in batch]
    steps = PretrainingSteps(task, sentences)
    epoch = steps.objective.epoch_batches(0)[: len(batches)]
    stream = iter(steps.begun.batches)
    number = tf.constant(0)

    def take(packed: Iterable[Any]) -> None:
        for batch in packed:
            steps.step(batch, steps.rate, number)

    packed = list(islice(stream, len(epoch)))
    turns: Turns = {
        "step": lambda: take(packed),
        "training": lambda: take(islice(stream, len(epoch))),
    }
    medians = _medians(turns, len(epoch), rounds)
    # A batch of words is one of sentences of a word each, without the sentence model.
    work = sum(
        arithmetic.spelling_operations(
            arithmetic.counts([words], marks=True),
            task.configuration,
            task.alphabet.size,
            steps.targets.vectors.shape[1],
        )
        for words, _ in epoch
    )
    result = {
        "words": sum(len(words) for words, _ in epoch),
        "batches": len(epoch),
        **_operations(turns["step"], medians["step"], len(epoch), task.threads, work, speed),
        "with_text_and_packing_in_the_background": medians["training"],
    }
    stream.close()
    return result


def _inference(
    model: HierRNN, batches: Sequence[Batch], rounds: int, task: Task, speed: float
) -> dict[str, Any]:
    texts = [text for batch in batches for text, _ in batch]
    sentences = [sentence for batch in sentences_of(batches) for sentence in batch]
    turns: Turns = {
        "text": _over(model.words, [(text,) for text in texts]),
        "cold": lambda: model.logits(texts),
        "warm": lambda: model.logits(texts, warm=True),
    }
    medians = _medians(turns, len(batches), rounds)
    work = arithmetic.operations(
        arithmetic.counts(sentences, model.options.text.boundary_marks),
        model.options,
        task.alphabet.size,
        task.classes,
        training=False,
    )
    return {
        "words": sum(map(len, sentences)),
        "batches": len(batches),
        "parts": {
            "text to words": medians["text"],
            "new words, from letters to what the LSTM takes": medians["cold"] - medians["warm"],
            "sentence encoder and head": medians["warm"] - medians["text"],
        },
        "step_alone": medians["cold"],
        "limit": 1000 * work / speed / len(batches),
    }


def show(results: Results, console: Console | None = None) -> None:
    """Prints the parts, what operations are for, then the operations.

    Args:
        results: Of `profile`, and how many operations to list.
        console: Where to; default, standard output.
    """
    console = console or Console()
    for name, of in (
        ("A training step", results["training"]),
        ("A step of pretraining, or of the warm start,", results["pretraining"]),
        ("Inference, no word known before,", results["inference"]),
    ):
        console.print(_table(name, of))
    for name in ("training", "pretraining"):
        table = Table(title=f"Operations of {name}, all threads", title_justify="left")
        table.add_column("")
        table.add_column("ms a step", justify="right")
        for kind, milliseconds in list(results[name]["operations"].items())[: results["listed"]]:
            table.add_row(kind, f"{milliseconds:.2f}")
        console.print(table)


def _table(name: str, of: Results) -> Table:
    step = of["step_alone"]
    table = Table(title=f"{name} on {of['words'] / of['batches']:,.0f} words", title_justify="left")
    for heading, justify in (("", "left"), ("ms", "right"), ("of the wall time", "right")):
        table.add_column(heading, justify=justify)
    for part, milliseconds in of.get("parts", {}).items():
        table.add_row(part, f"{milliseconds:.2f}", f"{milliseconds / step:.0%}")
    table.add_section()
    for group, share in of.get("shares", {}).items():
        table.add_row(group, f"{share * step:.2f}", f"{share:.0%}")
    table.add_section()
    table.add_row("all", f"{step:.2f}", "100%")
    table.add_row(LIMIT, f"{of['limit']:.2f}", f"{of['limit'] / step:.0%}")
    if whole := of.get("with_text_and_packing_in_the_background"):
        table.add_row("with text and packing meanwhile", f"{whole:.2f}", f"{whole / step:.0%}")
    return table


if __name__ == "__main__":
    main()
