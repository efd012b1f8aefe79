"""`check`: what in labelled data is probably not meant, before anything is trained on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hier_rnn.commands.terminal.console import STANDARD_STREAM, escaped, lines, show_log, write_json
from hier_rnn.commands.terminal.flags import with_flags
from hier_rnn.configuration.command_line import (
    ConfiguredCommand,
    configuration_options,
    resolve,
)
from hier_rnn.configuration.options import Data
from hier_rnn.errors import UserError
from hier_rnn.sources.checks.check import DataReport, SourceSummary, check_data
from hier_rnn.sources.example import Source
from hier_rnn.sources.multi_label import resolve_multi_label
from hier_rnn.sources.source import open_source

LABELS_SHOWN = 10


@click.command(cls=ConfiguredCommand)
@click.argument("sources", metavar="SRC [SRC ...]", nargs=-1)
@configuration_options(
    flags={
        "data.validation": "--validation SRC",
        "data.test": "--test SRC",
        "data.label_column": "--label-column NAME",
        "data.text_column": "--text-column NAME",
        "data.delimiter": "--delimiter CHARACTER",
        "data.quoting": "--quoting",
        "data.tfds_data_dir": "--tfds-data-dir DIR",
        "data.multi_label": "--multi-label",
        "data.label_separator": "--label-separator TEXT",
    },
    groups=[],
)
@click.option(
    "--json",
    type=click.Path(path_type=Path),
    metavar="FILE|-",
    help="write the report as JSON, to a file or (-) instead of the lines",
)
@click.option("--strict", is_flag=True, help="anything found is an error (exit status 2)")
def check(sources: tuple[str, ...], json: Path | None, strict: bool, **given: Any) -> None:
    """Checks labelled data before training.

    Shows the classes with their counts, and finds empty and repeated texts, a text under two
    labels, labels that are numbers to predict or several in one, texts that training and
    validation data share, and more. SRC is as for `train`; several are taken as one.

    Example: hier-rnn check train.tsv --validation validation.tsv --strict
    """
    show_log(quiet=False)
    if not sources:
        raise UserError("SRC is needed: the labelled data to check.")
    configuration = resolve(None, given)
    data = configuration.data.model_copy(update={"train": sources})
    data = resolve_multi_label(configuration.model_copy(update={"data": data})).data
    report = check_sources(list(sources), data)
    if json is not None:
        write_json(json, report.to_json())
    if json != STANDARD_STREAM:
        lines(report_lines(report))
    if strict and report.findings:
        raise UserError(f"findings: {len(report.findings)}, and --strict makes each an error.")


def check_sources(train: list[str], data: Data) -> DataReport:
    """Checks data that a user has named.

    Args:
        train: The sources to train on.
        data: The other sources, and how all are read.

    Raises:
        UserError: A source cannot be read.
    """

    def opened(source: str) -> Source | None:
        return open_source(source, **data.reading) if source else None

    return check_data(
        open_source(train, **data.reading), opened(data.validation), opened(data.test)
    )


def report_lines(report: DataReport) -> list[str]:
    """Returns the report for people: what each source holds, then what was found."""
    found = [str(finding) for finding in report.findings]
    lines = [*map(_summary_line, report.sources), *(found or ["nothing found that looks wrong"])]
    return [escaped(with_flags(line)) for line in lines]


def _summary_line(summary: SourceSummary) -> str:
    shown = [f"{label} {count:,}" for label, count in summary.labels.items()][:LABELS_SHOWN]
    more = len(summary.labels) - len(shown)
    return (
        f"{summary.role}: {summary.source}: {summary.examples:,} examples,"
        f" {len(summary.labels):,} {'class' if len(summary.labels) == 1 else 'classes'}:"
        f" {', '.join(shown)}{f' and {more:,} more' if more else ''}"
    )
