"""Words per second and peak memory, hier_rnn beside Keras, PyTorch and Flair.

Every model has the same sizes, reads the same sentences in the same batches and order, starts from
the same weights, has a process and as many threads as any other, and takes turns with the others.
That they compute the same function is checked before anything is measured (Flair's is its own).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import arithmetic
from benchmarks.machine import machine
from benchmarks.measure import alternate, available_memory, summary
from benchmarks.options import (
    LEARNING_RATE,
    Results,
    add_options,
    described,
    parser_of,
    positive,
    prepared,
    run,
)
from benchmarks.peers.catalogue import MODELS, REFERENCE, WARM, chosen
from benchmarks.peers.task import Batch, Task, configuration, first_weights
from benchmarks.throughput_table import show
from benchmarks.worker import Turn, Worker
from benchmarks.workload import Workload, sentences_of
from hier_rnn.errors import UserError

SWEEPS = {
    "batch": (16, 64, 256, 1024),
    "length": (10, 40, 160, 640, 2000),
    "units": (64, 128, 256, 512),
}
MATRIX_PRODUCT = "matrix product"
CHECKED_SENTENCES, CHECKED_STEPS = 32, 3
LOGITS_TOLERANCE, LOSS_TOLERANCE = 1e-4, 1e-3
PADDED_STEP_ARRAYS = 12  # of the state's width, that Keras keeps of a padded step for the gradient

Workers = Mapping[str, Worker]


def main() -> None:
    """Runs the benchmark with the arguments of the process."""
    run(_parser(), measure, show, _draw)


def _draw(results: Results, path: Path) -> None:
    from benchmarks.throughput_plot import plot

    plot(results, path)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Returns all that was asked for, as it is written to `--json`."""
    names = chosen(options.models)
    workload, task = prepared(options, options.keras_words, options.inference_sentences)
    results: dict[str, Any] = {
        "machine": machine(options.threads),
        **described(options, workload),
        "models": {name: MODELS[name].title for name in names},
    }
    results["sizes"]["keras_words_axis"] = task.words_axis
    results["sizes"]["inference_sentences"] = options.inference_sentences
    with ExitStack() as stack:
        workers = _started(names, task, stack)
        results["check"] = check(workers, workload, task.words_axis)
        results["training"] = {
            str(size): training(
                workers, workload.batches(size, options.batches), task, options.runs
            )
            for size in options.batch_sizes
        }
        if options.inference:
            results["inference"] = inference(workers, workload, options.runs, options.stream_words)
        results["idle_seconds"] = {name: w.idle_seconds for name, w in workers.items()}
    if options.memory:
        results["memory"] = {
            str(size): memory(names, workload.batches(size, options.memory_batches), task)
            for size in options.batch_sizes
        }
    if options.sweep:
        # Unless they were named, models that take too long are left out.
        swept = [name for name in names if options.models or MODELS[name].in_sweeps]
        results["sweeps"] = {
            kind: sweep(kind, swept, workload, task, options) for kind in options.sweep
        }
    return results


def check(workers: Workers, workload: Workload, longest: int) -> dict[str, dict[str, float]]:
    """Makes sure that the models compute the same function and learn alike; also a warm-up.

    Args:
        workers: The models, which start from the same weights.
        workload: What they read.
        longest: Words of a sentence that all of them read.

    Raises:
        UserError: They do not.
    """
    _say("checking that the models compute the same")
    texts = [" ".join(s[:longest]) for s in workload.sentences[:CHECKED_SENTENCES]]
    batch = list(zip(texts, workload.labels, strict=False))
    logits = {name: worker.infer(texts).result for name, worker in workers.items()}
    losses = {
        name: worker.train([batch] * CHECKED_STEPS).result for name, worker in workers.items()
    }
    report = {}
    for name in workers:
        if not MODELS[name].same_function:
            continue
        by_logits = float(np.abs(logits[name] - logits[REFERENCE]).max())
        by_losses = float(np.abs(np.subtract(losses[name], losses[REFERENCE])).max())
        if by_logits > LOGITS_TOLERANCE or by_losses > LOSS_TOLERANCE:
            raise UserError(
                f"{name} does not compute what {REFERENCE} computes: logits differ by"
                f" {by_logits:.1e}, losses of the first {CHECKED_STEPS} steps by {by_losses:.1e}."
            )
        report[name] = {"logits_differ_by": by_logits, "losses_differ_by": by_losses}
    return report


