"""Learning curves: what is tried, what is shown, and a small one from end to end."""

from __future__ import annotations

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar, NamedTuple

import pytest
from rich.console import Console

from benchmarks import peers, transfer
from benchmarks.transfer_plot import plot
from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError
from hier_rnn.model.weight_specs import weight_shapes
from hier_rnn.training.phases import for_given_encoder, resolve_phases

ROOT = Path(__file__).parents[2]
ENCODERS = {"word-vectors": "a", "next-character": "b"}
LINES = ["good\tred green", "bad\tblue fine poor", "bad\tpoor blue", "good\tfine red"] * 5
RESULTS = {
    "seeds": [0, 1],
    "data": {
        "a.tsv": [
            {
                "labels": labels,
                "runs": {
                    "scratch": [{"accuracy": 0.5}, {"accuracy": 0.6}],
                    "fastText": [{"accuracy": 0.8}, {"accuracy": 0.8}],
                },
            }
            for labels in (50, 1000)
        ]
    },
}


@pytest.fixture
def source(tmp_path) -> str:
    path = tmp_path / "data.tsv"
    path.write_text("\n".join(LINES) + "\n")
    return str(path)


def test_variants_are_configurations_that_train_what_they_say():
    trains = {}
    for variant in transfer.variants(ENCODERS):
        configuration = Configuration.model_validate(variant.options)
        phases = resolve_phases(
            for_given_encoder(configuration), weight_shapes(configuration, 10, 3)
        )
        trains[variant.name] = [
            (any(name.startswith("character_encoder") for name in phase.trainable), phase.epochs)
            for phase in phases
        ]
    epochs = Configuration().training.epochs
    everything = [(True, epochs)]
    assert trains == {
        "scratch": everything,
        "warm-start": everything,
        "next-character": everything,
        "word-vectors": everything,
        "frozen": [(False, epochs)],
        "phases": [(False, epochs // 2), (True, epochs - epochs // 2)],
    }


def test_what_lacks_its_encoder_is_left_out():
    def encoders(*given: str) -> dict[str, str]:
        found = transfer.variants({name: ENCODERS[name] for name in given})
        return {variant.name: variant.options["data"]["encoder"] for variant in found}

    assert encoders() == {"scratch": "", "warm-start": ""}
    assert encoders("next-character") == {"scratch": "", "warm-start": "", "next-character": "b"}
    assert encoders("word-vectors")["phases"] == "a"
    given = transfer.variants({"sentence-vectors": "c"})[-1]
    assert given.name == "sentence-vectors"
    assert given.options == {"training": {}, "data": {"encoder": "c"}}


def test_the_table_and_the_figure(tmp_path):
    console = Console(file=StringIO(), width=140)
    transfer.show(RESULTS, console)
    printed = console.file.getvalue()
    for expected in ("a.tsv", "50", "1,000", "55.0 ± 7.1", "80.0 ± 0.0", "fastText"):
        assert expected in printed
    plot(RESULTS, tmp_path / "curves.svg")
    assert "<svg" in (tmp_path / "curves.svg").read_text()


@pytest.mark.slow
def test_an_encoder_is_pretrained_fine_tuned_and_kept(tmp_path, source):
    config = tmp_path / "base.toml"
    config.write_text(
        "[character_encoder]\nembedding_dim = 3\nunits = 4\n[sentence_encoder]\nunits = 3\n"
        "[training]\nminimum_steps_per_epoch = 0\nepochs = 1\nwarm_start_epochs = 1\n"
        "[pretraining]\nepochs = 1\nminimum_count = 1\n"
    )
    command = [
        sys.executable, "-m", "benchmarks.transfer", "--data", source, source, "--config", config,
        "--out", tmp_path / "out", "--json", tmp_path / "results.json", "--seeds", "3",
        "--labels", "1", "6", "--variants", "word-vectors",
    ]  # fmt: skip

    def run(*more: str) -> subprocess.CompletedProcess:
        given = [*map(str, command), *map(str, more)]
        return subprocess.run(given, cwd=ROOT, capture_output=True, text=True, timeout=300)

    without = run()
    assert without.returncode == 2
    assert (
        "left out for want of --word-vectors ENCODER or --text SRC: word-vectors" in without.stderr
    )
    done = run("--text", source)
    assert done.returncode == 0, done.stderr
    assert "20 examples of 2 classes; left out: 1 labels" in done.stderr
    results = json.loads((tmp_path / "results.json").read_text())
    [[point]] = results["data"].values()
    assert point["labels"] == 6
    [figures] = point["runs"]["word-vectors"]
    assert 0 <= figures["accuracy"] <= 1 and figures["seed"] == 3
    assert str(tmp_path) not in (tmp_path / "results.json").read_text()
    [labels] = (tmp_path / "out").glob("*/6/labels-3.tsv")
    assert set(labels.read_text().splitlines()) <= set(LINES)
    encoder = tmp_path / "out" / "encoders" / "word-vectors"
    assert run("--word-vectors", encoder).returncode == 0
    assert json.loads((tmp_path / "results.json").read_text())["data"] == results["data"]
    changed = json.dumps({"data": {"train": "other", "validation": "other"}})
    (labels.parents[1] / "data.json").write_text(changed)
    other = run("--word-vectors", encoder)
    assert other.returncode == 2
    assert "other data" in other.stderr


class Settings(NamedTuple):
    """As those of fastText's model, which not everybody can import."""

    word: str = ""


class Constant:
    """Always the same answer."""

    trained: ClassVar[list[tuple[int, int]]] = []

    def __init__(self, texts, labels, settings, seed):
        self.trained.append((len(texts), seed))
        self.label = settings.word

    def accuracy(self, texts, labels):
        return labels.count(self.label) / len(labels)


def test_fasttext_is_tuned_once_for_each_number_of_labels(tmp_path, source, monkeypatch):
    tuned = []

    def tune(train, validation):
        tuned.append(len(train[0]))
        return Settings("good"), 1.0

    peer = SimpleNamespace(Settings=Settings, FastText=Constant, tuned=tune)
    monkeypatch.setattr(transfer, "fasttext_model", lambda: peer)
    monkeypatch.setattr(Constant, "trained", [])
    options = SimpleNamespace(
        variants=["fastText"], config=None, text=None, data=[(source, source)], seeds=[0, 1],
        labels=[4, "all"], out=tmp_path / "out",
    )  # fmt: skip
    results = transfer.measure(options)
    assert transfer.measure(options)["data"] == results["data"]
    assert tuned == [4, 20]
    assert Constant.trained == [(4, 0), (20, 0), (4, 1), (20, 1)]
    [[few, every]] = results["data"].values()
    assert [run["seed"] for run in few["runs"]["fastText"]] == [0, 1]
    assert every["runs"]["fastText"][0] == {
        "seed": 0,
        "accuracy": 0.5,
        "settings": {"word": "good"},
    }


def test_without_fasttext_it_says_so(monkeypatch):
    monkeypatch.delattr(peers, "fasttext_model", raising=False)
    monkeypatch.setitem(sys.modules, "benchmarks.peers.fasttext_model", None)
    with pytest.raises(UserError, match="fastText is not installed"):
        transfer.fasttext_model()
