from __future__ import annotations

import io

from hier_rnn.evaluation.table import p_value, print_comparison, print_evaluation, shortened
from rich.console import Console

from hier_rnn.evaluation.evaluate import evaluate
from hier_rnn.evaluation.paired_comparison import compare
from hier_rnn.sources.example import Example, Source


def printed(function, value, width: int = 110) -> str:
    file = io.StringIO()
    function(value, Console(file=file, width=width))
    return file.getvalue()


def test_an_evaluation_is_readable(predictor, source):
    evaluation = evaluate(predictor, source, name="mine", misspell=["swap:1"])
    shown = printed(print_evaluation, evaluation)
    interval = evaluation.intervals.accuracy
    assert f"{100 * interval.value:.1f} ({100 * interval.low:.1f} to" in shown
    assert "mine on held-out.tsv, 300 examples" in shown
    largest = evaluation.chosen.confusions[0]
    assert f"{largest.examples} of {largest.support}" in shown
    assert shortened(largest.example.text)[:30] in shown
    assert largest.example.where in shown
    assert "swap:1" in shown
    hardest = min(evaluation.scores.per_class, key=lambda row: row.f1)
    classes = shown[shown.index("hardest first") :]
    order = [classes.index(f"\n{row.label}") for row in evaluation.scores.per_class]
    assert min(order) == classes.index(f"\n{hardest.label}")


def test_it_fits_a_narrow_terminal(predictor, source):
    shown = printed(print_evaluation, evaluate(predictor, source), width=60)
    assert max(map(len, shown.splitlines())) <= 60


def test_labels_and_texts_are_not_markup(training_examples, trigrams):
    examples = [Example("[bold]x", f"[red]{e.text}[/]", e.where) for e in training_examples[:50]]
    examples += [Example("[/y]", f"zz {e.text}", e.where) for e in training_examples[:50]]
    good = trigrams(examples)
    bad = trigrams(examples, sharpness=-1)
    source = Source("[dim]data", lambda: iter(examples))
    evaluations = [evaluate(one, source, name=f"[b]{n}") for n, one in enumerate((bad, good))]
    shown = printed(print_evaluation, evaluations[0], width=200)
    shown += printed(print_comparison, compare(evaluations, source, 0), width=200)
    for text in ("[bold]x taken for [/y]", "[red]", "[/y] ", "[b]0 on [dim]data"):
        assert text in shown


def test_a_perfect_run_has_no_confusions(predictor):
    perfect = Source("s", lambda: iter([Example("praise", "lovely", "s:1")]))
    shown = printed(print_evaluation, evaluate(predictor, perfect))
    assert "100.0 (100.0 to 100.0)" in shown
    assert "confusions" not in shown


def test_small_p_values_are_not_zero():
    assert p_value(0.0001) == "< 0.001"
    assert p_value(0.0312) == "0.031"


def test_long_texts_are_cut_on_one_line():
    assert shortened("a\n b\t c") == "a b c"
    assert shortened("x" * 300, 10) == "x" * 9 + "…"
