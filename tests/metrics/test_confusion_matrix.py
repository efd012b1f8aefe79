from __future__ import annotations

import numpy as np
from sklearn.metrics import confusion_matrix

from hier_rnn.metrics.confusion_matrix import confusion_order, count_confusions


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


def test_counts_are_those_of_scikit_learn():
    generator = np.random.default_rng(0)
    targets, predictions = generator.integers(7, size=(2, 300))
    matrix = count_confusions(targets, predictions, 9)
    expected = confusion_matrix(targets, predictions, labels=range(9))
    assert (matrix.dense() == expected).all()
    assert matrix.to_json() == expected.tolist()
    assert (matrix.support == expected.sum(1)).all()
    assert (matrix.predicted == expected.sum(0)).all()
    assert (matrix.hits == expected.diagonal()).all()


def test_errors_come_most_frequent_first():
    matrix = count_confusions(np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 0, 0, 1]), 3)
    assert matrix.errors() == [(2, 0, 2), (0, 1, 1), (2, 1, 1)]


def test_a_matrix_of_very_many_classes_is_written_by_its_cells():
    matrix = count_confusions(np.array([0, 0, 1999]), np.array([5, 5, 1999]), 2000)
    assert matrix.to_json() == {"classes": 2000, "cells": [[0, 5, 2], [1999, 1999, 1]]}
