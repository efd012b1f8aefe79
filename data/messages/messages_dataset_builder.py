"""TensorFlow Datasets builder of `messages`: what customers write to an online shop, by intent.

`cd data/messages && tfds build` prepares it; `tfds.load("messages")` then reads it, as does the
source `tfds:messages` with `--tfds-data-dir`. The examples are the lines of the tsv files beside
this one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import tensorflow_datasets as tfds

LABELS = [
    "account_access",
    "change_order",
    "complaint",
    "order_status",
    "payment_problem",
    "praise",
    "product_question",
    "return_refund",
]


class Builder(tfds.core.GeneratorBasedBuilder):
    """Builds the splits `train`, `validation` and `test` of customer messages in eight intents."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self) -> tfds.core.DatasetInfo:
        return tfds.core.DatasetInfo(
            builder=self,
            description="Short messages that customers write to an online shop, each labelled with"
            " one of eight intents. Composed one by one by a language model: no real customers.",
            features=tfds.features.FeaturesDict(
                {
                    "text": tfds.features.Text(),
                    "label": tfds.features.ClassLabel(names=LABELS),
                }
            ),
            supervised_keys=("text", "label"),
            disable_shuffling=True,  # the tsv files are shuffled already: keep their order
            license="CC0 1.0 Universal, https://creativecommons.org/publicdomain/zero/1.0/",
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator]:
        del dl_manager  # nothing to download: the text comes with the builder
        folder = Path(__file__).parent
        return {
            split: self._generate_examples(folder / f"{split}.tsv")
            for split in ("train", "validation", "test")
        }

    def _generate_examples(self, path: Path) -> Iterator[tuple[int, dict[str, str]]]:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines):
                label, text = line.rstrip("\n").split("\t")
                yield number, {"text": text, "label": label}
