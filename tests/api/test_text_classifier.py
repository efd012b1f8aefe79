"""`TextClassifier` among scikit-learn's tools."""

from __future__ import annotations

import io
import logging
import pickle

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

import hier_rnn
from hier_rnn import TextClassifier
from hier_rnn.configuration import schema
from hier_rnn.errors import UserError

pytestmark = pytest.mark.usefixtures("eager")


@pytest.fixture(scope="module")
def fitted(parameters, examples) -> TextClassifier:
    return TextClassifier(**parameters).fit(*examples)


@pytest.fixture(scope="module")
def quick(parameters) -> TextClassifier:
    """Of one epoch, for what is about something else."""
    return TextClassifier(**{**parameters, "training__epochs": 1})


def test_it_learns(fitted, examples):
    texts, labels = examples
    assert fitted.score(texts, labels) > 0.8
    assert fitted.classes_.tolist() == ["bad", "good", "question"]
    probabilities = fitted.predict_proba(texts)
    assert probabilities.shape == (len(texts), 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-12)
    best = fitted.classes_[probabilities.argmax(axis=1)]
    assert fitted.predict(texts).tolist() == best.tolist()
    assert fitted.validation_scores_["validation_accuracy"] > 0
    assert 1 <= fitted.best_epoch_ <= 6


@pytest.mark.slow
def test_it_has_the_weights_of_a_run_on_the_same_examples(fitted, options, examples):
    run = hier_rnn.train(examples, **options).run
    texts = ["good shop", "", "why is it late"]
    np.testing.assert_array_equal(run.probabilities(texts), fitted.run_.probabilities(texts))


def test_every_option_of_a_classifier_is_a_parameter():
    given = TextClassifier().get_params()
    groups = ("text", "character_encoder", "sentence_encoder", "head", "initializers", "training")
    names = {o.name.replace(".", "__") for group in groups for o in schema.options_of(group)}
    data = {"data__encoder", "data__transfer", "data__maximum_text_length"}
    others = {"random_state", "verbose"} | data
    assert set(given) == names | others
    assert given["training__epochs"] == hier_rnn.Configuration().training.epochs


def test_parameters_are_set_by_name():
    classifier = TextClassifier(training__epochs=3)
    assert classifier.set_params(head__dropout=0.5) is classifier
    copy = clone(classifier)
    assert copy.get_params() == classifier.get_params()
    assert (copy.training__epochs, copy.head__dropout) == (3, 0.5)
    with pytest.raises(ValueError, match="no parameter 'training__epoch'. Did you mean"):
        classifier.set_params(training__epoch=3)
    with pytest.raises(TypeError, match="no parameter 'epochs'"):
        TextClassifier(epochs=3)


def test_a_value_that_is_not_accepted_is_told_when_fitting(examples):
    with pytest.raises(UserError, match="training__epochs: must be a whole number"):
        TextClassifier(training__epochs=0).fit(*examples)


def test_only_what_differs_from_the_default_counts_as_given(small_run, quick, examples):
    # An encoder has options of its own, which defaults do not contradict.
    kept = {n: v for n, v in quick.get_params().items() if not n.startswith("character_encoder")}
    classifier = TextClassifier(**{**kept, "data__encoder": str(small_run)})
    assert classifier.fit(*examples).run_.configuration.character_encoder.units == 8


@pytest.mark.parametrize(
    "classes",
    [[3, 1, 2], [True, False], [2.0, 7.0], ["café", "x y", "z"], [np.int8(4), np.int8(-4)]],
)
@pytest.mark.slow
def test_labels_come_back_as_they_were_given(quick, examples, classes):
    texts = examples[0]
    labels = np.array([classes[i % len(classes)] for i in range(len(texts))])
    classifier = clone(quick).fit(texts, labels)
    assert classifier.classes_.tolist() == sorted(classes)
    assert classifier.classes_.dtype == labels.dtype
    assert classifier.predict(texts).dtype == labels.dtype
    assert set(classifier.predict(texts)) <= set(classes)


@pytest.mark.slow
def test_columns_are_in_the_order_of_the_classes(parameters, examples):
    # As text "10" comes before "9".
    texts, labels = examples
    numbers = np.array([{"bad": 9, "good": 10, "question": 11}[label] for label in labels])
    classifier = TextClassifier(**parameters).fit(texts, numbers)
    assert classifier.classes_.tolist() == [9, 10, 11]
    assert classifier.score(texts, numbers) > 0.8


