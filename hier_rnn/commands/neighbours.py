"""`neighbours`: known words whose vectors are nearest to those of any spelling."""

from __future__ import annotations

from pathlib import Path

import click

from hier_rnn.commands.options import verify_option
from hier_rnn.quiet import import_tensorflow
from hier_rnn.storage.encoder_directory import EncoderDirectory


@click.command()
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
    """Shows the known words nearest to each WORD, with their cosines.

    A WORD may be misspelled or new. ENCODER is an encoder directory, or a run directory for the
    encoder inside it.
    """
    directory = EncoderDirectory.find(encoder, verify).path
    import_tensorflow()
    from hier_rnn.pretraining.neighbours import neighbours as nearest_words

    found_words = nearest_words(directory, list(words), count, verify)
    for word, found in zip(words, found_words, strict=True):
        print(f"{word}: {', '.join(f'{known} {cosine:.2f}' for known, cosine in found)}")
