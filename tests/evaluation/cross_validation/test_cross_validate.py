"""Cross-validation: nothing that is scored was trained on, and what is written is in order."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.errors import UserError
from hier_rnn.evaluation.cross_validation.cross_validate import FoldStarted, cross_validate
from hier_rnn.evaluation.cross_validation.label_errors import label_errors_of_predictions
from hier_rnn.inference.predictor import Predictor
from hier_rnn.sources.example import Example, Source
from hier_rnn.sources.source import open_source

pytestmark = pytest.mark.slow  # three trainings

FOLDS = 3


@pytest.fixture(scope="module")
def configuration(tiny):
    return tiny(training={"epochs": 3, "learning_rate": 0.1})


@pytest.fixture(scope="module")
def source(data):
    return open_source(data["train"])


@pytest.fixture(scope="module")
def done(configuration, source, tmp_path_factory):
    tf.config.run_functions_eagerly(True)
    folder, events = tmp_path_factory.mktemp("folds"), []
    result = cross_validate(
        configuration,
        source,
        FOLDS,
        out=folder / "runs",
        predictions=folder / "predictions.jsonl",
        on_event=events.append,
    )
    tf.config.run_functions_eagerly(False)
    return result, folder, events


def test_each_example_is_scored_by_the_run_that_never_saw_it(done, source):
    result, folder, _ = done
    runs = [Predictor(folder / "runs" / f"fold-{number + 1}") for number in range(FOLDS)]
    for row, example in enumerate(source):
        run = runs[result.fold_of[row]]
        np.testing.assert_allclose(
            result.probabilities[row], run.probabilities([example.text])[0], rtol=1e-5
        )
        assert result.labels[result.targets[row]] == example.label
    assert np.bincount(result.fold_of).tolist() == [20, 20, 20]


def test_mean_and_deviation_are_those_of_the_folds(done):
    result, _, _ = done
    accuracies = [fold.evaluation.scores.accuracy for fold in result.folds]
    figure = result.figures["accuracy"]
    assert figure.mean == pytest.approx(sum(accuracies) / FOLDS)
    assert figure.deviation == pytest.approx(np.std(accuracies, ddof=1))
    hits = result.probabilities.argmax(axis=1) == result.targets
    assert result.scores.accuracy == pytest.approx(hits.mean())
    document = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert document["figures"]["accuracy"]["mean"] == pytest.approx(figure.mean)
    assert [fold["examples"] for fold in document["per_fold"]] == [20, 20, 20]


def test_the_predictions_are_in_the_order_of_the_examples(done, source):
    result, folder, _ = done
    lines = [json.loads(line) for line in (folder / "predictions.jsonl").open()]
    assert [line["where"] for line in lines] == [example.where for example in source]
    for row, line in enumerate(lines):
        assert line["run"] == f"fold-{result.fold_of[row] + 1}"
        np.testing.assert_allclose(
            list(line["probabilities"].values()), result.probabilities[row], atol=1e-6
        )


def test_it_tells_of_the_folds(done):
    _, _, events = done
    assert [e for e in events if isinstance(e, FoldStarted)] == [
        FoldStarted(fold, FOLDS) for fold in (1, 2, 3)
    ]


def test_the_same_again_goes_on_from_what_is_kept(done, configuration, source):
    result, folder, _ = done
    again = cross_validate(configuration, source, FOLDS, out=folder / "runs")
    np.testing.assert_array_equal(again.probabilities, result.probabilities)


def test_label_errors_of_the_result_and_of_its_file_are_the_same(done, source):
    result, folder, _ = done
    own = result.label_errors()
    read = label_errors_of_predictions(source, folder / "predictions.jsonl")
    assert own.examples == read.examples == 60
    assert [error.where for error in own.errors] == [error.where for error in read.errors]
    assert own.agreement == pytest.approx(result.scores.accuracy)


def test_mistakes_are_named(configuration, source):
    with pytest.raises(UserError, match="folds: 2 to 1000 are expected. Received: 1"):
        cross_validate(configuration, source, 1)
    examples = [*source, Example("rare", "one", "x:1")]
    with pytest.raises(UserError, match="'rare' at x:1"):
        cross_validate(configuration, Source("x", lambda: iter(examples)), 2)
    several = configuration.data.model_copy(update={"multi_label": True})
    with pytest.raises(UserError, match="take texts with one label each"):
        cross_validate(configuration.model_copy(update={"data": several}), source)
