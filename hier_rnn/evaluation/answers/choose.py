"""Which answers a run gives, and so how they are judged."""

from __future__ import annotations

from collections.abc import Sequence

from hier_rnn.decisions.decision import Decision
from hier_rnn.decisions.several_labels import SeveralLabels
from hier_rnn.evaluation.answers.answers import Answers
from hier_rnn.evaluation.answers.one_label import OneLabelAnswers
from hier_rnn.evaluation.answers.several_labels import SeveralLabelsAnswers

KEPT_CLASSES = 50


def answers_of(labels: Sequence[str], decision: Decision) -> Answers:
    """Returns how a run's answers are judged.

    Args:
        labels: Name of each class.
        decision: What the run makes of logits.
    """
    kept = min(len(labels), KEPT_CLASSES)
    if isinstance(decision, SeveralLabels):
        return SeveralLabelsAnswers(labels, decision, kept)
    return OneLabelAnswers(labels, decision.temperature, kept)
