from __future__ import annotations

import numpy as np

from hier_rnn.evaluation.confusion_matrix import confusion_order, confusion_rows


def test_classes_that_are_confused_stand_together():
    generator = np.random.default_rng(0)
    count = 40
    partner = generator.permutation(count).reshape(-1, 2)
    matrix = np.eye(count, dtype=int) * 10
    for one, other in partner:
        matrix[one, other] = matrix[other, one] = 6
    order = confusion_order(matrix)
    assert sorted(order) == list(range(count))
    place = np.argsort(order)
    assert all(abs(place[one] - place[other]) == 1 for one, other in partner)


def test_few_classes_keep_their_order():
    assert confusion_order(np.array([[1, 9], [9, 1]])).tolist() == [0, 1]


def test_a_class_that_never_occurs_has_a_place():
    matrix = np.diag([0] + [3] * 19)
    assert sorted(confusion_order(matrix)) == list(range(20))


def test_rows_have_counts_and_shades():
    rows = list(confusion_rows(np.array([[9, 1, 0], [4, 6, 0], [0, 0, 0]]), "abc"))
    assert [(row.label, row.support) for row in rows] == [("a", 10), ("b", 10), ("c", 0)]
    assert [cell.count for cell in rows[1].cells] == [4, 6, 0]
    assert rows[0].cells[0].shade == "f4"
    assert rows[0].cells[1].shade == "a2"
    assert rows[1].cells[0].shade == "a4"
    assert rows[0].cells[2].shade == ""
