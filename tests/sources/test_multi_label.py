"""Several labels for one text, in every format that can have them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError
from hier_rnn.sources.classes import label_indicators, seen_label_indicators
from hier_rnn.sources.example import Example, Source
from hier_rnn.sources.multi_label import resolve_multi_label
from hier_rnn.sources.sampling.split import stratified_split
from hier_rnn.sources.source import open_source
from hier_rnn.training.preparation.fingerprint import fingerprint_of

FILES = {
    "a.txt": "__label__a good __label__b day\nnothing\n__label__b , __label__a __label__b\n",
    "a.jsonl": (
        '{"label": ["a", "b"], "text": "good day"}\n{"label": [], "text": "nothing"}\n'
        '{"label": ["b", "a", "b"], "text": ""}\n'
    ),
    "a.csv": "label,text\na| b,good day\n,nothing\nb|a|b|,\n",
}


def written(tmp_path, name):
    path = tmp_path / name
    path.write_text(FILES[name])
    return str(path)


@pytest.mark.parametrize("name", FILES)
def test_formats(tmp_path, name):
    separator = "|" if name == "a.csv" else ""
    source = open_source(written(tmp_path, name), multi_label=True, label_separator=separator)
    found = [(example.label, example.labels, example.text.strip()) for example in source]
    assert found == [(None, ("a", "b"), "good day"), (None, (), "nothing"), (None, ("b", "a"), "")]


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl"])
def test_one_label_is_expected_unless_said(tmp_path, name):
    with pytest.raises(UserError, match=r"more than one label: 'a', 'b'.*data.multi_label true"):
        list(open_source(written(tmp_path, name)))


def resolved(tmp_path, text: str, name="a.txt", **data):
    path = tmp_path / name
    path.write_text(text)
    given = {"train": [str(path)], **data}
    return resolve_multi_label(Configuration.model_validate({"data": given}))


@pytest.mark.parametrize(
    ("text", "options", "several"),
    [
        ("__label__a x\n__label__b y\n", {}, False),
        ("__label__a x\ny\n__label__b __label__a y\n", {}, True),
        ("__label__a x\n__label__b y\n", {"multi_label": True}, True),
        ("__label__a __label__b y\n", {"multi_label": False}, False),
    ],
)
def test_found_out(tmp_path, text, options, several):
    found = resolved(tmp_path, text, **options)
    assert found.data.multi_label is several
    assert found.training.validation_metric == ("micro_f1" if several else "accuracy")


def test_a_separator_says_so(tmp_path):
    assert resolved(tmp_path, "a|b,x\nc,y\n", "a.csv", label_separator="|").data.multi_label is True
    assert resolved(tmp_path, "a|b,x\nc,y\n", "a.csv").data.multi_label is False
    with pytest.raises(UserError, match=r"data.label_separator.*data.multi_label false"):
        resolved(tmp_path, "a|b,x\n", "a.csv", label_separator="|", multi_label=False)


def test_a_metric_of_several_labels_alone(tmp_path):
    configuration = Configuration.model_validate({"training": {"validation_metric": "micro_f1"}})
    with pytest.raises(UserError, match="micro_f1 is the accuracy"):
        resolve_multi_label(configuration, [Example("a", "x", "x:1")])


def test_indicators():
    rows = [("b", "a"), (), ("a",), ("x", "b"), ("x",)]
    examples = [Example(None, "", f"f:{n}", labels=row) for n, row in enumerate(rows)]
    found = label_indicators(examples[:3], ["a", "b"], "f")
    assert found.toarray().tolist() == [[True, True], [False, False], [True, False]]
    with pytest.raises(UserError, match=r"2 example\(s\) with 1 label.*never saw: 'x' \(2\)"):
        label_indicators(examples, ["a", "b"], "f")
    seen, unseen = seen_label_indicators(examples, ["a", "b"])
    assert seen.shape == (3, 2)
    assert (unseen.examples, dict(unseen.labels)) == (2, {"x": 2})


sets = st.lists(st.sets(st.sampled_from("abcdef"), max_size=4), min_size=5, max_size=60)


@given(sets, st.integers(0, 5))
def test_a_split_leaves_every_label_to_train_on(rows, seed):
    rows = [*rows, {"a"}, {"a"}]
    examples = [Example(None, str(n), "", labels=tuple(sorted(r))) for n, r in enumerate(rows)]
    train, held = stratified_split(Source("s", lambda: iter(examples)), 0.3, seed)
    kept = list(train)
    apart = [example for example in held.read()]
    assert sorted(e.text for e in (*kept, *apart)) == sorted(e.text for e in examples)
    assert {label for e in kept for label in e.labels} == set().union(*rows)


def test_a_split_has_labels_in_proportion():
    draw = np.random.default_rng(0)
    shares = dict(zip("abcd", (0.5, 0.3, 0.1, 0.04), strict=True))
    examples = [
        Example(None, str(n), "", labels=tuple(k for k, v in shares.items() if draw.random() < v))
        for n in range(2000)
    ]
    _, held = stratified_split(Source("s", lambda: iter(examples)), 0.1, 0)
    all_of = Counter(label for e in examples for label in e.labels)
    found = Counter(label for e in held for label in e.labels)
    for label, count in all_of.items():
        assert found[label] == pytest.approx(0.1 * count, abs=max(2, 0.03 * count))


def test_a_fingerprint_is_of_the_set_of_labels():
    def of(*rows, label=None):
        examples = [Example(label, "x", "", labels=row) for row in rows]
        return fingerprint_of(Source("s", lambda: iter(examples)))

    assert of(("a", "b")) == of(("b", "a")) != of(("a",), ("b",))
    assert of(("a", "b")) != of(("a",))
