"""Tables: with and without a header, quoting, line numbers, and every mistake in them."""

from __future__ import annotations

import csv
import gzip
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hier_rnn.errors import UserError
from hier_rnn.sources.source import open_source

CLEAN = st.characters(exclude_categories=["Cs"])


def write(folder, name, content):
    path = folder / name
    data = content if isinstance(content, bytes) else content.encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return str(path)


def pairs(spec, **options):
    return [(example.label, example.text) for example in open_source(spec, **options)]


@pytest.mark.parametrize("name", ["a.tsv", "a.tsv.gz", "A.TSV"])
def test_tsv_without_header(tmp_path, name):
    spec = write(tmp_path, name, '\ufeffpos\tgood "one"\r\n\r\nneg\tbad, two\tmore\nneg\t\n')
    expected = [("pos", 'good "one"'), ("neg", "bad, two\tmore"), ("neg", "")]
    source = open_source(spec)
    assert source.name == spec
    for _ in range(2):
        assert [(example.label, example.text) for example in source] == expected
    assert [example.where for example in source] == [f"{spec}:{n}" for n in (1, 3, 4)]


def test_header_in_any_order(tmp_path):
    spec = write(tmp_path, "a.tsv", "id\tText\tLabel\n7\tgood\tpos\n")
    assert pairs(spec) == [("pos", "good")]
    spec = write(tmp_path, "a.csv", "text,id,label\n,7,pos\n")
    assert pairs(spec) == [("pos", "")]


def test_named_columns(tmp_path):
    spec = write(tmp_path, "a.csv", "id,review,stars\n7,good,5\n")
    assert pairs(spec, label_column="stars", text_column="review") == [("5", "good")]
    assert pairs(spec, label_column="id", text_column="review") == [("7", "good")]
    assert pairs(spec, text_column="review", labelled=False) == [(None, "good")]


def test_without_labels(tmp_path):
    spec = write(tmp_path, "a.tsv", "one text\nanother\twith a tab\n")
    assert pairs(spec, labelled=False) == [(None, "one text"), (None, "another\twith a tab")]
    assert pairs(write(tmp_path, "b.tsv", "pos\tgood\n"), labelled=False) == [(None, "good")]
    assert pairs(write(tmp_path, "c.tsv", "text\ngood\n"), labelled=False) == [(None, "good")]
    assert pairs(write(tmp_path, "d.csv", '"good, bad"\n'), labelled=False) == [(None, "good, bad")]
    assert pairs(write(tmp_path, "e.csv", ",good\n"), labelled=False) == [(None, "good")]


def test_tsv_quotes_are_plain(tmp_path):
    assert pairs(write(tmp_path, "a.tsv", 'pos\t"good\nneg\t""bad\n')) == [
        ("pos", '"good'),
        ("neg", '""bad'),
    ]


def test_csv_quoting_and_line_numbers(tmp_path):
    content = 'label,text\r\npos,"one\r\ntwo, ""three""\r\n"\r\n\r\nneg,5" disk\r\n\nneg,"a\nb"\n'
    spec = write(tmp_path, "a.csv.gz", content)
    assert [example[:3] for example in open_source(spec)] == [
        ("pos", 'one\r\ntwo, "three"\r\n', f"{spec}:2"),
        ("neg", '5" disk', f"{spec}:6"),
        ("neg", "a\nb", f"{spec}:8"),
    ]


def test_csv_of_long_texts(tmp_path):
    spec = write(tmp_path, "a.csv", "pos," + "word " * 200_000 + "\n")
    assert len(pairs(spec, maximum_text_length=2_000_000)[0][1]) == 1_000_000


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.tsv", "pos\tgood\n\nbad\n", r"a\.tsv:3: no label: 2 columns expected, 1 received"),
        ("a.tsv", "pos\tgood\n \tbad\n", r"a\.tsv:2: no label\. Its text: 'bad'"),
        ("a.tsv", "id\tlabel\ttext\n1\tpos\n", r"a\.tsv:2: .*3 columns expected, 2 received"),
        ("a.tsv", "text\tlabel\na\tb\tc\n", r"a\.tsv:2: 2 columns expected, 3 received"),
        ("a.csv", "pos,good\nneg\n", r"a\.csv:2: no label"),
        ("a.csv", "a,b\npos,one, two\n", r"a\.csv:2: 2 columns .*, 3 received.*double quotes"),
        ("a.csv", 'pos,good\nneg,"bad\npos,x\n', r"a\.csv:2: not CSV: .*quote left open"),
        (
            "a.csv",
            'pos,good\nneg,"bad" x\n',
            r"a\.csv:2: not CSV: .* expected after.*data.quoting none",
        ),
        ("a.csv", b'pos,good\nneg,"two\nl\xefnes"\n', r"a\.csv:3: not UTF-8: byte 0xef"),
        ("a.tsv", "", r"a\.tsv: it is empty"),
        ("a.tsv", "\n\n", r"a\.tsv: it is empty"),
        ("a.csv", "label,text\n", r"a\.csv: it is empty"),
        ("a.csv.gz", "", r"a\.csv\.gz: it is empty"),
    ],
)
def test_mistakes(tmp_path, name, content, message):
    with pytest.raises(UserError, match=message):
        pairs(write(tmp_path, name, content))


def test_unknown_column(tmp_path):
    spec = write(tmp_path, "a.tsv", "label\ttext\npos\tgood\n")
    with pytest.raises(UserError, match=r"a\.tsv:1: unknown column 'txt'.*'label', 'text'.*'text'"):
        open_source(spec, text_column="txt")
    with pytest.raises(UserError, match=r"unknown column 'class'.*data.label_column"):
        open_source(spec, label_column="class")
    for number in ("0", "3", "-1", "1.5"):
        with pytest.raises(UserError, match=f"unknown column '{number}'.*or number it from 1"):
            open_source(spec, text_column=number)


def test_a_quote_left_open_does_not_fill_the_memory(tmp_path):
    spec = write(tmp_path, "a.csv", 'pos,good\nneg,"' + ("bad " * 250 + "\n") * 20_000)
    with pytest.raises(UserError, match=r"a\.csv:2: not CSV: .*limit.*quote left open"):
        pairs(spec, quoting="double", delimiter=",")


@given(st.lists(st.tuples(st.text(CLEAN, min_size=1), st.text(CLEAN)), min_size=1))
def test_tsv_round_trip(tmp_path_factory, rows):
    def clean(cell):
        return cell.replace("\n", " ").replace("\t", " ")

    rows = [
        (unicodedata.normalize("NFC", f"l{clean(label)}l"), clean(text).rstrip("\r"))
        for label, text in rows
    ]
    path = tmp_path_factory.mktemp("tsv") / "a.tsv"
    path.write_bytes("".join(f"{a}\t{b}\n" for a, b in [("label", "text"), *rows]).encode())
    assert pairs(str(path)) == rows


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
def test_csv_round_trip(tmp_path_factory, texts):
    rows = [(f"class {i % 3}", text) for i, text in enumerate(["first", *texts])]
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("label", "text"), *rows])
    assert pairs(str(path)) == rows
