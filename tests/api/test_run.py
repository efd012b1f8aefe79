"""A run in a program: explains, evaluates, is pickled."""

from __future__ import annotations

import pickle
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

import hier_rnn
from hier_rnn.errors import UserError
from hier_rnn.sources.source import open_source

IMPORTED = """
import sys, time
started = time.perf_counter()
import hier_rnn
seconds = time.perf_counter() - started
names = dir(hier_rnn)
assert "TextClassifier" in names and "train" in names
print(seconds, "tensorflow" in sys.modules, "sklearn" in sys.modules, "pydantic" in sys.modules)
"""


class Tags(HTMLParser):
    """Checks that tags are closed, and collects the text."""

    def __init__(self):
        super().__init__()
        self.open, self.text = [], ""

    def handle_starttag(self, tag, attributes):
        assert tag not in ("script", "b", "img")
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_importing_the_package_is_quick_and_takes_no_tensorflow():
    command = [sys.executable, "-c", IMPORTED]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    seconds, *modules = done.stdout.split()
    assert modules == ["False", "False", "False"]
    assert float(seconds) < 0.5  # 0.02 s where nothing else runs


def test_every_public_name_is_there():
    for name in hier_rnn.__all__:
        assert getattr(hier_rnn, name) is getattr(hier_rnn, name)
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        hier_rnn.trian  # noqa: B018


def test_a_run_explains_in_a_notebook(run):
    text = "the <b>shop</b> is good\n& <script>nice</script>"
    explained = run.explain(text)
    assert explained.text == text
    assert explained.label == run.predict([text])[0].label
    page = Tags()
    page.feed(explained._repr_html_())
    assert page.open == []
    assert text in page.text
    for label in run.labels:
        assert label in page.text
    bad = run.explain(text, "bad")
    assert bad.label == "bad"
    assert bad._repr_html_() != explained._repr_html_()


def test_an_explanation_shades_what_decides(run):
    html = run.explain("the shop is good")._repr_html_()
    assert "border-bottom:3px solid" in html
    assert "border-bottom" not in run.explain("")._repr_html_()


@pytest.mark.parametrize(("text", "error"), [(None, TypeError), (["a"], TypeError)])
def test_what_cannot_be_explained(run, text, error):
    with pytest.raises(error, match="text: a str is expected"):
        run.explain(text)
    with pytest.raises(UserError, match="no class 'goood'.*Did you mean 'good'"):
        run.explain("good", "goood")


@pytest.mark.slow
def test_a_run_evaluates_files_and_lists_alike(run, small_run, data, tmp_path):
    examples = list(open_source(data["validation"]))
    of_file = run.evaluate(data["validation"], report=tmp_path / "report", seed=3)
    of_lists = run.evaluate(([e.text for e in examples], [e.label for e in examples]), seed=3)
    of_path = hier_rnn.evaluate(small_run, [(e.label, e.text) for e in examples], seed=3)
    for other in (of_lists, of_path):
        assert other.scores.accuracy == of_file.scores.accuracy > 0.7
        assert other.scores.loss == of_file.scores.loss
    assert of_file.intervals == of_lists.intervals
    assert (tmp_path / "report" / "report.html").is_file()
    assert of_file.data == data["validation"]
    assert of_lists.data == "data"


def test_a_run_without_test_data_says_so(run):
    with pytest.raises(UserError, match="data is needed"):
        run.evaluate()


def test_columns_of_other_data_can_be_named(run, tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("a,b,c\ngood,the shop,bad\ngood,is nice,bad\n", "utf-8")
    evaluation = run.evaluate(path, label_column="c", text_column="b")
    assert evaluation.scores.confusion_matrix.support[run.labels.index("bad")] == 2


def test_a_pickled_run_is_the_same_run(run):
    run.explain("it is good")  # what it took is left out
    again = pickle.loads(pickle.dumps(run))
    texts = ["it is good", "", "why my café"]
    np.testing.assert_array_equal(again.probabilities(texts), run.probabilities(texts))
    np.testing.assert_array_equal(again.encode(texts), run.encode(texts))
    assert again.explain("it is good") == run.explain("it is good")
