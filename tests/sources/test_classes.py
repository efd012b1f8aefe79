from __future__ import annotations

import pytest

from hier_rnn.errors import UserError
from hier_rnn.sources.classes import class_indices, seen_class_indices
from hier_rnn.sources.example import Example


def test_labels_become_class_indices():
    examples = [Example("b", "", "f:1"), Example("a", "", "f:2")]
    assert class_indices(examples, ["a", "b"], "f").tolist() == [1, 0]


def test_unseen_labels_are_counted_with_three_places_and_what_is_known():
    labels = ["praise", "refnd", "refnd", "spam", "ham"]
    examples = [Example(label, "", f"f.tsv:{n}") for n, label in enumerate(labels, start=1)]
    with pytest.raises(UserError) as error:
        class_indices(examples, ["praise", "refund"], "f.tsv")
    message = str(error.value)
    assert "4 example(s) with 3 label(s) that training never saw" in message
    assert "'refnd' (2), 'spam' (1), 'ham' (1)" in message
    assert "f.tsv:2: 'refnd'. Did you mean 'refund'?" in message
    assert "f.tsv:3" in message
    assert "f.tsv:4: 'spam'" in message
    assert "f.tsv:5" not in message
    assert "praise, refund" in message


def test_unseen_labels_can_be_left_out():
    examples = [Example(label, "", "") for label in "axbxa"]
    indices, unseen = seen_class_indices(examples, ["a", "b"])
    assert indices.tolist() == [0, 1, 0]
    assert (unseen.labels, unseen.examples) == ({"x": 2}, 2)
    indices, unseen = seen_class_indices(examples, ["a", "b"], kept={"b"})
    assert indices.tolist() == [1]
    assert unseen.labels == {"a": 2, "x": 2}


def test_no_examples_is_an_error():
    with pytest.raises(UserError, match="no examples"):
        class_indices([], ["a"], "empty.tsv")
