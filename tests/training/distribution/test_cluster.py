"""`TF_CONFIG`: who trains together."""

from __future__ import annotations

import json

import pytest

from hier_rnn.errors import UserError
from hier_rnn.training.distribution.cluster import read_cluster

WORKERS = {"worker": ["a:1", "b:2"]}
FIRST = {"type": "worker", "index": 0}


@pytest.fixture
def read(monkeypatch):
    """Returns the cluster of a value of the variable."""

    def read(content):
        text = content if isinstance(content, str) else json.dumps(content)
        monkeypatch.setenv("TF_CONFIG", text)
        return read_cluster()

    return read


def test_worker_0_is_the_chief(read):
    cluster = read({"cluster": WORKERS, "task": {"type": "worker", "index": 1}})
    assert (cluster.addresses, cluster.number, cluster.chief_job) == (("a:1", "b:2"), 1, False)
    assert cluster.name == "worker 1 of 2 (b:2)"


def test_a_chief_of_its_own_comes_first(read):
    jobs = {"chief": ["c:3"], **WORKERS}
    assert read({"cluster": jobs, "task": {"type": "chief", "index": 0}}).number == 0
    cluster = read({"cluster": jobs, "task": {"type": "worker", "index": 1}})
    assert (cluster.addresses[2], cluster.number, cluster.chief_job) == ("b:2", 2, True)


def test_a_missing_variable_is_told(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(UserError, match=r"TF_CONFIG: it is not set.*Accepted: .*worker"):
        read_cluster()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "no JSON"),
        ("[]", "no table 'cluster'"),
        ({"cluster": WORKERS}, "no table 'task'"),
        ({"cluster": {}, "task": FIRST}, "no worker"),
        ({"cluster": {"worker": "a:1"}, "task": FIRST}, "not a list"),
        ({"cluster": {"worker": ["a"]}, "task": FIRST}, "host:port. Received: 'a'"),
        ({"cluster": {"worker": ["a:0"]}, "task": FIRST}, "host:port"),
        ({"cluster": {"worker": [7]}, "task": FIRST}, "host:port. Received: 7"),
        ({"cluster": {"worker": ["a:1", "a:1"]}, "task": FIRST}, "two workers"),
        ({"cluster": {"chief": ["a:1", "b:1"]}, "task": FIRST}, "one chief"),
        ({"cluster": WORKERS, "task": {"type": "ps", "index": 0}}, "Received: 'ps'"),
        ({"cluster": WORKERS, "task": {"type": "worker", "index": 2}}, "below 2. Received: 2"),
        ({"cluster": WORKERS, "task": {"type": "worker", "index": True}}, "Received: True"),
        ({"cluster": WORKERS, "task": {"type": "chief", "index": 0}}, "below 0"),
    ],
)
def test_what_is_wrong_is_told(read, content, said):
    with pytest.raises(UserError, match="TF_CONFIG") as error:
        read(content)
    assert said in str(error.value)
