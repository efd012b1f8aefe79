"""A sentence transformer says which vectors are to be learnt: a real one, of two tiny layers."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import hier_rnn.training.sentence_vectors.teacher as module
from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError
from hier_rnn.sources.source import open_source
from hier_rnn.storage.weights.target_vectors import open_target_vectors
from hier_rnn.training.events import to_nobody
from hier_rnn.training.pretraining.pretrain import pretrain
from hier_rnn.training.sentence_vectors.teacher import Teacher, write_targets

INSTALLED = importlib.util.find_spec("sentence_transformers") is not None
needs_library = pytest.mark.skipif(not INSTALLED, reason="sentence-transformers is not installed")
WORDS = ["walk", "talk", "look", "cook", "book", "show", "know", "play", "work", "turn"]


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    """The directory of a sentence transformer with random weights."""
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("teacher")
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    sizes = {"hidden_size": 8, "intermediate_size": 16, "num_attention_heads": 2}
    bert = BertModel(BertConfig(vocab_size=len(vocabulary), num_hidden_layers=2, **sizes))
    bert.save_pretrained(folder / "bert")
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder / "bert")
    return str(folder / "bert")  # without a pooling of its own, it gets mean pooling


@pytest.fixture
def texts(tmp_path) -> Path:
    generator = np.random.default_rng(0)
    lines = [" ".join(generator.choice(WORDS, 4)) for _ in range(60)]
    (tmp_path / "texts.txt").write_text("\n".join(lines) + "\n")
    return tmp_path / "texts.txt"


def configuration(texts: Path, **data) -> Configuration:
    return Configuration.model_validate(
        {
            "data": {"text": [str(texts)], **data},
            "text": {"words": "whitespace"},
            "character_encoder": {"units": 8, "embedding_dim": 4},
            "sentence_encoder": {"units": 4},
            "pretraining": {
                "objective": "sentence-vectors",
                "validation_share": 0.1,
                "minimum_count": 1,
                "sentences": {"epochs": 1, "batch_size": 16},
            },
        }
    )


@pytest.mark.skipif(INSTALLED, reason="sentence-transformers is installed")
def test_without_the_library(texts, tmp_path):
    with pytest.raises(UserError, match=r"pip install 'hier_rnn\[teacher\]'"):
        pretrain(configuration(texts, teacher="any"), tmp_path / "out")
    assert not (tmp_path / "out" / "pretraining.toml").exists()


@needs_library
@pytest.mark.slow
def test_an_interrupted_teacher_goes_on(model, texts, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "TEXTS_AT_ONCE", 16)
    source = open_source(str(texts), labelled=False)
    write_targets(Teacher(model), source, tmp_path / "whole.npy", to_nobody)
    asked = []

    def interrupted(event):
        asked.append(event.done)
        if event.done == 32:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_targets(Teacher(model), source, tmp_path / "broken.npy", interrupted)
    (part,) = tmp_path.glob("broken.npy.*.part")
    part.write_bytes(part.read_bytes() + b"half")  # killed in the middle of a vector
    write_targets(Teacher(model), source, tmp_path / "broken.npy", interrupted_never(asked))
    assert asked == [16, 32, 48, 60] and not list(tmp_path.glob("*.part"))
    whole, broken = (open_target_vectors(tmp_path / f"{n}.npy") for n in ("whole", "broken"))
    assert whole.shape == (60, 8)
    np.testing.assert_array_equal(whole.rows(np.arange(60)), broken.rows(np.arange(60)))
    one = Teacher(model)([texts.read_text().splitlines()[7]])[0]
    np.testing.assert_allclose(whole.rows(np.array([7]))[0], one, atol=2e-3)


def interrupted_never(asked):
    return lambda event: asked.append(event.done)


@needs_library
@pytest.mark.slow
def test_a_pretraining_with_a_teacher(model, texts, tmp_path):
    kept = tmp_path / "kept.npy"
    for name, data in (("one", {"targets": str(kept)}), ("two", {})):
        out = tmp_path / name
        assert pretrain(configuration(texts, teacher=model, **data), out).trained
        assert not (out / "checkpoints").exists()
    first, second = ((tmp_path / n / "encoder.safetensors").read_bytes() for n in ("one", "two"))
    assert first == second
    # What is kept is taken: there is nobody left to ask.
    again = configuration(texts, teacher=f"{model}-gone", targets=str(kept))
    assert pretrain(again, tmp_path / "three").trained


@needs_library
@pytest.mark.slow
def test_no_such_teacher(texts, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (tmp_path / "empty").mkdir()
    for name in (str(tmp_path / "empty"), str(tmp_path / "missing")):
        with pytest.raises(UserError, match=r"data\.teacher: .*can't load it"):
            pretrain(configuration(texts, teacher=name), tmp_path / "out")
        assert not (tmp_path / "out" / "pretraining.toml").exists()


def test_what_a_teacher_writes(texts, tmp_path):
    with pytest.raises(UserError, match=r"a teacher writes FILE\.npy"):
        pretrain(configuration(texts, teacher="any", targets="vectors.h5"), tmp_path / "out")
