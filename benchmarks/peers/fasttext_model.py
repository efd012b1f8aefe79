"""fastText (Joulin et al. 2017), tuned on validation data."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import fasttext
import numpy as np

from hier_rnn.metrics.thresholds import best_threshold

DIMENSIONS = 50
# fastText's default. Each thread draws a tenth of the first weights, so that with fewer than ten
# the rest are whatever was in memory: "Encountered NaN", or a worse model.
THREADS = 12
LABEL = "__label__"


class Settings(NamedTuple):
    """What is tuned."""

    word_ngrams: int
    character_ngrams: tuple[int, int]
    """Shortest and longest; (0, 0) for none."""
    epochs: int
    learning_rate: float


GRID = tuple(
    Settings(*values)
    for values in product((1, 2), ((0, 0), (2, 4), (3, 6)), (10, 30), (0.1, 0.5, 1.0))
)


class FastText:
    """A trained classifier.

    Args:
        texts: To train on.
        labels: Theirs.
        settings: How.
        seed: Decides the first weights; its threads race, so it does not decide all.
    """

    def __init__(
        self,
        texts: Sequence[str],
        labels: Sequence[str],
        settings: Settings,
        seed: int = 0,
    ) -> None:
        self.names = sorted(set(labels))
        label_sets = [(label,) for label in labels]
        self._model = _trained(texts, label_sets, self.names, settings, seed, "softmax")

    def save(self, path: Path) -> None:
        """Writes the model; its labels are numbers, of `names`."""
        self._model.save_model(str(path))

    def labels(self, texts: Sequence[str]) -> list[str]:
        """Returns each text's label."""
        # `predict` of the wrapper fails with NumPy 2; it is a call of this and nothing more.
        found = [self._model.f.predict(line_of(text), 1, 0.0, "strict") for text in texts]
        return [self.names[int(best[0][1].removeprefix(LABEL))] for best in found]

    def accuracy(self, texts: Sequence[str], labels: Sequence[str]) -> float:
        """Returns the share of texts whose label it finds."""
        found = self.labels(texts)
        return sum(a == b for a, b in zip(found, labels, strict=True)) / len(labels)


def tuned(
    train: tuple[Sequence[str], Sequence[str]],
    validation: tuple[Sequence[str], Sequence[str]],
    grid: Sequence[Settings] = GRID,
) -> tuple[Settings, float]:
    """Returns the settings that are best on validation data, and their accuracy there.

    Args:
        train: Texts and labels.
        validation: Texts and labels.
        grid: The settings to try; of equals the first is best.
    """
    scores = {s: FastText(*train, s).accuracy(*validation) for s in grid}
    best = max(scores, key=scores.__getitem__)
    return best, scores[best]


class OneVersusAll:
    """A trained classifier of several labels for a text: a sigmoid for each.

    Args:
        texts: To train on.
        label_sets: The labels of each; those without any say nothing to fastText.
        labels: All labels.
        settings: How.
        seed: Decides the first weights.
    """

    def __init__(
        self,
        texts: Sequence[str],
        label_sets: Sequence[Sequence[str]],
        labels: Sequence[str],
        settings: Settings,
        seed: int = 0,
    ) -> None:
        self._count = len(labels)
        self._model = _trained(texts, label_sets, labels, settings, seed, "ova")

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """Returns the probability of each label for each text, `(texts, labels)`."""
        rows = np.zeros((len(texts), self._count))
        for row, text in zip(rows, texts, strict=True):
            for probability, label in self._model.f.predict(line_of(text), -1, 0.0, "strict"):
                row[int(label.removeprefix(LABEL))] = probability
        return rows


def tuned_one_versus_all(
    train: tuple[Sequence[str], Sequence[Sequence[str]]],
    texts: Sequence[str],
    targets: np.ndarray,
    labels: Sequence[str],
    grid: Sequence[Settings] = GRID,
) -> Settings:
    """Returns the settings with the highest micro-F1 at one threshold on validation data.

    Args:
        train: Texts and the labels of each.
        texts: Of the validation data.
        targets: Which labels each of these has, bool `(texts, labels)`.
        labels: All labels.
        grid: The settings to try; of equals the first is best.
    """

    def score(settings: Settings) -> float:
        found = OneVersusAll(*train, labels, settings).probabilities(texts)
        given = found >= best_threshold(targets, found)
        return float(2 * (given & targets).sum() / max(1, given.sum() + targets.sum()))

    return max(grid, key=score)


def _trained(
    texts: Sequence[str],
    label_sets: Sequence[Sequence[str]],
    labels: Sequence[str],
    settings: Settings,
    seed: int,
    loss: str,
) -> Any:
    """Returns fastText's own model, whose labels are the numbers of ours."""
    # A label may hold what fastText takes for a separator, so classes go by number.
    numbers = {name: number for number, name in enumerate(labels)}
    shortest, longest = settings.character_ngrams
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.txt"
        with path.open("w", encoding="utf-8") as file:
            for text, names in zip(texts, label_sets, strict=True):
                if names:
                    written = " ".join(f"{LABEL}{numbers[name]}" for name in names)
                    file.write(f"{written} {line_of(text)}")
        return fasttext.train_supervised(
            str(path),
            dim=DIMENSIONS,
            wordNgrams=settings.word_ngrams,
            minn=shortest,
            maxn=longest,
            epoch=settings.epochs,
            lr=settings.learning_rate,
            loss=loss,
            thread=THREADS,
            seed=seed,
            verbose=0,
        )


def line_of(text: str) -> str:
    """Returns a text on one line, as fastText reads it."""
    return " ".join(text.split()) + "\n"