def training(workers: Workers, batches: Sequence[Batch], task: Task, rounds: int) -> dict[str, Any]:
    """Returns the words per second in training, and the share of the machine's speed reached.

    Args:
        workers: The models.
        batches: What each trains on in a turn.
        task: The sizes.
        rounds: Turns of each.
    """
    workers = {n: w for n, w in workers.items() if _fits(n, batches, task)}
    _say(f"training, batches of {len(batches[0])}: {rounds} rounds of {', '.join(workers)}")
    for worker in workers.values():
        worker.train(batches[:1])
    turns = {name: lambda w=worker: w.train(batches) for name, worker in workers.items()}
    speed_of = workers[REFERENCE].matrix_product_speed
    measured = alternate({MATRIX_PRODUCT: speed_of, **turns}, rounds)
    matrix_product = measured.pop(MATRIX_PRODUCT)
    result = _speeds(measured)
    result["arithmetic"] = _arithmetic(measured[REFERENCE], matrix_product, batches, task)
    return result


def inference(
    workers: Workers, workload: Workload, rounds: int, stream_words: int
) -> dict[str, Any]:
    """Returns the words per second from text to label.

    Args:
        workers: The models.
        workload: What each reads in a turn. hier_rnn has forgotten all words before each turn.
        rounds: Turns of each.
        stream_words: Then hier_rnn alone reads a stream of so many words, the data again and
            again, with what it knows of the words that it has met; 0 for no stream.
    """
    texts = workload.texts()
    _say(f"inference: {rounds} rounds of {', '.join(workers)}")
    for worker in workers.values():
        worker.infer(texts[:64])
    turns = {name: lambda w=worker: w.infer(texts) for name, worker in workers.items()}
    stream = workload.stream(stream_words)
    if stream:
        reference = workers[REFERENCE]

        def warm() -> Turn:
            reference.infer(texts)  # meets every word
            return reference.infer(stream, warm=True)

        turns[WARM] = warm
    measured = alternate(turns, rounds)
    result = _speeds(measured)
    if stream:
        by_warm = summary(_by_turn(measured), WARM)
        for name, speed in result["words_per_second"].items():
            speed["warm_reference_is_faster_by"] = by_warm[name]["reference_is_faster_by"]
    return result


def memory(names: Sequence[str], batches: Sequence[Batch], task: Task) -> dict[str, int | None]:
    """Returns each model's peak of memory in a training step, in bytes, in a fresh process.

    Args:
        names: The models.
        batches: What they train on.
        task: The sizes.
    """
    # What is traced, and the optimizer's state, is made by a step on a sentence of one word.
    first = [(batches[0][0][0].split()[0], batches[0][0][1])]
    _say(f"memory of a step, batches of {len(batches[0])}")
    peaks = {}
    for name in names:
        if not _fits(name, batches, task):
            continue
        with Worker(name, task) as worker:
            worker.train([first])
            peaks[name] = worker.memory(batches)
    return peaks


def sweep(
    kind: str, names: Sequence[str], workload: Workload, task: Task, options: argparse.Namespace
) -> list[dict[str, Any]]:
    """Returns how training speed and memory go with one size, the others as in the options.

    Args:
        kind: `batch` (sentences), `length` (words in each sentence) or `units` (of both networks).
        names: The models.
        workload: What they read.
        task: The sizes.
        options: The command line's.
    """
    values = options.sweep_values or SWEEPS[kind]
    points = []
    if kind != "units":  # the same models for all points
        sized = replace(task, words_axis=min(max(values), options.keras_words))
        if kind == "batch":
            sized, size_of, data_of = task, int, lambda value: workload
        else:
            size_of, data_of = lambda value: options.batch_sizes[0], workload.of_length
        with ExitStack() as stack:
            workers = _started(names, sized, stack)
            for value in values:
                batches = _of_words(data_of(value), size_of(value), options.sweep_words)
                points.append({kind: value, **point(workers, batches, sized, options)})
        return points
    batches = _of_words(workload, options.batch_sizes[0], options.sweep_words)
    for value in values:
        model = configuration(options.embedding, value, value, LEARNING_RATE, options.marks)
        weights = first_weights(model, task.alphabet, task.classes, options.seed)
        sized = replace(task, configuration=model, weights=weights)
        with ExitStack() as stack:
            workers = _started(names, sized, stack)
            points.append({kind: value, **point(workers, batches, sized, options)})
    return points


