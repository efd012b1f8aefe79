"""`vectors`: the vectors of any words, in word2vec's text format, or of sentences."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import click

import hier_rnn
from hier_rnn.commands.terminal.answers import vector_line
from hier_rnn.commands.terminal.console import show_log
from hier_rnn.commands.terminal.lines import batches_of_lines
from hier_rnn.commands.terminal.options import output_option, run_configuration, verify_option
from hier_rnn.errors import UserError
from hier_rnn.files import write_atomically


@click.command(
    epilog="""\b
Examples:
  hier-rnn vectors runs/messages words.txt --out words.vec
  hier-rnn vectors runs/messages texts.txt --sentences
  hier-rnn vectors english texts.txt --sentences"""
)
@click.argument("encoder", type=click.Path(path_type=Path))
@click.argument("file", metavar="[FILE|-]", default="-", type=click.Path(path_type=Path))
@click.option("--sentences", is_flag=True, help="FILE has a text on every line")
@output_option("--out", "FILE", "where to write [default: standard output]")
@verify_option
def vectors(encoder: Path, file: Path, sentences: bool, out: Path | None, verify: bool) -> None:
    """Writes vectors of words or, with --sentences, of texts.

    FILE has a word on every line; without FILE, or with -, standard input is read. What is written
    is word2vec's text format, which gensim and fastText read. ENCODER is an encoder directory, a
    run directory for the encoder inside it, or english, the encoder in the package. With
    --sentences a line of numbers is written for each text, and ENCODER is english, a run directory
    or the directory of an encoder that learnt vectors of texts.
    """
    from hier_rnn.storage.encoder_directory import EncoderDirectory, named_encoder

    if sentences:
        encoder = named_encoder(encoder)
        is_encoder = EncoderDirectory(encoder).weights.exists()
        if not is_encoder:
            run_configuration(encoder, verify)
        batches = batches_of_lines(file)
        show_log(quiet=False)
        load = hier_rnn.load_encoder if is_encoder else hier_rnn.load
        encode_texts = load(encoder, verify).encode
        with _opened(out) as to:
            for batch in batches:
                to.writelines(vector_line(vector) + "\n" for vector in encode_texts(batch))
                to.flush()
        return

    directory = EncoderDirectory.find(encoder, verify).path
    words = list(dict.fromkeys(word for batch in batches_of_lines(file) for word in batch if word))
    if not words:
        raise UserError(f"{file}: no words: a line is expected to hold a word.")
    show_log(quiet=False)
    encode = hier_rnn.load_encoder(directory, verify)
    from hier_rnn.storage.weights.vectors_file import vector_lines, write_vectors

    if out:
        write_vectors(out, words, encode(words))
    else:
        sys.stdout.writelines(vector_lines(words, encode(words)))


@contextlib.contextmanager
def _opened(out: Path | None) -> Iterator[IO[str]]:
    if out is None:
        yield sys.stdout
    else:
        with write_atomically(out) as file:
            yield file
