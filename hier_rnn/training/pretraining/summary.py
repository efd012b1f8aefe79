"""What is about to be learnt, and what was counted for it, as lines of the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping

logger = logging.getLogger(__name__)


def log_summary(
    objective: str, learnt: str, characters: int, metadata: Mapping[str, float], level: int
) -> None:
    """Logs what was counted, and what is about to be learnt.

    Args:
        objective: Name of the objective.
        learnt: How many words, or texts, are learnt.
        characters: How many characters they have.
        metadata: Figures on the counting by name.
        level: At which level it is logged.
    """
    for line in _counted(metadata):
        logger.log(level, line)
    logger.log(level, f"{objective}: learning {learnt} of {characters:,} characters")


def _counted(metadata: Mapping[str, float]) -> Iterator[str]:
    """Says what was counted, and what of it was forgotten to stay within the limits."""
    if "corpus_words" in metadata:
        yield f"counted {metadata['corpus_words']:,} words, {metadata['word_types']:,} distinct"
    if metadata.get("pruned_words"):
        yield (
            f"left out {metadata['pruned_words']:,} of them, of the rarest words"
            " (pretraining.maximum_types)"
        )
    if metadata.get("forgotten_pairs"):
        yield f"left out {metadata['forgotten_pairs']:.1%} of the contexts, of rare pairs of words"
    if metadata.get("text_share", 1) < 1:
        yield f"counted which words stand in one text for {metadata['text_share']:.1%} of the texts"
    if metadata.get("unreadable"):
        yield f"left out {metadata['unreadable']:,} vectors of words that are never read so spelled"
