"""Which encoder a classifier starts from, where nobody says: the English one for English text."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

from hier_rnn.configuration.options import AUTO, ENGLISH, NO_ENCODER, Configuration
from hier_rnn.sources.example import Example
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.storage.encoder_options import contradicting_option, take_encoder_options

logger = logging.getLogger(__name__)

SAMPLE = 1_000  # texts that are looked at
FREQUENT = 2_000
ENGLISH_SHARE = 0.4
"""Of eight English data sets, 55 to 73% of the words are among the 2,000 most frequent English
ones; of texts in a hundred other languages at most 21% are (Catalan, Spanish)."""
WORD = re.compile(r"[^\W\d_]+")


def choose_encoder(
    configuration: Configuration,
    recorded: Configuration | None,
    open_text: Callable[[], Iterable[Example]],
) -> Configuration:
    """Returns the configuration with `data.encoder` decided where it is `auto`, and says how.

    The English encoder is not taken where an option was given that contradicts it.

    Args:
        configuration: The run's options; those that somebody gave are its `model_fields_set`.
        recorded: Those of the run that is gone on with; None if it begins.
        open_text: Opens the training text.

    Raises:
        UserError: What reading raises, or an option that contradicts the recorded encoder.
    """
    if configuration.data.encoder != AUTO:
        return configuration
    if recorded is not None:
        return _starting_from(configuration, recorded.encoder or NO_ENCODER)
    english = _with_encoder(configuration, ENGLISH)
    if configuration.initializers.rules:
        return _from_nothing(configuration, "initializers.rules say how weights start")
    if option := contradicting_option(english):
        return _from_nothing(configuration, f"{option} was given, and is another there")
    share = english_share(example.text for example in islice(open_text(), SAMPLE))
    if share < ENGLISH_SHARE:
        return _from_nothing(configuration, f"{share:.0%} of the words are frequent English ones")
    logger.info(
        f"starting from the English encoder: {share:.0%} of the words are frequent English ones"
        f" (data.encoder {NO_ENCODER}: start from nothing)"
    )
    return take_encoder_options(english)


def english_share(texts: Iterable[str]) -> float:
    """Returns how much of texts are frequent English words: a share of all words.

    Args:
        texts: The texts.
    """
    vocabulary = EncoderDirectory.find(Path(ENGLISH)).read_vocabulary()
    frequent = set(islice(vocabulary, FREQUENT))
    words = [word for text in texts for word in WORD.findall(text.lower())]
    return sum(word in frequent for word in words) / max(1, len(words))


def _from_nothing(configuration: Configuration, reason: str) -> Configuration:
    logger.info(f"starting without the English encoder: {reason} (data.encoder {ENGLISH}: with it)")
    return _with_encoder(configuration, NO_ENCODER)


def _starting_from(configuration: Configuration, encoder: str) -> Configuration:
    return take_encoder_options(_with_encoder(configuration, encoder))


def _with_encoder(configuration: Configuration, encoder: str) -> Configuration:
    data = configuration.data.model_copy(update={"encoder": encoder})
    return configuration.model_copy(update={"data": data})
