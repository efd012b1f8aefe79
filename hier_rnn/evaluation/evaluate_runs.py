"""Evaluating runs beside each other, and writing what is asked for."""

from __future__ import annotations

import contextlib
import json as json_format
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hier_rnn.errors import UserError
from hier_rnn.evaluation.comparison.paired_comparison import Comparison, compare, json_document
from hier_rnn.evaluation.evaluate import Evaluation, Unseen, evaluate
from hier_rnn.evaluation.misspelled import parse_misspelling
from hier_rnn.evaluation.predictions import prediction_writer
from hier_rnn.evaluation.progress import OnProgress
from hier_rnn.evaluation.report.page import write_report
from hier_rnn.evaluation.text_predictor import TextPredictor
from hier_rnn.files import write_atomically
from hier_rnn.sources.example import Source
from hier_rnn.storage.run_directory import RunDirectory


@dataclass(frozen=True)
class RunEvaluations:
    """Runs on the same data, and how the others compare with the first."""

    evaluations: tuple[Evaluation, ...]
    comparison: Comparison | None
    """None where there is one run only."""


def evaluate_runs(
    predictors: Sequence[TextPredictor],
    data: Source,
    *,
    json: Path | None = None,
    report: Path | None = None,
    predictions: Path | None = None,
    misspell: Sequence[str] = (),
    unseen: Unseen = "error",
    seed: int = 0,
    command: str = "",
    on_progress: OnProgress | None = None,
    verify: bool = True,
) -> RunEvaluations:
    """Evaluates runs on labelled data; every file asked for is written when this returns.

    Args:
        predictors: The runs, loaded; with several, the others are compared with the first.
        data: Labelled examples.
        json: File for the figures.
        report: Folder for `report.html`, its figures as JSON, and its charts.
        predictions: File for a line of JSON for every example that is scored.
        misspell: `KIND:RATE`, `file:PATH:RATE` or `attack:WORDS[:KINDS]`, each evaluated too.
        unseen: What to do with examples whose labels a run never saw: `error` refuses them,
            `count` leaves them out (out of all runs' scores) and counts them. Default `error`.
        seed: Decides bootstrap draws and misspellings. Default 0.
        command: What was typed to get the report, which shows it.
        on_progress: Called now and then with how far a pass over the data has come.
        verify: Whether a run's files must be as its manifest says. Default True.

    Raises:
        UserError: The data or a way to misspell cannot be used, a run is given twice or is
            incomplete, or a file cannot be written.
    """
    for specification in misspell:
        parse_misspelling(specification)
    names = run_names([predictor.run for predictor in predictors])
    if len({predictor.decision.thresholds is None for predictor in predictors}) > 1:
        kinds = (
            f"{name}: {'one label' if p.decision.thresholds is None else 'several labels'}"
            for name, p in zip(names, predictors, strict=True)
        )
        raise UserError(
            "runs of one label for each text and of several can't be evaluated beside each other:"
            f" {'; '.join(kinds)}."
        )
    directories = [RunDirectory(predictor.run, verify) for predictor in predictors]
    vocabularies = [directory.known_words() for directory in directories]
    shared = set(predictors[0].labels).intersection(*(other.labels for other in predictors))
    evaluations: list[Evaluation] = []
    with contextlib.ExitStack() as files:
        lines = files.enter_context(write_atomically(predictions)) if predictions else None
        for name, predictor, vocabulary in zip(names, predictors, vocabularies, strict=True):
            on_example = None
            if lines is not None:
                labels, decision = predictor.labels, predictor.decision
                on_example = prediction_writer(lines, name, labels, decision)
            evaluation = evaluate(
                predictor,
                data,
                name=name,
                vocabulary=vocabulary,
                misspell=misspell,
                unseen=unseen,
                scored_labels=shared,
                seed=seed,
                on_example=on_example,
                on_progress=on_progress,
            )
            evaluations.append(evaluation)
    comparison = compare(evaluations, seed) if len(evaluations) > 1 else None
    if json and len(directories) == 1 and json.resolve() == directories[0].evaluation.resolve():
        directories[0].write_evaluation(json_document(evaluations, None))
    elif json:
        with write_atomically(json) as file:
            document = json_document(evaluations, comparison)
            json_format.dump(document, file, indent=2, allow_nan=False)
            file.write("\n")
    if report:
        write_report(report, evaluations, predictors, comparison, command, verify)
    return RunEvaluations(tuple(evaluations), comparison)


def run_names(runs: Sequence[Path]) -> list[str]:
    """Returns each run's folder name, or its path as given where two folders share a name.

    Raises:
        UserError: The same run is given twice.
    """
    if len({run.resolve() for run in runs}) < len(runs):
        raise UserError("The same run is given twice: " + " ".join(map(str, runs)))
    names = [run.resolve().name for run in runs]
    return names if len(set(names)) == len(names) else [str(run) for run in runs]
