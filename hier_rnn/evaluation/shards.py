"""An evaluation in shards: each process answers its rows, and one makes the figures of all.

A shard's file has a line of JSON for each of its rows, with the logits as they were computed, and
as many lines again for each way to misspell them. Nothing else is needed to make the same figures
as one process: neither the run nor the data.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np

from hier_rnn.decisions.decision import Decision
from hier_rnn.decisions.one_label import OneLabel
from hier_rnn.decisions.several_labels import SeveralLabels
from hier_rnn.errors import UserError
from hier_rnn.evaluation.answers.choose import answers_of
from hier_rnn.evaluation.evaluate import Evaluation, Unseen, answers_to, evaluate_answers
from hier_rnn.evaluation.misspelled import parse_misspelling
from hier_rnn.evaluation.predictions import prediction_writer
from hier_rnn.evaluation.progress import OnProgress
from hier_rnn.evaluation.run_pass import Answered
from hier_rnn.evaluation.text_predictor import TextPredictor
from hier_rnn.files import write_atomically
from hier_rnn.sources.example import Example, Source
from hier_rnn.sources.shard import Shard
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.storage.shard_record import ShardFile, ShardRecord, in_turn
from hier_rnn.training.preparation.fingerprint import Fingerprints, fingerprinted

KIND = "evaluation"


def evaluate_shard(
    predictor: TextPredictor,
    data: Source,
    shard: Shard,
    out: Path,
    *,
    misspell: Sequence[str] = (),
    unseen: Unseen = "error",
    seed: int = 0,
    verify: bool = True,
) -> ShardRecord:
    """Answers the rows of a shard and writes them, for `merge_evaluation`.

    Args:
        predictor: The run, loaded.
        data: Labelled examples, those of all shards.
        shard: Which of them.
        out: The file; its record is written beside it.
        misspell: Ways to misspell, each answered too.
        unseen: What is to be done about examples whose labels the run never saw.
        seed: Decides misspellings, and the intervals later on.
        verify: Whether the run's files must be as its manifest says. Default True.

    Raises:
        UserError: As `evaluate_runs`.
    """
    passes: list[str | None] = [None, *misspell]
    for specification in misspell:
        parse_misspelling(specification)
    labels, decision = tuple(predictor.labels), predictor.decision
    if unseen == "error":
        answers_of(labels, decision).targets(data, data.name)
    vocabulary = RunDirectory(predictor.run, verify).known_words()
    fingerprints: Fingerprints = {}
    rows, seconds = 0, []

    def counted() -> Iterator[Example]:
        nonlocal rows
        rows = 0
        for example in fingerprinted(data, "data", fingerprints):
            rows += 1
            yield example

    with write_atomically(out) as file:
        for way in passes:
            begun = time.monotonic()
            examples = Source(data.name, counted)
            for one in answers_to(predictor, examples, way, seed, vocabulary, shard):
                _write(file, one, whole=way is None)
            seconds.append(time.monotonic() - begun)
    record = ShardRecord(
        kind=KIND,
        shard=shard.number,
        of=shard.shards,
        rows=rows,
        run=predictor.run.resolve().name,
        run_fingerprint=RunDirectory(predictor.run, verify).fingerprint(),
        data=data.name,
        data_fingerprint=fingerprints["data"],
        form={
            "labels": list(labels),
            "temperature": decision.temperature,
            "thresholds": None if decision.thresholds is None else list(decision.thresholds),
            "misspell": list(misspell),
            "unseen": unseen,
            "seed": seed,
            "vocabulary_known": vocabulary is not None,
        },
        seconds=seconds,
    )
    record.write(out)
    return record


def merge_evaluation(
    shards: Sequence[ShardFile],
    *,
    predictions: Path | None = None,
    on_progress: OnProgress | None = None,
) -> Evaluation:
    """Returns what one process would have found for all rows, with the same intervals.

    Speeds alone are others: words by the seconds of all shards together.

    Args:
        shards: As `read_shards` returns them.
        predictions: File for a line of JSON for every example that is scored. Default None.
        on_progress: Called now and then with how far a pass over the answers has come.

    Raises:
        UserError: A file is not what `evaluate_shard` writes, or can't be written.
    """
    record = shards[0].record
    labels, decision, form = _decision(shards[0])
    sections: list[str | None] = [None, *form["misspell"]]
    answers = answers_of(labels, decision)

    def passed(examples: Source, specification: str | None) -> Iterator[Answered]:
        section = sections.index(specification)
        texts = _section(shards, labels, 0)
        for first, one in zip(texts, _section(shards, labels, section), strict=True):
            # As in one process: a row whose label training never saw is in no pass.
            if form["unseen"] == "error" or answers.is_seen(first.example, frozenset(labels)):
                yield one

    def examples() -> Iterator[Example]:
        return (one.example for one in _section(shards, labels, 0))

    def evaluated(lines: IO[str] | None) -> Evaluation:
        return evaluate_answers(
            record.run,
            labels,
            decision,
            Source(record.data, examples),
            passed,
            unseen_known=form["vocabulary_known"],
            misspell=form["misspell"],
            unseen=form["unseen"],
            seed=form["seed"],
            on_example=prediction_writer(lines, record.run, labels, decision) if lines else None,
            on_progress=on_progress,
        )

    if predictions is None:
        return _with_seconds(evaluated(None), shards)
    with write_atomically(predictions) as file:
        return _with_seconds(evaluated(file), shards)


def _write(file: IO[str], one: Answered, whole: bool) -> None:
    line: dict[str, Any] = {}
    if whole:
        example = one.example
        line = {"where": example.where, "text": example.text, "label": example.label}
        line |= {"labels": list(example.labels), "unseen": one.unseen_share}
    # The shortest decimals that are this float32 and no other.
    logits = [float(str(value)) for value in one.logits.astype(np.float32)]
    # ASCII only: a text may hold lone surrogates, which UTF-8 cannot.
    file.write(json.dumps({**line, "words": one.words, "logits": logits}) + "\n")


def _section(
    shards: Sequence[ShardFile], labels: Sequence[str], section: int
) -> Iterator[Answered]:
    """Yields the answers of a pass, those of all shards in the order of the data."""
    return in_turn([_answers(shard, labels, section) for shard in shards])


def _answers(shard: ShardFile, labels: Sequence[str], section: int) -> Iterator[Answered]:
    start = section * shard.size
    with shard.path.open(encoding="utf-8") as file:
        for number, text in enumerate(islice(file, start, start + shard.size), start + 1):
            try:
                yield _answer(json.loads(text), len(labels))
            except (ValueError, KeyError, TypeError, RecursionError):
                raise UserError(
                    f"{shard.path}:{number}: damaged: not an answer, as `hier-rnn evaluate --shard"
                    " I/N --predictions FILE` writes it."
                ) from None


def _answer(line: dict[str, Any], classes: int) -> Answered:
    logits = np.array(line["logits"], np.float32)
    if logits.shape != (classes,) or not np.isfinite(logits).all():
        raise ValueError("logits")
    names = tuple(map(str, line.get("labels", ())))
    label, unseen = line.get("label"), line.get("unseen")
    text, where = str(line.get("text", "")), str(line.get("where", ""))
    example = Example(None if label is None else str(label), text, where, labels=names)
    return Answered(example, logits, int(line["words"]), None if unseen is None else float(unseen))


def _decision(shard: ShardFile) -> tuple[tuple[str, ...], Decision, dict[str, Any]]:
    """Returns labels and decision of a run, as a shard's record has them, and the record's form."""
    form = shard.record.form
    try:
        labels, thresholds = form["labels"], form["thresholds"]
        decision: Decision = OneLabel(float(form["temperature"]))
        if thresholds is not None:
            decision = SeveralLabels(float(form["temperature"]), tuple(map(float, thresholds)))
        whole = (
            all(isinstance(name, str) for name in (*labels, *form["misspell"]))
            and len(labels) > 0
            and (thresholds is None or len(thresholds) == len(labels))
            and form["unseen"] in ("error", "count")
            and type(form["seed"]) is int
            and form["seed"] >= 0
            and type(form["vocabulary_known"]) is bool
        )
    except (KeyError, TypeError, ValueError):
        whole = False
    if not whole:
        raise UserError(f"{shard.path}.shard.json: damaged: not what an evaluation has.")
    return tuple(labels), decision, form


def _with_seconds(evaluation: Evaluation, shards: Sequence[ShardFile]) -> Evaluation:
    """Puts the time of all shards together in the place of that of putting them together."""
    passes = [sum(times) for times in zip(*(shard.record.seconds for shard in shards), strict=True)]
    words = int(evaluation.result.lengths.sum())

    def speed(seconds: float) -> float:
        return words / max(seconds, 1e-9)

    result = replace(evaluation.result, seconds=passes[0], words_per_second=speed(passes[0]))
    misspelled = {
        name: replace(changed, words_per_second=speed(seconds))
        for (name, changed), seconds in zip(evaluation.misspelled.items(), passes[1:], strict=True)
    }
    return replace(evaluation, result=result, misspelled=misspelled)
