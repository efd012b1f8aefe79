"""Input without end or sense: bounded memory and time, and every other line is read."""

from __future__ import annotations

import gzip
import logging
import os
import subprocess
import sys
import threading
import tracemalloc

import pytest

from hier_rnn.errors import UserError
from hier_rnn.sources.source import open_source

MEGABYTE = 1 << 20
LONG = b"word " * (4 * MEGABYTE)  # 20 MB in one line


def read(spec, **options):
    tracemalloc.start()
    try:
        examples = list(open_source(str(spec), **options))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 * MEGABYTE
    return examples


def lengths(examples):
    return [len(example.text) for example in examples]


@pytest.mark.parametrize(
    ("name", "content", "labelled"),
    [
        ("a.txt", b"one\n" + LONG + b"\nthree", False),
        ("a.txt", b"__label__a one\n__label__a " + LONG + b"\n__label__b three\n", True),
        ("a.tsv", b"a\tone\na\t" + LONG + b"\nb\tthree\n", True),
        ("a.tsv", b"text\tlabel\none\ta\n" + LONG + b"\ta\nthree\tb\n", True),
        ("a.csv", b'text,label\none,a\n"' + LONG + b'",a\nthree,b\n', True),
        ("a.csv", b"label,text\r\na,one\r\na," + LONG + b"\r\nb,three\r\n", False),
        (
            "a.jsonl",
            b'{"text": "one", "label": 1}\n{"text": "' + LONG + b'", "label": 2}\n'
            b'{"text": "three", "label": 1}',
            True,
        ),
    ],
)
def test_a_line_of_20_mb_is_cut_and_the_others_are_read(tmp_path, caplog, name, content, labelled):
    caplog.set_level(logging.INFO, "hier_rnn")
    path = tmp_path / (name + ".gz")
    path.write_bytes(gzip.compress(content, 1))
    del content
    examples = read(path, labelled=labelled)
    assert lengths(examples) == [3, 100_000, 5]
    assert [bool(example.label) for example in examples] == [labelled] * 3
    assert "1 texts are longer than 100,000 characters" in caplog.text
    assert lengths(read(path, labelled=labelled, maximum_text_length=10)) == [3, 10, 5]


def test_gzip_bomb(tmp_path):
    path = tmp_path / "a.txt.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(50):
            file.write(bytes(MEGABYTE))
        file.write(b"\nfine\n")
    assert lengths(read(path, labelled=False)) == [100_000, 4]


def test_a_line_that_does_not_end(tmp_path, monkeypatch):
    monkeypatch.setattr("hier_rnn.lines.ENDLESS_LINE", 8 * MEGABYTE)
    (tmp_path / "a.txt").write_bytes(b"fine\n" + bytes(9 * MEGABYTE))
    with pytest.raises(UserError, match=r"a\.txt:2: the line does not end within 8,388,608 bytes"):
        read(tmp_path / "a.txt", labelled=False)


def test_a_line_of_nothing_but_delimiters(tmp_path):
    (tmp_path / "a.tsv").write_bytes(b"a\tb\n" * 9 + b"\t" * (20 * MEGABYTE))
    with pytest.raises(UserError, match=r"a\.tsv:10: the line holds more than 16,777,216"):
        list(open_source(str(tmp_path / "a.tsv")))


def test_damage_far_behind_in_a_long_line(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"fine\n" + LONG + b"\xff\n")
    with pytest.raises(UserError, match=r"a\.txt:2: not UTF-8: byte 0xff"):
        read(tmp_path / "a.txt", labelled=False)


@pytest.mark.parametrize("name", ["a.tsv", "a.csv.gz", "a.txt", "a.jsonl", "a.parquet", "b/x/1"])
def test_named_pipes_are_refused_at_once(tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path)
    spec = tmp_path / name.split("/")[0]
    errors = []

    def attempt():
        try:
            open_source(str(spec))
        except UserError as error:
            errors.append(str(error))

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    assert "it is a named pipe" in errors[0] and "write -" in errors[0]


def test_devices_are_refused(tmp_path):
    (tmp_path / "zero.tsv").symlink_to("/dev/zero")
    with pytest.raises(UserError, match=r"zero\.tsv: it is a device"):
        open_source(str(tmp_path / "zero.tsv"))
    (tmp_path / "c" / "x").mkdir(parents=True)
    (tmp_path / "c" / "x" / "1").symlink_to("/dev/zero")
    with pytest.raises(UserError, match="x/1: it is a device"):
        open_source(str(tmp_path / "c"))


def test_folders_that_hold_themselves(tmp_path):
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "self").symlink_to(tmp_path / "class")
    with pytest.raises(UserError, match="self: a folder inside a class's folder"):
        list(open_source(str(tmp_path)))
    (tmp_path / "class" / "self").unlink()
    (tmp_path / "class" / "loop").symlink_to(tmp_path / "class" / "loop")
    with pytest.raises(UserError, match="loop: can't read it"):
        list(open_source(str(tmp_path)))


def from_standard_input(content, labelled=True):
    code = (
        "import sys, logging; from hier_rnn.sources.source import open_source;"
        "source = open_source('-', labelled=bool(int(sys.argv[1])));"
        "source = open_source('-', labelled=bool(int(sys.argv[1])));"  # it is kept
        "print([(e.label, e.text) for e in source] == [(e.label, e.text) for e in source]);"
        "print([(e.label, e.text) for e in source])"
    )
    command = [sys.executable, "-c", code, str(int(labelled))]
    ran = subprocess.run(command, input=content, capture_output=True, timeout=60)
    assert ran.returncode == 0, ran.stderr.decode()[-500:]
    same, shown = ran.stdout.decode().splitlines()
    assert same == "True"
    return eval(shown)


@pytest.mark.parametrize(
    "content",
    [
        "a\tone\nb\ttwo\n",
        "__label__a one\n__label__b two\n",
        '{"label": "a", "text": "one"}\n{"label": "b", "text": "two"}\n',
        "label;text\na;one\nb;two\n",
    ],
)
def test_standard_input(content):
    assert from_standard_input(content.encode()) == [("a", "one"), ("b", "two")]
    texts = from_standard_input(content.encode(), labelled=False)
    assert texts == [(None, "one"), (None, "two")]


def test_standard_input_of_plain_lines():
    assert from_standard_input(b"one, two\n\nthree", labelled=False) == [
        (None, "one, two"),
        (None, ""),
        (None, "three"),
    ]


def test_several_sources(tmp_path):
    (tmp_path / "a.tsv").write_text("a\tone\n")
    (tmp_path / "b.jsonl").write_text('{"label": "b", "text": "two"}\n')
    source = open_source([str(tmp_path / "a.tsv"), str(tmp_path / "b.jsonl")])
    for _ in range(2):
        assert [(e.label, e.text) for e in source] == [("a", "one"), ("b", "two")]
    assert source.name == f"{tmp_path}/a.tsv, {tmp_path}/b.jsonl"
    (tmp_path / "b.jsonl").write_text("")
    with pytest.raises(UserError, match=r"b\.jsonl: it is empty"):
        open_source([str(tmp_path / "a.tsv"), str(tmp_path / "b.jsonl")])
    with pytest.raises(UserError, match="No source is named"):
        open_source([])
