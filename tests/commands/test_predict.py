"""`predict` on a real run: every text has its answer, in the form asked for."""

import csv
import json
import os
import shutil
import sys

import numpy as np
import pytest

import hier_rnn


@pytest.fixture(scope="module")
def answers(small_run):
    """What the run says of a text: its labels with their probabilities, best first."""
    predictor = hier_rnn.load(small_run)

    def answers(text: str) -> list[tuple[str, float]]:
        probabilities = predictor.probabilities([text])[0]
        order = sorted(range(len(probabilities)), key=lambda i: -probabilities[i])
        return [(predictor.labels[i], float(probabilities[i])) for i in order]

    return answers


def line(pairs) -> str:
    return "\t".join(f"{label}\t{probability:.4f}" for label, probability in pairs) + "\n"


TEXTS = ["good shop", "", "what is it", "my café"]


def test_json_on_standard_input_is_text_and_that_is_said(call, small_run, standard_input):
    standard_input(b'{"text": "good shop"}\n')
    result = call("predict", small_run, "-", "--json")
    assert "name a FILE.jsonl" in result.err
    assert json.loads(result.out)["text"] == '{"text": "good shop"}'


def test_a_text_is_given_once_in_json_and_is_a_column_of_a_table(call, small_run, tmp_path):
    given = json.loads(call("predict", small_run, "--text", "good shop", "--json").out)
    assert given.keys() == {"row", "text", "label", "probability", "probabilities"}
    call("predict", small_run, "--text", "good shop", "--out", tmp_path / "answers.csv")
    header, row = (tmp_path / "answers.csv").read_text().splitlines()
    assert header == "text,predicted,probability"
    assert row.startswith("good shop,")


def test_every_line_is_answered_even_an_empty_one(call, small_run, answers, standard_input):
    standard_input("\r\n".join(TEXTS).encode())
    result = call("predict", small_run)
    assert (result.status, result.err) == (0, "")
    assert result.out == "".join(line(answers(text)[:1]) for text in TEXTS)


@pytest.mark.parametrize("name", ["texts.txt", "texts", "texts.log"])
def test_a_file_is_read_line_by_line(call, small_run, answers, tmp_path, name):
    (tmp_path / name).write_text("\n".join(TEXTS), "utf-8")
    result = call("predict", small_run, tmp_path / name)
    assert result.out == "".join(line(answers(text)[:1]) for text in TEXTS)


def test_text_stands_on_the_command_line(call, small_run, answers):
    result = call("predict", small_run, "--text", "good shop", "--text", "-what")
    assert result.out == line(answers("good shop")[:1]) + line(answers("-what")[:1])
    assert "give one of them" in call("predict", small_run, "x.txt", "--text", "y").err


def test_top_and_all(call, small_run, answers):
    said = answers("good shop")
    call = lambda *more, call=call: call("predict", small_run, "--text", "good shop", *more).out  # noqa: E731
    assert call("--top", 2) == line(said[:2])
    assert call("--all") == call("--top", 99) == line(said)
    between = (said[0][1] + said[1][1]) / 2
    assert call("--all", "--min-confidence", between) == line(said[:1])
    assert call("--min-confidence", 1) == f"unsure\t{said[0][1]:.4f}\n"


def test_json(call, small_run, answers, standard_input):
    standard_input(b"good shop\n\n")
    first, second = map(json.loads, call("predict", small_run, "--json", "--all").out.splitlines())
    said = answers("good shop")
    assert (first["row"], first["text"]) == (1, "good shop")
    assert first["label"] == said[0][0]
    assert first["probability"] == pytest.approx(said[0][1], abs=1e-6)
    assert list(first["probabilities"].items()) == [
        (label, pytest.approx(p, abs=1e-6)) for label, p in said
    ]
    assert (second["row"], second["text"]) == (2, "")
    out = call("predict", small_run, "--json", "--text", "x", "--min-confidence", "1").out
    assert json.loads(out)["label"] is None


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "mails.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "text", "label"])
        rows.writerows([["7", "good, shop", "x"], ["8", "", "y"], ["9", "two\nlines", 'z "z"']])
    return path


def test_columns_go_along(call, small_run, answers, table):
    result = call("predict", small_run, table, "--column", "label", "--column", "id")
    rows = list(csv.DictReader(result.out.splitlines()))
    assert [list(row)[:2] for row in rows] == [["label", "id"]] * 3
    assert [row["id"] for row in rows] == ["7", "8", "9"]
    assert [row["predicted"] for row in rows] == [
        answers(text)[0][0] for text in ("good, shop", "", "two\nlines")
    ]
    first = json.loads(
        call("predict", small_run, table, "--column", "id", "--json").out.splitlines()[0]
    )
    assert first["columns"] == {"id": "7"}
    result = call("predict", small_run, table, "--column", "idd")
    assert result.status == 2
    assert "no column 'idd'. Did you mean 'id'? There are: id, text, label." in result.err


@pytest.mark.parametrize(("name", "delimiter"), [("o.csv", ","), ("o.tsv", "\t")])
def test_a_table_out_holds_the_table_in(call, small_run, answers, table, tmp_path, name, delimiter):
    assert call("predict", small_run, table, "--out", tmp_path / name, "--top", 2).out == ""
    with open(tmp_path / name, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=delimiter))
    assert [(row["id"], row["text"], row["label"]) for row in rows] == [
        ("7", "good, shop", "x"),
        ("8", "", "y"),
        ("9", "two\nlines", 'z "z"'),
    ]
    (best, p), (second, _) = answers("two\nlines")[:2]
    assert rows[2]["predicted"] == best and rows[2]["predicted_2"] == second
    assert float(rows[2]["probability"]) == pytest.approx(p, abs=1e-4)


