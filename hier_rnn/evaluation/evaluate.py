"""Evaluating runs on a source: one pass for the scores, and one for each way to misspell it."""

from __future__ import annotations

import contextlib
import json as json_format
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import hier_rnn
from hier_rnn.errors import UserError
from hier_rnn.evaluation.attack import SENTENCES_AT_ONCE, is_attack
from hier_rnn.evaluation.bootstrap import Intervals, bootstrap
from hier_rnn.evaluation.calibration import Calibration, calibrate
from hier_rnn.evaluation.examples import Chosen, choose
from hier_rnn.evaluation.metrics import Scores, score, target_ids
from hier_rnn.evaluation.misspelled import misspelled, parse_misspelling
from hier_rnn.evaluation.observation import Observations, observe
from hier_rnn.evaluation.predictions import prediction_writer
from hier_rnn.files import read_lines, write_atomically

if TYPE_CHECKING:
    from hier_rnn.evaluation.side_by_side import Comparison
    from hier_rnn.inference.predictor import Predictor
    from hier_rnn.sources.source import Example, Source


@dataclass(frozen=True)
class Misspelled:
    """What is left of the scores when words are misspelled."""

    scores: Scores
    intervals: Intervals
    words_per_second: float
    """The search for the worst edits included, where it was an attack."""


@dataclass(frozen=True)
class Evaluation:
    """All that is known about a classifier on a source."""

    name: str
    data: str
    labels: tuple[str, ...]
    scores: Scores
    intervals: Intervals
    calibration: Calibration
    chosen: Chosen
    observations: Observations
    misspelled: dict[str, Misspelled]
    """By the specification, `KIND:RATE` or `attack:WORDS`."""

    def to_json(self) -> dict[str, Any]:
        """Returns the figures as JSON values; every one that a table or a report shows."""
        return {
            "run": self.name,
            "data": self.data,
            **_figures(self.scores, self.intervals, self.observations.words_per_second),
            "labels": list(self.labels),
            "seconds": self.observations.seconds,
            "calibration": {
                **asdict(self.calibration),
                "bins": [bin._asdict() for bin in self.calibration.bins],
                "coverage": [point._asdict() for point in self.calibration.coverage],
            },
            "confusions": [
                {**confusion._asdict(), "example": confusion.example._asdict()}
                for confusion in self.chosen.confusions
            ],
            "most_confident_errors": [judged._asdict() for judged in self.chosen.errors],
            "least_confident_hits": [judged._asdict() for judged in self.chosen.close_calls],
            "misspelled": {
                specification: _figures(result.scores, result.intervals, result.words_per_second)
                for specification, result in self.misspelled.items()
            },
        }


def evaluate_runs(
    runs: Sequence[Path],
    data: Source,
    *,
    json: Path | None = None,
    report: Path | None = None,
    predictions: Path | None = None,
    misspell: Sequence[str] = (),
    seed: int = 0,
    quiet: bool = False,
) -> list[Evaluation]:
    """Evaluates runs on labelled data, prints the tables, and writes what is asked for.

    Args:
        runs: Run directories; with several, the others are compared with the first.
        data: Labelled examples.
        json: File for the figures.
        report: Folder for `report.html` with its figures as JSON and PNG.
        predictions: File for a line of JSON for every example.
        misspell: `KIND:RATE`, `file:PATH:RATE` or `attack:WORDS[:KINDS]`, each evaluated too.
        seed: Decides bootstrap draws and misspellings.
        quiet: Neither progress nor tables.

    Raises:
        UserError: A run or the data cannot be used, or a file cannot be written.
    """
    from hier_rnn.evaluation.side_by_side import compare
    from hier_rnn.evaluation.table import print_comparison, print_evaluation

    for specification in misspell:
        parse_misspelling(specification)
    names = run_names(runs)
    predictors = [hier_rnn.load(run) for run in runs]
    words = [known_words(run) for run in runs]
    evaluations: list[Evaluation] = []
    with contextlib.ExitStack() as files:
        lines = files.enter_context(write_atomically(predictions)) if predictions else None
        for name, predictor, known in zip(names, predictors, words, strict=True):
            sink = lines and prediction_writer(lines, name, predictor.labels, predictor.temperature)
            evaluation = evaluate(
                predictor,
                data,
                name=name,
                known_words=known,
                misspell=misspell,
                seed=seed,
                quiet=quiet,
                sink=sink,
            )
            evaluations.append(evaluation)
            if not quiet:
                print_evaluation(evaluation)
    comparison = compare(evaluations, data, seed) if len(runs) > 1 else None
    if comparison and not quiet:
        print_comparison(comparison)
    if json:
        with write_atomically(json) as file:
            document = json_document(evaluations, comparison)
            json_format.dump(document, file, indent=2, allow_nan=False)
            file.write("\n")
    if report:
        from hier_rnn.evaluation.report import write_report

        write_report(report, evaluations, predictors, runs, comparison)
        if not quiet:
            print(f"The report is in {report / 'report.html'}.")
    return evaluations


