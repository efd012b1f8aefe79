"""`hier_rnn.pretrain`: a character encoder from text, as `hier-rnn train pretrain` makes it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hier_rnn.api.data.examples import source_names, unlabelled_source
from hier_rnn.api.log import log_evaluation, shown_log
from hier_rnn.api.options import resolved
from hier_rnn.api.output import output_directory
from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError
from hier_rnn.sources.example import Source
from hier_rnn.storage.encoder_options import take_encoder_options
from hier_rnn.training.events import Listener, to_all, to_nobody
from hier_rnn.training.pretraining.pretrain import pretrain as pretrain_encoder
from hier_rnn.training.word_vectors.from_counts import take_counts_options


def pretrain(
    text: str | Path | Iterable[str] | None = None,
    *,
    out: str | Path | None = None,
    encoder: str | Path | None = None,
    config: Configuration | str | Path | None = None,
    force: bool = False,
    verbose: bool = False,
    on_event: Listener = to_nobody,
    **options: Any,
) -> Path:
    """Pretrains a character encoder on text without labels.

    `pretrain("reviews.txt", out="encoders/reviews")`; then `train(..., encoder=...)`. Called again
    with the same `out`, it goes on where it was interrupted.

    Args:
        text: A source (a path), or a list, an array or a column of texts. Several sources are
            `data={"text": [...]}`. Default None: what `config` names.
        out: The encoder directory. Default None: a temporary one, gone when Python ends.
        encoder: An encoder directory to go on from. Default None.
        config: Options: a `Configuration` or a TOML file. Default None.
        force: Start over what `out` already holds. Default False.
        verbose: Show the log, with a line for each epoch, on standard error. Default False.
        on_event: Told what happens (`hier_rnn/training/events.py`). Default nobody.
        **options: Options by group, over those of `config`: `pretraining={"epochs": 50}`.

    Returns:
        The encoder directory.

    Raises:
        UserError: A mistake in the text or the options, or `out` holds another encoder.
        TypeError: A text is not a `str`.
        KeyboardInterrupt: Ctrl-C; what was trained is kept in `out`.
    """
    configuration = resolved(config, options)
    update: dict[str, Any] = {} if encoder is None else {"encoder": str(encoder)}
    source: Source | None = None
    if isinstance(text, (str, Path)):
        update["text"] = source_names(text)
    elif text is not None:
        update["text"] = ()
        source = unlabelled_source(text, "text", configuration.data.maximum_text_length)
    data = configuration.data.model_copy(update=update)
    options_of = configuration.pretraining
    from_vectors = options_of.objective == "word-vectors" and options_of.vectors
    if source is None and not (data.text or data.counts or from_vectors):
        raise UserError("text is needed: what shall the encoder learn from?")
    configuration = take_encoder_options(configuration.model_copy(update={"data": data}))
    if source is not None and data.counts:
        raise UserError("text and data.counts are two ways to say what to learn from: give one.")
    configuration = take_counts_options(configuration)
    with shown_log(verbose):
        result = pretrain_encoder(
            configuration,
            output_directory(out),
            force=force,
            source=source,
            on_event=to_all(on_event, log_evaluation),
        )
    return result.encoder
