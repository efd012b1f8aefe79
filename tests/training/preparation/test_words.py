"""How texts become words, decided by the text and by what a run began with."""

from __future__ import annotations

import numpy as np
import pytest

from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError
from hier_rnn.model.weight_specs import character_encoder_shapes
from hier_rnn.sources.example import Example, Source
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.text.alphabet import Alphabet
from hier_rnn.training.preparation.words import load_words, resolve_word_segmentation


def source(*examples: tuple[str, str]) -> Source:
    return Source(
        "s", lambda: iter([Example(*example, f"s:{n}") for n, example in enumerate(examples)])
    )


def configuration(**text) -> Configuration:
    return Configuration.model_validate({"text": {"words": "sentencepiece", **text}})


def decided(text: str, recorded: Configuration | None = None, **options) -> str:
    texts = source(("a", text), ("b", "ok"))
    return resolve_word_segmentation(
        Configuration.model_validate({"text": options}), recorded, lambda: texts
    ).text.words


def test_the_script_decides_the_words():
    assert decided("물건이 아직 안 왔어요") == "sentencepiece"
    assert decided("where is my parcel") == "whitespace"
    assert decided("물건이 아직 안 왔어요", words="whitespace") == "whitespace"
    assert decided("where is my parcel", words="sentencepiece") == "sentencepiece"
    assert decided("where is my parcel", sentencepiece_model="any.model") == "sentencepiece"
    with pytest.raises(UserError, match="any.model would not be used, since text.words is 'white"):
        decided("where is my parcel", words="whitespace", sentencepiece_model="any.model")


def test_a_run_goes_on_with_the_words_it_began_with():
    assert decided("where is my parcel") == "whitespace"
    assert decided("where is my parcel", recorded=configuration()) == "sentencepiece"


TEXTS = source(*[("ab"[n % 2], f"the cat and the dog number {n} went home") for n in range(50)])


def test_whitespace_words_need_no_model():
    words, model = load_words(Configuration(), TEXTS)
    assert (words("to be"), model) == (["to", "be"], b"")


def test_a_sentencepiece_model_is_trained_named_or_the_runs_own(tmp_path):
    begun = RunDirectory(tmp_path / "run")
    words, model = load_words(configuration(vocabulary_size=40), TEXTS, begun)
    assert len(words("the catalog")) > 2
    assert load_words(configuration(vocabulary_size=40), TEXTS)[1] == model

    own = tmp_path / "words.model"
    own.write_bytes(model)
    named = configuration(sentencepiece_model=str(own))
    again, same = load_words(named, TEXTS)
    assert (again("the catalog"), same) == (words("the catalog"), model)
    begun.write({begun.words_model: model})
    again, same = load_words(configuration(vocabulary_size=30), TEXTS, begun)
    assert (again("the catalog"), same) == (words("the catalog"), model)

    with pytest.raises(UserError, match="none.model: can't read it"):
        load_words(configuration(sentencepiece_model=str(tmp_path / "none.model")), TEXTS)


def test_the_encoders_model_comes_before_training_one(tmp_path):
    _, model = load_words(configuration(vocabulary_size=40), TEXTS)
    encoder, alphabet = EncoderDirectory(tmp_path), Alphabet(("a",))
    shapes = character_encoder_shapes(Configuration().character_encoder, alphabet.size)
    weights = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    encoder.finish(configuration(), alphabet, weights, {"a": 1}, {}, words_model=model)
    started = configuration(vocabulary_size=30).model_copy(
        update={"data": Configuration().data.model_copy(update={"encoder": str(tmp_path)})}
    )
    assert load_words(started, TEXTS)[1] == model
