"""Cutting a normalized text into words: at white space, or into SentencePiece's pieces.

Whichever way, no character but white space is lost: the words joined are the text without spaces.
"""

from __future__ import annotations

import io
import random
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

from hier_rnn.configuration.options import Text
from hier_rnn.errors import UserError
from hier_rnn.files import write_atomically
from hier_rnn.lines import require_regular

Segmenter = Callable[[str], list[str]]

META = "\u2581"  # SentencePiece's visible space
# Numbers of fields in SentencePiece's protocol buffers, and kinds of fields with their sizes.
NORMALIZER, PIECES, BEGIN = 3, 2, 4
VARINT, LENGTH_DELIMITED = 0, 2
SIZES = {1: 8, LENGTH_DELIMITED: 0, 5: 4}

# What a SentencePiece model is trained on: a sample that bounds memory and time however long
# the text is. 20 million characters are plenty for tens of thousands of pieces.
SAMPLED_PASSAGES = 100_000
PASSAGE_CHARACTERS = 200
_PASSAGE = re.compile(rf"\S.{{0,{PASSAGE_CHARACTERS - 1}}}(?!\S)|\S{{1,{PASSAGE_CHARACTERS}}}")
# Characters SentencePiece keeps for itself and would drop a whole sentence for.
_RESERVED = str.maketrans(dict.fromkeys("\0\u2581\u2585", " "))

# How Unicode's names of their letters begin. Korean has spaces, but between phrases: with its
# particles and endings a word is seldom written the same way twice.
SCRIPTS = frozenset(
    ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN")
)
SCRIPT_TEXTS, SCRIPT_CHARACTERS = 1_000, 500  # how much text is looked at


class WhitespaceWords:
    """The words of a text are what stands between white space (Unicode's, as `str.split`)."""

    def __call__(self, text: str) -> list[str]:
        """Returns the words of `text`, in order."""
        return text.split()


