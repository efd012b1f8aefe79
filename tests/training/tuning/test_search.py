"""What is tried next, and what is ended early."""

from __future__ import annotations

import importlib.util

import pytest

from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError
from hier_rnn.storage.tuning.study import Trial
from hier_rnn.training.tuning.search import Search, require_optuna
from hier_rnn.training.tuning.space import Choice, Range, WholeRange, space_of

pytest.importorskip("optuna")

SPACE = {"a.rate": Range(0.0, 1.0), "a.units": Choice((1, 2)), "a.epochs": WholeRange(1, 4)}
FIRST = {"a.rate": 0.5, "a.units": 1, "a.epochs": 4}


def trial(number: int, *scores: float, state="finished", **options) -> Trial:
    named = {f"a.{name}": value for name, value in options.items()}
    return Trial(number, state, named, max(scores, default=None), scores, 9.0, 1.0)


def search(*trials: Trial, metric: str = "validation_accuracy", seed: int = 0) -> Search:
    return Search(SPACE, trials, FIRST, metric, seed)


def test_a_proposal_is_within_the_space_and_the_same_again():
    proposal = search(trial(0, 0.5)).proposal
    assert proposal.keys() == SPACE.keys()
    assert all(proposal[name] in SPACE[name] for name in SPACE)
    assert search(trial(0, 0.5)).proposal == proposal
    assert search(trial(0, 0.5), trial(1, 0.6, rate=0.2)).proposal != proposal
    assert Search(space_of(Configuration()), (), {}, "validation_accuracy", 0).proposal


def test_the_search_goes_to_where_the_scores_are_good():
    good = [trial(n, 1 - abs(0.9 - n / 20), rate=n / 20) for n in range(20)]
    rates = [search(*good, seed=seed).proposal["a.rate"] for seed in range(20)]
    assert sum(rate > 0.6 for rate in rates) > 14


def test_hopeless_is_what_is_below_the_median_of_the_others():
    others = [trial(0, 0.5, 0.6, 0.7), trial(1, 0.5, 0.7, 0.8)]
    worse, better = search(*others), search(*others)
    worse.report(1, 0.1)
    assert not worse.hopeless  # the first epoch says too little
    worse.report(2, 0.6)
    assert worse.hopeless
    better.report(2, 0.66)
    assert not better.hopeless


def test_of_a_loss_less_is_better():
    others = [trial(0, 2.0, 1.0), trial(1, 2.0, 1.0)]
    low, high = (search(*others, metric="validation_loss") for _ in range(2))
    low.report(2, 0.9)
    high.report(2, 1.1)
    assert not low.hopeless
    assert high.hopeless


def test_trials_that_are_not_of_the_space_or_failed_do_not_stop_it():
    odd = [
        trial(0, 0.5, epochs=9),
        trial(1, state="failed"),
        trial(2, 0.1, state="pruned", rate=0.1),
    ]
    assert search(*odd).proposal.keys() == SPACE.keys()


def test_without_optuna_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'hier_rnn\[tune\]'"):
        require_optuna()
