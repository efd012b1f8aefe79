"""`TextClassifier`: the classifier as an estimator of scikit-learn."""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags, check_consistent_length, check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d

from hier_rnn.api.data.examples import label_name, source_of, texts_of, values_of
from hier_rnn.api.data.label_sets import LabelSets, is_label_sets
from hier_rnn.api.log import log_evaluation, shown_log
from hier_rnn.api.run import Run
from hier_rnn.configuration import schema
from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError, nearest
from hier_rnn.storage.encoder_options import take_encoder_options
from hier_rnn.tensorflow_setup import import_tensorflow
from hier_rnn.text.normalization import normalize

GROUPS = ("text", "character_encoder", "sentence_encoder", "head", "initializers", "training")
OPTIONS = ("data.encoder", "data.transfer", "data.maximum_text_length")


def _defaults() -> dict[str, Any]:
    """Returns the options of a classifier with their defaults, by parameter name."""
    defaults: dict[str, Any] = {}
    for name in (*GROUPS, *OPTIONS):
        for option in schema.options_of(name):
            value: Any = Configuration()
            for part in option.name.split("."):
                value = getattr(value, part)
            # A default that can be changed in place would be everyone's.
            defaults[option.name.replace(".", "__")] = None if value == {} else value
    return defaults


DEFAULTS = _defaults()


class TextClassifier(ClassifierMixin, BaseEstimator):
    """Classifies texts; an estimator of scikit-learn.

    Every option of the configuration is a parameter by its own name, with two underscores between
    the group and the option: `TextClassifier(training__epochs=10)`. A tenth of the data given to
    `fit` is set aside, by class, to choose the best epoch and to calibrate the probabilities.

    Texts are any sequence of `str`: a list, an array, a column of pandas, Polars, Arrow or
    `datasets`. What is no text, `None` and NaN among them, is a `TypeError` that names the row.

    A text may have several labels, or none: `y` is then an indicator matrix, whose columns are the
    labels, or a list of labels for each text. `predict` gives back what `fit` was given.

    Args:
        random_state: Decides everything random: a seed, a `RandomState`, or None, which is seed 0:
            the same data always give the same classifier.
        verbose: Show the log, with a line for each epoch, on standard error. Default False.
        **options: Options of the groups `text`, `character_encoder`, `sentence_encoder`, `head`,
            `initializers` and `training`, and `data__encoder`, `data__transfer` and
            `data__maximum_text_length`.

    Attributes:
        classes_: The labels, sorted, as they were given; of an indicator matrix, its columns.
        multilabel_: Whether a text may have several.
        run_: The trained classifier: `run_.explain(text)`, `run_.encode(texts)`.
        best_epoch_: The epoch, from 1, whose weights are kept.
        validation_scores_: Their scores on the tenth that was set aside.

    Raises:
        TypeError: An option that there is not.
    """

    def __init__(self, *, random_state: Any = None, verbose: bool = False, **options: Any) -> None:
        self.random_state = random_state
        self.verbose = verbose
        for name, default in DEFAULTS.items():
            setattr(self, name, options.pop(name, default))
        for name in options:
            raise TypeError(f"TextClassifier: no parameter '{name}'.{nearest(name, DEFAULTS)}")

    def set_params(self, **params: Any) -> TextClassifier:
        """Sets parameters by name; here `training__epochs` is one name, not one within another.

        Raises:
            ValueError: A parameter that there is not.
        """
        names = self.get_params(deep=False)
        for name, value in params.items():
            if name not in names:
                raise ValueError(f"TextClassifier: no parameter '{name}'.{nearest(name, names)}")
            setattr(self, name, value)
        return self

    def fit(self, X: Iterable[str], y: Any) -> TextClassifier:
        """Trains on texts and their labels.

        Args:
            X: The texts.
            y: Their labels: strings, whole numbers or booleans; or an indicator matrix
                `(texts, labels)`, or a list of labels for each text.

        Raises:
            TypeError: One of the texts is not a `str`.
            ValueError: Labels are missing, or are no classes, or an option's value is not accepted.
        """
        texts = texts_of(X, "X")
        self.multilabel_ = is_label_sets(y)
        configuration = self._configuration()
        labels: Any
        if self.multilabel_:
            sets = LabelSets(y)
            check_consistent_length(texts, sets)
            self.classes_, self._listed = sets.classes, sets.listed
            names = _class_names(self.classes_)
            labels = [[names[i] for i in indices] for indices in sets.indices]
            several = configuration.data.model_copy(update={"multi_label": True})
            configuration = configuration.model_copy(update={"data": several})
        else:
            values = _labels(y)
            check_consistent_length(texts, values)
            self.classes_, indices = np.unique(values, return_inverse=True)
            names = _class_names(self.classes_)
            labels = [names[i] for i in indices]
        source = source_of(texts, labels, "X", configuration.data)
        import_tensorflow()
        from hier_rnn.training.classification.train import train_classifier
        from hier_rnn.training.classification.training_data import Sources

        with tempfile.TemporaryDirectory() as folder, shown_log(self.verbose):
            result = train_classifier(
                configuration,
                Path(folder) / "run",
                sources=Sources(source),
                on_event=log_evaluation,
            )
            self.run_ = Run(result.run)
        self.best_epoch_ = result.best_epoch
        self.validation_scores_ = dict(result.scores)
        known = {label: column for column, label in enumerate(self.run_.labels)}
        # A column of an indicator matrix in which no text has the label was never learnt.
        self._columns = [known.get(name, -1) for name in names]
        if self.multilabel_:
            thresholds = np.array([[*(self.run_.decision.thresholds or ()), 2]], np.float32)
            self._thresholds = thresholds[:, self._columns].astype(float)
        return self

    def predict(self, X: Iterable[str]) -> np.ndarray | list[tuple[Any, ...]]:
        """Returns the label of each text, `(texts,)`.

        Where a text may have several, those that reach their thresholds: an indicator matrix
        `(texts, labels)`, or a tuple of labels for each text if `fit` was given lists.

        Args:
            X: The texts.

        Raises:
            TypeError: One of them is not a `str`.
        """
        probabilities = self.predict_proba(X)
        if not self.multilabel_:
            labels: np.ndarray = self.classes_[probabilities.argmax(axis=1)]
            return labels
        given = probabilities >= self._thresholds
        if not self._listed:
            return given.astype(int)
        return [tuple(self.classes_[row].tolist()) for row in given]

    def predict_proba(self, X: Iterable[str]) -> np.ndarray:
        """Returns each class's probability for each text, `(texts, classes)`, as `classes_` stand.

        Where a text may have several, those of a text do not sum to 1.

        Args:
            X: The texts.

        Raises:
            TypeError: One of them is not a `str`.
        """
        check_is_fitted(self)
        probabilities = self._in_order(self.run_.probabilities(texts_of(X, "X"))).astype(float)
        if self.multilabel_:
            return probabilities
        normalized: np.ndarray = probabilities / probabilities.sum(axis=1, keepdims=True)
        return normalized

    def score(self, X: Iterable[str], y: Any, sample_weight: Any = None) -> float:
        """Returns the accuracy; of several labels, how many texts get all theirs and no others.

        Args:
            X: The texts.
            y: Their labels, as for `fit`.
            sample_weight: A weight for each text. Default None: all the same.
        """
        check_is_fitted(self)
        if not self.multilabel_ or not self._listed:
            return float(super().score(X, y, sample_weight))
        predicted = self.predict(X)
        check_consistent_length(predicted, y)
        right = [set(p) == set(labels) for p, labels in zip(predicted, values_of(y), strict=True)]
        return float(np.average(right, weights=sample_weight))

    def _in_order(self, columns: np.ndarray) -> np.ndarray:
        """Returns the columns of the run's labels as `classes_` stand."""
        nothing = np.zeros((len(columns), 1), columns.dtype)
        ordered: np.ndarray = np.hstack([columns, nothing])[:, self._columns]
        return ordered

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.classifier_tags.multi_label = True
        return tags

    def _configuration(self) -> Configuration:
        """Returns the options; those that have their default count as not given."""
        if self.random_state is None:
            given: dict[str, Any] = {}
        elif isinstance(self.random_state, (int, np.integer)):
            given = {"seed": int(self.random_state)}
        else:
            given = {"seed": int(check_random_state(self.random_state).randint(2**31 - 1))}
        for name, default in DEFAULTS.items():
            value = getattr(self, name)
            if type(value) is type(default) and value == default:
                continue
            *groups, option = name.split("__")
            table = given
            for group in groups:
                table = table.setdefault(group, {})
            table[option] = value.item() if isinstance(value, np.generic) else value
        configuration = schema.validate(given, lambda name: name.replace(".", "__"))
        return take_encoder_options(configuration, labels_decide=True)