def test_an_answer_is_not_mistaken_for_a_column(call, small_run, tmp_path):
    (tmp_path / "a.csv").write_text("text,predicted\ngood,bad\n")
    again = call("predict", small_run, tmp_path / "a.csv", "--out", tmp_path / "b.csv")
    assert again.status == 2 and "have a column 'predicted' already" in again.err
    assert not (tmp_path / "b.csv").exists()


def test_json_out_by_its_ending(call, small_run, tmp_path):
    out = tmp_path / "o.jsonl"
    assert call("predict", small_run, "--text", "good", "--out", out).status == 0
    assert json.loads(out.read_text())["text"] == "good"


def test_a_lone_surrogate_is_no_traceback(call, small_run, tmp_path):
    (tmp_path / "t.jsonl").write_text('{"text": "\\ud800 good"}\n')
    for out in ("o.csv", "o.jsonl"):
        result = call("predict", small_run, tmp_path / "t.jsonl", "--out", tmp_path / out)
        assert (result.status, result.err) == (0, "")
        assert " good" in (tmp_path / out).read_text("utf-8")


def test_labels_cannot_steer_a_terminal(call, small_run, tmp_path):
    run = shutil.copytree(small_run, tmp_path / "run")
    labels = json.loads((run / "labels.json").read_text())
    (run / "labels.json").write_text(json.dumps([f"{label}\x1b[2J\t\n" for label in labels]))
    out = call("predict", run, "--text", "good", "--all", "--no-verify").out
    assert out.count("\n") == 1 and out.count("\t") == 2 * len(labels) - 1 and "\x1b" not in out
    assert "\\x1b[2J\\t\\n" in out


def test_mistakes_are_found_before_the_run_is_loaded(call, small_run, monkeypatch, tmp_path):
    monkeypatch.setattr(hier_rnn, "load", None)

    def error(*arguments: object) -> str:
        result = call("predict", small_run, *arguments)
        assert (result.status, result.out) == (2, "")
        return result.err

    assert 'If it is a text: --text "some text"' in error("some text")
    assert "none.txt: no such file" in error(tmp_path / "none.txt")
    assert "--out: " in error("--text", "x", "--out", tmp_path)
    (tmp_path / "file").touch()
    assert "is a file, not a folder" in error("--text", "x", "--out", tmp_path / "file" / "x")
    assert "has no columns" in error(tmp_path / "file", "--column", "x")
    assert "not as a table" in error("--text", "x", "--vectors", "--column", "x")


def test_a_byte_that_is_not_utf_8(call, small_run, standard_input):
    standard_input(b"fine\nb\xff\n")
    result = call("predict", small_run)
    assert result.status == 2
    assert "standard input, line 2: not UTF-8: byte 0xff at position 2" in result.err


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_json_survives_any_encoding(call_in, small_run, encoding):
    result = call_in(encoding, "predict", small_run, "--text", "é 🥹", "--json")
    assert json.loads(result.out)["text"] == "é 🥹"


def test_a_reader_that_goes_away_is_no_mistake(shell, small_run, tmp_path):
    (tmp_path / "texts.txt").write_text("good\n" * 20_000)
    result = shell(f"hier-rnn predict {small_run} {tmp_path / 'texts.txt'} | head -1")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.count("\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="a pseudo-terminal")
def test_on_a_terminal_it_says_that_it_loads_and_prompts(small_run):
    import pty
    import select
    import subprocess

    terminal, side = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "hier_rnn", "predict", str(small_run)],
        stdin=side,
        stdout=side,
        stderr=side,
    )
    os.close(side)
    seen = b""

    def until(mark: bytes) -> bytes:
        """Returns what is shown up to the mark; what follows it is for the next call."""
        nonlocal seen
        while mark not in seen:
            assert select.select([terminal], [], [], 120)[0], seen
            seen += os.read(terminal, 1024)
        before, _, seen = seen.partition(mark)
        return before

    try:
        shown = until(b"> ")
        assert b"loading" in shown and b"Ctrl-D ends it" in shown
        os.write(terminal, b"good\n")
        until(b"\t0.")
        until(b"> ")
        os.write(terminal, b"\x04")
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait(30)
        os.close(terminal)


@pytest.mark.parametrize("form", ["lines", "json", "table"])
def test_vectors_are_those_of_the_run(call, small_run, tmp_path, form):
    """One for each row, blank ones too: as lines of numbers or as JSON."""
    expected = hier_rnn.load(small_run).encode(TEXTS)
    given = tmp_path / ("texts.tsv" if form == "table" else "texts.txt")
    rows = [f"good\t{text}" for text in TEXTS] if form == "table" else TEXTS
    given.write_text("\n".join(["label\ttext", *rows] if form == "table" else rows) + "\n", "utf-8")
    result = call("predict", small_run, given, "--vectors", *(["--json"] if form == "json" else []))
    assert result.status == 0
    if form == "json":
        written = [json.loads(line) for line in result.out.splitlines()]
        assert [(row["row"], row["text"]) for row in written] == list(enumerate(TEXTS, start=1))
        np.testing.assert_array_equal([row["vector"] for row in written], expected)
    else:
        written = np.loadtxt(result.out.splitlines(), ndmin=2)
        np.testing.assert_allclose(written, expected, rtol=1e-5, atol=1e-9)
