"""The training data at a glance: what one pass over it has to find out before training starts."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from hier_rnn.configuration.options import AUTO, Configuration
from hier_rnn.configuration.toml import read_configuration
from hier_rnn.configuration.transfer import encoder_directory
from hier_rnn.errors import UserError
from hier_rnn.sources.example import Example, Source
from hier_rnn.text.alphabet import Alphabet
from hier_rnn.text.normalization import normalize
from hier_rnn.text.segmentation import train_sentencepiece, wants_pieces
from hier_rnn.text.words import Words

KEPT_TYPES = 1_000_000


@dataclass(frozen=True)
class Corpus:
    """Counts of the training data."""

    labels: list[str]
    """Sorted."""
    label_counts: list[int]
    examples: int
    word_count: int
    vocabulary: Counter[str]
    """How often each word is seen; the rarest are left out beyond a million word types."""
    alphabet: Alphabet

    @property
    def sentence_words(self) -> float:
        """Words in a sentence, on average."""
        return self.word_count / self.examples


def survey(
    source: Source, words: Callable[[str], list[str]], minimum_character_count: int
) -> Corpus:
    """Reads the training data once and counts.

    Args:
        source: Labelled examples.
        words: Turns a text into words.
        minimum_character_count: Characters seen less often are not in the alphabet.

    Raises:
        UserError: There is one class only.
    """
    labels: Counter[str] = Counter()
    vocabulary: Counter[str] = Counter()
    characters: Counter[str] = Counter()
    word_count = 0
    for example in source:
        labels[example.label] += 1
        text = words(example.text)
        word_count += len(text)
        vocabulary.update(text)
        if len(vocabulary) > KEPT_TYPES:
            _prune(vocabulary, characters)
    if len(labels) < 2:
        only = next(iter(labels))
        raise UserError(
            f"{source.name}: every example has the label '{only}'. A classifier needs two classes"
            " at least."
        )
    for word, count in vocabulary.items():
        _spell(word, count, characters)
    names = sorted(labels)
    return Corpus(
        labels=names,
        label_counts=[labels[name] for name in names],
        examples=labels.total(),
        word_count=word_count,
        vocabulary=vocabulary,
        alphabet=Alphabet.count(characters, minimum_character_count),
    )


def _prune(vocabulary: Counter[str], characters: Counter[str]) -> None:
    """Drops the rarest half of the words; their characters still count."""
    for word, count in vocabulary.most_common()[KEPT_TYPES // 2 :]:
        _spell(word, count, characters)
        del vocabulary[word]


def _spell(word: str, count: int, characters: Counter[str]) -> None:
    for character in word:
        characters[character] += count


def with_words_decided(
    configuration: Configuration, record: Path | None, open_text: Callable[[], Iterable[Example]]
) -> Configuration:
    """Returns the configuration with `text.words` decided where it is `auto`.

    Args:
        configuration: The run's options.
        record: Where the run's own are kept, if it may have been begun: it goes on as it began.
        open_text: Opens the training text.

    Raises:
        UserError: What reading raises, or a SentencePiece model for words at white space.
    """
    text = configuration.text
    if text.words == "whitespace" and text.sentencepiece_model:
        raise UserError(
            f"text.sentencepiece_model: {text.sentencepiece_model} would not be used, since"
            " text.words is 'whitespace'. Leave out one of the two."
        )
    if text.words != AUTO:
        return configuration
    if record is not None and record.exists():
        words = read_configuration(record).text.words
    elif text.sentencepiece_model or wants_pieces(example.text for example in open_text()):
        words = "sentencepiece"
    else:
        words = "whitespace"
    return configuration.model_copy(update={"text": text.model_copy(update={"words": words})})


def prepared_words(
    configuration: Configuration, source: Source, own: Path | None = None
) -> tuple[Words, bytes]:
    """Returns how texts become words, and the SentencePiece model, empty for whitespace words.

    The model is the run's own if it has one already, else that of the encoder it starts from, or
    the one that the options name; else it is trained on the source.

    Args:
        configuration: The run's options.
        source: The training data.
        own: Where the run has its model if it has one already.

    Raises:
        UserError: A model that can't be read, or what SentencePiece refuses.
    """
    options, encoder = configuration.text, configuration.data.encoder
    if options.words != "sentencepiece":
        return Words(options), b""
    models = [own] if own else []
    if encoder:
        models.append(encoder_directory(Path(encoder)) / "words.model")
    ready = next((path for path in models if path.exists()), options.sentencepiece_model)
    if ready:
        return Words(options, ready), Path(ready).read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "words.model"
        texts = (normalize(e.text, options.normalization, options.lowercase) for e in source)
        train_sentencepiece(
            texts, model, options.sentencepiece_type, options.vocabulary_size, configuration.seed
        )
        return Words(options, model), model.read_bytes()
