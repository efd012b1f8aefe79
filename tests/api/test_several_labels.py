"""Several labels from Python: examples, the estimator in both of scikit-learn's forms."""

from __future__ import annotations

import random

import numpy as np
import pytest
from scipy import sparse

import hier_rnn
from hier_rnn.api.data.examples import labelled_source, resolved_for
from hier_rnn.api.data.label_sets import LabelSets, is_label_sets
from hier_rnn.configuration.options import Configuration, Data
from hier_rnn.errors import UserError

WORDS = {"bad": "awful", "good": "lovely", "late": "slow"}


@pytest.fixture(scope="module")
def examples() -> tuple[list[str], list[list[str]]]:
    draw = random.Random(0)
    labels = [[label for label in WORDS if draw.random() < 0.4] for _ in range(90)]
    texts = [" ".join([*(WORDS[label] for label in of_text), "the shop"]) for of_text in labels]
    return texts, labels


@pytest.fixture(scope="module")
def matrix(examples) -> np.ndarray:
    return np.array([[int(label in row) for label in sorted(WORDS)] for row in examples[1]])


def test_what_has_several_labels():
    assert is_label_sets([["a"], ["a", "b"]])
    assert is_label_sets([{"a"}, set()])
    assert is_label_sets(np.array([[0, 1], [1, 1]]))
    assert is_label_sets(sparse.csr_array([[0, 1], [1, 1]]))
    assert is_label_sets([[0, 1], [1, 0]])
    for rows in ([[0, 1], [1, 0]], list(np.array([[0, 1], [1, 0]]))):
        assert not LabelSets(rows).listed
    assert LabelSets([["0", "1"], ["1", "0"]]).listed
    assert not is_label_sets(["a", "b"])
    assert not is_label_sets(np.array([0, 1, 1]))
    assert not is_label_sets(np.array([[0], [1]]))


def test_label_sets():
    sets = LabelSets([["b", "a"], [], ["a"]])
    assert (sets.classes.tolist(), sets.indices) == (["a", "b"], [[0, 1], [], [0]])
    assert (sets.listed, len(sets)) == (True, 3)
    indicator = LabelSets(np.array([[0, 1, 1], [0, 0, 0]]))
    assert (indicator.classes.tolist(), indicator.indices) == ([0, 1, 2], [[1, 2], []])
    with pytest.raises(UserError, match="one type are expected. Received: int, str"):
        LabelSets([["a"], [1]])


def test_columns_of_a_table_name_the_labels():
    pandas = pytest.importorskip("pandas")
    sets = LabelSets(pandas.DataFrame({"x": [1, 0], "y": [1, 1]}))
    assert (sets.classes.tolist(), sets.listed) == (["x", "y"], False)


@pytest.mark.parametrize("kind", [list, tuple, set])
def test_examples_of_lists(kind):
    data = [(kind(["b", "a"]), "x"), (kind([]), "y")]
    configuration = resolved_for(Configuration(), data)
    assert configuration.data.multi_label is True
    assert configuration.training.validation_metric == "micro_f1"
    found = list(labelled_source(data, "train", configuration.data))
    assert [set(example.labels) for example in found] == [{"a", "b"}, set()]
    assert resolved_for(Configuration(), [("a", "x")]).data.multi_label is False
    with pytest.raises(UserError, match="more than one label"):
        list(labelled_source(data, "train", Data(multi_label=False)))


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_trained_from_lists(options, examples, tmp_path):
    texts, labels = examples
    options = {**options, "training": {**options["training"], "epochs": 15}}
    pairs = list(zip(labels, texts, strict=True))
    trained = hier_rnn.train(iter(pairs), pairs[:40], test=pairs, out=tmp_path / "run", **options)
    assert trained.scores["validation_micro_f1"] > 0.8
    assert trained.evaluation.scores.micro_f1 > 0.8
    assert set(trained.run.predict(["awful slow"])[0].labels) <= set(WORDS)
    assert trained.run.evaluate((texts, labels)).scores.micro_f1 == pytest.approx(
        trained.evaluation.scores.micro_f1
    )


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_the_estimator(parameters, examples, matrix):
    texts, labels = examples
    parameters = {**parameters, "training__epochs": 15}
    of_lists = hier_rnn.TextClassifier(**parameters).fit(texts, labels)
    assert of_lists.classes_.tolist() == sorted(WORDS)
    found = of_lists.predict(texts)
    assert all(set(row) <= set(WORDS) for row in found)
    assert of_lists.score(texts, labels) == np.mean(
        [set(row) == set(wanted) for row, wanted in zip(found, labels, strict=True)]
    )
    assert of_lists.score(texts, labels) > 0.6
    # The same data as a matrix, with a label that no text has.
    wider = np.hstack([np.zeros((len(texts), 1), int), matrix])
    of_matrix = hier_rnn.TextClassifier(**parameters).fit(texts, wider)
    given = of_matrix.predict(texts)
    assert given.dtype.kind == "i"
    assert given.shape == wider.shape
    assert given[:, 0].sum() == 0
    names = np.array(sorted(WORDS))
    assert [tuple(names[row[1:] == 1]) for row in given] == found
    np.testing.assert_array_equal(of_matrix.predict_proba(texts)[:, 0], 0)
    np.testing.assert_array_equal(
        of_matrix.predict_proba(texts)[:, 1:], of_lists.predict_proba(texts)
    )
    assert of_matrix.score(texts, wider) == of_lists.score(texts, labels)
