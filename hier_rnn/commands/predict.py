"""`predict`: texts in, the label of each and its probability out."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

import hier_rnn
from hier_rnn.commands.terminal.answers import (
    UNSURE,
    Text,
    Write,
    answer,
    json_writer,
    line_writer,
    table_writer,
    vector_line,
)
from hier_rnn.commands.terminal.console import (
    STANDARD_STREAM,
    as_json,
    flush,
    interruptible,
    show_log,
    tell,
)
from hier_rnn.commands.terminal.lines import LINES_AT_ONCE, batches_of_lines, waits_for_lines
from hier_rnn.commands.terminal.options import (
    open_run_source,
    output_option,
    quiet_option,
    run_configuration,
    shard_option,
    source_options,
    verify_option,
)
from hier_rnn.commands.terminal.shard_rows import ShardRows
from hier_rnn.errors import UserError, nearest
from hier_rnn.files import write_atomically

if TYPE_CHECKING:
    from hier_rnn.inference.predictor import Predictor
    from hier_rnn.sources.shard import Shard
    from hier_rnn.sources.source import Source

SOURCE_ENDINGS = (".tsv", ".csv", ".jsonl", ".txt", ".parquet", ".arrow", ".feather")
TABLE_ENDINGS = {".csv": ",", ".tsv": "\t"}
END_OF_INPUT = "Ctrl-Z and Enter end it" if os.name == "nt" else "Ctrl-D ends it"
PROMPT = "> "
LABEL_SEPARATOR = "|"  # of a text's labels in a cell, if the run's data had no other

logger = logging.getLogger(__name__)


@click.command(
    epilog="""\b
