"""Every finding on data that have it, and none on data that do not."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest

from hier_rnn.errors import UserError
from hier_rnn.sources.checks import statistics
from hier_rnn.sources.checks.check import check_data
from hier_rnn.sources.checks.statistics import SourceStatistics, is_number
from hier_rnn.sources.example import Example, Source
from hier_rnn.sources.source import open_source

MESSAGES = Path(__file__).parents[3] / "data" / "messages"


def source(rows, name="some.tsv"):
    examples = [Example(label, text, f"{name}:{n}") for n, (label, text) in enumerate(rows, 1)]
    return Source(name, lambda: iter(examples))


def good(examples=120, classes=4, start=0):
    """Distinct texts in classes of equal sizes."""
    return [(f"class {n % classes}", f"text number {start + n}") for n in range(examples)]


def found(train, validation=None, test=None):
    report = check_data(
        source(train),
        source(validation, "validation.tsv") if validation else None,
        source(test, "test.tsv") if test else None,
    )
    return {finding.kind: finding for finding in report.findings}


def test_nothing_in_good_data():
    assert not found(good(), good(40, start=500), good(40, start=900))


def test_nothing_in_the_data_that_come_with_the_package():
    splits = [
        open_source(str(MESSAGES / f"{name}.tsv")) for name in ("train", "validation", "test")
    ]
    report = check_data(*splits)
    assert not report.findings
    assert [summary.role for summary in report.sources] == ["train", "validation", "test"]
    counts = list(report.sources[0].labels.values())
    assert counts == sorted(counts, reverse=True)
    assert sum(counts) == report.sources[0].examples


@pytest.mark.parametrize("text", ["", "  \t ", "\u3000"])
def test_empty_texts(text):
    finding = found([*good(), *[("class 1", text)] * 5])["empty_texts"]
    assert finding.count == 5
    assert finding.places == ("some.tsv:121", "some.tsv:122", "some.tsv:123")
    assert "5 of 125 examples (4.0%)" in finding.message


@pytest.mark.parametrize("text", ["nan", "NaN", "null", "None", "N/A", "#N/A", " <NA> ", "NULL"])
def test_missing_texts(text):
    assert found([*good(), ("class 1", text)])["missing_texts"].places == ("some.tsv:121",)
    assert not found([*good(), ("class 1", f"{text} of these")])


@pytest.mark.parametrize("label", ["nan", "NULL", "N/A"])
def test_missing_labels(label):
    rows = [(label, f"other {n}") for n in range(9)]
    assert found([*good(), *rows])["missing_labels"].count == 9
    assert not found([*good(), *(("none", text) for _, text in rows)])


def test_duplicate_texts_name_both_places():
    finding = found([*good(), good()[7], ("class 3", "text  number 7 ")])["duplicate_texts"]
    assert (finding.count, finding.severity) == (2, "note")
    assert finding.places == ("some.tsv:121 (as some.tsv:8)", "some.tsv:122 (as some.tsv:8)")
    assert found(good() + good()[:60])["duplicate_texts"].severity == "warning"


def test_one_text_under_two_labels():
    findings = found([*good(), ("class 2", "text number 7")])
    assert set(findings) == {"conflicting_labels"}
    assert findings["conflicting_labels"].places == (
        "some.tsv:121 'class 2' (some.tsv:8 'class 3')",
    )


def test_composed_and_decomposed_characters_are_the_same_text():
    assert "duplicate_texts" in found([*good(), ("class 1", "café"), ("class 1", "cafe\u0301")])


def test_classes_of_one_example():
    finding = found([*good(), ("rare", "a"), ("odd", "b")])["single_examples"]
    assert finding.count == 2
    assert "2 of 6 classes (33.3%)" in finding.message
    assert set(finding.places) == {"some.tsv:121", "some.tsv:122"}


@pytest.mark.parametrize(
    "labels",
    [
        [str(n) for n in range(400)],
        [f"{n / 7:.3f}" for n in range(400)],
        [str(n % 391) for n in range(400)],
        [f"{(n % 60) / 8}" for n in range(400)],
        ["1.5", "2.25", "17"],
        [str(n * n % 2003 * 31) for n in range(1, 6000, 2)],
        [f"-{n}e3" for n in range(30)],
        [f"{n},5" for n in range(30)],
    ],
)
def test_numbers_to_predict(labels):
    findings = found([(label, f"text {n}") for n, label in enumerate(labels)])
    finding = findings["numeric_labels"]
    assert finding.count == len(set(labels))
    assert "regression" in finding.message
    assert "single_examples" not in findings


@pytest.mark.parametrize(
    "labels",
    [
        ["0", "1"],
        ["-1", "0", "1"],
        [str(n) for n in range(77)],
        [str(100 + n) for n in range(150)],
        ["1.0", "1.5", "2.0"],
    ],
)
def test_numbers_that_are_classes(labels):
    assert not found([(labels[n % len(labels)], f"text {n}") for n in range(1200)])


def test_another_column_for_the_label():
    findings = found([(f"id-{n}", f"text {n}") for n in range(60)])
    assert set(findings) == {"many_labels"}


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["complaint", "praise", "complaint|praise"], ["complaint|praise"]),
        (["a", "b", "a,b"], ["a,b"]),
        (["a", "b", "c", "a;b", "b; c"], ["a;b", "b; c"]),
        (["a", "b", "c", "a, b, c"], ["a, b, c"]),
        (["red", "blue", "red/blue", "red + blue"], ["red/blue"]),
        (["red", "blue", "red blue"], ["red blue"]),
        (["a|b", "b|c", "a|c"], ["a|b", "b|c", "a|c"]),
        (["complaint", "praise", "complaint|urgent"], ["complaint|urgent"]),
        (["['a']", "['b']", "['a', 'b']"], ["['a', 'b']"]),
    ],
)
def test_several_labels_in_one(labels, expected):
    rows = [(labels[n % len(labels)], f"text {n}") for n in range(40 * len(labels))]
    finding = found(rows)["joined_labels"]
    assert finding.count == len(expected)
    assert all(f"'{label}'" in finding.message for label in expected[:3])
    assert len(finding.places) == len(expected)


@pytest.mark.parametrize(
    "labels",
    [
        ["Sci/Tech", "World", "Sports"],
        ["Paris, France", "Lyon, France", "Rome, Italy"],
        ["card payment", "card", "refund"],
        ["sport/news", "sport/blog", "politics/news", "politics/blog"],
        ["(other)", "(none, or unclear)", "good"],
        ["R&B", "rock", "C++", "C", "C#"],
    ],
)
def test_names_with_a_separator_are_names(labels):
    assert not found([(labels[n % len(labels)], f"text {n}") for n in range(300)])


@pytest.mark.parametrize("labels", [["Positive", "positive"], ["not spam", "not_spam", "not-spam"]])
def test_labels_that_differ_in_case_or_spaces(labels):
    labels = ["other", *labels]
    finding = found([(labels[n % len(labels)], f"text {n}") for n in range(300)])["similar_labels"]
    assert finding.count == len(labels) - 1


def test_overlap_of_each_pair():
    train, validation, test = good(), good(30, start=500), good(30, start=900)
    findings = found(train, [*validation, train[3]], [*test, train[4], validation[5]])
    assert set(findings) == {
        "train_validation_overlap",
        "train_test_overlap",
        "validation_test_overlap",
    }
    finding = findings["train_validation_overlap"]
    assert finding.places == ("validation.tsv:31 (as some.tsv:4)",)
    assert finding.severity == "warning"


def test_an_overlapping_text_under_another_label_is_an_overlap_too():
    assert "train_validation_overlap" in found(
        good(), [*good(30, start=500), ("class 3", "text number 0")]
    )


def test_labels_that_only_validation_data_have():
    finding = found(good(), [*good(30, start=500), ("clas 1", "a")])["unseen_labels"]
    assert finding.places == ("validation.tsv:31",)
    assert "'clas 1' is not among the labels" in finding.message


def test_too_few_examples():
    assert "few_examples" in found(good(12))
    assert "few_examples" in found(good(60, classes=20))
    assert found(good(), good(4, start=500))["few_examples"].count == 4


def test_one_label_alone():
    assert "one_label" in found([("same", f"text {n}") for n in range(60)])


@pytest.mark.parametrize("sizes", [(990, 10), (1000, 3, 500), (1200, 3, 900, 800)])
def test_extreme_imbalance(sizes):
    rows = [(f"c{c}", f"text {c} {n}") for c, size in enumerate(sizes) for n in range(size)]
    assert set(found(rows)) == {"imbalance"}


def test_ordinary_imbalance():
    rows = [(f"c{c}", f"text {c} {n}") for c, size in enumerate((850, 90, 60)) for n in range(size)]
    assert not found(rows)


@pytest.mark.parametrize("labels", [2, 5])
def test_swapped_columns(labels):
    rows = [(f"a longer text with number {n}", f"class {n % labels}") for n in range(50)]
    findings = found(rows)
    assert "swapped_columns" in findings
    assert not {"conflicting_labels", "duplicate_texts", "many_labels"} & set(findings)


def test_numbers_for_texts():
    findings = found([(f"class {n % 3}", str(17 * n)) for n in range(90)])
    assert set(findings) == {"numeric_texts"}


def test_labels_for_texts():
    findings = found([(f"class {n % 3}", f"class {n % 3}") for n in range(90)])
    assert "texts_are_labels" in findings


def test_a_label_whose_texts_are_all_the_same():
    findings = found([*good(), *[("class 9", "no comment")] * 4])
    assert findings["same_texts"].places == ("some.tsv:121",)


def test_strict_names_every_finding():
    check_data(source(good())).require_none()
    report = check_data(source([*good(), ("class 1", ""), ("class 2", "nan")]))
    with pytest.raises(UserError, match=r"2 things.*\n.*no text.*some.tsv:121.*\n.*nan.*:122"):
        report.require_none()


def test_json_has_everything():
    report = check_data(source([*good(), ("class 1", "")]), source(good(30, start=500)))
    content = json.loads(json.dumps(report.to_json()))
    assert content["sources"][0]["labels"]["class 1"] == 31
    assert content["findings"][0]["kind"] == "empty_texts"
    assert content["findings"][0]["places"] == ["some.tsv:121"]


def test_many_texts_are_sampled_in_bounded_memory(monkeypatch):
    monkeypatch.setattr(statistics, "MAXIMUM_TEXTS", 400)
    monkeypatch.setattr(statistics, "MAXIMUM_LABELS", 50)

    def examples(count, copied):
        for n in range(count):
            text = n if n < count - copied else n - copied
            yield Example(f"class {n % 500}", f"text number {text}", f"some.tsv:{n}")

    def peak(count):
        tracemalloc.start()
        held = SourceStatistics("train", Source("some.tsv", lambda: examples(count, count // 4)))
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return held, size

    _, few = peak(1_000)
    data, many = peak(12_000)
    assert many < 1.5 * few
    assert len(data.texts) <= 400
    assert len(data.labels) == 50
    assert data.more_labels.count == 12_000 * 450 / 500
    copies = data.texts.scale * (data.duplicates.count + data.conflicts.count)
    assert copies == pytest.approx(3_000, rel=0.35)
    findings = check_data(Source("some.tsv", lambda: examples(12_000, 3_000))).findings
    assert any("about" in finding.message for finding in findings)


@pytest.mark.parametrize("text", ["1", "-2.5", "1e-3", "3,5", " 7 "])
def test_numbers(text):
    assert is_number(text)


@pytest.mark.parametrize("text", ["", "nan", "inf", "one", "1 2", "1.2.3", "4 stars"])
def test_what_is_no_number(text):
    assert not is_number(text)
