"""The model card: what hubs read of it, what people read, and that no name is anything but text."""

from __future__ import annotations

import json
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import ModelCard
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

import hier_rnn
from hier_rnn.metrics.bootstrap import bootstrap
from hier_rnn.metrics.scores import score
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.training.classification.model_card import (
    CLASSES_LISTED,
    NAME_CHARACTERS,
    _classes,
    markdown,
)
from hier_rnn.training.classification.train import train_classifier

PAGE = MarkdownIt("commonmark", {"html": True}).enable("table")
HOSTILE = [
    "a|b",
    "<script>alert(1)</script>",
    "[x](http://e.vil)",
    "*b*\n# c",
    "www.e.vil",
    "1. a-b (c), d!",
    "> &lt;",
]


class Cells(HTMLParser):
    """The texts of a page's table cells, and its tags."""

    def __init__(self, source: str):
        super().__init__()
        self.tags: set[str] = set()
        self.cells: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_data(self, data):
        if self.cells:
            self.cells[-1] += data


def test_it_has_the_figures_of_the_validation_data_with_their_intervals(small_run, tiny):
    run = RunDirectory(small_run)
    card = ModelCard.load(run.card)
    [accuracy, f1] = card.data.eval_results
    best = max(json.loads(line)["validation_accuracy"] for line in run.metrics.open())
    assert (accuracy.metric_type, f1.metric_type) == ("accuracy", "f1")
    assert accuracy.metric_value == pytest.approx(best, abs=1e-4)
    assert accuracy.dataset_split == "validation"
    assert card.data.library_name == "hier_rnn"
    assert card.data.license is None  # that is for the user to say
    data = tiny().data.validation
    evaluation = hier_rnn.load(small_run).evaluate(data)
    interval = bootstrap(evaluation.result.targets, evaluation.result.predictions, 0).accuracy
    assert f"| {100 * interval.low:.1f} to {100 * interval.high:.1f} |" in card.text
    recall = evaluation.scores.per_class[0].recall_interval
    assert f"({100 * recall[0]:.1f} to {100 * recall[1]:.1f})" in card.text


@pytest.mark.slow
def test_of_several_labels_it_has_micro_f1_and_says_how_labels_are_given(several_run):
    run = RunDirectory(several_run)
    card = ModelCard.load(run.card)
    assert card.data.eval_results[0].metric_name == "Micro-F1"
    decided = json.loads(run.calibration.read_text())
    evaluation = hier_rnn.load(several_run).evaluate(run.read_configuration().data.validation)
    interval = evaluation.intervals.headline
    assert len(decided["thresholds"]) == 3
    assert f"| Micro-F1 | {100 * interval.value:.1f} | {100 * interval.low:.1f} to " in card.text
    assert "reaches the label's threshold" in card.text


def test_it_belongs_to_the_run_and_a_licence_written_into_it_damages_nothing(small_run, tmp_path):
    run = RunDirectory(shutil.copytree(small_run, tmp_path / "run"))
    assert "README.md" in run.manifest.files
    run.manifest.check(run.card, run.card.read_bytes())
    run.card.write_text(run.card.read_text("utf-8").replace("# license: yours", "license: mit"))
    assert hier_rnn.load(run.path).predict(["fine"])


def test_it_tells_the_names_of_files_and_no_folder(small_run, tiny):
    card = RunDirectory(small_run).card.read_text("utf-8")
    for source in (*tiny().data.train, tiny().data.validation):
        path = Path(source)
        assert markdown(path.name) in card
        assert path.parent.name not in card
        assert str(path.parent) not in card


@pytest.mark.slow
def test_names_and_labels_are_text(tiny, tmp_path):
    path = tmp_path / 'a"b: {c}' / "train.jsonl"
    path.parent.mkdir()
    rows = [
        {"label": label, "text": f"text {i} {i * j}"}
        for i, label in enumerate(HOSTILE)
        for j in range(4)
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    data = {"train": [str(path)], "validation": str(path)}
    out = tmp_path / "run: [*x*]\u202e"
    train_classifier(tiny(data=data, training={"epochs": 1}), out)
    card = ModelCard.load(out / "README.md")
    assert card.data.model_name == "run: [*x*]"
    page = Cells(PAGE.render(card.text))
    assert not page.tags & {"script", "a", "em", "strong", "img", "blockquote"}
    for label in HOSTILE:
        assert " ".join(label.split()) in [cell.strip() for cell in page.cells]


@given(st.text(max_size=300))
def test_any_name_is_shown_as_it_is_on_one_line(text):
    [token] = [t for t in PAGE.parse(f"x {markdown(text)} x") if t.type == "inline"]
    assert {child.type for child in token.children} <= {"text", "text_special"}
    shown = token.content
    assert "\n" not in shown
    assert len("".join(child.content for child in token.children)) <= NAME_CHARACTERS + 4


def test_of_very_many_classes_the_hardest_are_listed():
    labels = [f"class {i}" for i in range(300)]
    targets = np.arange(300)
    logits = np.eye(300)
    logits[7] = np.eye(300)[8]  # class 7 is never found
    rows = list(_classes(score(targets, logits, labels).per_class, [1] * 300))
    assert "100 of 300" in rows[0]
    assert any(r"class 7 " in row for row in rows)
    assert len([row for row in rows if row.startswith("| class ")]) == CLASSES_LISTED + 1
