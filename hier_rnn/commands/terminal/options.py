"""What several commands have: options, and how they open a run's source (`open_run_source`)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hier_rnn.api.data.reading import reading_for
from hier_rnn.commands.terminal.console import STANDARD_STREAM
from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError
from hier_rnn.sources.shard import Shard

if TYPE_CHECKING:
    from hier_rnn.sources.source import Source


def path_option(flag: str, metavar: str, help: str, **settings: Any) -> Callable[..., Any]:
    """Decorates a command with an option that is a path.

    Args:
        flag: The option.
        metavar: What the help calls the value: FILE or DIR.
        help: What the path is for.
        **settings: click's others.
    """
    kind = click.Path(path_type=Path)
    return click.option(flag, type=kind, metavar=metavar, help=help, **settings)


def output_option(flag: str, metavar: str, help: str, **settings: Any) -> Callable[..., Any]:
    """Decorates a command with an option naming what it writes, looked at before any work starts.

    Args:
        flag: The option.
        metavar: What the help calls the value; one with `DIR` is a folder, one with `|-` may be
            standard output.
        help: What is written there.
        **settings: click's others.
    """

    def check(context: click.Context, option: click.Parameter, path: Path | None) -> Path | None:
        if path is not None and not (path == STANDARD_STREAM and metavar.endswith("|-")):
            _require_writable(path, flag, folder="DIR" in metavar)
        return path

    return path_option(flag, metavar, help, callback=check, **settings)


def _require_writable(path: Path, flag: str, folder: bool) -> None:
    """Finds what would only show when the work is done: a folder in the way, no permission."""
    try:
        if folder and path.exists() and not path.is_dir():
            raise UserError(f"{flag}: {path} is a file; a folder is to be written there.")
        if not folder and path.is_dir():
            raise UserError(f"{flag}: {path} is a folder; a file is to be written there.")
        existing = next(place for place in (path, *path.absolute().parents) if place.exists())
    except OSError as error:  # a name that is too long, a loop of links
        raise UserError(f"{flag}: {path}: can't write it: {error.strerror}.") from None
    if existing != path and not existing.is_dir():
        raise UserError(f"{flag}: {path}: can't write it: {existing} is a file, not a folder.")
    if not folder and existing == path and path.is_file():
        existing = path.absolute().parent  # it is replaced, not written into
    if not os.access(existing, os.W_OK):
        raise UserError(f"{flag}: {path}: can't write it: no permission to write to {existing}.")


def quiet_option(help: str) -> Callable[..., Any]:
    """Decorates a command that shows progress with `-q`, `--quiet`.

    Args:
        help: What is not shown then.
    """
    return click.option("-q", "--quiet", is_flag=True, help=help)


def source_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorates a command with how its source is read, which `open_run_source` takes."""
    help = "where TensorFlow Datasets are prepared [default: TFDS's own]"
    command = click.option("--tfds-data-dir", metavar="DIR", help=help)(command)
    default = "[default: as in training, for the same kind of SRC]"
    for flag, metavar, meaning in (
        ("--text-column", "NAME", "column or field of the text, or its number"),
        ("--label-column", "NAME", "column or field of the label, or its number"),
    ):
        command = click.option(flag, metavar=metavar, help=f"{meaning} {default}")(command)
    # How a table is written concerns that function alone: it need not pass through every command.
    for flag, metavar, meaning in (
        ("--quoting", "KIND", "how a table is quoted: auto, double, backslash or none"),
        ("--delimiter", "CHARACTER", "what separates a table's columns: comma, tab, ..."),
        ("--label-separator", "TEXT", "what separates several labels that stand in one cell"),
    ):
        command = click.option(
            flag,
            metavar=metavar,
            help=f"{meaning} {default}",
            expose_value=False,
            callback=lambda context, option, value: context.meta.update({option.name: value}),
        )(command)
    return command


shard_option = click.option(
    "--shard",
    metavar="I/N",
    callback=lambda context, option, value: Shard.parse(value) if value else None,
    help="every N-th row alone, from the I-th on, so that N processes share the rows; `hier-rnn"
    " merge` puts together what they write",
)

verify_option = click.option(
    "--no-verify",
    "verify",
    flag_value=False,
    default=True,
    help="read a directory's files even where they are not as its manifest.json says",
)


def run_configuration(run: Path, verify: bool = True) -> Configuration:
    """Returns the configuration of a run, at once: TensorFlow is not needed to see a mistake.

    Args:
        run: The run directory.
        verify: Whether its files must be as its manifest says. Default True.

    Raises:
        UserError: It is none, or the run is not finished.
    """
    from hier_rnn.storage.run_directory import RunDirectory

    directory = RunDirectory(run, verify)
    directory.require()
    return directory.read_configuration()


def open_run_source(
    source: str,
    configuration: Configuration,
    label_column: str | None,
    text_column: str | None,
    tfds_data_dir: str | None,
    labelled: bool = True,
) -> Source:
    """Opens a source; one of the kind that the run was trained on is read as that was.

    Args:
        source: As the user wrote it.
        configuration: The run's.
        label_column: Instead of the run's.
        text_column: Instead of the run's.
        tfds_data_dir: Instead of the run's.
        labelled: Whether labels are read.
    """
    from hier_rnn.sources.source import open_source

    trained = reading_for(source, configuration)
    table = click.get_current_context().meta
    given = {
        "label_column": label_column,
        "text_column": text_column,
        "tfds_data_dir": tfds_data_dir,
        "delimiter": table.get("delimiter"),
        "quoting": table.get("quoting"),
        "label_separator": table.get("label_separator"),
    }
    chosen = {name: value for name, value in given.items() if value}
    return open_source(source, **{**trained.reading, **chosen}, labelled=labelled)