Examples:
  hier-rnn predict runs/mine --text "where is my parcel"
  hier-rnn predict runs/mine texts.txt --top 3 --json > answers.jsonl
  hier-rnn predict runs/mine mails.csv --out answers.csv"""
)
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("file", metavar="[FILE|-]", required=False)
@click.option("--text", "texts", metavar="TEXT", multiple=True, help="a text; may be repeated")
@click.option(
    "--top",
    type=click.IntRange(min=1),
    metavar="K",
    help="give the K most probable labels [default: 1, or of several those of the text]",
)
@click.option("--all", "every", is_flag=True, help="give all labels, the most probable first")
@click.option(
    "--min-confidence",
    type=click.FloatRange(0, 1),
    default=0.0,
    metavar="P",
    help=f"leave out labels whose probability is below P; '{UNSURE}' where none is left"
    " [default: 0]",
)
@click.option("--json", is_flag=True, help="an object on a line: row, text, label, probabilities")
@click.option(
    "--column",
    "columns",
    metavar="NAME",
    multiple=True,
    help="write a table, the answers beside this column of FILE; may be repeated",
)
@click.option("--vectors", is_flag=True, help="give each text's vector instead of its label")
@output_option(
    "--out",
    "FILE",
    "where to write; .csv and .tsv: a table of all columns of FILE, answers beside; .jsonl: JSON"
    " [default: standard output]",
)
@source_options
@shard_option
@verify_option
@quiet_option("no progress bar, no prompt")
def predict(
    run: Path,
    file: str | None,
    texts: tuple[str, ...],
    top: int | None,
    every: bool,
    min_confidence: float,
    json: bool,
    columns: tuple[str, ...],
    vectors: bool,
    out: Path | None,
    label_column: str | None,
    text_column: str | None,
    tfds_data_dir: str | None,
    shard: Shard | None,
    verify: bool,
    quiet: bool,
) -> None:
    """Classifies texts: their labels, and how probable these are.

    FILE has a text on every line, in FILE.txt after its labels if it has fastText's; the text
    column is taken from FILE.tsv, .csv, .jsonl, .parquet or .arrow, a FOLDER or tfds:NAME:SPLIT.
    Without FILE, or with -, standard input is read, and each line is answered as it comes. Every
    row has its answer, a blank one too.
    """
    show_log(quiet)
    if texts and file:
        raise UserError("--text and FILE are two ways to give texts: give one of them.")
    ending = out.suffix.lower() if out else ""
    json = json or ending == ".jsonl"
    table = bool(columns) or ending in TABLE_ENDINGS
    if vectors and table:
        raise UserError("--vectors are written as lines or with --json, not as a table.")
    configuration = run_configuration(run, verify)
    file = file or "-"
    if shard and (texts or file == "-" or not out):
        raise UserError("--shard takes the rows of a FILE, and writes them with --out FILE.")
    typed = not texts and waits_for_lines(Path(file))
    if texts:
        batches: Iterator[list[Text]] = iter([list(_numbered(texts, 1, as_column=table))])
    elif _is_source(file):
        options = (label_column, text_column, tfds_data_dir)
        source = open_run_source(file, configuration, *options, labelled=False)
        batches = _rows(source, columns, everything=table)
    else:
        if columns:
            raise UserError(f"--column: {file} has no columns.")
        _require_file(file)
        batches = _lines(file, prompt=typed and not quiet, as_column=table)
    rows = ShardRows(batches, shard) if shard else None
    if rows:
        batches = iter(rows)
    if typed and not quiet:
        tell(f"loading {run} ...")
    predictor = hier_rnn.load(run, verify)
    if every:
        top = len(predictor.labels)
    elif top is not None or not predictor.multi_label:
        top = min(top or 1, len(predictor.labels))
    if typed and not quiet:
        tell(f"Type a text and Enter; {END_OF_INPUT}.")
    kept = f"{out} was not written" if out else "what is printed is complete up to its last line"
    with contextlib.ExitStack() as stack:
        stack.enter_context(interruptible(kept))
        to: IO[str] = stack.enter_context(write_atomically(out)) if out else sys.stdout
        if not (texts or typed or quiet):
            batches = stack.enter_context(_shown(batches, file, anew=out is not None))
        if vectors:
            _write_vectors(predictor, batches, to, json)
        else:
            delimiter = TABLE_ENDINGS.get(ending or Path(file).suffix.lower(), "\t")
            separator = configuration.data.label_separator or LABEL_SEPARATOR
            write = (
                json_writer(to)
                if json
                else table_writer(to, delimiter, top, separator)
                if table
                else line_writer(to)
            )
            _write_answers(predictor, batches, to, write, top, min_confidence)
    if rows and out:
        form = {
            "top": top,
            "min_confidence": min_confidence,
            "json": json,
            "table": table and not json,
            "columns": list(columns),
            "vectors": vectors,
            "ending": ending,
        }
        rows.record(form, run, verify, file).write(out)


def _write_answers(
    predictor: Predictor,
    batches: Iterable[list[Text]],
    to: IO[str],
    write: Write,
    top: int | None,
    min_confidence: float,
) -> None:
    for batch in batches:
        predictions = predictor.predictions([text.text for text in batch])
        for text, prediction in zip(batch, predictions, strict=True):
            labels, several = predictor.labels, predictor.multi_label
            write(text, answer(prediction, labels, several, top, min_confidence))
        to.flush()


def _write_vectors(
    predictor: Predictor, batches: Iterable[list[Text]], to: IO[str], json: bool
) -> None:
    for batch in batches:
        vectors = predictor.encode([text.text for text in batch])
        for text, vector in zip(batch, vectors, strict=True):
            if json:
                line = {"row": text.number, "text": text.text, "vector": vector.tolist()}
                to.write(as_json(line) + "\n")
            else:
                to.write(vector_line(vector) + "\n")
        to.flush()


def _is_source(file: str) -> bool:
    """A plain text is not one: there every line, even an empty one, has its answer."""
    path = Path(file)
    return path != STANDARD_STREAM and (
        file.startswith("tfds:")
        or path.is_dir()
        or file.lower().removesuffix(".gz").endswith(SOURCE_ENDINGS)
    )


def _require_file(file: str) -> None:
    """A text where a file is expected is a mistake often made."""
    path = Path(file)
    if path == STANDARD_STREAM or os.path.lexists(path):
        return
    hint = f' If it is a text: --text "{file}"' if " " in file or not path.suffix else ""
    raise UserError(f"{file}: no such file.{hint}")


def _numbered(texts: Iterable[str], first: int, as_column: bool) -> Iterator[Text]:
    for number, text in enumerate(texts, first):
        yield Text(number, text, {"text": text} if as_column else {})


def _lines(file: str, prompt: bool, as_column: bool) -> Iterator[list[Text]]:
    number = 1
    lines = batches_of_lines(Path(file))
    while True:
        if prompt:
            sys.stderr.write(PROMPT)
            sys.stderr.flush()
        batch = next(lines, None)
        if batch is None:
            break
        if number == 1 and batch[0].startswith('{"') and not prompt:
            logger.warning(
                "%s: the first line looks like JSON, and is a text as it stands, as every line is:"
                " name a FILE.jsonl to have its text column read",
                file,
            )
        yield list(_numbered(batch, number, as_column))
        number += len(batch)
    if prompt:
        tell("")


def _rows(source: Source, columns: Sequence[str], everything: bool) -> Iterator[list[Text]]:
    """The rows of a source, with the columns that go along: those named, else all or none."""
    examples = enumerate(source, start=1)
    while batch := list(islice(examples, LINES_AT_ONCE)):
        rows = []
        for number, example in batch:
            row = example.row or {"text": example.text}
            for name in columns:
                if name not in row:
                    raise UserError(
                        f"--column: {source.name} has no column '{name}'.{nearest(name, row)}"
                        f" There are: {', '.join(row)}."
                    )
            carried = {name: row[name] for name in columns} if columns else row
            rows.append(Text(number, example.text, carried if columns or everything else {}))
        yield rows


@contextlib.contextmanager
def _shown(batches: Iterator[list[Text]], name: str, anew: bool) -> Iterator[Iterator[list[Text]]]:
    """Shows how many texts are answered, unless the answers themselves are on the terminal."""
    if not anew and sys.stdout.isatty():
        yield batches
        return
    from hier_rnn.commands.drawing.progress import Progress

    with Progress(quiet=not sys.stderr.isatty()) as progress:
        progress.stage(Path(name).name or name, None, "texts")

        def counted() -> Iterator[list[Text]]:
            done = 0
            for batch in batches:
                yield batch
                done += len(batch)
                progress.to(done)

        yield counted()
    flush()
