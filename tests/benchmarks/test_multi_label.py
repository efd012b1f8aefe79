"""The data that the benchmark of several labels makes, and its table."""

from __future__ import annotations

from collections import Counter

from rich.console import Console

from benchmarks.multi_label import SCORES, joined, read_splits, show
from hier_rnn.sources.example import Example, Source

EXAMPLES = [Example("abc"[n % 3], f"text {n}", f"s:{n}") for n in range(300)]
SOURCE = Source("s", lambda: iter(EXAMPLES))


def test_texts_are_joined_of_different_labels():
    split = joined(SOURCE, seed=0)
    label_of = {example.text: example.label for example in EXAMPLES}
    assert len(split.texts) == 300
    for text, labels in zip(split.texts, split.labels, strict=True):
        parts = [f"text {number}" for number in text.split("text ")[1:]]
        assert tuple(sorted(label_of[part.strip()] for part in parts)) == labels
        assert len(set(labels)) == len(labels)
    sizes = Counter(map(len, split.labels))
    assert sizes[1] > 90 and sizes[2] > 90 and sizes[3] > 30
    assert joined(SOURCE, seed=0) == split != joined(SOURCE, seed=1)


def test_data_that_are_given(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("label,text\na|b,x\n,y\n")
    splits = read_splits([str(path)] * 3, "|")
    assert splits["test"].labels == [("a", "b"), ()]


def test_the_table():
    scores = {**dict.fromkeys(SCORES, 0.5), "seconds": 3.0}
    results = {
        "examples": {"train": 10, "test": 5},
        "labels": 3,
        "labels_per_text": 1.5,
        "hier_rnn": scores,
        "fasttext": {**scores, "settings": {"epochs": 10}, "tuning_seconds": 2.0},
    }
    console = Console(record=True, width=100)
    show(results, console)
    text = console.export_text()
    assert "micro f1" in text and "50.0" in text and "epochs 10" in text
