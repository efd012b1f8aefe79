"""`hier_rnn.count`: words and contexts of much text, as `hier-rnn count` counts them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hier_rnn.api.data.examples import source_names
from hier_rnn.api.options import resolved
from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError
from hier_rnn.training.counting.count import count as count_text
from hier_rnn.training.events import Listener, to_nobody


def count(
    text: str | Path | Sequence[str | Path],
    *,
    out: str | Path,
    runner: str = "",
    runner_options: Sequence[str] = (),
    files: int = 16,
    config: Configuration | str | Path | None = None,
    force: bool = False,
    on_event: Listener = to_nobody,
    **options: Any,
) -> Path:
    """Counts words of a text and what they stand with, for a pretraining on it.

    `count("reviews/*.txt.gz", out="counts")`; then `pretrain(data={"counts": "counts"}, ...)`.

    Args:
        text: A source (a path, or a pattern), or a list of these.
        out: The directory of counts, which is there whole or not at all.
        runner: A runner of Apache Beam, as `DirectRunner`; each source is then counted by whichever
            worker is free. Default "": this process, without Beam.
        runner_options: Options of the runner, `name=value`.
        files: How many files each table of counts is cut into. Default 16.
        config: Options: a `Configuration` or a TOML file. Default None.
        force: Replace counts that `out` already holds. Default False.
        on_event: Told what happens (`hier_rnn/training/events.py`). Default nobody.
        **options: Options by group, over those of `config`: `pretraining={"window": 5}`.

    Returns:
        The directory.

    Raises:
        UserError: A mistake in the text or the options, too little text, or `out` holds something.
        KeyboardInterrupt: Ctrl-C; nothing is kept.
    """
    configuration = resolved(config, options)
    names = source_names(text)
    if names is None:
        raise UserError(f"text: a source or a list of sources is expected. Received: {text!r:.60}.")
    data = configuration.data.model_copy(update={"text": names})
    count_text(
        configuration.model_copy(update={"data": data}),
        Path(out),
        runner=runner,
        runner_options=runner_options,
        files=files,
        force=force,
        on_event=on_event,
    )
    return Path(out)
