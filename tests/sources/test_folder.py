"""Folders: sorted, a class each, whatever else lies about."""

from __future__ import annotations

import gzip
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hier_rnn.errors import UserError
from hier_rnn.sources.source import open_source


def fill(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(folder)


def test_sorted_by_class_then_name(tmp_path):
    spec = fill(
        tmp_path,
        {
            "pos/2": "two\r\nlines\r\n",
            "pos/10.txt": "\ufeffone",
            "neg/b.txt.gz": gzip.compress(b"zipped"),
            "neg/a.txt": "",
            "neg/.hidden": b"\xff",
            ".git/x": "no",
            "README.md": "no",
        },
    )
    (tmp_path / "empty").mkdir()
    assert [example[:3] for example in open_source(spec + "/")] == [
        ("neg", "", f"{tmp_path}/neg/a.txt"),
        ("neg", "zipped", f"{tmp_path}/neg/b.txt.gz"),
        ("pos", "one", f"{tmp_path}/pos/10.txt"),
        ("pos", "two\nlines", f"{tmp_path}/pos/2"),
    ]


def test_without_labels(tmp_path):
    spec = fill(tmp_path / "a", {"x/1": "one", "y/2": "two"})
    texts = [(example.label, example.text) for example in open_source(spec, labelled=False)]
    assert texts == [(None, "one"), (None, "two")]
    spec = fill(tmp_path / "b", {"2": "two", "1": "one"})
    assert [example.text for example in open_source(spec, labelled=False)] == ["one", "two"]


def test_mistakes(tmp_path):
    with pytest.raises(UserError, match="a sub-folder per class is expected. There are 1 files"):
        open_source(fill(tmp_path / "flat", {"1.txt": "one"}))
    with pytest.raises(UserError, match="a sub-folder per class is expected. There are 0 files"):
        (tmp_path / "nothing").mkdir()
        open_source(str(tmp_path / "nothing"))
    with pytest.raises(UserError, match="deep/a/b: a folder inside a class's folder"):
        list(open_source(fill(tmp_path / "deep", {"a/1": "one", "a/b/2": "two"})))
    with pytest.raises(UserError, match="latin/a/1:2: not UTF-8: byte 0xe9 at position 4"):
        open_source(fill(tmp_path / "latin", {"a/1": b"one\ncaf\xe9"}))
    with pytest.raises(UserError, match="hollow: it is empty"):
        (tmp_path / "hollow" / "class").mkdir(parents=True)
        open_source(str(tmp_path / "hollow"))


def test_class_name_that_is_not_utf8(tmp_path):
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(folder)
    open(folder + b"/1", "w").close()
    with pytest.raises(UserError, match="a class's name is UTF-8"):
        open_source(str(tmp_path))


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_round_trip(tmp_path_factory, text):
    text = text.replace("\r\n", "\n").removeprefix("\ufeff").rstrip("\r\n")
    folder = tmp_path_factory.mktemp("folder")
    spec = fill(folder, {"a/1": "\ufeff" + text + "\n"})
    assert [example.text for example in open_source(spec)] == [text]
