"""Which encoder a classifier starts from, where nobody says: the English one for English text."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any

from hier_rnn.configuration.options import AUTO, ENGLISH, NO_ENCODER, Configuration, Training
from hier_rnn.sources.example import Example
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.storage.encoder_options import contradicting_option, take_encoder_options

logger = logging.getLogger(__name__)

SAMPLE = 1_000  # texts that are looked at
FREQUENT = 2_000
ENGLISH_SHARE = 0.4
"""Of eight English data sets, 55 to 73% of the words are among the 2,000 most frequent English
ones; of texts in a hundred other languages at most 21% are (Catalan, Spanish)."""
MANY = 400
"""Labelled texts from which on the character encoder alone is better. With 300, both encoders have
53.4, 66.3 and 65.2% of the messages, SST-2 and TREC-6, the character encoder 43.1, 65.9 and 69.6;
with 1,000 it is 4 to 10 points ahead of a linear classifier on sentence vectors (seed 0)."""
RECIPES: dict[str, dict[str, Any]] = {
    "both": {"epochs": 2, "encoder_learning_rate_multiplier": 0.0},
    "character": {
        "warm_start_epochs": 8,
        "epochs": 6,
        "encoder_learning_rate_multiplier": 1.0,
    },
}
"""`training` options for what is taken of the encoder: measured on the sets of docs/results.md."""
WORD = re.compile(r"[^\W\d_]+")


def choose_encoder(
    configuration: Configuration,
    recorded: Configuration | None,
    open_text: Callable[[], Iterable[Example]],
) -> Configuration:
    """Returns the configuration with `data.encoder` decided where it is `auto`, and says how.

    The English encoder is not taken where an option was given that contradicts it. Where it is
    taken, how many labels there are decides what of it, and how it learns.

    Args:
        configuration: The run's options; those that somebody gave are its `model_fields_set`.
        recorded: Those of the run that is gone on with; None if it begins.
        open_text: Opens the training text.

    Raises:
        UserError: What reading raises, or an option that contradicts the encoder.
    """
    if configuration.data.encoder not in (AUTO, ENGLISH):
        return configuration
    if recorded is not None:
        return _as_recorded(configuration, recorded)
    if configuration.data.encoder == AUTO:
        if reason := _reason_against(configuration, open_text):
            logger.info(
                f"starting without the English encoder: {reason} (data.encoder {ENGLISH}: with it)"
            )
            return _with_data(configuration, encoder=NO_ENCODER)
        configuration = _with_data(configuration, encoder=ENGLISH)
    if configuration.data.transfer == AUTO:
        few = len(list(islice(open_text(), MANY))) < MANY
        configuration = _with_data(configuration, transfer="both" if few else "character")
        logger.info(
            f"fewer than {MANY} labelled texts: a linear classifier on its sentence vectors first"
            if few
            else f"{MANY} labelled texts or more: its character encoder alone"
        )
    return _with_recipe(take_encoder_options(configuration))


def english_share(texts: Iterable[str]) -> float:
    """Returns how much of texts are frequent English words: a share of all words.

    Args:
        texts: The texts.
    """
    vocabulary = EncoderDirectory.find(Path(ENGLISH)).read_vocabulary()
    frequent = set(islice(vocabulary, FREQUENT))
    words = [word for text in texts for word in WORD.findall(text.lower())]
    return sum(word in frequent for word in words) / max(1, len(words))


def _reason_against(
    configuration: Configuration, open_text: Callable[[], Iterable[Example]]
) -> str:
    """Returns why not to start from the English encoder, or nothing, and says why to."""
    if configuration.initializers.rules:
        return "initializers.rules say how weights start"
    if option := contradicting_option(_with_data(configuration, encoder=ENGLISH)):
        return f"{option} was given, and is another there"
    share = english_share(example.text for example in islice(open_text(), SAMPLE))
    if share < ENGLISH_SHARE:
        return f"{share:.0%} of the words are frequent English ones"
    logger.info(
        f"starting from the English encoder: {share:.0%} of the words are frequent English ones"
        f" (data.encoder {NO_ENCODER}: start from nothing)"
    )
    return ""


def _as_recorded(configuration: Configuration, recorded: Configuration) -> Configuration:
    """Decides as the run did; what was given otherwise is left to be compared with it."""
    if configuration.data.encoder == AUTO:
        configuration = _with_data(configuration, encoder=recorded.encoder or NO_ENCODER)
    if configuration.encoder == ENGLISH == recorded.encoder:
        if configuration.data.transfer == AUTO:
            configuration = _with_data(configuration, transfer=recorded.data.transfer)
        return _with_recipe(take_encoder_options(configuration))
    return take_encoder_options(configuration)


def _with_recipe(configuration: Configuration) -> Configuration:
    """Returns the configuration with what learns best from the English encoder, where not given."""
    training = configuration.training
    recipe = RECIPES.get(configuration.data.transfer, {})
    values = {name: v for name, v in recipe.items() if name not in training.model_fields_set}
    # What was not given stays so: a search may still choose it.
    made = Training.model_construct(set(training.model_fields_set), **{**dict(training), **values})
    return configuration.model_copy(update={"training": made})


def _with_data(configuration: Configuration, **values: str) -> Configuration:
    data = configuration.data.model_copy(update=values)
    return configuration.model_copy(update={"data": data})