def point(
    workers: Workers, batches: Sequence[Batch], task: Task, options: argparse.Namespace
) -> dict[str, Any]:
    """Returns training speed and, if asked for, memory on some batches."""
    measured = {"training": training(workers, batches, task, options.runs)}
    if options.memory:
        measured["memory"] = memory(list(workers), batches[: options.memory_batches], task)
    return measured


def _of_words(workload: Workload, size: int, words: int) -> list[Batch]:
    """Batches of a size that have about so many words altogether, one batch at least."""
    in_batch = size * workload.words / len(workload.sentences)
    return workload.batches(size, max(1, round(words / in_batch)))


def _started(names: Sequence[str], task: Task, stack: ExitStack) -> dict[str, Worker]:
    return {name: stack.enter_context(Worker(name, task)) for name in names}


def _fits(name: str, batches: Sequence[Batch], task: Task) -> bool:
    """Whether a padded model's step can be held in half of the memory there is."""
    if not MODELS[name].padded:
        return True
    largest = 0
    for sentences in sentences_of(batches):
        longest = max(map(len, sentences))
        if name == "keras":
            longest = task.words_axis
        characters = max(len(word) for sentence in sentences for word in sentence)
        largest = max(largest, len(sentences) * longest * characters)
    units = task.configuration.character_encoder.units
    return largest * units * 4 * PADDED_STEP_ARRAYS < available_memory() / 2


def _by_turn(measured: Mapping[str, Sequence[Turn]]) -> dict[str, list[float]]:
    return {name: [turn.speed for turn in turns] for name, turns in measured.items()}


def _speeds(measured: Mapping[str, Sequence[Turn]]) -> dict[str, Any]:
    return {
        "words_per_second": summary(_by_turn(measured), REFERENCE),
        "words": {name: turns[0].words for name, turns in measured.items()},
    }


def _arithmetic(
    turns: Sequence[Turn], matrix_product: Sequence[float], batches: Sequence[Batch], task: Task
) -> dict[str, float]:
    """How much of the machine's matrix-product speed hier_rnn reaches in training."""
    marks = task.configuration.text.boundary_marks
    total = sum(
        arithmetic.operations(
            arithmetic.counts(sentences, marks),
            task.configuration,
            task.alphabet.size,
            task.classes,
            training=True,
        )
        for sentences in sentences_of(batches)
    )
    reached = [total / turn.seconds for turn in turns]
    shares = [own / full for own, full in zip(reached, matrix_product, strict=True)]
    return {
        "operations_per_word": total / turns[0].words,
        "matrix_product_gflops": float(np.median(matrix_product)) / 1e9,
        "reached_gflops": float(np.median(reached)) / 1e9,
        "share": float(np.median(shares)),
        "words_per_second_at_matrix_product_speed": float(np.median(matrix_product))
        / (total / turns[0].words),
    }


def _say(what: str) -> None:
    """Says what is being measured: a long benchmark is not a silent one."""
    print(what, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = parser_of("benchmarks.throughput", __doc__)
    add_options(parser)

    def add(flag: str, help: str, **settings: Any) -> None:
        parser.add_argument(flag, help=help, **settings)

    on_off = argparse.BooleanOptionalAction
    add("--models", f"of {', '.join(MODELS)}; without: all installed", nargs="+", metavar="MODEL")
    add("--batch-sizes", "sentences in a training batch", type=positive, nargs="+", default=[64])
    add("--keras-words", "TimeDistributed's words axis, at most", type=positive, default=64)
    add("--inference", "measure inference too", action=on_off, default=True)
    add(
        "--inference-sentences",
        "sentences in a batch at inference, for the others (hier_rnn: up to 512)",
        type=positive,
        default=64,  # the fastest of 32 to 512 for PyTorch; a padded model wants less
    )
    add("--stream-words", "words of the warm stream; 0: none", type=int, default=1_000_000)
    add("--memory", "measure memory too", action=on_off, default=True)
    add("--memory-batches", "training batches while memory is measured", type=positive, default=3)
    add("--sweep", "how speed and memory grow with it", nargs="+", choices=SWEEPS, default=[])
    add("--sweep-values", "instead of the usual ones", type=positive, nargs="+")
    add("--sweep-words", "words of a turn in a sweep, about", type=positive, default=10_000)
    return parser


if __name__ == "__main__":
    main()