@pytest.mark.parametrize("library", ["numpy", "pandas", "polars", "pyarrow", "datasets"])
def test_columns_of_every_library(fitted, examples, library):
    module = pytest.importorskip(library)
    texts, labels = (column[:9] for column in examples)
    if library == "datasets":
        table = module.Dataset.from_dict({"text": texts, "label": labels})
        columns = table["text"], table["label"]
    else:
        make = module.Series if hasattr(module, "Series") else module.array
        columns = make(texts), make(labels)
    assert fitted.predict(columns[0]).tolist() == fitted.predict(texts).tolist()
    assert fitted.score(columns[0], labels) == fitted.score(texts, labels)
    with pytest.raises(UserError, match="training__epochs"):  # the columns are read before
        clone(fitted).set_params(training__epochs=-1).fit(*columns)


@pytest.mark.slow
def test_it_is_fitted_on_columns_as_on_lists(quick, examples):
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"text": examples[0], "label": examples[1]}).sample(frac=1)
    of_columns = clone(quick).fit(table.text, table.label)
    of_lists = clone(quick).fit(table.text.tolist(), table.label.tolist())
    assert of_columns.classes_.tolist() == of_lists.classes_.tolist()
    np.testing.assert_array_equal(
        of_columns.predict_proba(table.text), of_lists.predict_proba(table.text)
    )


@pytest.mark.parametrize("missing", [None, float("nan"), 3, b"bytes"])
def test_what_is_no_text_is_named_with_its_row(fitted, examples, missing):
    texts, labels = examples
    wrong = [*texts[:4], missing, *texts[5:]]
    for call in (fitted.predict, fitted.predict_proba, lambda X: clone(fitted).fit(X, labels)):
        with pytest.raises(TypeError, match=r"X\[4\]: a str is expected"):
            call(wrong)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, "the target y is None"),
        (["a", None, "b"], r"y\[1\]: no label"),
        ([1.0, float("nan"), 2.0], r"y\[1\]: no label"),
        (["a", "b"], "inconsistent numbers"),
        ([0.5, 0.25, 0.1], "Unknown label type"),
        (["a", "a ", "b"], "'a' and 'a ' are one label"),
        (["", "a", "b"], "an empty text is no label"),
        (np.array(["a", 1, "b"], dtype=object), "labels of one type are expected"),
    ],
)
def test_what_are_no_labels(quick, labels, message):
    with pytest.raises(ValueError, match=message):
        clone(quick).fit(["one", "two", "three"], labels)


def test_it_must_be_fitted_first(quick):
    with pytest.raises(NotFittedError):
        clone(quick).predict(["a"])


@pytest.mark.slow
def test_the_random_state_is_the_seed(quick, examples):
    def probabilities(state):
        classifier = clone(quick).set_params(random_state=state).fit(*examples)
        return classifier.predict_proba(["good shop", "who"])

    def seed(state):
        return clone(quick).set_params(random_state=state)._configuration().seed

    zero = probabilities(0)
    np.testing.assert_array_equal(zero, probabilities(None))
    assert (zero != probabilities(np.int64(1))).any()
    assert (seed(7), seed(None)) == (7, 0)
    assert seed(np.random.RandomState(3)) == seed(np.random.RandomState(3)) != 3


@pytest.mark.slow
def test_it_is_quiet_unless_asked(quick, examples, capfd):
    clone(quick).fit(*examples)
    shown = capfd.readouterr()
    assert (shown.out, shown.err) == ("", "")
    clone(quick).set_params(verbose=True).fit(*examples)
    shown = capfd.readouterr()
    assert "epoch 1: training loss" in shown.err
    assert shown.out == ""
    assert not logging.getLogger("hier_rnn").handlers


def test_it_is_pickled(fitted, examples):
    texts = examples[0]
    file = io.BytesIO()
    joblib.dump(fitted, file)
    file.seek(0)
    for copy in (pickle.loads(pickle.dumps(fitted)), joblib.load(file)):
        np.testing.assert_array_equal(copy.predict_proba(texts), fitted.predict_proba(texts))
        assert copy.get_params() == fitted.get_params()


@pytest.mark.slow
def test_cross_validation_and_search_in_a_pipeline(parameters, examples):
    texts, labels = examples
    stripped = FunctionTransformer(lambda X: [text.strip() for text in X])
    steps = [("strip", stripped), ("classifier", TextClassifier(**parameters))]
    few = texts[:40], labels[:40]
    scores = cross_val_score(Pipeline(steps), *few, cv=2)
    assert scores.shape == (2,)
    assert np.isfinite(scores).all()
    search = GridSearchCV(
        Pipeline(steps), {"classifier__training__learning_rate": [1e-7, 0.1]}, cv=2
    ).fit(texts, labels)
    assert search.best_params_ == {"classifier__training__learning_rate": 0.1}
    assert search.best_estimator_["classifier"].run_.explain("good").label in set(labels)


@pytest.mark.slow
def test_calibration(fitted, parameters, examples):
    texts, labels = examples
    calibrated = CalibratedClassifierCV(TextClassifier(**parameters), cv=2).fit(texts, labels)
    probabilities = calibrated.predict_proba(texts)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert calibrated.score(texts, labels) > 0.5
