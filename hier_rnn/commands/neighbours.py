"""`neighbours`: known words whose vectors are nearest to those of any spelling."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from hier_rnn.commands.drawing.draw import draw
from hier_rnn.commands.terminal.console import escaped, show_log, write_line
from hier_rnn.commands.terminal.options import verify_option


@click.command(
    epilog="""\b
Examples:
  hier-rnn neighbours english definately
  hier-rnn neighbours runs/messages parcle refnud"""
)
@click.argument("encoder", type=click.Path(path_type=Path))
@click.argument("words", metavar="WORD [WORD ...]", nargs=-1, required=True)
@click.option(
    "--count",
    type=click.IntRange(min=1),
    default=10,
    metavar="N",
    help="neighbours of each word [default: 10]",
)
@verify_option
def neighbours(encoder: Path, words: tuple[str, ...], count: int, verify: bool) -> None:
    """Shows the known words nearest to each WORD.

    With each stands its cosine. A WORD may be misspelled or new. ENCODER is an encoder directory,
    a run directory for the encoder inside it, or english, the encoder in the package.
    """
    from hier_rnn.storage.encoder_directory import EncoderDirectory

    directory = EncoderDirectory.find(encoder, verify).path
    show_log(quiet=False)
    from hier_rnn.inference.neighbours import neighbours as nearest_words

    table: list[Sequence[str]] = []
    nearest = nearest_words(directory, list(words), count, verify)
    for word, found in zip(words, nearest, strict=True):
        cosines = (f"{escaped(known)} {cosine:.2f}" for known, cosine in found)
        table.append((f"{escaped(word)}:", ", ".join(cosines)))
    if sys.stdout.isatty():  # lines as long as they are would be broken inside words
        from hier_rnn.commands.drawing.table import Column, Table

        draw(Table("", [Column(""), Column("")], table))
    else:
        for name, known in table:
            write_line(f"{name} {known}")
