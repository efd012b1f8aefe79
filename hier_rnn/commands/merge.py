"""`merge`: what `predict --shard` or `evaluate --shard` wrote, put together."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import click

from hier_rnn.commands.terminal.console import (
    STANDARD_STREAM,
    interruptible,
    show_log,
    write_json,
)
from hier_rnn.commands.terminal.options import output_option, quiet_option
from hier_rnn.commands.terminal.shard_rows import KIND, merge_answers
from hier_rnn.errors import UserError
from hier_rnn.files import write_atomically
from hier_rnn.storage.shard_record import read_shards
from hier_rnn.tensorflow_setup import import_tensorflow


@click.command(
    epilog="""\b
Examples:
  hier-rnn merge part-*.csv --out answers.csv
  hier-rnn merge part-*.jsonl --json figures.json

\b
where on one machine and on another was typed
  hier-rnn predict runs/mine mails.csv --shard 1/2 --out part-1.csv
  hier-rnn predict runs/mine mails.csv --shard 2/2 --out part-2.csv
and
  hier-rnn evaluate runs/mine --data test.csv --shard 1/2 --predictions part-1.jsonl
  hier-rnn evaluate runs/mine --data test.csv --shard 2/2 --predictions part-2.jsonl"""
)
@click.argument(
    "files", metavar="FILE [FILE ...]", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@output_option("--out", "FILE", "answers: where to write them [default: standard output]")
@output_option(
    "--json", "FILE|-", "an evaluation: write every figure as JSON; -: to standard output"
)
@output_option(
    "--predictions", "FILE.jsonl", "an evaluation: write a line of JSON for every example"
)
@quiet_option("no progress bar and no tables")
def merge(
    files: tuple[Path, ...],
    out: Path | None,
    json: Path | None,
    predictions: Path | None,
    quiet: bool,
) -> None:
    """Puts the shards of answers or of an evaluation together.

    FILEs are those that `predict --shard I/N --out FILE` or `evaluate --shard I/N --predictions
    FILE` wrote, all N of them, in any order, each with its FILE.shard.json beside it. What comes
    out is what one process would have written: the same answers in the order of the rows, or the
    same figures with the same intervals.
    """
    show_log(quiet)
    shards = read_shards(files)
    kind = shards[0].record.kind
    if kind == KIND:
        if json or predictions:
            raise UserError(f"--json and --predictions are for an evaluation; {files[0]} is none.")
        with contextlib.ExitStack() as stack:
            stack.enter_context(interruptible(f"{out or 'the answer file'} was not written"))
            merge_answers(shards, stack.enter_context(write_atomically(out)) if out else sys.stdout)
        return
    if out:
        raise UserError(
            f"--out is for answers; {files[0]} is an evaluation: --json, --predictions."
        )
    import_tensorflow()
    from hier_rnn.commands.drawing.evaluation_table import print_evaluation
    from hier_rnn.commands.drawing.progress import EvaluationScreen
    from hier_rnn.evaluation.comparison.paired_comparison import json_document
    from hier_rnn.evaluation.shards import merge_evaluation

    with interruptible("no file is half written"), EvaluationScreen(quiet) as screen:
        evaluation = merge_evaluation(shards, predictions=predictions, on_progress=screen)
    if json:
        write_json(json, json_document([evaluation]))
    if not quiet and json != STANDARD_STREAM:
        print_evaluation(evaluation)
