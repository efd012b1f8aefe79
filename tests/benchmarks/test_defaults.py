"""What the defaults give: the benchmark on a small table."""

import argparse
import json

import numpy as np
import pytest

from benchmarks import defaults
from benchmarks.defaults import ALL, MODELS, measure, show
from hier_rnn.configuration.options import Data
from hier_rnn.configuration.toml import format_configuration
from hier_rnn.sources.example import Example


@pytest.fixture
def sources(tmp_path):
    path = tmp_path / "data.tsv"
    rows = [f"{n % 2}\t{'good' if n % 2 else 'bad'} film number {n}\n" for n in range(40)]
    path.write_text("".join(rows))
    return [[str(path), str(path)]]


@pytest.mark.slow
def test_each_number_of_labels(sources, tmp_path, tiny, capsys):
    config = tmp_path / "tiny.toml"
    config.write_text(format_configuration(tiny().model_copy(update={"data": Data()})), "utf-8")
    options = argparse.Namespace(
        data=sources,
        out=tmp_path / "out",
        labels=(20, ALL),
        seeds=[0],
        models=MODELS,
        minilm=None,
        encoder="none",
        config=config,
    )
    [rows] = measure(options)["data"].values()
    assert [(row["model"], row["labels"]) for row in rows] == [("hier_rnn", 20), ("hier_rnn", ALL)]
    assert all(0 <= row[name] <= 1 for row in rows for name in ("accuracy", "misspelled"))
    assert "left out for want of --minilm" in capsys.readouterr().err
    [kept] = (tmp_path / "out").rglob("hier_rnn-20-0.json")
    kept.write_text(json.dumps({"accuracy": 0.125, "misspelled": 0.5, "seconds": 7}))
    results = measure(options)  # what is done is kept
    assert next(iter(results["data"].values()))[0]["accuracy"] == 0.125
    show(results)
    assert "12.5 (50.0) 7 s" in capsys.readouterr().out


def test_a_peer_is_scored_on_the_same_misspelled_texts():
    seen = []

    def vectors(texts):
        seen.append(list(texts))
        return np.array([[float("good" in text), len(text)] for text in texts])

    rows = [Example(str(n % 2), f"{'good' if n % 2 else 'evil'} film", f"{n}") for n in range(30)]
    found = defaults._Peer(vectors, rows)(rows)
    clean, written, train = seen
    assert clean == train and written != clean
    assert found["accuracy"] == 1 > found["misspelled"]
