from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from hier_rnn.configuration.options import Configuration
from hier_rnn.decisions.one_label import OneLabel
from hier_rnn.errors import UserError
from hier_rnn.evaluation.evaluate import evaluate
from hier_rnn.sources.example import Example, Source


@pytest.fixture
def evaluation(predictor, source):
    return evaluate(predictor, source, misspell=["swap:1", "attack:1:swap"], seed=3)


def test_the_document_has_every_figure(evaluation, examples, predictor):
    document = json.loads(json.dumps(evaluation.to_json(), allow_nan=False))
    promised = (
        "examples accuracy macro_f1 weighted_f1 loss labels per_class confusion_matrix "
        "words_per_second misspelled"
    )
    assert set(promised.split()) <= set(document)
    assert document["examples"] == len(examples)
    assert document["labels"] == predictor.labels == list(document["per_class"])
    low, high = document["accuracy_interval"]
    assert low < document["accuracy"] < high
    assert sum(map(sum, document["confusion_matrix"])) == len(examples)
    for specification in ("swap:1", "attack:1:swap"):
        worse = document["misspelled"][specification]
        assert set(promised.split()) - {"labels", "misspelled"} <= set(worse)
        assert worse["accuracy"] < document["accuracy"]


def test_the_yardstick_is_to_name_always_the_most_frequent_class(evaluation):
    targets = evaluation.result.targets
    always = np.full_like(targets, np.bincount(targets).argmax())
    assert evaluation.majority[0] == evaluation.labels[always[0]]
    assert evaluation.majority[1] == pytest.approx(accuracy_score(targets, always))
    macro_f1 = f1_score(targets, always, average="macro")
    assert evaluation.majority_macro_f1 == pytest.approx(macro_f1)
    assert evaluation.to_json()["majority_macro_f1"] == evaluation.majority_macro_f1


def test_examples_worth_reading(evaluation, examples, predictor):
    logits = np.array(list(predictor.logits(example.text for example in examples)))
    chances = OneLabel().probabilities(logits)
    wrong = chances.argmax(1) != [predictor.labels.index(e.label) for e in examples]
    by_text = dict(zip((e.where for e in examples), examples, strict=True))

    errors = evaluation.selection.errors
    assert len(errors) == 8
    assert errors[0].probability == pytest.approx(chances.max(1)[wrong].max())
    assert [e.probability for e in errors] == sorted((e.probability for e in errors), reverse=True)
    assert all(error.label != error.predicted for error in errors)
    close = evaluation.selection.close_calls
    assert close[0].probability == pytest.approx(chances.max(1)[~wrong].min())
    assert all(one.label == one.predicted for one in close)
    for one in (*errors, *close):
        assert (one.label, one.text) == by_text[one.where][:2]

    confusions = evaluation.selection.confusions
    assert sum(confusion.examples for confusion in confusions) == wrong.sum()
    sizes = [confusion.examples for confusion in confusions]
    assert sizes == sorted(sizes, reverse=True)
    assert all(c.example.label == c.label for c in confusions)
    assert all(c.example.predicted == c.predicted for c in confusions)


def test_the_seed_decides_intervals_and_misspellings(predictor, source):
    def run(seed):
        return evaluate(predictor, source, misspell=["mixed:0.5"], seed=seed)

    first, again, other = run(1), run(1), run(2)
    assert first.intervals == again.intervals != other.intervals
    losses = [e.misspelled["mixed:0.5"].scores.loss for e in (first, again, other)]
    assert losses[0] == losses[1] != losses[2]


def test_labels_never_seen_are_an_error_or_counted(predictor, examples):
    odd = Example("spam", "buy now", "held-out.tsv:900")
    data = Source("held-out.tsv", lambda: iter([odd, *examples[:50], odd._replace(label="ham")]))
    with pytest.raises(UserError, match="2 label") as error:
        evaluate(predictor, data)
    assert "held-out.tsv:900: 'spam'" in str(error.value)
    counted = evaluate(predictor, data, unseen="count", misspell=["swap:1", "attack:1:swap"])
    plain = evaluate(predictor, Source("held-out.tsv", lambda: iter(examples[:50])))
    assert counted.scores.examples == 50
    assert counted.scores.to_json() == plain.scores.to_json()
    assert counted.selection == plain.selection
    assert counted.to_json()["unseen"] == {
        "examples": 2,
        "labels": {"spam": 1, "ham": 1},
        "first": ["held-out.tsv:900", "held-out.tsv:900"],
    }
    assert plain.to_json()["unseen"]["examples"] == 0


def test_data_of_which_no_label_was_seen_cannot_be_scored(predictor):
    data = Source("s.tsv", lambda: iter([Example("spam", "x", "s.tsv:1")]))
    with pytest.raises(UserError, match=r"'spam' at s.tsv:1"):
        evaluate(predictor, data, unseen="count")


@pytest.mark.slow
def test_memory_grows_with_examples_and_not_with_classes_squared():
    """614c248 takes 400 MB for this: one-hot matrices of every cell and class."""
    classes, count = 4000, 2000

    class Many:
        run, configuration, decision = Path("many"), Configuration(), OneLabel(1.5)
        labels: ClassVar = [f"label {i}" for i in range(classes)]

        def words(self, text):
            return text.split()

        def logits(self, texts):
            return self.logits_of_words(map(self.words, texts))

        def logits_of_words(self, sentences):
            for words in sentences:
                draw = np.random.default_rng(len(words[0]) + ord(words[0][-1]))
                yield draw.standard_normal(classes).astype(np.float32)

        def character_attributions(self, words, class_index, steps=1):
            return [[0.0] * len(word) for word in words]

    labels = np.random.default_rng(0).integers(classes, size=count)
    examples = [Example(f"label {i}", f"text {i}", f"s:{i}") for i in labels]
    tracemalloc.start()
    evaluation = evaluate(Many(), Source("s", lambda: iter(examples)))
    json.dumps(evaluation.to_json())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6
    matrix = evaluation.to_json()["confusion_matrix"]
    assert matrix["classes"] == classes
    assert sum(cell[2] for cell in matrix["cells"]) == count
