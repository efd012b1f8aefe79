"""fastText, tuned by itself within a time (`-autotune-validation`)."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import fasttext

from benchmarks.peers.fasttext_model import LABEL, THREADS, line_of


class AutotunedFastText:
    """A classifier with the options that fastText's own search finds best on validation data.

    Args:
        train: Texts and labels.
        validation: Texts and labels.
        seconds: That the search may take; the last training, with what it found, comes after it.
    """

    def __init__(
        self,
        train: tuple[Sequence[str], Sequence[str]],
        validation: tuple[Sequence[str], Sequence[str]],
        seconds: int,
    ) -> None:
        # A label may hold what fastText takes for a separator, so classes go by number.
        self._names = sorted({*train[1], *validation[1]})
        numbers = {name: number for number, name in enumerate(self._names)}
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for name, (texts, labels) in (("train", train), ("validation", validation)):
                paths.append(Path(folder) / f"{name}.txt")
                lines = (
                    f"{LABEL}{numbers[label]} {line_of(text)}"
                    for text, label in zip(texts, labels, strict=True)
                )
                paths[-1].write_text("".join(lines), encoding="utf-8")
            self._model = fasttext.train_supervised(
                str(paths[0]),
                autotuneValidationFile=str(paths[1]),
                autotuneDuration=seconds,
                thread=THREADS,
                verbose=0,
            )

    @property
    def settings(self) -> dict[str, float]:
        """What the search found."""
        arguments = self._model.f.getArgs()
        names = ("lr", "dim", "epoch", "wordNgrams", "minn", "maxn", "bucket")
        return {name: getattr(arguments, name) for name in names}

    def accuracy(self, texts: Sequence[str], labels: Sequence[str]) -> float:
        """Returns the share of texts whose label it finds."""
        found = [self._model.f.predict(line_of(text), 1, 0.0, "strict") for text in texts]
        names = [self._names[int(best[0][1].removeprefix(LABEL))] if best else "" for best in found]
        return sum(a == b for a, b in zip(names, labels, strict=True)) / len(labels)
