"""What the server says about itself: metrics, OpenAPI, pages that load nothing from elsewhere."""

from __future__ import annotations

import re

import pytest
from openapi_spec_validator import validate
from prometheus_client.parser import text_string_to_metric_families


def test_metrics_are_prometheus_text(server):
    before = server.metric("hier_rnn_texts_total")
    server.predict("good", "sad")
    for path in ("/nothing", "/nothing/else"):
        server.client.get(path)
    answer = server.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    routes = {sample.labels["route"] for sample in families["hier_rnn_requests"].samples}
    assert {"predict", "none"} <= routes
    assert not any("nothing" in route for route in routes)
    assert families["hier_rnn_workers_ready"].samples[0].value == 1
    assert server.metric("hier_rnn_texts_total") == before + 2
    assert server.metric("hier_rnn_request_seconds_count") > 0
    assert "process_resident_memory_bytes" in answer.text


def test_the_openapi_document_is_valid_and_its_examples_work(server, small_run):
    document = server.client.get("/openapi.json").json()
    validate(document)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            url = path.replace("{model}", small_run.name)
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            answer = server.client.request(method, url, json=body.get("example"))
            assert answer.status_code == 200, (method, path)
            (kind,) = operation["responses"]["200"]["content"]
            assert answer.headers["content-type"].startswith(kind)


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_ask_for_nothing_from_elsewhere(server, path):
    answer = server.client.get(path)
    assert answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"""(src|href)=["'](https?:)?//""", answer.text)
    assert "url(" not in answer.text
    assert " style=" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
