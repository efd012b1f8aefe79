from __future__ import annotations

from hier_rnn.evaluation.comparison.paired_comparison import compare
from hier_rnn.evaluation.evaluate import evaluate
from hier_rnn.sources.example import Example


def test_classes_are_matched_by_name(predictor, source, training_examples, trigrams):
    """A run that knows a further class, so that the others have other numbers."""
    more = [Example("account", f"password login {n}", f"t:{n}") for n in range(30)]
    wider = trigrams(predictor.run, [*more, *training_examples])
    assert wider.labels != predictor.labels
    first, second = evaluate(predictor, source, name="a"), evaluate(wider, source, name="b")
    comparison = compare([first, second], seed=0)
    row = comparison.differences[0]
    gained = second.scores.accuracy - first.scores.accuracy
    assert abs(row.difference.accuracy.value - gained) < 1e-12
    assert abs(gained) < 0.05  # numbers mixed up would cost half of it
    assert comparison.runs == ("a", "b")


def test_disagreements_show_what_each_run_says(predictor, source, training_examples, trigrams):
    weak = trigrams(predictor.run, training_examples[:25])
    both = [evaluate(predictor, source), evaluate(weak, source)]
    comparison = compare(both, seed=0)
    texts = {example.where: example for example in source}
    differ = [p != q for p, q in zip(*(e.result.predictions for e in both), strict=True)]
    assert comparison.disagreeing == sum(differ)
    for row in comparison.disagreements:
        assert (row.label, row.text) == texts[row.where][:2]
        said = [next(one.logits([row.text])).argmax() for one in (predictor, weak)]
        labels = [one.labels[i] for one, i in zip((predictor, weak), said, strict=True)]
        assert row.predicted == tuple(labels)


def test_equal_runs_disagree_on_nothing(predictor, source):
    evaluation = evaluate(predictor, source)
    comparison = compare([evaluation, evaluation], seed=0)
    assert comparison.disagreeing == 0
    assert comparison.disagreements == ()
    assert comparison.differences[0].mcnemar.p_value == 1
