"""Workers that die are replaced and lose nothing; a server that is stopped answers what it has."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

import hier_rnn

LONG = " ".join(f"good{number}" for number in range(3000))
WAIT_SECONDS = 90


def wait_for(condition) -> None:
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)


@pytest.mark.slow
def test_killed_workers_lose_no_request(serve, small_run):
    server = serve(small_run, "--workers", "2")
    expected = hier_rnn.load(small_run).predict([LONG])[0].label
    stop = threading.Event()

    def ask(_: int) -> list[int]:
        statuses = []
        with httpx.Client(base_url=server.url, timeout=60) as client:
            while not stop.is_set():
                answer = client.post("/predict", json={"texts": [LONG, "good"]})
                statuses.append(answer.status_code)
                assert answer.json()["predictions"][0]["label"] == expected
        return statuses

    def all_ready() -> bool:
        return server.client.get("/health").json()["workers"]["ready"] == 2

    with ThreadPoolExecutor(8) as threads:
        asking = [threads.submit(ask, number) for number in range(8)]
        try:
            for number in range(1, 5):
                wait_for(all_ready)
                os.kill(server.workers[number % 2].pid, signal.SIGKILL)
                wait_for(
                    lambda so_far=number: server.metric("hier_rnn_workers_replaced_total") == so_far
                )
        finally:
            stop.set()
        statuses = [status for one in asking for status in one.result(60)]
    assert set(statuses) == {200}
    wait_for(all_ready)
    assert server.stop() == 0
    assert sum("replaced" in line for line in server.log) == 4


@pytest.mark.slow
def test_a_request_on_which_every_worker_dies_is_given_up(serve, small_run):
    server = serve(small_run)
    texts = [" ".join(f"word{place}x{number}" for number in range(90)) for place in range(900)]
    with ThreadPoolExecutor(1) as threads:
        asking = threads.submit(server.predict, *texts)
        wait_for(lambda: server.metric("hier_rnn_pending_requests") == 1)
        for deaths in range(1, 4):
            wait_for(lambda: server.client.get("/health").json()["workers"]["ready"] == 1)
            os.kill(server.workers[0].pid, signal.SIGKILL)
            wait_for(
                lambda so_far=deaths: server.metric("hier_rnn_workers_replaced_total") == so_far
            )
        assert asking.result(60).status_code == 500
    assert server.predict("good").status_code == 200


@pytest.mark.slow
def test_without_a_worker_it_lives_but_is_not_ready(serve, small_run):
    server = serve(small_run)
    os.kill(server.workers[0].pid, signal.SIGKILL)
    wait_for(lambda: server.client.get("/v2/health/ready").status_code == 503)
    assert server.client.get("/v2/health/live").status_code == 200
    assert server.client.get("/health").json()["status"] == "loading"
    assert server.predict("good").status_code == 200  # it waits for the next worker
    assert server.client.get("/v2/health/ready").json() == {"live": True, "ready": True}


@pytest.mark.slow
def test_a_run_that_is_gone_and_comes_back(serve, small_run, tmp_path):
    run = shutil.copytree(small_run, tmp_path / "run")
    server = serve(run)
    run.rename(tmp_path / "away")
    os.kill(server.workers[0].pid, signal.SIGKILL)
    wait_for(lambda: any("can't start" in line for line in server.log))
    (tmp_path / "away").rename(run)
    assert server.predict("good").status_code == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.slow
def test_stopping_answers_what_was_accepted(serve, small_run, number):
    server = serve(small_run)
    with ThreadPoolExecutor(6) as threads:
        clients = [httpx.Client(base_url=server.url, timeout=60) for _ in range(6)]
        body = {"texts": [f"{LONG} {place}" for place in range(5)]}
        asking = [threads.submit(client.post, "/predict", json=body) for client in clients]
        wait_for(lambda: server.metric("hier_rnn_pending_requests") == 6)
        workers = server.workers
        assert server.stop(number) == 0
        assert [answer.result(60).status_code for answer in asking] == [200] * 6
    for client in clients:
        client.close()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", server.port), timeout=5).close()
    wait_for(lambda: not any(worker.is_running() for worker in workers))
    assert "every accepted request was answered" in server.log[-1]


@pytest.mark.slow
def test_workers_end_with_a_server_that_is_killed(serve, small_run):
    server = serve(small_run, "--workers", "2")
    wait_for(lambda: len(server.workers) == 2)
    workers = server.workers
    server.kill()
    wait_for(lambda: not any(worker.is_running() for worker in workers))


def serving(*arguments: object) -> tuple[int, str]:
    command = [sys.executable, "-m", "hier_rnn", "serve", *map(str, arguments)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=90)
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stderr


@pytest.mark.slow
def test_mistakes_at_the_start(small_run, tmp_path):
    status, message = serving(tmp_path / "none")
    assert status == 2
    assert "none" in message
    status, message = serving(small_run, "--host", "256.1.1.1", "--port", "0")
    assert status == 2
    assert "256.1.1.1" in message
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, message = serving(small_run, "--port", port)
    assert status == 2
    assert f"127.0.0.1:{port}" in message
    status, message = serving(small_run, "--name", "a/b", "--port", "0")
    assert status == 2


@pytest.mark.slow
def test_a_run_that_can_not_be_loaded(small_run, tmp_path):
    run = shutil.copytree(small_run, tmp_path / "run")
    (run / "labels.json").write_text("[]")
    status, message = serving(run, "--port", "0")
    assert status == 2
    assert f"error: {run}" in message


@pytest.mark.slow
def test_workers_import_nothing_from_the_current_folder(small_run, tmp_path):
    (tmp_path / "numpy.py").write_text("raise SystemExit('a stranger was imported')")
    code = "from hier_rnn.commands.main import main; main()"
    command = [sys.executable, "-P", "-c", code, "serve", str(small_run), "--port", "0"]
    if sys.version_info < (3, 11):
        pytest.skip("Python 3.10 has no PYTHONSAFEPATH")
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    limit = threading.Timer(WAIT_SECONDS, process.kill)  # ends what is read below
    limit.start()
    try:
        assert "loading" in process.stderr.readline()
        assert "serving" in process.stderr.readline()
    finally:
        process.terminate()
        process.stderr.read()
        limit.cancel()
        assert process.wait(WAIT_SECONDS) == 0
