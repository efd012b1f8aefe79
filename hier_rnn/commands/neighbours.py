"""`neighbours`: known words whose vectors are nearest to those of any spelling."""

from __future__ import annotations

from pathlib import Path

import click

from hier_rnn.configuration.transfer import encoder_directory


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
def neighbours(encoder: Path, words: tuple[str, ...], count: int) -> None:
    """Shows the known words nearest to each WORD, with their cosines.

    A WORD may be misspelled or new. ENCODER is an encoder directory, or a run directory for the
    encoder inside it.
    """
    directory = encoder_directory(encoder)
    from hier_rnn.inference.neighbours import neighbours as nearest_words

    for word, found in zip(words, nearest_words(directory, list(words), count), strict=True):
        print(f"{word}: {', '.join(f'{known} {cosine:.2f}' for known, cosine in found)}")
