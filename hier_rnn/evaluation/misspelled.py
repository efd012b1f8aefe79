"""What happens when people cannot spell: a source whose texts are corrupted on the way.

A typing mistake is made before any segmentation, so it is made in the raw text's
whitespace-separated words, also for a run that cuts text into SentencePiece pieces.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

import numpy as np

from hier_rnn.evaluation.attack import Attack, attacked, is_attack, parse_attack
from hier_rnn.evaluation.text_predictor import TextPredictor
from hier_rnn.sources.example import Example
from hier_rnn.text.misspelling import misspell, parse_misspell

Misspelling = Attack | tuple[str, float]


def parse_misspelling(specification: str) -> Misspelling:
    """Reads `KIND:RATE`, `file:PATH:RATE` or `attack:WORDS[:KINDS]`.

    Raises:
        UserError: It is none of these.
    """
    if is_attack(specification):
        return parse_attack(specification)
    return parse_misspell(specification)


def misspelled(
    examples: Iterable[Example],
    specification: str,
    predictor: TextPredictor,
    seed: int,
) -> Iterator[Example]:
    """Yields the examples with their words corrupted, the same way for the same seed.

    Args:
        examples: Labelled examples.
        specification: What to do to them, see `parse_misspelling`.
        predictor: The classifier, which an attack looks for the weak points of.
        seed: Decides, with the kind, which letters change.
    """
    parsed = parse_misspelling(specification)
    if isinstance(parsed, Attack):
        yield from attacked(examples, parsed, predictor)
        return
    kind, rate = parsed
    # The rate does not enter: a higher one then has the same misspellings and more.
    generator = np.random.default_rng([seed, zlib.crc32(kind.encode())])
    for example in examples:
        words = misspell(example.text.split(), kind, rate, generator)
        yield example._replace(text=" ".join(words))
