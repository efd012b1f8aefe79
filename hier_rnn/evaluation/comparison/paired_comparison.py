"""Several runs on the same examples: is one better than the first, and where do they disagree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from hier_rnn.evaluation.answers.choose import answers_of
from hier_rnn.evaluation.evaluate import Evaluation
from hier_rnn.evaluation.selection import fetch
from hier_rnn.metrics.bootstrap import Intervals, McNemar, mcnemar_of

DISAGREEMENTS = 12


class Difference(NamedTuple):
    """A run minus the first run, on the same examples."""

    run: str
    difference: Intervals
    mcnemar: McNemar


class Disagreement(NamedTuple):
    """An example that runs classify differently: what each of them says, and how surely."""

    where: str
    text: str
    label: str
    predicted: tuple[str, ...]
    probabilities: tuple[float, ...]


@dataclass(frozen=True)
class Comparison:
    """Runs beside each other on the same examples."""

    runs: tuple[str, ...]
    headline: str
    """What the score that is named first is called."""
    scores: tuple[tuple[float, float, float], ...]
    """The score that is named first, macro-F1 and loss of each run."""
    differences: tuple[Difference, ...]
    """Of every run but the first."""
    disagreeing: int
    """Examples on which not all runs say the same."""
    disagreements: tuple[Disagreement, ...]
    """Some of them: those about which the runs are surest, and only some of them right."""

    def to_json(self) -> dict[str, Any]:
        """Returns the comparison as JSON values."""
        return {
            "baseline": self.runs[0],
            "differences": [
                {
                    "run": run,
                    **{
                        metric: interval._asdict()
                        for metric, interval in difference._asdict().items()
                        if interval is not None
                    },
                    "mcnemar": test._asdict(),
                }
                for run, difference, test in self.differences
            ],
            "disagreeing": self.disagreeing,
            "disagreements": [disagreement._asdict() for disagreement in self.disagreements],
        }


def compare(evaluations: Sequence[Evaluation], seed: int) -> Comparison:
    """Compares every evaluation with the first.

    Args:
        evaluations: Two or more, all on the same examples, which are read once more for the texts
            of disagreements; the runs' classes may differ.
        seed: Decides the bootstrap draws.
    """
    labels = sorted({label for evaluation in evaluations for label in evaluation.labels})
    index = {label: position for position, label in enumerate(labels)}
    common = [np.array([index[label] for label in run.labels]) for run in evaluations]
    answers = answers_of(labels, evaluations[0].decision)
    targets = answers.renumbered(evaluations[0].result.targets, common[0], len(labels))
    predictions = [
        answers.renumbered(run.result.predictions, ids, len(labels))
        for ids, run in zip(common, evaluations, strict=True)
    ]
    right = np.stack([run.result.correct for run in evaluations])
    sureness = np.stack([run.result.confidence for run in evaluations])
    agree = [answers.same(other, predictions[0]) for other in predictions[1:]]
    disagreeing = np.flatnonzero(~np.all(agree, axis=0))
    shown = _surest(disagreeing, right, sureness)
    found = fetch(evaluations[0].examples, shown)
    return Comparison(
        runs=tuple(run.name for run in evaluations),
        headline=evaluations[0].headline,
        scores=tuple(
            (run.scores.headline, run.scores.macro_f1, run.scores.loss) for run in evaluations
        ),
        differences=tuple(
            Difference(
                run.name,
                answers.differences(targets, predictions[0], other, seed),
                mcnemar_of(right[0], run.result.correct),
            )
            for run, other in zip(evaluations[1:], predictions[1:], strict=True)
        ),
        disagreeing=len(disagreeing),
        disagreements=tuple(
            Disagreement(
                found[i].where,
                found[i].text,
                answers.named(targets, i, labels),
                tuple(answers.named(of_run, i, labels) for of_run in predictions),
                tuple(sureness[:, i].tolist()),
            )
            for i in shown
        ),
    )


def _surest(disagreeing: np.ndarray, right: np.ndarray, sureness: np.ndarray) -> list[int]:
    """Those some run gets right first, then by how sure the least sure run is."""
    some = right[:, disagreeing].any(axis=0)
    order = np.lexsort((-sureness[:, disagreeing].min(axis=0), ~some))
    shown: list[int] = disagreeing[order[:DISAGREEMENTS]].tolist()
    return shown


def json_document(
    evaluations: Sequence[Evaluation], comparison: Comparison | None = None
) -> dict[str, Any]:
    """Returns the figures of one run, or of several under `runs` with their `comparison`.

    Args:
        evaluations: The runs.
        comparison: How they compare, if there are several.
    """
    if comparison is None:
        return evaluations[0].to_json()
    return {
        "runs": [evaluation.to_json() for evaluation in evaluations],
        "comparison": comparison.to_json(),
    }
