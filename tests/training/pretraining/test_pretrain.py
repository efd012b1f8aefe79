"""Pretraining from text to encoder directory, interrupted or not."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import hier_rnn
from hier_rnn.configuration.options import Configuration
from hier_rnn.configuration.toml import format_configuration, read_configuration
from hier_rnn.errors import UserError
from hier_rnn.storage.checkpoints import Checkpoints
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.storage.encoder_options import take_encoder_options
from hier_rnn.storage.weights.vectors_file import write_vectors
from hier_rnn.storage.weights.weights_file import read_weights
from hier_rnn.text.alphabet import FIRST_CHARACTER
from hier_rnn.training.pretraining.pretrain import pretrain
from hier_rnn.training.pretraining.word_vector_objective import WordVectorObjective


def weights(out: Path) -> dict[str, np.ndarray]:
    return read_weights(out / "encoder.safetensors")


def same(one: Path, other: Path) -> bool:
    a, b = weights(one), weights(other)
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


def metrics(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def epoch(configuration, tmp_path_factory) -> Path:
    """What one epoch comes to."""
    out = tmp_path_factory.mktemp("epoch")
    pretrain(configuration(epochs=1), out)
    return out


@pytest.fixture
def interrupted(monkeypatch):
    """Has Ctrl-C come in the seventh step."""
    count = WordVectorObjective.words_of
    steps = []

    def words_of(self, batch):
        steps.append(batch)
        if len(steps) == 7:
            os.kill(os.getpid(), signal.SIGINT)
        return count(self, batch)

    monkeypatch.setattr(WordVectorObjective, "words_of", words_of)


@pytest.mark.slow
def test_an_encoder_directory_that_says_how_it_came_about(configuration, tmp_path, caplog):
    caplog.set_level(logging.INFO, "hier_rnn")
    out = tmp_path / "encoder"
    made = configuration(epochs=8)
    pretrain(made, out)
    names = {path.name for path in out.iterdir()}
    assert names == {
        "config.toml",
        "data.json",
        "alphabet.json",
        "encoder.safetensors",
        "word_vectors.safetensors",
        "words.txt",
        "facts.json",
        "metrics.jsonl",
        "pretraining.toml",
        "manifest.json",
    }
    facts = json.loads((out / "facts.json").read_text())
    lines = metrics(out)
    assert [line["epoch"] for line in lines] == list(range(1, 9))
    assert lines[-1]["learnt_cosine"] > lines[0]["learnt_cosine"] + 0.1
    assert facts["objective"] == "word-vectors" and facts["corpus_words"] == 3000
    assert facts["pruned_words"] == 0 and facts["seed"] == 0
    assert facts["version"] == hier_rnn.__version__
    assert facts["validation_cosine"] == max(line["validation_cosine"] for line in lines)
    assert hier_rnn.load_encoder(out)(["walk", "wlak"]).shape == (2, 16)
    decided = made.text.model_copy(update={"words": "whitespace"})
    assert read_configuration(out / "pretraining.toml") == made.model_copy(update={"text": decided})
    embedding = weights(out)["character_encoder/embedding"]
    np.testing.assert_allclose(embedding[0], embedding[3:].mean(0), rtol=1e-5)  # unknown
    assert caplog.messages[0] == "counted 3,000 words, 96 distinct"
    assert caplog.messages[-1].startswith("finished: validation cosine")

    written = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    pretrain(made, out)
    assert "finished; nothing to do" in caplog.text
    assert written == {path: path.stat().st_mtime_ns for path in out.iterdir()}
    with pytest.raises(UserError, match=r"other options: pretraining.epochs 8 instead of 9"):
        pretrain(configuration(epochs=9), out)
    pretrain(configuration(epochs=1), out, force=True)
    assert len(metrics(out)) == 1


@pytest.mark.slow
def test_what_had_to_be_forgotten_is_told(configuration, tmp_path, caplog):
    caplog.set_level(logging.INFO, "hier_rnn")
    pretrain(configuration(epochs=1, maximum_types=60), tmp_path)
    facts = json.loads((tmp_path / "facts.json").read_text())
    assert 0 < facts["pruned_words"] < 3000
    assert f"left out {facts['pruned_words']:,} of them" in caplog.text


@pytest.mark.parametrize(("start", "epochs"), [("configuration", 3), ("going_on", 9)])
@pytest.mark.slow
def test_ctrl_c_saves_and_the_same_command_goes_on(start, epochs, tmp_path, request):
    made = request.getfixturevalue(start)(epochs=epochs)
    pretrain(made, tmp_path / "whole")
    request.getfixturevalue("interrupted")
    with pytest.raises(KeyboardInterrupt, match="saved after step 7"):
        pretrain(made, tmp_path / "broken")
    assert not (tmp_path / "broken" / "encoder.safetensors").exists()
    saved = Checkpoints(tmp_path / "broken" / "checkpoints").latest()
    # Nobody reads averages of an encoder's weights, so none are kept.
    assert any(n.startswith("first/") for n in saved.tensors)
    assert not any("average" in n for n in saved.tensors)
    pretrain(made, tmp_path / "broken")
    assert same(tmp_path / "whole", tmp_path / "broken")
    kept = [name for name in metrics(tmp_path / "whole")[0] if "second" not in name]
    for one, other in zip(metrics(tmp_path / "whole"), metrics(tmp_path / "broken"), strict=True):
        assert [one[name] for name in kept] == [other[name] for name in kept]


@pytest.mark.parametrize("objective", ["word-vectors", "next-character"])
@pytest.mark.slow
def test_a_killed_run_ends_the_same(configuration, tmp_path, objective):
    made = configuration(objective=objective, epochs=12, patience=0, checkpoint_seconds=0.0)
    file = tmp_path / "options.toml"
    file.write_text(format_configuration(made), encoding="utf-8")
    out = tmp_path / "killed"
    command = [sys.executable, "-m", "hier_rnn", "train", "pretrain", "--config", file]
    root = Path(hier_rnn.__file__).parents[1]
    process = subprocess.Popen([*command, "--out", out, "--quiet"], cwd=root)
    end = time.monotonic() + 300
    try:
        while process.poll() is None and not any(out.glob("checkpoints/step-*9.*")):
            assert time.monotonic() < end
            time.sleep(0.005)
    finally:
        process.kill()
        process.wait(60)
    assert list(out.glob("checkpoints/step-*.safetensors"))
    assert not (out / "encoder.safetensors").exists()
    pretrain(made, out)
    whole = configuration(objective=objective, epochs=12, patience=0)
    pretrain(whole, tmp_path / "whole")
    assert same(out, tmp_path / "whole")


@pytest.fixture
def going_on(configuration, epoch, tmp_path):
    """`going_on(epochs=3)` goes on from `epoch`, with a text that has other characters as well."""
    text = tmp_path / "other.txt"
    text.write_text("žluť walking talks öffnet opened\nžluť öffnet looks walk\n" * 9, "utf-8")

    def make(encoder: Path = epoch, *sizes: dict, **options) -> Configuration:
        data = {"text": [str(text)], "encoder": str(encoder)}
        made = configuration(*sizes, **options)
        return take_encoder_options(
            made.model_copy(update={"data": made.data.model_validate(data)})
        )

    return make


@pytest.mark.slow
def test_going_on_from_an_encoder(configuration, epoch, going_on, tmp_path):
    out = tmp_path / "out"
    # Too little to learn anything: what is written is what it began with.
    made = going_on(epochs=1, learning_rate=1e-12)
    pretrain(made, out)
    old, new = (EncoderDirectory(path).read_alphabet().characters for path in (epoch, out))
    assert new[: len(old)] == old
    assert set("žöf") <= set(new[len(old) :])
    before, after = weights(epoch), weights(out)
    assert before.keys() == after.keys()
    embedding = "character_encoder/embedding"
    known = slice(
        1, FIRST_CHARACTER + len(old)
    )  # the unknown character is never met and an average
    assert len(after[embedding]) == FIRST_CHARACTER + len(new)
    np.testing.assert_allclose(after[embedding][known], before[embedding][known], atol=1e-6)
    for name in before.keys() - {embedding}:
        np.testing.assert_allclose(after[name], before[name], atol=1e-6)
    kernel = read_weights(out / "word_vectors.safetensors")["word_vectors/kernel"]
    assert kernel.shape[1] > 12  # of new vectors beside the twelve that it knew
    known, words = (EncoderDirectory(path).read_vocabulary() for path in (epoch, out))
    new = dict.fromkeys(("walking", "talks", "opened", "looks", "walk"), 9)
    assert words == Counter(known) + Counter({**new, "žluť": 18, "öffnet": 18})
    facts = json.loads((out / "facts.json").read_text())
    assert facts["encoder"] == str(epoch) and facts["initializers"] == []
    decided = made.text.model_copy(update={"words": "whitespace"})
    assert read_configuration(out / "pretraining.toml") == made.model_copy(update={"text": decided})


@pytest.mark.slow
def test_next_character_goes_on_as_well(configuration, going_on, tmp_path):
    def first_bits(made, name):
        pretrain(made, tmp_path / name)
        return metrics(tmp_path / name)[0]["bits_per_character"]

    first_bits(configuration(objective="next-character", epochs=4), "first")
    options = {"objective": "next-character", "epochs": 1, "learning_rate": 1e-12}
    from_scratch = configuration(**options)
    known = from_scratch.data.model_copy(update={"encoder": str(tmp_path / "first")})
    taught = weights(tmp_path / "first")
    first_bits(from_scratch.model_copy(update={"data": known}), "again")
    for name, values in weights(tmp_path / "again").items():
        np.testing.assert_allclose(values[1:], taught[name][1:], atol=1e-6)


@pytest.mark.slow
def test_a_run_directory_is_gone_on_from_too(going_on, small_run, tmp_path):
    pretrain(going_on(small_run, {"units": 8, "embedding_dim": 4}), tmp_path / "out")
    found = weights(tmp_path / "out")
    assert found.keys() == weights(small_run / "encoder").keys()


@pytest.mark.slow
def test_rules_have_no_say_in_what_comes_from_an_encoder(going_on, tmp_path):
    rule = {"pattern": "character_encoder/.*bias", "initializer": "zeros"}
    made = going_on()
    rules = made.initializers.model_validate({"rules": [rule]})
    with pytest.raises(UserError, match="decides nothing"):
        pretrain(made.model_copy(update={"initializers": rules}), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_rules_are_for_the_encoder_alone(configuration, epoch, tmp_path):
    """A run or encoder directory has no map of word vectors to take."""
    rule = {"pattern": ".*", "initializer": "pretrained", "options": {"path": str(epoch)}}
    made = configuration(epochs=1, learning_rate=1e-12)
    rules = made.initializers.model_validate({"rules": [rule]})
    pretrain(made.model_copy(update={"initializers": rules}), tmp_path / "out")
    before, after = weights(epoch), weights(tmp_path / "out")
    for name in before:
        np.testing.assert_allclose(after[name], before[name], atol=1e-6)


@pytest.mark.slow
def test_force_does_not_take_away_the_encoder_to_go_on_from(going_on, epoch):
    written = {path: path.stat().st_mtime_ns for path in epoch.iterdir()}
    with pytest.raises(UserError, match="to start from"):
        pretrain(going_on(epochs=1), epoch, force=True)
    assert written == {path: path.stat().st_mtime_ns for path in epoch.iterdir()}


@pytest.mark.slow
def test_next_character_both_ways(configuration, tmp_path, caplog):
    caplog.set_level(logging.INFO, "hier_rnn")
    encoder = {"bidirectional": True}
    pretrain(configuration(encoder, objective="next-character", epochs=4), tmp_path)
    lines = metrics(tmp_path)
    assert lines[-1]["bits_per_character"] < lines[0]["bits_per_character"] < 5
    facts = json.loads((tmp_path / "facts.json").read_text())
    assert facts["corpus_words"] + facts["held_out_words"] == 3000
    assert facts["held_out_words"] == 150
    assert "bits per character" in caplog.text
    names = set(weights(tmp_path))
    assert names == {name for name in names if name.startswith("character_encoder/")}
    assert not (tmp_path / "word_vectors.safetensors").exists()


@pytest.mark.slow
def test_ready_vectors_instead_of_text(configuration, tmp_path):
    words = [f"{a}{b}" for a in ("walk", "talk", "Look") for b in ("", "s", "ed")]
    vectors = np.random.default_rng(0).normal(size=(9, 5))
    write_vectors(tmp_path / "v.txt", words, vectors)
    made = configuration(vectors=str(tmp_path / "v.txt"), vocabulary=8)
    alone = made.model_copy(update={"data": made.data.model_copy(update={"text": ()})})
    pretrain(alone, tmp_path / "alone")
    assert read_configuration(tmp_path / "alone" / "config.toml").text.words == "whitespace"
    lines = (tmp_path / "alone" / "words.txt").read_text().splitlines()
    assert len(lines) == 8 and lines[0] == "walk\t8"
    kernel = read_weights(tmp_path / "alone" / "word_vectors.safetensors")["word_vectors/kernel"]
    assert kernel.shape == (16, 5)
    # With a text, its counts weigh the words, and words read in lower case only are learnt.
    text = made.text.model_copy(update={"lowercase": True})
    pretrain(made.model_copy(update={"text": text}), tmp_path / "both")
    counts = (tmp_path / "both" / "words.txt").read_text().split()[1::2]
    assert len(counts) == 6 and int(counts[0]) > 9
    facts = json.loads((tmp_path / "both" / "facts.json").read_text())
    assert facts["unreadable"] == 2


@pytest.mark.slow
def test_sentencepiece_words(configuration, tmp_path):
    made = configuration(epochs=1)
    text = made.text.model_copy(update={"words": "sentencepiece", "vocabulary_size": 60})
    pretrain(made.model_copy(update={"text": text}), tmp_path)
    assert (tmp_path / "words.model").stat().st_size > 100
    words = {line.split("\t")[0] for line in (tmp_path / "words.txt").read_text().splitlines()}
    assert words & {"ing", "ed", "d", "s"}  # which of them depends on SentencePiece's version


@pytest.mark.slow
def test_options_that_decide_how_long(configuration, epoch, tmp_path, monkeypatch):
    saves = []
    save = Checkpoints.save
    monkeypatch.setattr(
        Checkpoints, "save", lambda self, step, *rest: saves.append(step) or save(self, step, *rest)
    )
    pretrain(configuration(epochs=1, checkpoint_seconds=0.0), tmp_path / "often")
    assert saves == list(range(1, len(saves) + 1)) and len(saves) > 3
    assert same(epoch, tmp_path / "often")

    def stalls(**options):
        out = tmp_path / f"stalls-{len(options)}"
        pretrain(configuration(epochs=4, **options), out)
        return len(metrics(out))

    monkeypatch.setattr(WordVectorObjective, "score", lambda self, metrics: 0.0)
    assert stalls(patience=2) == 3
    assert stalls(patience=0, rewrites_per_word=0.0) == 4


@pytest.mark.parametrize("change", [{"learning_rate": 0.001}, {}])
@pytest.mark.slow
def test_options_and_the_seed_decide_what_is_learnt(configuration, epoch, tmp_path, change):
    made = configuration(epochs=1, **change)
    pretrain(made if change else made.model_copy(update={"seed": 1}), tmp_path)
    assert not same(epoch, tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": {"text": ["none.txt"]}}, "none.txt: no such file"),
        ({"pretraining": {"minimum_count": 5000}}, "too little text to learn word vectors"),
        (
            {"pretraining": {"objective": "next-character", "validation_share": 0.001}},
            "validation_share 0.001 of its texts is not one text",
        ),
        (
            {
                "pretraining": {"objective": "next-character"},
                "character_encoder": {"projection": 5},
            },
            "next-character has nothing to teach it",
        ),
        (
            {"initializers": {"rules": [{"pattern": "head/.*", "initializer": "zeros"}]}},
            "matches",
        ),
    ],
)
def test_mistakes_leave_nothing_behind(text, tmp_path, change, message):
    out = tmp_path / "out"
    made = Configuration.model_validate({"data": {"text": [str(text)]}, **change})
    with pytest.raises(UserError, match=message):
        pretrain(made, out)
    assert not out.exists()


def test_a_directory_of_something_else_is_left_alone(configuration, tmp_path):
    (tmp_path / "thesis.txt").write_text("all of it")
    with pytest.raises(UserError, match="exists and holds no run"):
        pretrain(configuration(), tmp_path, force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.slow
def test_no_averages_are_kept_that_nobody_reads(configuration, tmp_path, monkeypatch):
    """614c248 averaged the weights of each pretraining, saved the averages and left them unread."""
    kept = []
    save = Checkpoints.save

    def watched(self, step, tensors, progress):
        kept.extend(tensors)
        save(self, step, tensors, progress)

    monkeypatch.setattr(Checkpoints, "save", watched)
    pretrain(configuration(epochs=1), tmp_path / "out")
    assert kept
    assert not [name for name in kept if name.startswith("averages")]
