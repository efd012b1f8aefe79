"""The bundled data set: its counts, its split, and its TensorFlow Datasets builder."""

from __future__ import annotations

import importlib
import re
import socket
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

DATA = Path(__file__).parents[2] / "data"
SPLITS = ("train", "validation", "test")
LABELS = {
    "account_access",
    "change_order",
    "complaint",
    "order_status",
    "payment_problem",
    "praise",
    "product_question",
    "return_refund",
}

# Pairs at 0.30 and above read as one message reworded ("Has order 10077345 left your warehouse
# yet?", "has the ukulele left the warehouse yet": 0.35). Of the pairs with the same intent 99.9%
# are below 0.25.
NEAR_DUPLICATE = 0.30


@pytest.fixture(scope="module")
def rows() -> dict[str, list[tuple[str, ...]]]:
    return {split: read(split) for split in SPLITS}


def read(split: str) -> list[tuple[str, ...]]:
    lines = (DATA / "messages" / f"{split}.tsv").read_text(encoding="utf-8").split("\n")
    assert lines.pop() == ""  # the file ends with a line's end
    return [tuple(line.split("\t")) for line in lines]


def trigrams(text: str) -> set[str]:
    """The distinct letter triples of a text, whatever its case and punctuation."""
    letters = f" {re.sub(r'[^a-z0-9]+', ' ', text.lower()).strip()} "
    return {letters[i : i + 3] for i in range(len(letters) - 2)}


def similarity(ones: list[str], others: list[str]) -> np.ndarray:
    """Jaccard `(ones, others)`: the share of all their trigrams that two texts have in common."""
    sets = [trigrams(text) for text in ones + others]
    column = {trigram: i for i, trigram in enumerate(sorted(set().union(*sets)))}
    has = np.zeros((len(sets), len(column)), np.float32)
    for row, found in enumerate(sets):
        has[row, [column[trigram] for trigram in found]] = 1
    a, b = has[: len(ones)], has[len(ones) :]
    common = a @ b.T
    return common / (a.sum(1)[:, None] + b.sum(1) - common)


def test_sizes(rows):
    assert [len(rows[split]) for split in SPLITS] == [1874, 320, 320]
    counts = Counter(label for split in SPLITS for label, _ in rows[split])
    assert counts.keys() == LABELS
    assert min(counts.values()) >= 300


def test_splits_are_stratified(rows):
    shares = [
        {
            label: count / len(rows[split])
            for label, count in Counter(next(zip(*rows[split], strict=True))).items()
        }
        for split in SPLITS
    ]
    for label in LABELS:
        assert max(share[label] for share in shares) - min(share[label] for share in shares) < 0.01


def test_rows_are_well_formed(rows):
    for label, text in (row for split in SPLITS for row in rows[split]):
        assert label in LABELS
        assert text == text.strip() and not re.search(r"[\x00-\x1f\x7f]", text)
        assert 1 <= len(text.split()) <= 55
        # nobody's address, link, telephone or card
        assert not re.search(r"\S@\w|https?:|www\.|(?:\d[ -]?){10}", text)


def test_no_message_occurs_twice(rows):
    texts = Counter(
        re.sub(r"\W+", " ", text.lower()).strip() for split in SPLITS for _, text in rows[split]
    )
    assert [text for text, count in texts.items() if count > 1] == []


def test_no_near_duplicates_across_splits(rows):
    texts = {split: [text for _, text in rows[split]] for split in SPLITS}
    for a, b in combinations(SPLITS, 2):
        near = np.argwhere(similarity(texts[a], texts[b]) >= NEAR_DUPLICATE)
        assert [(texts[a][i], texts[b][j]) for i, j in near] == []


def test_a_reworded_message_is_a_near_duplicate():
    one = "Has order 10077345 left your warehouse yet?"
    reworded, unrelated = "has the ukulele left the warehouse yet", "is it coming today or not"
    near, far = similarity([one], [reworded, unrelated])[0]
    assert far < NEAR_DUPLICATE <= near


@pytest.mark.slow
def test_builder_prepares_and_loads_the_same_rows(rows, tmp_path, monkeypatch):
    def refuse(*_):
        raise AssertionError("The builder must not use the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.syspath_prepend(DATA)
    import tensorflow_datasets as tfds

    importlib.import_module("messages.messages_dataset_builder").Builder(
        data_dir=tmp_path
    ).download_and_prepare()

    builder = tfds.builder("messages", data_dir=tmp_path)
    names = builder.info.features["label"].names
    for split in SPLITS:
        loaded = [
            (names[example["label"]], example["text"].decode())
            for example in tfds.as_numpy(builder.as_dataset(split=split))
        ]
        assert loaded == rows[split]
