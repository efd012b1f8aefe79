"""Commands that use a run or an encoder: what they hand down and what they print."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar, NamedTuple

import numpy as np
import pytest

import hier_rnn
from hier_rnn.commands.lines import batches_of_lines
from hier_rnn.configuration.options import Configuration
from hier_rnn.configuration.toml import format_configuration
from hier_rnn.errors import UserError


class Prediction(NamedTuple):
    """As the predictor's."""

    label: str
    probability: float


class Longest:
    """A predictor that calls texts long or short, surer the longer."""

    def predict(self, texts):
        return [
            Prediction("long" if len(text) > 4 else "short", min(1, len(text) / 8))
            for text in texts
        ]


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr(hier_rnn, "load", lambda path: Longest())
    test = str(tmp_path / "test.tsv")
    data = {"train": "train.tsv", "test": test, "label_column": "kind", "text_column": "body"}
    configuration = Configuration.model_validate({"data": data})
    (tmp_path / "test.tsv").write_text("body\tkind\none\ta\ntwo\tb\n")
    directory = tmp_path / "runs" / "first"
    directory.mkdir(parents=True)
    (directory / "config.toml").write_text(format_configuration(configuration))
    for name in ("alphabet.json", "labels.json", "model.weights.h5"):
        (directory / name).touch()
    return directory


@pytest.fixture
def standard_input(monkeypatch):
    def standard_input(content: bytes):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))

    return standard_input


@pytest.fixture
def evaluated(calls):
    return calls("hier_rnn.evaluation.evaluate", "evaluate_runs")


def test_evaluate_hands_everything_on(call, run, evaluated, tmp_path):
    (tmp_path / "data.csv").write_text("x,y\none,a\n")
    arguments = ["evaluate", run, run, "--data", tmp_path / "data.csv", "--json", "j.json"]
    arguments += ["--report", "r", "--predictions", "p.jsonl", "--misspell", "mixed:1", "swap:0.5"]
    arguments += ["--misspell", "attack:2", "--seed", "3", "--quiet"]
    assert call(*arguments, "--label-column", "y", "--text-column", "x").status == 0
    [((runs, source), settings)] = evaluated
    assert runs == [run, run]
    assert [(example.label, example.text) for example in source] == [("a", "one")]
    assert settings == {
        "json": Path("j.json"),
        "report": Path("r"),
        "predictions": Path("p.jsonl"),
        "misspell": ["mixed:1", "swap:0.5", "attack:2"],
        "seed": 3,
        "quiet": True,
    }


def test_evaluate_takes_the_runs_own_test_data_and_columns(call, run, evaluated, tmp_path):
    assert call("evaluate", run).status == 0
    [((_, source), settings)] = evaluated
    assert [(example.label, example.text) for example in source] == [("a", "one"), ("b", "two")]
    assert settings["misspell"] == [] and settings["json"] is None


def test_data_of_another_kind_have_columns_of_their_own(call, run, evaluated, tmp_path):
    (tmp_path / "data.csv").write_text("text,label\none,a\n")
    assert call("evaluate", run, "--data", tmp_path / "data.csv").status == 0
    [((_, source), _)] = evaluated
    assert [(example.label, example.text) for example in source] == [("a", "one")]


def test_a_misspelling_is_not_taken_for_a_run(call, run, evaluated):
    assert call("evaluate", "--misspell", "mixed:1", run).status == 0
    assert evaluated[0][0][0] == [run]


def test_evaluate_mistakes(call, run, evaluated, tmp_path):
    assert "RUN is needed" in call("evaluate").err
    assert "firts: no such run directory" in call("evaluate", run.parent / "firts").err
    assert "not a whole run directory: no config.toml" in call("evaluate", run.parent).err
    assert "no such file" in call("evaluate", run, "--data", tmp_path / "none.tsv").err
    (run / "config.toml").write_text("[data]\n")
    assert "--data SRC is needed" in call("evaluate", run).err
    assert evaluated == []


def test_predict_answers_every_line_even_an_empty_one(call, run, standard_input):
    standard_input("four\r\n\nenough\nüüüüü".encode())
    result = call("predict", run)
    assert result.status == 0
    assert result.out == "short\t0.5000\nshort\t0.0000\nlong\t0.7500\nlong\t0.6250\n"


def test_predict_is_unsure_below_the_confidence_asked_for(call, run, standard_input):
    standard_input(b"four\nenough\n")
    result = call("predict", run, "-", "--min-confidence", "0.75")
    assert result.out == "unsure\t0.5000\nlong\t0.7500\n"


@pytest.mark.parametrize("name", ["texts.txt", "texts", "texts.log"])
def test_predict_reads_a_file_line_by_line(call, run, tmp_path, name):
    (tmp_path / name).write_text("four\n\nenough\n")
    result = call("predict", run, tmp_path / name)
    assert result.out == "short\t0.5000\nshort\t0.0000\nlong\t0.7500\n"


