"""What one pass over the training data finds out."""

from __future__ import annotations

import pytest

from hier_rnn.configuration.options import Configuration
from hier_rnn.configuration.toml import format_configuration
from hier_rnn.errors import UserError
from hier_rnn.sources.example import Example, Source
from hier_rnn.training import corpus
from hier_rnn.training.classification.corpus_statistics import (
    prepared_words,
    with_words_decided,
)


def source(*examples: tuple[str, str]) -> Source:
    return Source(
        "s", lambda: iter([Example(*example, f"s:{n}") for n, example in enumerate(examples)])
    )


EXAMPLES = source(("b", "to be or not to be"), ("a", ""), ("b", "bee"))


def test_counts():
    found = count_corpus(EXAMPLES, str.split, 2)
    assert (found.labels, found.label_counts) == (["a", "b"], [1, 2])
    assert (found.examples, found.word_count) == (3, 7)
    assert found.vocabulary == {"to": 2, "be": 2, "or": 1, "not": 1, "bee": 1}
    assert found.alphabet.characters == tuple("eobt")  # by count; n and r are seen once


def test_minimum_character_count():
    assert count_corpus(EXAMPLES, str.split, 4).alphabet.characters == ("e", "o")
    assert count_corpus(EXAMPLES, str.split, 1).alphabet.size == 3 + 6


def test_rare_words_are_dropped_but_their_characters_count(monkeypatch):
    monkeypatch.setattr(corpus, "KEPT_TYPES", 4)
    whole = source(*[("ab"[n % 2], f"be be c{n}") for n in range(20)])
    found = count_corpus(whole, str.split, 1)
    assert (found.word_count, found.vocabulary["be"]) == (60, 40)
    assert len(found.vocabulary) <= 4
    monkeypatch.undo()
    assert found.alphabet == count_corpus(whole, str.split, 1).alphabet


def test_one_class_only():
    with pytest.raises(UserError, match="s: every example has the label 'x'.*needs two classes"):
        count_corpus(source(("x", "a"), ("x", "b")), str.split, 1)


def configuration(**text) -> Configuration:
    return Configuration.model_validate({"text": {"words": "sentencepiece", **text}})


def decided(text: str, record=None, **options) -> str:
    texts = source(("a", text), ("b", "ok"))
    return with_words_decided(
        Configuration.model_validate({"text": options}), record, lambda: texts
    ).text.words


def test_the_script_decides_the_words():
    assert decided("물건이 아직 안 왔어요") == "sentencepiece"
    assert decided("where is my parcel") == "whitespace"
    assert decided("물건이 아직 안 왔어요", words="whitespace") == "whitespace"
    assert decided("where is my parcel", words="sentencepiece") == "sentencepiece"
    assert decided("where is my parcel", sentencepiece_model="any.model") == "sentencepiece"
    with pytest.raises(UserError, match="any.model would not be used, since text.words is 'white"):
        decided("where is my parcel", words="whitespace", sentencepiece_model="any.model")


def test_a_run_goes_on_with_the_words_it_began_with(tmp_path):
    record = tmp_path / "config.toml"
    assert decided("where is my parcel", record) == "whitespace"
    record.write_text(format_configuration(configuration()))
    assert decided("where is my parcel", record) == "sentencepiece"


TEXTS = source(*[("ab"[n % 2], f"the cat and the dog number {n} went home") for n in range(50)])


def test_whitespace_words_need_no_model():
    words, model = prepared_words(Configuration(), TEXTS)
    assert (words("to be"), model) == (["to", "be"], b"")


def test_a_sentencepiece_model_is_trained_named_or_the_runs_own(tmp_path):
    words, model = prepared_words(configuration(vocabulary_size=40), TEXTS, tmp_path / "none")
    assert len(words("the catalog")) > 2
    assert prepared_words(configuration(vocabulary_size=40), TEXTS)[1] == model

    own = tmp_path / "words.model"
    own.write_bytes(model)
    named = configuration(sentencepiece_model=str(own))
    again, same = prepared_words(named, TEXTS)
    assert (again("the catalog"), same) == (words("the catalog"), model)
    again, same = prepared_words(configuration(vocabulary_size=30), TEXTS, own)
    assert (again("the catalog"), same) == (words("the catalog"), model)

    with pytest.raises(UserError, match="none.model: can't read the SentencePiece model"):
        prepared_words(configuration(sentencepiece_model=str(tmp_path / "none.model")), TEXTS)


def test_the_encoders_model_comes_before_training_one(tmp_path):
    _, model = prepared_words(configuration(vocabulary_size=40), TEXTS)
    (tmp_path / "encoder.weights.h5").touch()
    (tmp_path / "words.model").write_bytes(model)
    started = configuration(vocabulary_size=30).model_copy(
        update={"data": Configuration().data.model_copy(update={"encoder": str(tmp_path)})}
    )
    assert prepared_words(started, TEXTS)[1] == model
