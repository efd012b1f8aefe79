"""What the data decide, and every mistake in them, before training starts."""

from __future__ import annotations

import numpy as np
import pytest

from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.text.alphabet import Alphabet
from hier_rnn.training.classification.training_data import (
    TrainingData,
    open_sources,
    read_training_data,
)


def read(configuration: Configuration) -> TrainingData:
    return read_training_data(configuration, open_sources(configuration))


@pytest.fixture
def configured(tmp_path):
    """Writes the sources given as text and returns the configuration that names them."""

    def configured(text: dict | None = None, encoder: str = "", **sources: str) -> Configuration:
        named = {}
        for name, content in sources.items():
            path = tmp_path / f"{name}.tsv"
            path.write_text(content, "utf-8")
            named[name] = str(path)
        return Configuration.model_validate(
            {"data": {"encoder": encoder, **named}, "text": text or {}}
        )

    return configured


TRAIN = "b\tbeer\na\tale\nb\tbar\n"


def test_prepared(configured):
    data = read(configured(train=TRAIN, validation="b\tx\nb\ty\na\tz\n", test="a\t\n"))
    assert data.corpus.labels == ["a", "b"]
    assert data.targets.tolist() == [1, 1, 0]
    assert data.alphabet == data.corpus.alphabet.with_other_cases()
    assert (data.words("a b"), data.words_model, data.new_characters) == (["a", "b"], b"", ())


def test_without_validation_a_tenth_is_set_aside(configured):
    rows = "".join(f"{'ab'[n % 2]}\ttext {n}\n" for n in range(40))
    data = read(configured(train=rows))
    assert (data.corpus.examples, sorted(data.targets)) == (36, [0, 0, 1, 1])
    texts = [{example.text for example in source} for source in (data.train, data.validation)]
    assert not texts[0] & texts[1] and len(texts[0] | texts[1]) == 40


def test_cut_words_are_those_of_training(configured):
    data = read(configured({"maximum_word_length": 3}, train=TRAIN, validation="a\tlooooong\n"))
    assert data.truncated == 1
    data.words("looooong")
    assert data.words.truncated == 1


def test_an_encoders_alphabet_is_extended(configured, tmp_path):
    encoder = tmp_path / "encoder"
    weights = {"character_encoder/embedding": np.zeros((6, 2))}
    EncoderDirectory(encoder).finish(Configuration(), Alphabet(tuple("xeb")), weights, {}, {})
    data = read(configured(train=TRAIN, validation=TRAIN, encoder=str(encoder)))
    assert data.alphabet.characters[:3] == ("x", "e", "b")
    assert data.new_characters == data.alphabet.characters[3:5] == ("a", "r")
    assert data.alphabet.characters[5:] == tuple("EABR")


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ({"train": ""}, "train.tsv: it is empty"),
        ({"train": TRAIN, "validation": ""}, "validation.tsv: it is empty"),
        ({"train": "a\tx\na\ty\n", "validation": TRAIN}, "every example has the label 'a'"),
        ({"train": "a\tx\nno label\n", "validation": TRAIN}, r"train.tsv:2: "),
        (
            {"train": TRAIN, "validation": "a\tx\nbb\ty\n"},
            r"validation.tsv: 1 example.*1 label.* training never saw(.|\n)*validation.tsv:2",
        ),
        ({"train": TRAIN, "validation": TRAIN, "test": "c\tx\n"}, r"test.tsv:1: 'c'"),
    ],
)
def test_mistakes(configured, sources, message):
    with pytest.raises(UserError, match=message):
        read(configured(**sources))


def test_no_such_source(configured):
    missing = Configuration.model_validate({"data": {"train": "none.tsv"}})
    with pytest.raises(UserError, match="none.tsv: no such file"):
        read(missing)
