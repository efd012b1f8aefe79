"""Counts as a pretraining reads them: the same targets as if it had counted itself."""

from __future__ import annotations

from hier_rnn.configuration.options import AUTO, Configuration
from hier_rnn.configuration.schema import validate
from hier_rnn.errors import UserError
from hier_rnn.storage.counts_directory import CountsDirectory, spellings_fingerprint
from hier_rnn.training.events import Listener, to_nobody
from hier_rnn.training.word_vectors.cooccurrence import MAXIMUM_PAIRS, TextKeys, contexts_of
from hier_rnn.training.word_vectors.targets import Targets, known_subtokens, targets_of
from hier_rnn.training.word_vectors.word_counts import most_frequent_words

OPTIONS = ("vocabulary", "minimum_count", "maximum_types", "window")
"""Of `pretraining`, those that decide what is counted."""
FREE = ("minimum_character_count", "sentencepiece_model")
"""Of `text`, those that do not."""


def take_counts_options(configuration: Configuration) -> Configuration:
    """Returns the configuration with the options that the counts of `data.counts` were made with.

    Args:
        configuration: The run's options; those that somebody gave are its `model_fields_set`.

    Raises:
        UserError: No counts there, or an option that contradicts them; or one that goes not with
            counts.
    """
    path, pretraining = configuration.data.counts, configuration.pretraining
    if not path:
        return configuration
    if configuration.data.text:
        raise UserError("data.counts: the text is counted already: leave out data.text, or these.")
    if pretraining.objective != "word-vectors" or pretraining.vectors:
        raise UserError(
            "data.counts: word vectors are made of counts, and of nothing else. Accepted: the"
            " objective word-vectors, without pretraining.vectors."
        )
    made = validate(CountsDirectory(path).record.options, lambda name: f"{path}: {name}")
    encoder = bool(configuration.encoder)  # then all options of the text are given by it
    text, theirs = configuration.text, made.text
    given = [
        *(("text", name, encoder) for name in type(text).model_fields if name not in FREE),
        *(("pretraining", name, False) for name in OPTIONS),
    ]
    for group, name, whole in given:
        ours = getattr(configuration, group)
        wanted, have = getattr(ours, name), getattr(getattr(made, group), name)
        if (whole or name in ours.model_fields_set) and wanted not in (have, AUTO):
            raise UserError(
                f"{group}.{name}: {wanted!r} contradicts the counts {path}, made with {have!r}."
                " Leave the option out, or count again."
            )
    free = {name: getattr(text, name) for name in FREE}
    taken = {name: getattr(made.pretraining, name) for name in OPTIONS}
    return configuration.model_copy(
        update={
            "text": theirs.model_copy(update=free),
            "pretraining": pretraining.model_copy(update=taken),
        }
    )


def targets_from_counts(
    counts: CountsDirectory, configuration: Configuration, on_event: Listener = to_nobody
) -> Targets:
    """Returns what `targets_from_text` would of the text that was counted, bit for bit.

    Args:
        counts: The counts.
        configuration: The run's options, as `take_counts_options` returned them.
        on_event: Told of the stages. Default nobody.

    Raises:
        UserError: A file is missing or damaged, or of another version of hier_rnn.
    """
    record, options = counts.record, configuration.pretraining
    written = most_frequent_words(counts.words(), record.tokens, options.maximum_types)
    known = known_subtokens(written, options)
    if spellings_fingerprint(known.words) != record.subtokens_fingerprint:
        raise UserError(
            f"{counts.path}: its words have other subtokens than contexts were counted of: it is of"
            " another version of hier_rnn, or damaged. Count again."
        )
    text_keys = TextKeys(len(known.words), MAXIMUM_PAIRS)
    for keys in counts.text_keys():
        text_keys.add(keys, record.texts)
    contexts = contexts_of(
        counts.tables("near"),
        counts.tables("adjacent"),
        text_keys,
        record.texts,
        len(known.words),
    )
    return targets_of(written, known, contexts, options, configuration.seed, on_event)
