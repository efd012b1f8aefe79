"""Strangers' tables: read rightly where they are certain, else an error that says how to choose."""

from __future__ import annotations

import csv
import io
import logging

import pytest

from hier_rnn.errors import UserError
from hier_rnn.sources.source import open_source

TEXTS = [
    "I really love this film, honestly",
    "it was bad and far too long",
    "what a waste of time",
    "the best thing I have seen all year",
    "meh, not for me",
    "no idea what they were thinking",
    "would watch again with my kids",
    "the sound was off the whole time",
] * 3
LABELS = ["pos", "neg", "neg", "pos", "neg", "neg", "pos", "neg"] * 3
PAIRS = list(zip(LABELS, TEXTS, strict=True))


def table(header, rows, **dialect):
    file = io.StringIO()
    writer = csv.writer(file, **dialect)
    writer.writerows([header, *rows] if header else rows)
    return file.getvalue()


def write(folder, name, content):
    (folder / name).write_bytes(content.encode())
    return str(folder / name)


def pairs(spec, **options):
    return [(example.label, example.text) for example in open_source(spec, **options)]


SWAPPED = [(text, label) for label, text in PAIRS]
MEASURED = [(0.273 + i / 100, *pair) for i, pair in enumerate(PAIRS)]
NUMBERED = [(i + 1, text, label) for i, (label, text) in enumerate(PAIRS)]
R_ROWS = "".join(f'"{i}"\t"{label}"\t"{text}"\n' for i, text, label in NUMBERED)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        # names
        ("a.tsv", table(["category", "message"], PAIRS, delimiter="\t")),
        ("a.csv", table(["tweet", "target"], SWAPPED)),
        ("a.csv", table(["id", "tweet", "target"], NUMBERED)),
        ("a.csv", table(["ID", "commentText", "is_toxic"], NUMBERED)),
        ("a.csv", table(["", "text", "sentiment"], NUMBERED)),  # pandas with its index
        ("a.csv", table(["", "0", "1"], NUMBERED)),  # pandas without names
        ("a.csv", table(["Kategorie", "Nachricht"], PAIRS, delimiter=";")),
        ("a.csv", table(["Catégorie", "Texte du message"], PAIRS, delimiter=";")),
        ("a.csv", table(["标签", "内容"], PAIRS)),
        ("a.csv", table(["v1", "v2", "", ""], [(*pair, "", "") for pair in PAIRS])),
        ("a.csv", table(["zork", "blag"], PAIRS)),
        ("a.csv", table(["blag", "zork"], SWAPPED)),
        ("a.csv", table(["score", "type", "statement"], MEASURED)),  # a score of 0.273 is no class
        ("a.csv", table(["sentence1", "label"], SWAPPED)),
        ("a.csv", table(["ข้อความ", "หมวดหมู่"], SWAPPED)),
        ("a.csv", table(["التصنيف", "النص"], PAIRS, delimiter=";")),
        ("a.csv", table(["yorum", "duygu"], SWAPPED, delimiter="\t")),
        ("a.csv", table(["Anliegen", "Anfrage"], PAIRS[:2], delimiter="|")),
        # no header
        ("a.csv", table(None, PAIRS)),
        ("a.csv", table(None, SWAPPED)),
        ("a.tsv", table(None, SWAPPED, delimiter="\t")),
        ("a.csv", table(None, NUMBERED)),
        # how it is written
        ("a.csv", table(["label", "text"], PAIRS, delimiter="|")),
        ("a.csv", "sep=,\r\n" + table(["label", "text"], PAIRS)),
        ("a.csv", '"sep=;"\r\n' + table(["label", "text"], PAIRS, delimiter=";")),
        ("a.csv", table(["label", "text"], PAIRS, lineterminator="\r")),  # an old Mac
        ("a.tsv", table(["label", "text"], PAIRS, delimiter="\t", quoting=csv.QUOTE_ALL)),
        ("a.tsv", '"label"\t"text"\n' + R_ROWS),  # R's row names have no name themselves
        ("a.csv", '"";"text";"label"\n' + table(None, NUMBERED, delimiter=";", quoting=1)),
    ],
)
def test_certain(tmp_path, name, content):
    spec = write(tmp_path, name, content)
    wanted = PAIRS[: 2 if "Anliegen" in content else None]
    assert pairs(spec) == wanted
    assert pairs(spec, labelled=False) == [(None, text) for _, text in wanted]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "a.csv",
            table(["text", "sentiment", "category"], [(t, x, x) for x, t in PAIRS]),
            "2 or 3",
        ),
        (
            "a.csv",
            table(["question1", "question2", "class"], [(t, t, x) for x, t in PAIRS]),
            "1 or",
        ),
        ("a.csv", table(None, [(x, t, t[::-1]) for x, t in PAIRS]), "which column is the text"),
        ("a.csv", table(None, SWAPPED[:2]), "which column is the label.*as 'I really love"),
        (
            "a.tsv",
            "zork\tblag\npos\tthis is a long text\nneg\tand this one too\n",
            "a header or an",
        ),
        ("a.tsv", "abuse\tidiot\n" + table(None, PAIRS[:12], delimiter="\t"), "a header or an"),
        ("a.csv", "text\nlove it\nbad\n", "one column, column 1 'text'"),
        ("a.csv", 'label,text\npos,"ends \\"\nneg,"in \\""\n', "not CSV: .*data.quoting backslash"),
        (
            "a.csv",
            "a;b,c\nd;e,f\ng;h,i\n",
            "2 columns by comma, 2 columns by semicolon.*data.delim",
        ),
        ("a.csv", table(["category", "message"], []), "it is empty"),
        ("a.csv", "zork;blag\npos;love it\nneg;so bad\n", "a header or an"),  # two rows
        ("a.csv", table(None, [(x, t, i / 7) for i, (x, t) in enumerate(PAIRS[:3])]), "the label"),
        ("a.csv", table(None, [(1, "so bad", "customer service")]), "which column is the"),
    ],
)
def test_uncertain(tmp_path, name, content, message):
    with pytest.raises(UserError, match=message) as error:
        pairs(write(tmp_path, name, content))
    assert "a." in str(error.value)


