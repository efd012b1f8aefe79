from __future__ import annotations

import numpy as np

from hier_rnn.evaluation.report.confusion_rows import LARGEST, confusion_rows
from hier_rnn.metrics.confusion_matrix import ConfusionMatrix, count_confusions


def matrix_of(counts: list[list[int]]) -> ConfusionMatrix:
    cells = np.array(
        [(i, j) for i, row in enumerate(counts) for j, n in enumerate(row) for _ in range(n)]
    )
    return count_confusions(cells[:, 0], cells[:, 1], len(counts))


def test_rows_have_counts_and_shades():
    rows = list(confusion_rows(matrix_of([[9, 1, 0], [4, 6, 0], [0, 0, 0]]), "abc"))
    assert [(row.label, row.support) for row in rows] == [("a", 10), ("b", 10), ("c", 0)]
    assert [cell.count for cell in rows[1].cells] == [4, 6, 0]
    assert rows[0].cells[0].shade == "f4"
    assert rows[0].cells[1].shade == "a2"
    assert rows[1].cells[0].shade == "a4"
    assert rows[0].cells[2].shade == ""


def test_of_too_many_classes_there_are_no_rows():
    one = np.zeros(1, int)
    assert list(confusion_rows(count_confusions(one, one, LARGEST + 1), ["x"] * 201)) == []
