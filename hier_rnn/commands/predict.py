"""`predict`: a text a line in, a label and its probability a line out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

import hier_rnn
from hier_rnn.commands.lines import LINES_AT_ONCE, STANDARD_INPUT, batches_of_lines
from hier_rnn.commands.options import opened, run_configuration, source_options

if TYPE_CHECKING:
    from hier_rnn.sources.source import Source

UNSURE = "unsure"
SOURCE_ENDINGS = (".tsv", ".csv", ".jsonl", ".txt", ".parquet", ".arrow", ".feather")


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("file", metavar="[FILE|-]", default="-")
@click.option(
    "--min-confidence",
    type=click.FloatRange(0, 1),
    default=0.0,
    metavar="P",
    help=f"answer '{UNSURE}' when the label's probability is below P [default: 0]",
)
@source_options
def predict(
    run: Path,
    file: str,
    min_confidence: float,
    label_column: str | None,
    text_column: str | None,
    tfds_data_dir: str | None,
) -> None:
    """Classifies texts: a line in, a label and its probability out.

    FILE has a text on every line, in FILE.txt after its labels if it has fastText's; the text
    column is taken from FILE.tsv, .csv, .jsonl, .parquet or .arrow, a FOLDER or tfds:NAME:SPLIT.
    Every row has its answer, blank ones too. Without FILE, or with -, standard input is read.
    """
    configuration = run_configuration(run)
    if _is_source(file):
        columns = (label_column, text_column, tfds_data_dir)
        batches = _batches_of_texts(opened(file, configuration, *columns, labelled=False))
    else:
        batches = batches_of_lines(Path(file))
    predictor = hier_rnn.load(run)
    for texts in batches:
        for prediction in predictor.predict(texts):
            sure = prediction.probability >= min_confidence
            print(f"{prediction.label if sure else UNSURE}\t{prediction.probability:.4f}")
        sys.stdout.flush()


def _is_source(file: str) -> bool:
    """A plain text is not one: there every line, even an empty one, has its answer."""
    path = Path(file)
    return path != STANDARD_INPUT and (
        file.startswith("tfds:")
        or path.is_dir()
        or file.lower().removesuffix(".gz").endswith(SOURCE_ENDINGS)
    )


def _batches_of_texts(source: Source) -> Iterator[list[str]]:
    texts = (example.text for example in source)
    while batch := list(islice(texts, LINES_AT_ONCE)):
        yield batch
