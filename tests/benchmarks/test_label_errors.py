"""What the benchmark of label errors flips, and how it counts."""

from __future__ import annotations

import pytest

from benchmarks import label_errors
from hier_rnn.sources.source import open_source


def test_so_many_labels_are_flipped_and_no_more(data):
    examples = list(open_source(data["train"]))
    flipped, places = label_errors.flip(examples, 0.1, seed=0)
    changed = {
        after.where for before, after in zip(examples, flipped, strict=True) if before != after
    }
    assert changed == places
    assert len(places) == 6
    assert all(one.label == one.labels[0] for one in flipped if one.where in places)
    assert label_errors.flip(examples, 0.1, seed=1)[1] != places


def test_precision_and_recall():
    figures = label_errors.figures(["a", "b", "x", "y"], frozenset("abc"))
    assert figures["precision"] == 0.5
    assert figures["recall"] == pytest.approx(2 / 3)
    assert figures["precision_of_the_first_as_many_as_were_flipped"] == pytest.approx(2 / 3)
    assert figures["precision_of_the_first_50"] == 0.5
    assert label_errors.figures([], frozenset("abc"))["precision"] == 0


def test_the_table(capsys):
    figures = label_errors.figures(["a", "b", "x", "y"], frozenset("abc"))
    label_errors.show({"data": "a.tsv", **figures})
    printed = capsys.readouterr().out
    for expected in ("a.tsv: 3 labels flipped", "50.0", "66.7"):
        assert expected in printed
