"""A small honest classifier of texts, data it can learn, and its run directory."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hier_rnn.configuration.options import Configuration
from hier_rnn.configuration.toml import read_configuration
from hier_rnn.decisions.one_label import OneLabel
from hier_rnn.evaluation.text_predictor import TextPredictor
from hier_rnn.sources.example import Example, Source
from hier_rnn.storage.directory import alphabet_bytes, metrics_bytes, vocabulary_bytes
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.text.alphabet import Alphabet
from hier_rnn.text.tokenizer import Tokenizer

TOPICS = {
    "delivery": "parcel late courier delivery arrive waiting tracking shipped package where",
    "refund": "refund money back return exchange broken send wrong defect refunded",
    "praise": "lovely thanks great wonderful amazing perfect beautiful happy best love",
}
FILLER = "please hello today again really still about order with there this just"


class Trigrams:
    """Naive Bayes on character trigrams: deterministic, and every character has its share.

    It reads lower-cased words, as its run's options say. `TextPredictor` binds it to what the real
    one has.
    """

    batch = 7

    def __init__(
        self,
        run: Path,
        examples: Iterable[Example],
        temperature: float = 1.0,
        sharpness: float = 1,
    ) -> None:
        written = run / "config.toml"
        self.configuration = read_configuration(written) if written.exists() else options()
        self.words = Tokenizer(self.configuration.text)
        counts: dict[str, Counter[str]] = {}
        for example in examples:
            counter = counts.setdefault(str(example.label), Counter())
            for word in self.words(example.text):
                counter.update(self.trigrams(word))
        self.run = run
        self.labels = sorted(counts)
        self.decision = OneLabel(temperature)
        vocabulary = set().union(*counts.values())
        self.table = {
            gram: sharpness * np.log([counts[label][gram] + 0.3 for label in self.labels])
            for gram in vocabulary
        }
        totals = np.array([sum(counts[label].values()) for label in self.labels])
        self.offset = sharpness * np.log(totals + 0.3 * len(vocabulary))
        self.table = {gram: row - self.offset for gram, row in self.table.items()}
        self.unknown = np.zeros(len(self.labels))

    def trigrams(self, word: str) -> list[str]:
        padded = f"^{word}$"
        return [padded[i : i + 3] for i in range(len(padded) - 2)]

    def logits_of_words(self, sentences: Iterable[list[str]]) -> Iterator[np.ndarray]:
        stream = iter(sentences)
        while batch := list(islice(stream, self.batch)):  # reads ahead, as the real one does
            for words in batch:
                grams = [gram for word in words for gram in self.trigrams(word)]
                rows = [self.table.get(gram, self.unknown) for gram in grams]
                yield np.sum([self.unknown, *rows], axis=0).astype(np.float32)

    def logits(self, texts: Iterable[str]) -> Iterator[np.ndarray]:
        return self.logits_of_words(self.words(text) for text in texts)

    def character_attributions(
        self, words: list[str], class_index: int, steps: int = 1
    ) -> list[list[float]]:
        """The model is linear: a trigram's weight, shared by its characters."""
        result: list[list[float]] = []
        for word in words:
            shares = np.zeros(len(word) + 2)
            for start, gram in enumerate(self.trigrams(word)):
                row = self.table.get(gram, self.unknown)
                shares[start : start + 3] += (row[class_index] - row.mean()) / 3
            shares[1] += shares[0]
            shares[-2] += shares[-1]
            result.append(shares[1:-1].tolist())
        return result


def source_of(examples: list[Example], name: str = "held-out.tsv") -> Source:
    return Source(name, lambda: iter(examples))


def written(count: int, seed: int, topics: dict[str, str] = TOPICS) -> list[Example]:
    """Short texts, each with a word or two of its topic, now and then of another."""
    draw = random.Random(seed)
    examples = []
    for number in range(count):
        label = draw.choice(sorted(topics))
        words = draw.choices(FILLER.split(), k=draw.randint(0, 9))
        words += draw.choices(topics[label].split(), k=draw.randint(1, 2))
        if draw.random() < 0.25:
            words += draw.choices(topics[draw.choice(sorted(topics))].split(), k=2)
        draw.shuffle(words)
        examples.append(Example(label, " ".join(words), f"held-out.tsv:{number + 1}"))
    return examples


def options(**groups: Any) -> Configuration:
    text = {"words": "whitespace", "normalization": "none", "lowercase": True}
    return Configuration.model_validate({"text": text, **groups})


def write_run(run: Path, examples: list[Example], **groups: Any) -> Path:
    """Writes the files of a run directory that evaluation reads."""
    directory, configuration = RunDirectory(run), options(**groups)
    directory.write_record(configuration)
    alphabet = Alphabet(tuple(sorted({c for e in examples for c in e.text})))
    words = Counter(word for example in examples for word in example.text.lower().split())
    record = [
        {
            "epoch": epoch,
            "step": 60 * epoch,
            "train_loss": 1.5 / epoch,
            "validation_loss": 1.2 / epoch + 0.05 * epoch,
            "validation_accuracy": 1 - 0.5 / epoch,
            "words_per_second": 30_000.0,
            "seconds": 2.5 * epoch,
        }
        for epoch in range(1, configuration.training.epochs + 1)
    ]
    files = {
        directory.alphabet: alphabet_bytes(alphabet),
        directory.vocabulary: vocabulary_bytes(words),
        directory.metrics: metrics_bytes(record),
    }
    directory.write(files, complete=True)
    return run


@pytest.fixture(scope="session")
def training_examples() -> list[Example]:
    return written(400, seed=1)


@pytest.fixture(scope="session")
def examples() -> list[Example]:
    return written(300, seed=2)


@pytest.fixture(scope="session")
def source(examples) -> Source:
    return source_of(examples)


@pytest.fixture(scope="session")
def predictor(training_examples, tmp_path_factory) -> TextPredictor:
    run = write_run(tmp_path_factory.mktemp("predictor") / "run", training_examples)
    return Trigrams(run, training_examples)


@pytest.fixture
def predictors(tmp_path, training_examples) -> tuple[TextPredictor, TextPredictor]:
    """Two runs, the second trained on less."""
    few = training_examples[:40]
    first = write_run(tmp_path / "runs" / "whole", training_examples, training={"epochs": 6})
    second = write_run(tmp_path / "runs" / "few", few, training={"epochs": 3}, seed=7)
    return Trigrams(first, training_examples, 2.5), Trigrams(second, few, 2.0)


@pytest.fixture
def runs(predictors) -> tuple[Path, Path]:
    """Their run directories."""
    return predictors[0].run, predictors[1].run


@pytest.fixture(scope="session")
def trigrams() -> type[Trigrams]:
    return Trigrams


@pytest.fixture(scope="session")
def write() -> Callable[..., list[Example]]:
    return written


@pytest.fixture(scope="session")
def save_run() -> Callable[..., Path]:
    return write_run
