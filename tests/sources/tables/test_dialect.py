"""Any table that a writer can write is read back as it was, or refused; never read wrongly."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hier_rnn.errors import UserError
from hier_rnn.sources.source import FORMATS, open_source

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
LIKELY = st.text(st.sampled_from("ab \\\"',;|\t\n\r\0é"), max_size=12)
WRITERS = [
    {"quoting": csv.QUOTE_MINIMAL},
    {"quoting": csv.QUOTE_ALL},
    {"quoting": csv.QUOTE_NONNUMERIC},
    {"quoting": csv.QUOTE_ALL, "doublequote": False, "escapechar": "\\"},
]


def written(rows, **writer):
    file = io.StringIO()
    csv.writer(file, **writer).writerows(rows)
    return file.getvalue()


@settings(max_examples=300, deadline=None)
@example([("a", "b\\")], ";", 0, "\n", False)
@example([("", "\t"), ("\r0", "\t"), ("", "")], ",", 0, "\n", False)
@example([("", "\\0")], ",", 3, "\n", False)
@given(
    rows=st.lists(st.tuples(TEXT | LIKELY, TEXT | LIKELY), min_size=1, max_size=8),
    delimiter=st.sampled_from(",;\t|"),
    writer=st.integers(0, len(WRITERS) - 1),
    end=st.sampled_from(["\n", "\r\n"]),
    said=st.booleans(),
)
@pytest.mark.slow
def test_round_trip(tmp_path_factory, rows, delimiter, writer, end, said):
    # A return before a line feed that ends a line is part of the line end.
    rows = [(f"l{i % 3}", (first + second).rstrip("\r")) for i, (first, second) in enumerate(rows)]
    options = WRITERS[writer]
    content = written(
        [("label", "text"), *rows], delimiter=delimiter, lineterminator=end, **options
    )
    path = tmp_path_factory.mktemp("table") / "a.csv"
    path.write_bytes(content.encode())
    quoting = "backslash" if "escapechar" in options else "double"
    chosen = {"delimiter": delimiter, "quoting": quoting} if said else {}
    try:
        read = [(e.label, e.text) for e in open_source(str(path), **chosen)]
    except UserError:
        assert not said  # what cannot be told is refused, never read otherwise
    else:
        assert read == rows


@settings(max_examples=300, deadline=None)
@given(
    content=st.binary(max_size=200) | (TEXT | LIKELY).map(str.encode),
    ending=st.sampled_from(sorted(FORMATS)),
    labelled=st.booleans(),
)
def test_any_bytes_give_examples_or_a_mistake(tmp_path_factory, content, ending, labelled):
    path = tmp_path_factory.mktemp("bytes") / f"a{ending}"
    path.write_bytes(content)
    try:
        for one in open_source(str(path), labelled=labelled):
            assert isinstance(one.text, str) and bool(one.label) == labelled
    except UserError as error:
        assert str(path) in str(error)


@pytest.mark.parametrize("inside", ["he said no", 'a "b" c', 'tab\there "x"'])
def test_tsv_as_pandas_writes_it(tmp_path, inside):
    rows = [("pos", "good one"), ("neg", inside), ("neg", "bad one")]
    content = written([("label", "text"), *rows], delimiter="\t", lineterminator="\n")
    (tmp_path / "a.tsv").write_text(content)
    assert [(e.label, e.text) for e in open_source(str(tmp_path / "a.tsv"))] == rows


def test_tsv_as_r_writes_it(tmp_path):
    content = '"label"\t"text"\n"a"\t"say \\"no\\" and C:\\new"\n"b"\t"fine"\n"a"\tNA\n'
    (tmp_path / "a.tsv").write_text(content)
    assert [(e.label, e.text) for e in open_source(str(tmp_path / "a.tsv"))] == [
        ("a", 'say "no" and C:\\new'),
        ("b", "fine"),
        ("a", "NA"),
    ]


def test_quotes_of_plain_tsv_are_text(tmp_path):
    lines = ['pos\t"all quoted"', 'neg\t"left open', "neg\tfine", 'pos\tclosed"', 'pos\t5" disk']
    (tmp_path / "a.tsv").write_text("".join(f"{line}\n" for line in lines))
    read = [f"{e.label}\t{e.text}" for e in open_source(str(tmp_path / "a.tsv"))]
    assert read == lines


def test_backslashes_that_may_be_escaped_ones(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('"label","text"\n"a","C:\\\\new"\n"b","no"\n')  # C:\\new
    with pytest.raises(UserError, match="another backslash.*data.quoting double or"):
        open_source(str(path))
    texts = [next(iter(open_source(str(path), quoting=q))).text for q in ("double", "backslash")]
    assert texts == ["C:\\\\new", "C:\\new"]
    path.write_text('"label","text"\n"a","C:\\new"\n"b","\\\\server"\n')  # C:\new, \\server
    assert [e.text for e in open_source(str(path))] == ["C:\\new", "\\\\server"]


@pytest.mark.slow
def test_quotes_that_begin_after_the_sample(tmp_path):
    path = tmp_path / "a.tsv"
    rows = "pos\tgood one here\nneg\tbad one there\n" * 10_000
    path.write_text(rows + 'neg\t"he said ""no"" twice"\n')
    source = open_source(str(path))
    with pytest.raises(UserError, match="a.tsv:20001: after a start.*data.quoting double"):
        list(source)
    texts = {q: list(open_source(str(path), quoting=q))[-1].text for q in ("double", "none")}
    assert texts == {"double": 'he said "no" twice', "none": '"he said ""no"" twice"'}
    path.write_text(rows + 'neg\t"quoted as a whole"\n')  # which no writer needed to quote
    assert list(open_source(str(path)))[-1].text == '"quoted as a whole"'


@pytest.mark.parametrize("labelled", [True, False])
def test_tabs_in_a_csv_with_quotes_in_its_texts(tmp_path, labelled):
    texts = ['a 5" disk, really', '"so" it said', "nothing, here"] * 5
    content = "".join(f"{'ab'[n % 2]}\t{text}\n" for n, text in enumerate(texts))
    (tmp_path / "a.csv").write_text(content)
    assert [e.text for e in open_source(str(tmp_path / "a.csv"), labelled=labelled)] == texts


def test_returns_inside_cells(tmp_path):
    (tmp_path / "a.csv").write_bytes(b'label,text\npos,first\rsecond\nneg,"a\r\nb\rc"\n')
    assert [e.text for e in open_source(str(tmp_path / "a.csv"))] == ["first\rsecond", "a\r\nb\rc"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"delimiter": "ab"}, "data.delimiter.*Received: 'ab'"),
        ({"delimiter": '"'}, "data.delimiter"),
        ({"quoting": "single"}, "data.quoting.*'single'"),
    ],
)
def test_unknown_ways_to_write(tmp_path, options, message):
    (tmp_path / "a.csv").write_text("label,text\na,b\n")
    with pytest.raises(UserError, match=message):
        open_source(str(tmp_path / "a.csv"), **options)


def test_ways_to_write_by_name(tmp_path):
    (tmp_path / "a.csv").write_text("label:text\na:b, c\n")
    assert next(iter(open_source(str(tmp_path / "a.csv"), delimiter=":"))).text == "b, c"
    (tmp_path / "b.csv").write_text('label\ttext\na\t"b\n')
    options = {"delimiter": "tab", "quoting": "none"}
    assert next(iter(open_source(str(tmp_path / "b.csv"), **options))).text == '"b'
