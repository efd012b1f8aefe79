"""What is done to every example, from whatever format: tidy labels, a text of bounded length."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from hier_rnn.errors import UserError
from hier_rnn.sources.example import Example, Reading, quoted, shortened
from hier_rnn.text.normalization import normalize

logger = logging.getLogger(__name__)


@dataclass
class Cleaned:
    """Examples with their labels normalized and their texts cut; says what it changed.

    A label is NFC without white space around it, so that two spellings of one name are one class.
    Where a text may have several, what the separator joins is several, and none comes twice.
    For training, a row without label and text is left out. What was changed is said once, at the
    end of the first pass.

    Args:
        name: What the user called the source.
        read: Starts a new stream of examples as they are written; a blank row has no label.
        reading: How the source is read.

    Raises:
        UserError: On iteration: an example without a label, or with several, where each has one.
    """

    name: str
    read: Callable[[], Iterator[Example]]
    reading: Reading
    _said: bool = field(default=False, init=False)

    def __call__(self) -> Iterator[Example]:
        """Streams the examples."""
        labels: dict[str, str] = {}
        longest, labelled = self.reading.maximum_text_length, self.reading.labelled
        blank = cut = 0
        for example in self.read():
            if labelled:
                if not example.labels and not example.text.strip():
                    blank += 1
                    continue
                if self.reading.multi_label:
                    example = example._replace(label=None, labels=self._labels(example, labels))
                else:
                    label = self._label(example, labels)
                    if label != example.label:
                        example = example._replace(label=label, labels=(label,))
            if len(example.text) > longest:
                example = example._replace(text=example.text[:longest])
                cut += 1
            yield example
        if not self._said:
            self._said = True
            self._say(labels, blank, cut)

    def _label(self, example: Example, known: dict[str, str]) -> str:
        if len(example.labels) > 1:
            raise UserError(
                f"{example.where}: more than one label: {quoted(list(example.labels))}."
                " One label for each text is expected; with data.multi_label true there may be"
                " several."
            )
        label = _tidy(example.labels[0] if example.labels else "", known)
        if not label:
            raise UserError(f"{example.where}: no label. Its text: '{shortened(example.text)}'.")
        return label

    def _labels(self, example: Example, known: dict[str, str]) -> tuple[str, ...]:
        separator = self.reading.label_separator
        parts = example.labels
        if separator:
            parts = tuple(part for label in parts for part in label.split(separator))
        return tuple(dict.fromkeys(filter(None, (_tidy(part, known) for part in parts))))

    def _say(self, labels: dict[str, str], blank: int, cut: int) -> None:
        changed = [written for written, label in labels.items() if written != label]
        if changed:
            logger.info(
                "%s: labels are read in Unicode's NFC without white space around them, which"
                " changed %d of %d spellings, %r for example.",
                *(self.name, len(changed), len(labels), shortened(changed[0])),
            )
        if blank:
            logger.info("%s: %s blank rows are left out.", self.name, f"{blank:,}")
        if cut:
            logger.info(
                "%s: %s texts are longer than %s characters and are cut there"
                " (data.maximum_text_length).",
                *(self.name, f"{cut:,}", f"{self.reading.maximum_text_length:,}"),
            )


def _tidy(written: str, known: dict[str, str]) -> str:
    """The label that is written so; empty if it is none."""
    label = known.get(written)
    if label is None:
        label = known[written] = normalize(written.strip(), "NFC")
    return label