def evaluate(
    predictor: Predictor,
    data: Source,
    *,
    name: str = "run",
    known_words: frozenset[str] = frozenset(),
    misspell: Sequence[str] = (),
    seed: int = 0,
    quiet: bool = True,
    sink: Callable[[Example, np.ndarray], None] | None = None,
) -> Evaluation:
    """Evaluates a classifier on labelled data, in memory that holds no text.

    Args:
        predictor: The classifier.
        data: Labelled examples; read several times.
        name: What to call the classifier.
        known_words: Words that its training saw.
        misspell: Ways to misspell, each evaluated too.
        seed: Decides bootstrap draws and misspellings.
        quiet: No progress bar.
        sink: Called with every example and its logits, in order.

    Raises:
        UserError: No examples, or labels that training never saw.
    """
    labels = tuple(predictor.labels)
    targets = target_ids(data, labels, data.name)
    observations = observe(
        predictor, data, targets, known_words, title=data.name, quiet=quiet, sink=sink
    )
    scores = score(targets, observations.logits, labels)
    results = {}
    for specification in misspell:
        examples = misspelled(data, specification, predictor, seed)
        title = f"{data.name} {specification}"
        at_once = SENTENCES_AT_ONCE if is_attack(specification) else None
        seen = observe(predictor, examples, targets, title=title, quiet=quiet, at_once=at_once)
        results[specification] = Misspelled(
            score(targets, seen.logits, labels),
            bootstrap(targets, seen.predictions, seed),
            seen.words_per_second,
        )
    return Evaluation(
        name=name,
        data=data.name,
        labels=labels,
        scores=scores,
        intervals=bootstrap(targets, observations.predictions, seed),
        calibration=calibrate(observations.logits, targets, predictor.temperature),
        chosen=choose(data, observations, scores.confusion_matrix, labels, predictor.temperature),
        observations=observations,
        misspelled=results,
    )


def json_document(
    evaluations: Sequence[Evaluation], comparison: Comparison | None = None
) -> dict[str, Any]:
    """Returns the figures of one run, or of several under `runs` with their `comparison`."""
    if comparison is None:
        return evaluations[0].to_json()
    return {
        "runs": [evaluation.to_json() for evaluation in evaluations],
        "comparison": comparison.to_json(),
    }


def known_words(run: Path) -> frozenset[str]:
    """Returns the words that a run saw in training (at most 200,000, the most frequent).

    Raises:
        UserError: The run's `words.txt` is missing or damaged.
    """
    return frozenset(line.rpartition("\t")[0] for _, line in read_lines(run / "words.txt"))


def run_names(runs: Sequence[Path]) -> list[str]:
    """Returns each run's folder name, or its path as given where two folders share a name.

    Raises:
        UserError: The same run is given twice.
    """
    if len({run.resolve() for run in runs}) < len(runs):
        raise UserError("The same run is given twice: " + " ".join(map(str, runs)))
    names = [run.resolve().name for run in runs]
    return names if len(set(names)) == len(names) else [str(run) for run in runs]


def _figures(scores: Scores, intervals: Intervals, words_per_second: float) -> dict[str, Any]:
    return {
        **scores.to_json(),
        "accuracy_interval": [intervals.accuracy.low, intervals.accuracy.high],
        "macro_f1_interval": [intervals.macro_f1.low, intervals.macro_f1.high],
        "words_per_second": words_per_second,
    }
