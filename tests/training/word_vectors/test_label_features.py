"""What labels say of words, against counting by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hier_rnn.training.word_vectors import label_features as module
from hier_rnn.training.word_vectors.label_features import (
    PRIOR,
    append_label_features,
    label_log_ratios,
)
from hier_rnn.training.word_vectors.targets import Targets

TEXTS = [
    *([(("good",), ["Great", "plot!"])] * 30),
    *([(("bad",), ["dull", "plot"])] * 10),
    (("bad",), ["great", "great", "n't"]),
]


def by_hand(label: str, *parts: str) -> float:
    """Of the part of `TEXTS`, with a loop of its own."""
    stands = [(name, {"".join(filter(str.isalpha, w.lower())) for w in t}) for name, t in TEXTS]
    total = sum(len(words) for _, words in stands)
    share = sum(len(words) for name, words in stands if name == (label,)) / total
    result = 0.0
    for part in parts:
        of_label = sum(part in words for name, words in stands if name == (label,))
        of_all = sum(part in words for _, words in stands)
        result += math.log((of_label + PRIOR * share) / (of_all + PRIOR) / share)
    return max(result, 0) / math.log(4)


def test_as_by_hand():
    words = ["great", "GREAT!", "plot", "dull", "dull/great", "n't"]
    parts_of = [["great"], ["great"], ["plot"], ["dull"], ["dull", "great"], ["nt"]]
    found = label_log_ratios(words, TEXTS)
    expected = [[by_hand(label, *parts) for label in ("bad", "good")] for parts in parts_of]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert found[0, 1] > 0.1
    assert found[0, 0] == 0


def test_a_word_in_no_text():
    assert not label_log_ratios(["great", "plot", "dull-plot"], TEXTS)[2].any()


def test_the_more_often_the_surer():
    def said(times: int) -> float:
        texts = [("a", ["x", "z"]), ("b", ["y", "z"])] * times
        return float(label_log_ratios(["x", "y", "z"], texts)[0, 0])

    assert 0 < said(1) < said(10) < said(1000) < 0.5
    assert said(1000) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    ("labels", "said"), [(2, 0.5), (3, math.log(3) / math.log(4)), (4, 1), (9, 1)]
)
def test_of_few_labels_less(labels, said):
    names = "abcdefghi"[:labels]
    found = label_log_ratios(list(names), [(name, [name]) for name in names] * 10_000)
    np.testing.assert_allclose(found, said * np.eye(labels), atol=0.02)


def test_a_label_without_a_known_word():
    found = label_log_ratios(["x", "y"], [("a", ["x"]), ("b", ["y"]), ("c", []), ("d", ["?"])])
    assert np.isfinite(found).all()
    assert not found[:, 2:].any()


def test_only_words_in_no_text():
    assert not label_log_ratios(["x", "y"], [("a", ["z"]), ("b", [])]).any()


def test_of_many_labels_the_most_frequent(monkeypatch):
    texts = [("c", ["x"]), ("a", ["y"]), ("b", ["z"]), ("c", ["y"]), ("b", ["x"])]
    monkeypatch.setattr(module, "LABELS", 2)
    found = label_log_ratios(["x", "y", "z"], texts)
    assert found.shape == (3, 2)
    of_two = [text for text in texts if text[0] != "a"]
    np.testing.assert_array_equal(found, label_log_ratios(["x", "y", "z"], of_two))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.lists(st.text(min_size=1))), min_size=1))
def test_any_text(texts):
    texts = [*texts, ("a", ["x"]), ("b", ["y"])]
    words = list(dict.fromkeys(word for _, text in texts for word in text))
    found = label_log_ratios(words, texts)
    labels = len({label for label, _ in texts})
    assert found.shape == (len(words), labels)
    assert np.isfinite(found).all() and (found >= 0).all()
    np.testing.assert_array_equal(found, label_log_ratios(words, texts[::-1]))


def test_several_labels_of_a_text_count_each():
    several = [(("a", "b"), ["x"]), (("b",), ["y"]), ((), ["z"])]
    apart = [("a", ["x"]), ("b", ["x"]), ("b", ["y"])]
    shapes = label_log_ratios(["x", "y"], several), label_log_ratios(["x", "y"], apart)
    assert shapes[0].shape == shapes[1].shape == (2, 2)
    assert (shapes[0] > 0).tolist() == [[True, False], [False, True]]


def test_beside_the_vectors():
    vectors = np.eye(3, dtype=np.float32)
    targets = Targets(["great", "plot", "dull"], np.array([31, 40, 10]), vectors, {})
    found = append_label_features(targets, TEXTS, 2.0).vectors
    assert found.shape == (3, 5)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-6)
    said = 2 * label_log_ratios(targets.words, TEXTS)
    np.testing.assert_allclose(found[:, 3:] / found[[0, 1, 2], [0, 1, 2]][:, None], said, rtol=1e-5)
