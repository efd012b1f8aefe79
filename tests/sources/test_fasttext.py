"""fastText lines with labels, and one text a line without."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hier_rnn.errors import UserError
from hier_rnn.sources.fasttext import split_labels
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
    assert [example[:3] for example in open_source(spec)] == [
        ("pos", "good one", f"{spec}:1"),
        ("neg", "bad", f"{spec}:4"),
        ("neg", "", f"{spec}:5"),
    ]


def test_without_labels_a_line_is_a_text(tmp_path):
    spec = write(tmp_path, "one\ttwo\n\n  three\nsee __label__pos\n")
    texts = [(example.label, example.text) for example in open_source(spec, labelled=False)]
    assert texts == [(None, "one\ttwo"), (None, ""), (None, "  three"), (None, "see __label__pos")]


def test_without_labels_those_of_fasttext_are_no_text(tmp_path):
    lines = [f"__label__{'ab'[i % 2]} text {i}\n" for i in range(20)]
    spec = write(tmp_path, "".join([*lines, "\n"]))
    texts = [example.text for example in open_source(spec, labelled=False)]
    assert texts == [*(f"text {i}" for i in range(20)), ""]
    # One line that somebody forgot is a text; half of them leave it open.
    spec = write(tmp_path, "".join([*lines, "forgotten\n"]))
    assert [e.text for e in open_source(spec, labelled=False)][20] == "forgotten"
    spec = write(tmp_path, "".join(line for i in range(20) for line in (lines[i], "plain\n")))
    with pytest.raises(UserError, match="first 40 lines, 20 begin with '__label__' and 20 do not"):
        open_source(spec, labelled=False)


@pytest.mark.parametrize(
    ("line", "labels", "text"),
    [
        ("__label__a __label__b two", ("a", "b"), "two"),
        ("__label__a , __label__b , two, three", ("a", "b"), "two, three"),
        ("__label__a, __label__b two", ("a", "b"), "two"),
        ("__label__a one __label__b two", ("a", "b"), "one two"),
        ("__label__a one two __label__b", ("a", "b"), "one two "),
        ("__label__14 , one", ("14",), "one"),
        ("one __label__a two", ("a",), "one two"),
        ("a__label__b", (), "a__label__b"),
        ("\t__label__a  two", ("a",), " two"),
    ],
)
def test_every_token_with_the_prefix_is_a_label(line, labels, text):
    assert split_labels(line) == (labels, text)


def test_several_labels_are_named_with_their_place(tmp_path):
    spec = write(tmp_path, "__label__a fine\n__label__a one __label__urgent\n")
    with pytest.raises(UserError, match=r"a\.txt:2: more than one label: 'a', 'urgent'"):
        list(open_source(spec))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("no label here", "a.txt:2: no label: .*'__label__NAME '"),
        ("__label__ nameless", "a.txt:2: no label"),
    ],
)
def test_mistakes(tmp_path, line, message):
    spec = write(tmp_path, f"__label__a fine\n{line}\n")
    with pytest.raises(UserError, match=message):
        list(open_source(spec))


def test_empty(tmp_path):
    for content, labelled in (("\n", True), ("", True), ("", False)):
        with pytest.raises(UserError, match="a.txt: it is empty"):
            open_source(write(tmp_path, content), labelled=labelled)


@given(st.lists(LINE.filter(lambda text: text.split()[:1] != [","]), min_size=1))
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