class SentencePieceWords:
    """The words of a text are a SentencePiece model's pieces, as they stand in the text.

    The mark U+2581 by which a piece says that a space came before it is taken off, so a word
    reads the same wherever it stands, and a character the model doesn't know stays as it is, a
    word of its own (Kudo and Richardson 2018, https://arxiv.org/abs/1808.06226).

    Args:
        model: A SentencePiece model, its file or its content. The file isn't needed again.

    Raises:
        UserError: The file can't be read or is no SentencePiece model.
    """

    def __init__(self, model: str | Path | bytes) -> None:
        from sentencepiece import SentencePieceProcessor

        self._processor: Any = SentencePieceProcessor()
        path = "SentencePiece model" if isinstance(model, bytes) else model
        try:
            if not isinstance(model, bytes):
                require_regular(Path(model))
                model = Path(model).read_bytes()
            self._processor.LoadFromSerializedProto(model)
            # SentencePiece loads a file cut short between two pieces; its end tells.
            whole = NORMALIZER in dict(_fields(model))
        except OSError as error:
            raise UserError(
                f"{path}: can't read the SentencePiece model: {error.strerror}."
            ) from None
        except (RuntimeError, IndexError):
            whole = False
        if not whole:
            raise UserError(f"{path}: damaged, or not a SentencePiece model.")

    @property
    def model(self) -> bytes:
        """The content of the model's file."""
        content: bytes = self._processor.serialized_model_proto()
        return content

    def __call__(self, text: str) -> list[str]:
        """Returns the pieces of `text`, in order and without white space."""
        text = " ".join(text.split())
        pieces = self._processor.encode(text, out_type=str)
        words = "\n".join(pieces).replace(META, " ").split()
        if "".join(words) == text.replace(" ", ""):
            return words
        return self._words_by_offset(text)

    def _words_by_offset(self, text: str) -> list[str]:
        """Cuts the text itself where the pieces begin.

        For a text with U+2581 of its own, and a model from elsewhere that normalizes or falls back
        to bytes, whose pieces aren't the text.
        """
        encoded = self._processor.encode(text, out_type="serialized_proto")
        data = text.encode()
        pieces = (dict(_fields(piece)) for number, piece in _fields(encoded) if number == PIECES)
        cuts = pairwise((0, *(piece.get(BEGIN, 0) for piece in pieces), len(data)))
        return [word for start, end in cuts for word in data[start:end].decode().split()]


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """Yields the fields of a protocol buffer, the number of each and its value.

    SentencePiece's own Python modules for this need the version of protobuf that they were made
    with.

    Raises:
        IndexError: It is none, or cut short.
    """
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == VARINT:
            value, at = _varint(message, at)
            yield tag >> 3, value
            continue
        if kind not in SIZES:
            raise IndexError("no protocol buffer")
        size, at = _varint(message, at) if kind == LENGTH_DELIMITED else (SIZES[kind], at)
        if at + size > len(message):
            raise IndexError("cut short")
        yield tag >> 3, message[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Returns a number of seven bits a byte, the lowest first, and where it ends."""
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift, at = shift + 7, at + 1
        if not data[at - 1] & 128:
            return value, at


def segmenter(options: Text, model: str | Path | bytes = "") -> Segmenter:
    """Returns what cuts a normalized text into words as the options ask; `auto`: at white space.

    Args:
        options: The text options.
        model: SentencePiece model, its file or its content; default, the file the options name.

    Raises:
        UserError: SentencePiece without a model, or with one that can't be read.
    """
    if options.words != "sentencepiece":
        return WhitespaceWords()
    model = model or options.sentencepiece_model
    if not model:
        raise UserError(
            "text.words is 'sentencepiece' but there is no model: train one, or name one with "
            "text.sentencepiece_model."
        )
    return SentencePieceWords(model)


def train_sentencepiece(
    texts: Iterable[str],
    path: str | Path,
    type: str = "unigram",
    vocabulary_size: int = 8000,
    seed: int = 0,
) -> int:
    """Trains a SentencePiece model on a stream of texts, the same for the same texts and seed.

    It learns from a uniform sample of at most 100,000 passages of 200 characters, on one thread,
    and doesn't normalize. Characters that make up the rarest 0.05% of the sample get no piece;
    they stay in the words as unknown pieces. A text too small for `vocabulary_size` pieces gives
    as many as it has.

    Args:
        texts: Normalized texts, read once.
        path: Where to write the model.
        type: `unigram` or `bpe`.
        vocabulary_size: Number of pieces.
        seed: Decides the sample.

    Returns:
        The number of pieces of the model.

    Raises:
        UserError: No text, or `vocabulary_size` is less than the text's distinct characters.
    """
    from sentencepiece import SentencePieceProcessor, SentencePieceTrainer

    sample = _sample(_passages(texts), SAMPLED_PASSAGES, random.Random(seed))
    if not sample:
        raise UserError("There is no text to train a SentencePiece model on: every text is empty.")
    model = io.BytesIO()
    try:
        SentencePieceTrainer.train(
            sentence_iterator=iter(sample),
            model_writer=model,
            model_type=type,
            vocab_size=vocabulary_size,
            hard_vocab_limit=False,
            normalization_rule_name="identity",
            character_coverage=0.9995,
            bos_id=-1,
            eos_id=-1,
            num_threads=1,
            minloglevel=2,
        )
    except RuntimeError as error:
        if shortage := re.search(r"required_chars\. (\d+) vs (\d+)", str(error)):
            received, needed = shortage.groups()
            raise UserError(
                f"text.vocabulary_size: {received} pieces can't hold the characters of the "
                f"training text, which need {needed}. Accepted: {needed} or more."
            ) from None
        raise UserError(f"SentencePiece can't learn from this text: {error}") from None
    with write_atomically(path, "wb") as file:
        file.write(model.getvalue())
    processor = SentencePieceProcessor()
    processor.LoadFromSerializedProto(model.getvalue())
    return processor.vocab_size()


def _passages(texts: Iterable[str]) -> Iterator[str]:
    """Cuts texts where white space allows: SentencePiece skips lines longer than 4,192 bytes."""
    for text in texts:
        yield from _PASSAGE.findall(" ".join(text.translate(_RESERVED).split()))


def _sample(items: Iterator[str], size: int, generator: random.Random) -> list[str]:
    """Returns up to `size` items of a stream, each with the same chance (reservoir sampling)."""
    sample: list[str] = []
    for number, item in enumerate(items, start=1):
        if number <= size:
            sample.append(item)
        elif (place := generator.randrange(number)) < size:
            sample[place] = item
    return sample


def needs_sentencepiece(texts: Iterable[str]) -> bool:
    """Returns whether most letters are of a script that has no spaces between words, or of Korean.

    Args:
        texts: Read up to the 1,000th, of each the first 500 characters.
    """
    letters = pieces = 0
    for text in islice(texts, SCRIPT_TEXTS):
        for character in filter(str.isalpha, text[:SCRIPT_CHARACTERS]):
            letters += 1
            pieces += _is_of_these_scripts(character)
    return 2 * pieces > letters


@cache
def _is_of_these_scripts(letter: str) -> bool:
    return unicodedata.name(letter, "").partition(" ")[0] in SCRIPTS
