"""Commands that use finished runs: what they print at any width and encoding, and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import hier_rnn


@pytest.fixture
def labelled(tmp_path) -> Path:
    """Labelled texts, one of them with what no small encoding has and no terminal should get."""
    path = tmp_path / "test.tsv"
    rows = ["good\tgood 🥹 shop\x1b[2J", "bad\tso sad", "question\twhat is it", "bad\tlove it"]
    path.write_text("\n".join(rows * 3) + "\n", "utf-8")
    return path


@pytest.mark.slow
def test_evaluate_writes_files_and_prints(call, two_runs, labelled, tmp_path):
    arguments = ["--data", labelled, "--json", tmp_path / "f.json", "--report", tmp_path / "report"]
    arguments += ["--predictions", tmp_path / "p.jsonl", "--misspell", "mixed:1"]
    result = call("evaluate", *two_runs, *arguments)
    assert result.status == 0
    figures = json.loads((tmp_path / "f.json").read_text())
    assert [run["run"] for run in figures["runs"]] == ["small", "another"]
    assert (tmp_path / "report" / "report.html").is_file()
    assert len((tmp_path / "p.jsonl").read_text().splitlines()) == 24
    for run in figures["runs"]:
        assert f"{100 * run['accuracy']:.1f}" in result.out
    assert "mixed:1" in result.out and "Compared with small" in result.out
    assert "\x1b" not in result.out


@pytest.mark.parametrize("columns", [40, 80])
def test_no_figure_is_cut_at_any_width(call, two_runs, labelled, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    out = call("evaluate", *two_runs, "--data", labelled).out
    document = json.loads(call("evaluate", *two_runs, "--data", labelled, "--json", "-").out)
    for difference in document["comparison"]["differences"]:
        assert f"{100 * difference['accuracy']['value']:+.1f}" in out.split()
    for scores in document["runs"]:
        assert f"{scores['loss']:.4f}" in out
        for label in scores["labels"]:
            assert label in out
    # A heading may be wrapped between its words.
    assert {"accuracy", "macro-F1", "gained", "first", "precision", "p"} <= set(out.split())


@pytest.mark.slow
def test_the_files_are_written_before_anything_is_printed(
    call, two_runs, labelled, tmp_path, capsys
):
    """Nobody reads the tables: what was asked for on disk is there all the same."""
    import sys

    class Gone:
        encoding = "utf-8"

        def write(self, text):
            raise BrokenPipeError

        writelines = write
        flush = isatty = fileno = lambda self: False

    arguments = ["--data", labelled, "--json", tmp_path / "f.json", "--report", tmp_path / "report"]
    before, sys.stdout = sys.stdout, Gone()
    try:
        status = call("evaluate", *two_runs, *arguments).status
    finally:
        sys.stdout = before
    assert status == 0
    assert (tmp_path / "report" / "report.html").is_file()
    assert "comparison" in json.loads((tmp_path / "f.json").read_text())


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
@pytest.mark.slow
def test_no_command_fails_for_an_encoding(call_in, two_runs, labelled, tmp_path, encoding):
    small = two_runs[0]
    evaluated = call_in(
        encoding, "evaluate", *two_runs, "--data", labelled, "--report", tmp_path / "report"
    )
    assert evaluated.status == 0 and "Compared with" in evaluated.out
    assert (tmp_path / "report" / "report.html").is_file()
    explained = call_in(encoding, "explain", small, "good café 🥹")
    assert explained.status == 0 and "\\U0001f979" in explained.out and "#" in explained.out
    (tmp_path / "texts.txt").write_text("good 🥹\n", "utf-8")
    assert call_in(encoding, "predict", small, tmp_path / "texts.txt").status == 0
    near = call_in(encoding, "neighbours", small, "🥹")
    assert near.status == 0 and near.out.startswith("\\U0001f979: ")
    (tmp_path / "words.txt").write_text("🥹\n", "utf-8")
    vectors = call_in(encoding, "vectors", small, tmp_path / "words.txt")
    assert vectors.status == 0 and vectors.out.splitlines()[1].startswith("\\U0001f979 ")
    assert call_in(encoding, "compare", *two_runs).status == 0
    assert call_in(encoding, "inspect", small).status == 0
    mistake = call_in(encoding, "predict", small, "🥹")
    assert mistake.status == 2 and mistake.err.startswith("error: \\U0001f979: no such file")


def test_evaluate_mistakes(call, two_runs, labelled, tmp_path):
    small = two_runs[0]

    def error(*arguments: object) -> str:
        result = call("evaluate", *arguments)
        assert (result.status, result.out) == (2, "")
        return result.err

    assert "RUN is needed" in error()
    assert "no such run directory" in error(small.parent / "smal")
    assert "--data SRC is needed" in error(small)
    assert "no such file" in error(small, "--data", tmp_path / "none.tsv")
    assert "is a folder" in error(small, "--data", labelled, "--json", tmp_path)
    assert "is a file; a folder" in error(small, "--data", labelled, "--report", labelled)
    assert "a file, not a folder" in error(small, "--data", labelled, "--json", labelled / "x.json")


def test_a_misspelling_is_not_taken_for_a_run(call, two_runs, labelled):
    result = call(
        "evaluate", "--misspell", "swap:1", two_runs[0], "--data", labelled, "--json", "-"
    )
    assert list(json.loads(result.out)["misspelled"]) == ["swap:1"]


def test_labels_never_seen_are_counted_when_asked(call, two_runs, labelled):
    with open(labelled, "a", encoding="utf-8") as file:
        file.write("novel\tsome text\n")
    assert "novel" in call("evaluate", two_runs[0], "--data", labelled).err
    result = call("evaluate", two_runs[0], "--data", labelled, "--unseen", "count")
    shown = " ".join(result.out.split())  # lines may be wrapped anywhere
    assert "12 examples" in shown and "left out, label never seen 1 (novel 1)" in shown


def test_explain_names_the_class_and_every_share(call, two_runs):
    result = call("explain", two_runs[0], "good", "shop", "--label", "bad")
    assert result.status == 0
    assert "for (+) or against (-) bad" in result.out and "explained here" in result.out
    document = json.loads(call("explain", two_runs[0], "good shop", "--label", "bad", "--json").out)
    assert document["label"] == "bad"
    total = sum(abs(share) for word in document["attributions"] for share in word)
    for word, shares in zip(document["words"], document["attributions"], strict=True):
        characters = " ".join(
            f"{character}{100 * share / total:+.0f}"
            for character, share in zip(word, shares, strict=True)
        )
        assert characters in result.out
    # No colours in a pipe, so nothing to explain of them.
    assert "\x1b" not in result.out and "for and against" not in result.out


@pytest.mark.parametrize("text", ["", "  ", "\t\n"])
def test_explain_needs_a_text(call, two_runs, text):
    result = call("explain", two_runs[0], text)
    assert (result.status, result.err) == (
        2,
        "error: TEXT is empty: there is nothing to explain.\n",
    )
    assert "One TEXT is needed" in call("explain", two_runs[0]).err
    assert "-x" in call("explain", two_runs[0], "--text", "-x good").out


@pytest.mark.parametrize("columns", [40, 80, 300])
def test_compare_shows_every_option_that_differs(call, two_runs, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    result = call("compare", *two_runs)
    document = json.loads(call("compare", *two_runs, "--json", "-").out)
    assert document["differing_options"] == [
        "training.epochs",
        "training.learning_rate",
        "training.freeze_encoder",
    ]
    for row in document["runs"]:
        assert row["run"] in result.out
        assert f"{row['validation_loss']:.4f}" in result.out
        for name, value in row["options"].items():
            assert name in result.out and str(value) in result.out


def test_compare_writes_a_file_beside_the_table(call, two_runs, tmp_path):
    assert "Options that differ" in call("compare", *two_runs, "--json", tmp_path / "c.json").out
    accuracies = [
        row["validation_accuracy"] for row in json.loads((tmp_path / "c.json").read_text())["runs"]
    ]
    assert accuracies == sorted(accuracies, reverse=True)


@pytest.mark.parametrize("columns", [50, 80, 150])
def test_inspect_cuts_nothing(call, two_runs, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    result = call("inspect", two_runs[1], "--compare", two_runs[0])
    rows = json.loads(call("inspect", two_runs[1], "--json").out)
    for row in rows:
        assert row["weight"].rpartition("/")[2] in result.out
        assert row["initializer"].split()[0] in result.out
    assert "moved" in result.out and "fixed" in result.out
    assert "root mean square" in " ".join(result.out.split())


def test_inspect_a_configuration(call, tmp_path):
    file = tmp_path / "small.toml"
    file.write_text("[character_encoder]\nunits = 6\n[sentence_encoder]\nunits = 5\n")
    rows = json.loads(call("inspect", file, "--json", "-").out)
    by_name = {(row["weight"], row["gate"]): row for row in rows}
    update = by_name["character_encoder/gru_0/recurrent_kernel", "update"]
    assert update["shape"] == [6, 6] and update["orthogonality"] < 1e-5
    assert "the default configuration" in call("inspect").out
    file.write_text("[sentence_encoder]\nunit = 5\n")
    assert "did you mean" in call("inspect", file).err.lower()


def test_inspect_says_what_a_training_computes_on(call):
    assert call("inspect", "--devices").out.startswith("A training computes on ")


def test_neighbours_are_a_line_for_each_word_in_a_pipe(call, two_runs):
    result = call("neighbours", two_runs[0], "goood", "b\x1bd", "--count", "2")
    first, second = result.out.splitlines()
    assert first.startswith("goood: ") and first.count(",") == 1
    assert second.startswith("b\\x1bd: ")
    assert "not an encoder directory" in call("neighbours", two_runs[0].parent, "x").err


def test_vectors(call, two_runs, standard_input, tmp_path):
    standard_input(b"good\nbad\n\ngood\n")
    out = tmp_path / "vectors.txt"
    assert call("vectors", two_runs[0], "--out", out).status == 0
    header, *lines = out.read_text().splitlines()
    vectors = hier_rnn.load_encoder(two_runs[0])(["good", "bad"])
    assert header == f"2 {vectors.shape[1]}"
    assert [line.split()[0] for line in lines] == ["good", "bad"]
    written = np.array([line.split()[1:] for line in lines], float)
    np.testing.assert_allclose(written, vectors, rtol=1e-4, atol=1e-6)
    standard_input(b"\n")
    assert "no words" in call("vectors", two_runs[0]).err


def test_vectors_of_texts(call, two_runs, taught, standard_input):
    texts = ["good shop", "", "bda"]
    for path, load in ((two_runs[0], hier_rnn.load), (taught, hier_rnn.load_encoder)):
        standard_input("".join(f"{text}\n" for text in texts).encode())
        written = call("vectors", path, "--sentences").out
        found = np.array([line.split() for line in written.splitlines()], float)
        np.testing.assert_allclose(found, load(path).encode(texts), rtol=1e-4, atol=1e-5)
    standard_input(b"good\n")
    refused = call("vectors", two_runs[0] / "encoder", "--sentences")
    assert refused.status == 2 and "holds a character encoder alone" in refused.err
    near = call("neighbours", taught, "goood", "--count", "1")
    assert near.status == 0 and near.out.startswith("goood: ")
    assert "sentence_encoder" in call("inspect", taught).out


@pytest.mark.parametrize("to", ["standard output", "a file"])
def test_vectors_of_sentences(call, two_runs, standard_input, tmp_path, to):
    """A line of numbers for each text, blank ones too: what the head of the run reads."""
    texts = ["good shop", "", "what is it", "good shop"]
    standard_input("".join(f"{text}\n" for text in texts).encode())
    out = tmp_path / "vectors.txt"
    result = call(
        "vectors", two_runs[0], "--sentences", *(["--out", out] if to == "a file" else [])
    )
    assert result.status == 0
    lines = (out.read_text() if to == "a file" else result.out).splitlines()
    expected = hier_rnn.load(two_runs[0]).encode(texts)
    np.testing.assert_allclose(np.loadtxt(lines, ndmin=2), expected, rtol=1e-5, atol=1e-9)
