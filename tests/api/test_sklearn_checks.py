"""scikit-learn's own checks of estimators.

What scikit-learn knows to be of no use for an estimator of texts it leaves out itself: it makes
numbers, not texts. So the checks that fit run on the same classifier of numbers written as words.
"""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import validate_data

from hier_rnn import TextClassifier

OF_THE_CLASS = [
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_set_params",
    "check_valid_tag_types",
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks([TextClassifier()])
def test_checks_of_an_estimator_of_texts(estimator, check):
    check(estimator)


@pytest.mark.parametrize("name", OF_THE_CLASS)
def test_checks_that_need_no_data(name):
    getattr(estimator_checks, name)("TextClassifier", TextClassifier())


class NumberClassifier(TextClassifier):
    """Reads each number as a word of its own: its column and its value, rounded."""

    def fit(self, X, y):
        return super().fit(self._written(X, reset=True), y)

    def predict_proba(self, X):
        estimator_checks.check_is_fitted(self)
        return super().predict_proba(self._written(X, reset=False))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = tags.input_tags.one_d_array = False
        tags.input_tags.two_d_array = True
        return tags

    def _written(self, X, reset):
        rows = validate_data(self, X, reset=reset, dtype=float)
        return [
            " ".join(f"{chr(97 + i % 26)}{round(value)}" for i, value in enumerate(row))
            for row in np.clip(rows, -99, 99)
        ]


KNOWN = {
    "check_fit2d_1sample": "the error says that no example is left to validate on",
}


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
@parametrize_with_checks(
    [
        NumberClassifier(
            character_encoder__embedding_dim=4,
            character_encoder__units=8,
            sentence_encoder__units=6,
            training__epochs=2,
            training__batch_size=16,
            training__learning_rate=0.1,
            training__minimum_steps_per_epoch=0,
            training__warm_start_epochs=0,
            training__moving_average=0.0,
            training__misspell__kind="none",
        )
    ],
    expected_failed_checks=lambda estimator: KNOWN,
)
def test_checks_of_an_estimator_of_numbers(estimator, check):
    check(estimator)