def test_uncertain_for_prediction(tmp_path):
    spec = write(tmp_path, "a.csv", "hello\nwhere is my parcel please\nI want a refund now\n")
    with pytest.raises(UserError, match="'hello', is a header or an example.*data.text_column"):
        open_source(spec, labelled=False)
    assert len(pairs(spec, text_column="1", labelled=False)) == 3
    assert len(pairs(spec, text_column="hello", labelled=False)) == 2


def test_labels_called_as_columns_are_in_small_tables(tmp_path):
    for rows in (
        [("SPAM", "five stars"), ("HAM", "bad film")],
        [("question", "why so"), ("request", "refund me"), ("feedback", "nice one")],
    ):
        spec = write(tmp_path, "a.tsv", table(None, rows, delimiter="\t"))
        assert pairs(spec) == rows


def test_a_label_called_as_a_column_is_no_header(tmp_path):
    rows = [("label", "I want my label printed"), ("text", "send me a text then")]
    spec = write(tmp_path, "a.tsv", table(None, rows * 3, delimiter="\t", lineterminator="\n"))
    assert pairs(spec) == rows * 3
    spec = write(tmp_path, "b.tsv", table(["label", "text"], rows, delimiter="\t"))
    assert pairs(spec) == rows
    rows = [("category", "x"), ("message", "y")] * 2
    assert pairs(write(tmp_path, "c.csv", table(["category", "message"], rows))) == rows


