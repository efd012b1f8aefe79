"""JSON lines: values of every kind, named keys, and every mistake in them."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hier_rnn.errors import UserError
from hier_rnn.sources.source import open_source


def write(folder, content, name="a.jsonl"):
    path = folder / name
    data = content.encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return str(path)


def test_labels_of_every_kind(tmp_path):
    content = (
        '\ufeff{"label": " pos ", "text": "one\\ntwo", "more": [1]}\r\n\n'
        '{"text": "", "label": 3}\n{"text": "x", "label": true}\n'
    )
    spec = write(tmp_path, content, "a.jsonl.gz")
    assert [example[:3] for example in open_source(spec)] == [
        ("pos", "one\ntwo", f"{spec}:1"),
        ("3", "", f"{spec}:3"),
        ("true", "x", f"{spec}:4"),
    ]


def test_named_keys_and_no_labels(tmp_path):
    spec = write(tmp_path, '{"stars": 5, "review": "good"}\n')
    (example,) = open_source(spec, label_column="stars", text_column="review")
    assert example[:2] == ("5", "good")
    (example,) = open_source(spec, text_column="review", labelled=False)
    assert example[:2] == (None, "good")


def test_half_a_surrogate_pair_becomes_valid_text(tmp_path):
    spec = write(tmp_path, r'{"label": "a\udc00", "text": "\ud83d \ud83d\ude00"}')
    (example,) = open_source(spec)
    assert example[:2] == ("a\ufffd", "\ufffd 😀")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{'label': 1}", "a.jsonl:2: not JSON: .* at character 2"),
        ("[1, 2]", "a.jsonl:2: an object is expected"),
        ("[" * 100_000, "a.jsonl:2: not JSON"),
        ('{"text": ' + "1" * 5000 + "}", "a.jsonl:2: not JSON"),
        ('{"lable": "x", "text": "y"}', "2: no 'label'. There are 'lable', 'text'. .*'lable'"),
        ('{"label": "x"}', "2: no 'text'"),
        ("{}", "2: no 'label'. There are no keys"),
        ('{"label": null, "text": "y"}', "2: no label: .*Received: null"),
        ('{"label": " ", "text": "y"}', "2: no label: "),
        ('{"label": ["x", "z"], "text": "y"}', "2: more than one label: 'x', 'z'"),
        ('{"label": [], "text": "y"}', r"2: no label: .*Received: \[\]"),
        ('{"label": 1.5, "text": "y"}', "2: no label: .*Received: 1.5"),
        ('{"label": "x", "text": null}', "2: 'text' is a string. Received: null"),
    ],
)
def test_mistakes(tmp_path, line, message):
    spec = write(tmp_path, f'{{"label": "a", "text": "b"}}\n{line}\n')
    with pytest.raises(UserError, match=message):
        list(open_source(spec))


def test_empty(tmp_path):
    with pytest.raises(UserError, match="a.jsonl: it is empty"):
        open_source(write(tmp_path, "\n"))


@pytest.mark.parametrize("ascii_only", [True, False])
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_round_trip(tmp_path_factory, ascii_only, texts):
    path = tmp_path_factory.mktemp("jsonl") / "a.jsonl"
    records = [{"label": f"{i}", "text": text} for i, text in enumerate(texts)]
    lines = "".join(json.dumps(record, ensure_ascii=ascii_only) + "\n" for record in records)
    path.write_bytes(lines.encode())
    assert [(e.label, e.text) for e in open_source(str(path))] == [
        (f"{i}", text) for i, text in enumerate(texts)
    ]
