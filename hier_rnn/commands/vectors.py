"""`vectors`: the vectors of any words, in word2vec's text format."""

from __future__ import annotations

import sys
from pathlib import Path

import click

import hier_rnn
from hier_rnn.commands.lines import batches_of_lines
from hier_rnn.commands.options import path_option, verify_option
from hier_rnn.errors import UserError
from hier_rnn.storage.encoder_directory import EncoderDirectory


@click.command()
@click.argument("encoder", type=click.Path(path_type=Path))
@click.argument("file", metavar="[FILE|-]", default="-", type=click.Path(path_type=Path))
@path_option("--out", "FILE", "where to write [default: standard output]")
@verify_option
def vectors(encoder: Path, file: Path, out: Path | None, verify: bool) -> None:
    """Writes the vectors of a list of words, in word2vec's text format.

    FILE has a word on every line; without FILE, or with -, standard input is read. gensim and
    fastText read what is written. ENCODER is an encoder directory, or a run directory for the
    encoder inside it.
    """
    directory = EncoderDirectory.find(encoder, verify).path
    words = list(dict.fromkeys(word for batch in batches_of_lines(file) for word in batch if word))
    if not words:
        raise UserError(f"{file}: no words: a line is expected to hold a word.")
    encode = hier_rnn.load_encoder(directory, verify)
    from hier_rnn.storage.vectors_file import vector_lines, write_vectors

    if out:
        write_vectors(out, words, encode(words))
    else:
        sys.stdout.writelines(vector_lines(words, encode(words)))
