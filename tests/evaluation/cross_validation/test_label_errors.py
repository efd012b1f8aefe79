"""Label errors from a file of predictions, and what of it is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hier_rnn.errors import UserError
from hier_rnn.evaluation.cross_validation.label_errors import label_errors_of_predictions
from hier_rnn.sources.example import Example, Source

EXAMPLES = [
    Example("bad" if row % 2 else "good", f"text {row}", f"x.tsv:{row + 1}") for row in range(40)
]
FLIPPED = EXAMPLES[7]._replace(label="good")


def source(examples) -> Source:
    return Source("x.tsv", lambda: iter(examples))


def line(example: Example, bad: float) -> dict:
    values = {"bad": bad, "good": 1 - bad}
    return {
        "where": example.where,
        "text": example.text,
        "label": example.label,
        "probabilities": values,
    }


@pytest.fixture
def examples():
    return [FLIPPED if row == 7 else example for row, example in enumerate(EXAMPLES)]


@pytest.fixture
def predictions(examples):
    draw = np.random.default_rng(0)
    return [
        line(example, round(float(0.9 * (row % 2) + 0.1 * draw.random()), 6))
        for row, example in enumerate(examples)
    ]


@pytest.fixture
def write(tmp_path):
    def write(lines) -> object:
        path = tmp_path / "predictions.jsonl"
        path.write_text("".join(json.dumps(one) + "\n" for one in lines))
        return path

    return write


def test_a_flipped_label_is_found_with_its_place(examples, predictions, write):
    found = label_errors_of_predictions(source(examples), write(predictions))
    assert found.examples == 40
    assert found.agreement == 39 / 40
    (error,) = found.errors
    assert (error.where, error.label, error.suggested) == ("x.tsv:8", "good", "bad")
    assert error.suggested_probability > 0.9
    assert error.text == "text 7"
    assert found.to_json()["errors"][0]["suggested"] == "bad"


def test_examples_without_a_prediction_are_counted(examples, predictions, write):
    found = label_errors_of_predictions(source(examples), write(predictions[3:]))
    assert found.without_prediction == 3
    assert [error.where for error in found.errors] == ["x.tsv:8"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lines: lines[0].update(where="y.tsv:1"), "y.tsv:1 has no example in x.tsv"),
        (lambda lines: lines.reverse(), "has no example in x.tsv at its place"),
        (lambda lines: lines[3].update(label="good"), "x.tsv:4 has changed since"),
        (lambda lines: lines[3].update(text="other"), "x.tsv:4 has changed since"),
        (lambda lines: lines[3].update(probabilities={"bad": 1.0}), "not of the classes"),
        (lambda lines: lines[3].update(probabilities={"bad": "1"}), "jsonl:4: not a prediction"),
        (lambda lines: lines[3].pop("label"), "jsonl:4: not a prediction"),
        (lambda lines: lines.clear(), "no prediction of any example"),
    ],
)
def test_predictions_of_something_else_are_refused(examples, predictions, write, change, message):
    change(predictions)
    with pytest.raises(UserError, match=message):
        label_errors_of_predictions(source(examples), write(predictions))


def test_a_file_that_is_none(examples, tmp_path):
    path = tmp_path / "predictions.jsonl"
    with pytest.raises(UserError, match=r"predictions\.jsonl"):
        label_errors_of_predictions(source(examples), path)
    path.write_text("[1\n")
    with pytest.raises(UserError, match="jsonl:1: not a prediction"):
        label_errors_of_predictions(source(examples), path)
