"""The text that everything is measured on, as batches that are the same for all models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from benchmarks.peers.task import Batch
from hier_rnn.errors import UserError
from hier_rnn.sources.source import Source
from hier_rnn.text.alphabet import Alphabet
from hier_rnn.text.tokenizer import Tokenizer


@dataclass(frozen=True)
class Workload:
    """Sentences in an order that is not the data's.

    Sentences without a word are left out: not every model can read one.
    """

    sentences: list[list[str]]
    labels: list[int]
    classes: int
    alphabet: Alphabet

    @property
    def words(self) -> int:
        """How many there are."""
        return sum(map(len, self.sentences))

    @property
    def longest(self) -> int:
        """Words of the longest sentence."""
        return max(map(len, self.sentences))

    def batches(self, size: int, count: int) -> list[Batch]:
        """Returns batches to train on; they start over when the data end.

        Args:
            size: Sentences in a batch.
            count: How many batches.
        """
        examples = cycle(
            (" ".join(s), label) for s, label in zip(self.sentences, self.labels, strict=True)
        )
        return [list(islice(examples, size)) for _ in range(count)]

    def texts(self) -> list[str]:
        """Returns every sentence's text."""
        return [" ".join(sentence) for sentence in self.sentences]

    def stream(self, words: int) -> list[str]:
        """Returns texts of this many words, the last sentence whole: the data again and again."""
        texts = []
        for sentence in cycle(self.sentences):
            if words <= 0:
                return texts
            texts.append(" ".join(sentence))
            words -= len(sentence)

    def of_length(self, words: int) -> Workload:
        """Returns the same words in the same order, cut into sentences of one length.

        Args:
            words: In each sentence. If there are fewer, the data are repeated.
        """
        running = [word for sentence in self.sentences for word in sentence]
        running *= -(-words // len(running))
        starts = range(0, len(running) - words + 1, words)
        sentences = [running[start : start + words] for start in starts]
        labels = [label for _, label in zip(sentences, cycle(self.labels), strict=False)]
        return Workload(sentences, labels, self.classes, self.alphabet)


def read_workload(source: Source, words: Tokenizer, limit: int, seed: int) -> Workload:
    """Reads and shuffles labelled examples.

    Args:
        source: The examples.
        words: Turns a text into words.
        limit: Examples to keep, at most.
        seed: Decides the order.

    Raises:
        UserError: No example has a word.
    """
    examples = [(words(example.text), example.label) for example in source]
    examples = [example for example in examples if example[0]]
    if not examples:
        raise UserError(f"{source.name}: there is no word in it.")
    order = np.random.default_rng(seed).permutation(len(examples))[:limit]
    names = sorted({label for _, label in examples})
    numbers = {label: number for number, label in enumerate(names)}
    sentences = [examples[i][0] for i in order]
    return Workload(
        sentences,
        [numbers[examples[i][1]] for i in order],
        len(names),
        Alphabet.count(sentences),
    )


def sentences_of(batches: list[Batch]) -> Iterator[list[list[str]]]:
    """Yields each batch's sentences as words."""
    for batch in batches:
        yield [text.split() for text, _ in batch]


def shown(spec: str) -> str:
    """Returns a source's name for results that others read: not where it lies on this machine."""
    if spec.startswith("tfds:"):
        return spec
    return "/".join(Path(spec).parts[-2:]).lstrip("/")