def test_predict_reads_the_text_column_of_a_source(call, run, tmp_path):
    (tmp_path / "texts.csv").write_text("id,body,note\n1,enough,x\n")
    result = call("predict", run, tmp_path / "texts.csv", "--text-column", "body")
    assert result.out == "long\t0.7500\n"
    result = call("predict", run, tmp_path / "texts.csv", "--text-column", "note")
    assert result.out == "short\t0.1250\n"


def test_predict_mistakes(call, run, standard_input, tmp_path):
    assert "none.txt: can't read it" in call("predict", run, tmp_path / "none.txt").err
    standard_input(b"fine\nb\xff\n")
    result = call("predict", run)
    assert result.status == 2
    assert "standard input, line 2: not UTF-8: byte 0xff at position 2." in result.err


def test_lines_come_as_soon_as_they_are_there(monkeypatch):
    class Terminal:
        pieces: ClassVar = [b"\xef\xbb\xbffirst\nsec", b"ond\n", b"third"]

        def read1(self, size):
            return self.pieces.pop(0) if self.pieces else b""

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=Terminal()))
    assert list(batches_of_lines(Path("-"))) == [["first"], ["second"], ["third"]]


def test_a_long_file_comes_in_batches(tmp_path):
    (tmp_path / "lines.txt").write_text("x\n" * 2500)
    assert list(map(len, batches_of_lines(tmp_path / "lines.txt"))) == [1024, 1024, 452]
    with pytest.raises(UserError):
        next(batches_of_lines(tmp_path / "none.txt"))


@pytest.fixture
def encoder(tmp_path, monkeypatch):
    (tmp_path / "encoder.weights.h5").touch()
    monkeypatch.setattr(
        hier_rnn, "load_encoder", lambda path: lambda words: np.array([[len(w), 1] for w in words])
    )
    return tmp_path


def test_neighbours(call, calls, encoder):
    answer = [[("good", 0.987), ("fine", 0.5)], [("bad", 0.25)]]
    asked = calls("hier_rnn.prediction.neighbours", "neighbours", answer)
    result = call("neighbours", encoder, "goood", "bda", "--count", "2")
    assert result.out == "goood: good 0.99, fine 0.50\nbda: bad 0.25\n"
    assert asked == [((encoder, ["goood", "bda"], 2), {})]
    assert "not an encoder directory" in call("neighbours", encoder.parent, "x").err


def test_vectors(call, encoder, standard_input, tmp_path):
    standard_input(b"good\nbad\n\ngood\n")
    out = tmp_path / "vectors.txt"
    assert call("vectors", encoder, "--out", out).status == 0
    header, *lines = out.read_text().splitlines()
    assert header == "2 2"
    assert [line.split()[0] for line in lines] == ["good", "bad"]
    assert [float(value) for line in lines for value in line.split()[1:]] == [4, 1, 3, 1]
    standard_input(b"good\n")
    assert call("vectors", encoder).out == "1 2\ngood 4 1\n"
    standard_input(b"\n")
    assert "no words" in call("vectors", encoder).err


def test_explain_and_compare_hand_their_arguments_on(call, run, monkeypatch):
    from hier_rnn.evaluation import comparison, explanation

    explained = SimpleNamespace(to_json=lambda: {"label": "long"})
    monkeypatch.setattr(
        explanation, "explain", lambda *arguments: print(arguments[1:]) or explained
    )
    monkeypatch.setattr(explanation, "print_explanation", lambda explanation: print("shown"))
    assert call("explain", run, "two", "words").out == "('two words', None)\nshown\n"
    result = call("explain", run, "two words", "--label", "long", "--json")
    assert result.out == "('two words', 'long')\n" + json.dumps({"label": "long"}, indent=2) + "\n"

    monkeypatch.setattr(comparison, "compare_runs", print)
    assert call("compare", "a", "b").out == f"{[Path('a'), Path('b')]}\n"


def test_inspect(call, tmp_path):
    file = tmp_path / "small.toml"
    file.write_text("[character_encoder]\nunits = 6\n[sentence_encoder]\nunits = 5\n")
    (tmp_path / "train.tsv").write_text("a\tone\nb\ttwo\n")
    rows = json.loads(call("inspect", file, "--json").out)
    by_name = {(row["weight"], row["gate"]): row for row in rows}
    update = by_name["character_encoder/gru_0/recurrent_kernel", "update"]
    assert update["shape"] == [6, 6]
    assert update["orthogonality"] < 1e-5
    table = call("inspect", file, "--compare", file).out
    assert "recurrent_kernel" in table and "moved" in table
    assert "the default configuration" in call("inspect").out
    assert "did you mean" in call("inspect", write_wrong(tmp_path)).err.lower()


def write_wrong(folder: Path) -> Path:
    path = folder / "wrong.toml"
    path.write_text("[sentence_encoder]\nunit = 5\n")
    return path
