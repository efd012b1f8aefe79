"""`count`: words of much text and their contexts, here or by Apache Beam."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import click

from hier_rnn.commands.terminal.console import show_log, tell
from hier_rnn.commands.terminal.flags import READING
from hier_rnn.commands.terminal.options import output_option, path_option, quiet_option
from hier_rnn.configuration.command_line import (
    ConfiguredCommand,
    configuration_options,
    resolve,
)
from hier_rnn.errors import UserError


@click.command(
    cls=ConfiguredCommand,
    epilog="""\b
Examples:
  hier-rnn count 'reviews/*.txt.gz' --out counts
  hier-rnn count 'reviews/*.txt.gz' --out counts --runner DirectRunner \\
    --beam direct_num_workers=8 --beam direct_running_mode=multi_processing
  hier-rnn train pretrain --counts counts --out encoders/reviews""",
)
@click.argument("sources", metavar="SRC [SRC ...]", nargs=-1)
@configuration_options(
    flags={
        **{name: flag for name, flag in READING.items() if name != "data.label_column"},
        "pretraining.vocabulary": "--pretraining.vocabulary N",
        "pretraining.minimum_count": "--pretraining.minimum_count N",
        "pretraining.maximum_types": "--pretraining.maximum_types N",
        "pretraining.window": "--pretraining.window N",
    },
    groups=["text"],
)
@output_option("--out", "DIR", "where the counts go", required=True)
@click.option(
    "--runner",
    metavar="NAME",
    default="",
    help="count by Apache Beam on this runner: DirectRunner, FlinkRunner, SparkRunner,"
    " DataflowRunner, ... [default: in this process, without Beam]",
)
@click.option(
    "--beam",
    "runner_options",
    metavar="NAME=VALUE",
    multiple=True,
    help="an option of the runner, as Beam calls it; may be repeated",
)
@click.option(
    "--files",
    type=click.IntRange(1, 1000),
    default=16,
    metavar="N",
    help="how many files each table of counts is cut into [default: 16]",
)
@path_option("--config", "FILE.toml", "options from a file; the command line wins")
@click.option("--force", is_flag=True, help="replace counts that --out already holds")
@quiet_option("no progress bar")
def count(
    sources: tuple[str, ...],
    out: Path,
    runner: str,
    runner_options: tuple[str, ...],
    files: int,
    config: Path | None,
    force: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Counts words and what they stand with, to pretrain on.

    `train pretrain --counts DIR` goes on from there, without the text. SRC is as for `train
    pretrain --text`; 'part-*.txt.gz' in quotes is all files that match. With a --runner each SRC,
    each file of a pattern, is counted by whichever worker is free: much text in many files. The
    counts are the same to the last digit, whoever counts.
    """
    show_log(quiet)
    logging.getLogger("apache_beam").setLevel(logging.ERROR)  # it warns of its own options
    configuration = resolve(config, {**given, "data.text": sources})
    if not configuration.data.text:
        raise UserError("SRC is needed: what shall be counted?")
    from hier_rnn.commands.drawing.training_screen import TrainingScreen
    from hier_rnn.training.counting.count import count as count_text

    with TrainingScreen(quiet) as screen:
        record = count_text(
            configuration,
            out,
            runner=runner,
            runner_options=runner_options,
            files=files,
            force=force,
            on_event=screen,
        )
    if not quiet:
        tell(
            f"{out}: {record.tokens:,} words of {record.texts:,} texts are counted, and the"
            f" contexts of {record.subtokens:,} subtokens."
        )
