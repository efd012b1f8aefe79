"""Confident learning: flipped labels are found, by the formula of the paper."""

from __future__ import annotations

import numpy as np
import pytest

from hier_rnn.metrics.label_errors import confident_joint, find_label_errors


@pytest.fixture
def flipped():
    draw = np.random.default_rng(0)
    true = draw.integers(4, size=2000)
    labels = true.copy()
    wrong = draw.random(2000) < 0.05
    labels[wrong] = (labels[wrong] + draw.integers(1, 4, size=wrong.sum())) % 4
    logits = draw.normal(size=(2000, 4))
    logits[np.arange(2000), true] += 4
    values = np.exp(logits)
    return labels, values / values.sum(axis=1, keepdims=True), wrong


def test_the_joint_of_an_example_by_hand():
    labels = np.array([0, 0, 0, 1, 1])
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.3, 0.7], [0.2, 0.8]])
    # Thresholds 0.6 and 0.75: four are confident, the fourth is not.
    np.testing.assert_allclose(confident_joint(labels, probabilities), [[2, 1], [0, 2]])
    np.testing.assert_array_equal(find_label_errors(labels, probabilities), [2])


def test_rows_of_the_joint_sum_to_the_counts_of_the_labels(flipped):
    labels, probabilities, _ = flipped
    joint = confident_joint(labels, probabilities)
    np.testing.assert_allclose(joint.sum(axis=1), np.bincount(labels))
    off_diagonal = joint.sum() - np.trace(joint)
    assert off_diagonal / len(labels) == pytest.approx(0.05, abs=0.02)


def test_what_was_flipped_is_found(flipped):
    labels, probabilities, wrong = flipped
    found = find_label_errors(labels, probabilities)
    assert wrong[found].mean() > 0.9
    assert wrong[found].sum() / wrong.sum() > 0.85
    assert wrong[found[:50]].all()  # the likeliest first
    assert (probabilities[found].argmax(axis=1) != labels[found]).all()


def test_the_order_of_examples_and_of_classes_does_not_matter(flipped):
    labels, probabilities, _ = flipped
    found = find_label_errors(labels, probabilities)
    order = np.random.default_rng(1).permutation(len(labels))
    again = order[find_label_errors(labels[order], probabilities[order])]
    np.testing.assert_array_equal(again, found)
    turned = find_label_errors(3 - labels, probabilities[:, ::-1])
    np.testing.assert_array_equal(turned, found)


def test_where_all_is_well_nothing_is_found_and_a_class_without_examples_does_no_harm():
    labels = np.array([0, 1, 0, 1])
    probabilities = np.array([[0.9, 0.1, 0], [0.1, 0.9, 0], [0.8, 0.2, 0], [0.2, 0.8, 0]])
    assert len(find_label_errors(labels, probabilities)) == 0
