"""`check`: what in labelled data is probably not meant, before anything is trained on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hier_rnn.commands.terminal.console import (
    STANDARD_STREAM,
    escaped,
    lines,
    show_log,
    tell,
    write_json,
)
from hier_rnn.commands.terminal.flags import with_flags
from hier_rnn.configuration.command_line import (
    ConfiguredCommand,
    configuration_options,
    resolve,
)
from hier_rnn.configuration.options import Configuration, Data
from hier_rnn.errors import UserError
from hier_rnn.sources.checks.check import DataReport, SourceSummary, check_data
from hier_rnn.sources.example import Source, shortened
from hier_rnn.sources.multi_label import resolve_multi_label
from hier_rnn.sources.source import open_source
from hier_rnn.tensorflow_setup import import_tensorflow

if TYPE_CHECKING:
    from hier_rnn.evaluation.cross_validation.label_errors import LabelErrors

LABELS_SHOWN = 10
FOLDS = 5
SHOWN_TEXT = 100


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
@click.option(
    "--label-errors",
    is_flag=True,
    help="find the examples that are probably labelled wrongly, by predictions of classifiers that"
    " never saw them: those of --predictions, else by a cross-validation, which takes minutes",
)
@click.option(
    "--predictions",
    type=click.Path(path_type=Path),
    metavar="FILE.jsonl",
    help="for --label-errors: what `evaluate --cross-validate 5 --predictions FILE.jsonl` has"
    " written",
)
@click.option(
    "--show",
    "shown",
    type=click.IntRange(min=1),
    default=20,
    metavar="N",
    help="with --label-errors: list the first N [default: 20]; --json has all",
)
def check(
    sources: tuple[str, ...],
    json: Path | None,
    strict: bool,
    label_errors: bool,
    predictions: Path | None,
    shown: int,
    **given: Any,
) -> None:
    r"""Checks labelled data before training.

    Shows the classes with their counts, and finds empty and repeated texts, a text under two
    labels, labels that are numbers to predict or several in one, texts that training and
    validation data share, and more. SRC is as for `train`; several are taken as one.

    \b
    Examples:
      hier-rnn check train.tsv --validation validation.tsv --strict
      hier-rnn check train.tsv --label-errors --json errors.json
    """
    show_log(quiet=False)
    if not sources:
        raise UserError("SRC is needed: the labelled data to check.")
    if predictions and not label_errors:
        raise UserError("--predictions are for --label-errors.")
    configuration = resolve(None, given)
    data = configuration.data.model_copy(update={"train": sources})
    data = resolve_multi_label(configuration.model_copy(update={"data": data})).data
    report = check_sources(list(sources), data)
    document = report.to_json()
    if json != STANDARD_STREAM:
        lines(report_lines(report))
    if label_errors:
        found = _label_errors(list(sources), data, predictions)
        document["label_errors"] = found.to_json()
        if json != STANDARD_STREAM:
            draw_label_errors(found, shown)
    if json is not None:
        write_json(json, document)
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


def _label_errors(sources: list[str], data: Data, predictions: Path | None) -> LabelErrors:
    source = open_source(sources, **data.reading)
    if predictions:
        from hier_rnn.evaluation.cross_validation.label_errors import label_errors_of_predictions

        return label_errors_of_predictions(source, predictions)
    tell(
        f"no --predictions given: training {FOLDS} classifiers, each without a fifth of the data"
        " that it then judges"
    )
    import_tensorflow()
    from hier_rnn.commands.drawing.cross_validation_screen import run_cross_validation

    configuration = Configuration(data=data)
    result = run_cross_validation(configuration, source, FOLDS, None, None, "count", quiet=False)
    return result.label_errors()


def draw_label_errors(found: LabelErrors, shown: int) -> None:
    """Draws label errors, the likeliest first, on standard output.

    Args:
        found: What was found.
        shown: How many are shown.
    """
    from hier_rnn.commands.drawing.draw import draw
    from hier_rnn.commands.drawing.table import Column, Table

    count = len(found.errors)
    left_out = found.without_prediction
    title = (
        f"{count:,} of {found.examples:,} examples ({count / found.examples:.1%}) are probably"
        f" labelled wrongly{'' if count <= shown else f', the likeliest {shown} of them'}"
        f"{f' ({left_out:,} examples have no prediction)' if left_out else ''}"
    )
    tell(
        f"the classifiers agree with {found.agreement:.1%} of the labels: what they doubt is worth"
        " no more than they are"
    )
    table = Table(
        title,
        [
            Column("place"),
            Column("given"),
            Column("rather"),
            Column("text"),
        ],
    )
    for error in found.errors[:shown]:
        table.add(
            error.where,
            f"{error.label} {error.label_probability:.1%}",
            f"{error.suggested} {error.suggested_probability:.1%}",
            shortened(error.text, SHOWN_TEXT),
        )
    draw(table if table.rows else f"\n{title}")


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
