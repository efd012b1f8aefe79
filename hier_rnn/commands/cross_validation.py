"""`evaluate --cross-validate`: how good options are, by classifiers trained without each fold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hier_rnn.commands.check import check_sources, report_lines
from hier_rnn.commands.terminal.console import (
    STANDARD_STREAM,
    escaped,
    tell,
    write_json,
    write_line,
)
from hier_rnn.commands.terminal.options import path_option
from hier_rnn.configuration.command_line import configuration_options, resolve
from hier_rnn.errors import UserError
from hier_rnn.sources.source import open_source
from hier_rnn.tensorflow_setup import import_tensorflow

if TYPE_CHECKING:
    from hier_rnn.evaluation.evaluate import Unseen


def training_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorates a command with the options of training, which its help does not list."""
    groups = ["text", "character_encoder", "sentence_encoder", "head", "initializers", "training"]
    flags = {
        "data.encoder": "--encoder auto|none|english|DIR",
        "training.freeze_encoder": "--freeze-encoder",
    }
    command = configuration_options(flags, groups, hidden=True)(command)
    help = "with --cross-validate: options of the training from a file"
    decorated: Callable[..., Any] = path_option("--config", "FILE.toml", help)(command)
    return decorated


def cross_validate_data(
    data: str | None,
    folds: int,
    out: Path | None,
    config: Path | None,
    given: Mapping[str, Any],
    json: Path | None,
    predictions: Path | None,
    unseen: Unseen,
    quiet: bool,
) -> None:
    """Runs a cross-validation and shows what it came to.

    Args:
        data: The source, as the user wrote it.
        folds: How many.
        out: Where the classifiers are kept.
        config: A file of options.
        given: Options of the command line by dotted name.
        json: File for the figures, `-` for standard output.
        predictions: File for a line of JSON for each example.
        unseen: What to do with classes of one example.
        quiet: Show nothing.

    Raises:
        UserError: No data, or a mistake in them or in the options.
    """
    from hier_rnn.storage.encoder_options import take_encoder_options

    if not data:
        raise UserError("--data SRC is needed: the labelled data to cut into folds.")
    table = click.get_current_context().meta
    reading = {f"data.{name}": table.get(name) for name in ("delimiter", "quoting")}
    configuration = resolve(config, {**given, **reading})
    configuration = take_encoder_options(configuration, labels_decide=True)
    if not quiet:
        tell("\n".join(report_lines(check_sources([data], configuration.data))))
    source = open_source(data, **configuration.data.reading)
    import_tensorflow()
    from hier_rnn.commands.drawing.cross_validation_screen import folds_table, run_cross_validation

    result = run_cross_validation(configuration, source, folds, out, predictions, unseen, quiet)
    to_standard_output = json == STANDARD_STREAM
    if json is not None:
        write_json(json, result.to_json())
    if not quiet and not to_standard_output:
        from hier_rnn.commands.drawing.draw import draw

        draw(folds_table(result))
        if predictions:
            write_line(
                f"\nThe predictions are in {escaped(str(predictions))}. Labels that are probably"
                f" wrong:\n  hier-rnn check {escaped(data)} --label-errors --predictions"
                f" {escaped(str(predictions))}"
            )