def _signature() -> inspect.Signature:
    """Returns the signature with every parameter; scikit-learn reads their names from it."""
    parameters = inspect.signature(TextClassifier.__init__).parameters.values()
    named = [p for p in parameters if p.kind is not inspect.Parameter.VAR_KEYWORD]
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
        for name, default in DEFAULTS.items()
    ]
    return inspect.Signature([*named, *options])


TextClassifier.__init__.__signature__ = _signature()  # type: ignore[attr-defined]


def _labels(y: Any) -> np.ndarray:
    """Returns labels as an array, all of them checked."""
    if y is None:
        raise ValueError("TextClassifier requires y to be passed, but the target y is None.")
    values = values_of(y)
    if hasattr(values, "to_numpy"):
        values = values.to_numpy()
    labels: np.ndarray = column_or_1d(np.asarray(values), warn=True)
    for row, label in enumerate(labels):
        label_name(label, f"y[{row}]")
    kinds = {type(label).__name__ for label in labels.tolist()}
    if len(kinds) > 1:
        raise ValueError(
            f"y: labels of one type are expected. Received: {', '.join(sorted(kinds))}."
        )
    check_classification_targets(labels)
    return labels


def _class_names(classes: np.ndarray) -> list[str]:
    """Returns the names that classes have in the run, where white space around them is none."""
    names = [normalize(label_name(c, "y").strip(), "NFC") for c in classes]
    for first, second in zip(np.argsort(names)[:-1], np.argsort(names)[1:], strict=True):
        if names[first] == names[second]:
            raise UserError(
                f"y: {str(classes[first])!r} and {str(classes[second])!r} are one label: white"
                " space around a label and the form of its Unicode do not count."
            )
    if "" in names:
        raise UserError("y: an empty text is no label.")
    return names
