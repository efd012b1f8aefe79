"""fastText lines with labels, and one text a line without."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hier_rnn.errors import UserError
from hier_rnn.sources.source import open_source

LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r"))


def write(folder, content, name="a.txt"):
    path = folder / name
    data = content.encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return str(path)


def test_labels(tmp_path):
    content = "\ufeff__label__pos good one\r\n\n \n__label__neg\tbad\n __label__neg\n"
    spec = write(tmp_path, content, "a.txt.gz")
    assert [tuple(example) for example in open_source(spec)] == [
        ("pos", "good one", f"{spec}:1"),
        ("neg", "bad", f"{spec}:4"),
        ("neg", "", f"{spec}:5"),
    ]


def test_without_labels_a_line_is_a_text(tmp_path):
    spec = write(tmp_path, "one\ttwo\n\n  three\n__label__pos four\n")
    texts = [(example.label, example.text) for example in open_source(spec, labelled=False)]
    assert texts == [(None, "one\ttwo"), (None, "  three"), (None, "four")]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("no label here", "a.txt:2: no label: .*'__label__NAME '"),
        ("__label__ nameless", "a.txt:2: no label"),
        ("__label__a __label__b two", "a.txt:2: more than one label"),
    ],
)
def test_mistakes(tmp_path, line, message):
    spec = write(tmp_path, f"__label__a fine\n{line}\n")
    with pytest.raises(UserError, match=message):
        list(open_source(spec))


def test_empty(tmp_path):
    for labelled in (True, False):
        with pytest.raises(UserError, match="a.txt: it is empty"):
            open_source(write(tmp_path, "\n"), labelled=labelled)


@given(st.lists(LINE.filter(lambda text: not text.startswith("__label__")), min_size=1))
def test_labelled_round_trip(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("fasttext") / "a.txt"
    path.write_bytes("".join(f"__label__é{i} {text}\n" for i, text in enumerate(texts)).encode())
    assert [(e.label, e.text) for e in open_source(str(path))] == [
        (f"é{i}", text) for i, text in enumerate(texts)
    ]


@given(st.lists(LINE.filter(bool)))
def test_plain_round_trip(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("plain") / "a.txt"
    texts = ["first", *texts]
    path.write_bytes("".join(f"{text}\n" for text in texts).encode())
    assert [e.text for e in open_source(str(path), labelled=False)] == texts