def test_columns_by_number(tmp_path):
    rows = [(text, label, "spare") for label, text in PAIRS]
    spec = write(tmp_path, "a.csv", table(["text", "sentiment", "category"], rows))
    assert pairs(spec, label_column="2") == PAIRS
    assert pairs(spec, label_column="3")[0] == ("spare", TEXTS[0])
    with pytest.raises(UserError, match="column are the same"):
        pairs(spec, label_column="1", text_column="TEXT")
    spec = write(tmp_path, "b.csv", table(None, rows[:2]))
    assert pairs(spec, label_column="2", text_column="1") == PAIRS[:2]
    with pytest.raises(UserError, match="column are both"):
        pairs(spec, label_column="1", text_column="1")


def test_what_was_taken_is_said_unless_it_is_usual(tmp_path, caplog):
    caplog.set_level(logging.INFO, "hier_rnn")
    pairs(write(tmp_path, "a.tsv", table(None, PAIRS, delimiter="\t")))
    pairs(write(tmp_path, "b.csv", table(["text", "label"], SWAPPED)))
    assert not caplog.messages
    pairs(write(tmp_path, "c.csv", table(["tweet", "target"], SWAPPED, delimiter=";")))
    (message,) = caplog.messages
    assert "c.csv: columns by semicolon" in message
    assert "label: column 2 'target'; text: column 1 'tweet'" in message
    assert "data.label_column" in message and "data.delimiter" in message


def test_rows_that_do_not_fit_are_told(tmp_path):
    content = table(["tweet", "target"], SWAPPED, delimiter=";") + "one;two;three\n"
    with pytest.raises(UserError, match=r"a\.csv:26: 2 columns expected, 3 received"):
        pairs(write(tmp_path, "a.csv", content))
    rows = "".join(f"{label}\t{text}\n" for label, text in PAIRS * 400)
    with pytest.raises(UserError, match=r"b\.tsv:9601: no label: 2 columns expected, 1 received"):
        pairs(write(tmp_path, "b.tsv", rows + "far behind the sample\n"))


def test_blank_rows_have_an_answer_and_are_not_trained_on(tmp_path, caplog):
    caplog.set_level(logging.INFO, "hier_rnn")
    spec = write(tmp_path, "a.csv", 'label,text\n\npos,good\n,\n  \n"",""\nneg,bad\n\n')
    assert pairs(spec) == [("pos", "good"), ("neg", "bad")]
    assert "5 blank rows are left out" in caplog.text
    texts = [example.text for example in open_source(spec, labelled=False)]
    assert texts == ["", "good", "", "", "", "bad", ""]
    spec = write(tmp_path, "b.csv", 'text\ngood\n""\n\nbad\n')
    assert [e.text for e in open_source(spec, labelled=False)] == ["good", "", "", "bad"]


def test_the_other_columns_come_along(tmp_path):
    spec = write(tmp_path, "a.csv", "id,tweet,target\n7,good,\n\n8,bad,\n")
    assert [example.row for example in open_source(spec, labelled=False)] == [
        {"id": "7", "tweet": "good", "target": ""},
        {"id": "", "tweet": "", "target": ""},
        {"id": "8", "tweet": "bad", "target": ""},
    ]


def test_labels_that_look_the_same_are_the_same(tmp_path, caplog):
    caplog.set_level(logging.INFO, "hier_rnn")
    spec = write(tmp_path, "a.csv", "label,text\ncafé,a\ncafe\u0301,b\n café\u00a0,c\n")
    source = open_source(spec)
    for _ in range(2):
        assert {example.label for example in source} == {"café"}
    assert caplog.text.count("labels are read in Unicode's NFC") == 1
    assert "changed 2 of 3 spellings" in caplog.text


def test_a_message_about_very_many_columns_is_short(tmp_path):
    path = tmp_path / "wide.csv"
    path.write_text("a," * 50_000 + "\n" + "b," * 50_000 + "\n")
    with pytest.raises(UserError) as error:
        list(open_source(str(path)))
    assert len(str(error.value)) < 3000
