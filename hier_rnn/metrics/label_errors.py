"""Which labels are probably wrong, from probabilities that never saw them: confident learning.

Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels" (2021):
the confident joint, calibrated to the counts of the labels, and pruning by noise rate.
"""

from __future__ import annotations

import numpy as np


def confident_joint(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Returns how many examples have each given and each true class, `(classes, classes)`.

    An example counts for the most probable of the classes whose probability is at least the mean
    probability of that class among the examples labelled with it. Each row is scaled to the number
    of the examples that have its label.

    Args:
        labels: The class that each example is labelled with, `(examples,)`.
        probabilities: Of each class, by models that were not trained on the example,
            `(examples, classes)`.
    """
    classes = probabilities.shape[1]
    counts = np.bincount(labels, minlength=classes)
    own = probabilities[np.arange(len(labels)), labels]
    thresholds = np.bincount(labels, own, minlength=classes) / np.maximum(counts, 1)
    thresholds[counts == 0] = np.inf
    confident = np.where(probabilities >= thresholds, probabilities, -1.0)
    known = confident.max(axis=1) >= 0
    joint = np.zeros((classes, classes))
    np.add.at(joint, (labels[known], confident[known].argmax(axis=1)), 1)
    # A class without a confident example: its labels are taken as they are.
    empty = joint.sum(axis=1) == 0
    joint[empty, empty] = 1
    scaled: np.ndarray = joint * (counts / joint.sum(axis=1))[:, None]
    return scaled


def find_label_errors(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Returns the examples that are probably labelled wrongly, the likeliest first, `(errors,)`.

    Of each pair of classes as many as the joint says, those with the largest margin between the
    other class and the given one; never one whose most probable class is the given one.

    Args:
        labels: The class that each example is labelled with, `(examples,)`.
        probabilities: Of each class, by models that were not trained on the example,
            `(examples, classes)`.
    """
    joint = confident_joint(labels, probabilities)
    own = probabilities[np.arange(len(labels)), labels]
    found: set[int] = set()
    for given, true in zip(*np.nonzero(np.rint(joint)), strict=True):
        if given == true:
            continue
        rows = np.flatnonzero(labels == given)
        margins = probabilities[rows, true] - own[rows]
        count = int(np.rint(joint[given, true]))
        found.update(rows[np.argsort(-margins, kind="stable")[:count]].tolist())
    rows = np.array(sorted(found), dtype=np.int64)
    best = probabilities[rows].argmax(axis=1) if len(rows) else rows
    rows = rows[best != labels[rows]]
    margins = probabilities[rows].max(axis=1, initial=0.0) - own[rows]
    ranked: np.ndarray = rows[np.argsort(-margins, kind="stable")]
    return ranked
