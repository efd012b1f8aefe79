"""The worst that a few single-character edits can do to a sentence (Pruthi et al. 2019).

Greedily: of all edits of all words the one that most lowers how far the answer is from being wrong;
then, that word left alone, the next one. A sentence already misclassified is left as it is.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from hier_rnn.errors import UserError
from hier_rnn.evaluation.text_predictor import TextPredictor
from hier_rnn.sources.example import Example
from hier_rnn.text.misspelling import single_edits

ATTACK = "attack"
KINDS = ("swap", "drop", "add", "key")
# Sentences whose edits go to the predictor in one stream, so that its batches are full.
SENTENCES_AT_ONCE = 32


class Attack(NamedTuple):
    """How many words of a sentence may be edited, once each, and how."""

    words: int
    kinds: tuple[str, ...]


def is_attack(specification: str) -> bool:
    """Returns whether a way to misspell asks for an attack."""
    return specification.partition(":")[0] == ATTACK


def parse_attack(specification: str) -> Attack:
    """Reads `attack:WORDS`, or `attack:WORDS:KIND[,KIND]` to allow only some kinds of edits.

    Raises:
        UserError: The number or a kind is wrong.
    """
    _, _, rest = specification.partition(":")
    number, _, names = rest.partition(":")
    if not re.fullmatch("0*[1-9][0-9]{0,8}", number):
        raise UserError(
            f"misspell {specification[:60]}: an attack needs the number of words it may edit, "
            f"1 or more, as in attack:1 or attack:2:swap. Received: '{number[:60]}'."
        )
    kinds = tuple(names.split(",")) if names else KINDS
    next(single_edits("", kinds), None)  # refuses a kind it does not know
    return Attack(int(number), kinds)


def attacked(
    examples: Iterable[Example], attack: Attack, predictor: TextPredictor
) -> Iterator[Example]:
    """Yields each example with the worst text the attack finds for it.

    Args:
        examples: Labelled examples.
        attack: What is allowed.
        predictor: The classifier under attack; called while its own input may be waiting.
    """
    index = {label: position for position, label in enumerate(predictor.labels)}
    stream = iter(examples)
    while chunk := list(islice(stream, SENTENCES_AT_ONCE)):
        targets = [
            [index[label] for label in example.labels or (example.label,) if label is not None]
            for example in chunk
        ]
        worst = _worst_texts(chunk, targets, attack, predictor)
        for example, text in zip(chunk, worst, strict=True):
            yield example._replace(text=text)


def _worst_texts(
    chunk: list[Example], targets: list[list[int]], attack: Attack, predictor: TextPredictor
) -> list[str]:
    texts = [example.text for example in chunk]
    words = [text.split() for text in texts]
    edited: list[set[int]] = [set() for _ in chunk]
    margin_of = predictor.decision.margin
    margins = [margin_of(row, t) for row, t in zip(predictor.logits(texts), targets, strict=True)]
    for _ in range(attack.words):
        standing = [i for i, margin in enumerate(margins) if margin >= 0]
        asked: deque[tuple[int, int, str]] = deque()
        worst: dict[int, tuple[float, int, str]] = {}
        edits = _edits(standing, words, edited, attack.kinds, asked)
        for row in predictor.logits(edits):
            sentence, position, word = asked.popleft()
            margin = margin_of(row, targets[sentence])
            if margin < worst.get(sentence, (margins[sentence],))[0]:
                worst[sentence] = margin, position, word
        if not worst:  # no edit makes it worse, so none that follows would
            break
        for sentence, (margin, position, word) in worst.items():
            words[sentence][position] = word
            edited[sentence].add(position)
            margins[sentence] = margin
            texts[sentence] = " ".join(words[sentence])
    return texts


def _edits(
    standing: list[int],
    words: list[list[str]],
    edited: list[set[int]],
    kinds: tuple[str, ...],
    asked: deque[tuple[int, int, str]],
) -> Iterator[str]:
    """Yields each sentence that one more edit makes, and notes in `asked` whose it is."""
    for sentence in standing:
        for position, word in enumerate(words[sentence]):
            if position in edited[sentence]:
                continue
            before, after = words[sentence][:position], words[sentence][position + 1 :]
            for edit in single_edits(word, kinds):
                asked.append((sentence, position, edit))
                yield " ".join([*before, edit, *after])
