"""How the benchmark of tuning cuts its data, and what it prints."""

from __future__ import annotations

from benchmarks import tuning


def test_the_three_parts_have_nothing_in_common(data):
    train, validation, test = tuning._cut([data["train"]], seed=0)
    places = [{example.where for example in part} for part in (train, validation, test)]
    assert sum(map(len, places)) == len(set.union(*places)) == 60
    assert len(test) == 6
    *_, given = tuning._cut([data["train"], data["validation"]], seed=0)
    assert len(given) == 24


def test_the_table_has_both(capsys):
    ours = {"validation_accuracy": 0.9, "accuracy": 0.81, "seconds": 178.2, "trials": {"pruned": 3}}
    peer = {"validation_accuracy": 0.8, "accuracy": 0.77, "seconds": 190.0}
    sets = [{"data": "a.tsv", "hier_rnn": ours, "fasttext": peer}]
    tuning.show({"minutes": 3.0, "sets": sets})
    printed = capsys.readouterr().out
    for expected in ("a.tsv", "81.0", "77.0", "178", "3 minutes"):
        assert expected in printed
