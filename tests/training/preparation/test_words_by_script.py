"""Runs on a text whose script decides that words are pieces."""

from __future__ import annotations

import logging

import pytest

import hier_rnn
from hier_rnn.configuration.options import Configuration
from hier_rnn.storage.encoder_options import take_encoder_options
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.training.classification.train import train_classifier
from hier_rnn.training.pretraining.pretrain import pretrain

pytestmark = [
    pytest.mark.usefixtures("eager"),
    pytest.mark.filterwarnings("ignore:Even though the"),  # tf.data keeps its graphs
]

GOOD, BAD = "배송이정말빨라서좋아요", "물건이망가져서화가나요"


@pytest.fixture
def korean(tiny, tmp_path) -> Configuration:
    path = tmp_path / "korean.tsv"
    rows = (f"good\t{GOOD} {n}\nbad\t{BAD} {n}\n" for n in range(30))
    path.write_text("".join(rows), "utf-8")
    small = {"epochs": 1, "batch_size": 60}
    return tiny(
        data={"train": str(path), "validation": str(path)},
        text={"vocabulary_size": 40},
        training=small,
    )


@pytest.mark.slow
def test_a_run_has_pieces_for_words_and_goes_on_with_them(korean, tmp_path, caplog):
    caplog.set_level(logging.INFO, "hier_rnn")
    train_classifier(korean, tmp_path / "run")
    assert "words are the pieces of a SentencePiece model" in caplog.text
    run = RunDirectory(tmp_path / "run")
    assert run.read_configuration().text.words == "sentencepiece" and run.words_model.is_file()
    assert len(hier_rnn.load(run.path).words(GOOD)) > 1

    (tmp_path / "korean.tsv").unlink()  # the run knows its words
    train_classifier(korean, tmp_path / "run")
    assert "nothing to do" in caplog.text


def test_whitespace_if_asked_for(korean, tmp_path):
    asked = korean.model_copy(
        update={"text": korean.text.model_copy(update={"words": "whitespace"})}
    )
    train_classifier(asked, tmp_path / "run")
    run = RunDirectory(tmp_path / "run")
    assert run.read_configuration().text.words == "whitespace" and not run.words_model.exists()
    assert hier_rnn.load(run.path).words(GOOD) == [GOOD]


@pytest.mark.slow
def test_an_encoder_hands_on_its_words(korean, tmp_path):
    made = {
        "data": {"text": list(korean.data.train)},
        "text": {"vocabulary_size": 40},
        "character_encoder": {"units": 16, "embedding_dim": 8},
        "pretraining": {"minimum_count": 1, "dimensions": 12, "epochs": 1, "batch_size": 32},
    }
    out = tmp_path / "encoder"
    pretrain(Configuration.model_validate(made), out)
    started = korean.data.model_copy(update={"encoder": str(out)})
    taken = take_encoder_options(Configuration(data=started, training=korean.training))
    assert taken.text.words == "sentencepiece"
    train_classifier(taken, tmp_path / "run")
    model = RunDirectory(tmp_path / "run").words_model
    assert model.read_bytes() == (out / "words.model").read_bytes()
