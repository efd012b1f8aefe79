"""The pages: each one self-contained file, and a policy that lets it load nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html import escape
from importlib.resources import files
from typing import Any, NamedTuple

from hier_rnn.serving.limits import Limits


class Page(NamedTuple):
    """A page and its Content-Security-Policy."""

    html: str
    policy: str


def typing_page(name: str, limits: Limits) -> Page:
    """Returns the page where a person types a text.

    Args:
        name: The model's.
        limits: How long a text that is explained may be.
    """
    html = _template("typing.html").replace("{{name}}", escape(name))
    html = html.replace("{{explained_characters}}", str(limits.explained_characters))
    return Page(html, _policy(html))


def documentation_page(document: dict[str, Any]) -> Page:
    """Returns the OpenAPI document as a page.

    Args:
        document: The document.
    """
    routes = "".join(
        _route(method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    )
    html = _template("documentation.html").replace("{{title}}", escape(document["info"]["title"]))
    html = html.replace("{{description}}", escape(document["info"]["description"]))
    html = html.replace("{{routes}}", routes)
    return Page(html, _policy(html))


def _route(method: str, path: str, operation: dict[str, Any]) -> str:
    parts = [
        f"<section><h2><code>{method} {escape(path)}</code></h2>",
        f"<p>{escape(operation['summary'])}.</p>",
    ]
    if "requestBody" in operation:
        content = operation["requestBody"]["content"]["application/json"]
        example = json.dumps(content["example"], ensure_ascii=False)
        command = f"curl -H 'Content-Type: application/json' -d '{example}' URL{path}"
        schema = json.dumps(content["schema"], indent=2, ensure_ascii=False)
        parts += [
            f"<pre>{escape(command)}</pre>",
            f"<details><summary>Body</summary><pre>{escape(schema)}</pre></details>",
        ]
    rows = "".join(
        f"<tr><th scope='row'>{status}</th><td>{escape(response['description'])}</td></tr>"
        for status, response in operation["responses"].items()
    )
    return "".join((*parts, f"<table>{rows}</table></section>"))


def _template(name: str) -> str:
    return files("hier_rnn.serving").joinpath("templates", name).read_text("utf-8")


def _policy(html: str) -> str:
    """Returns a policy that allows a page its own style and script, and requests to its server."""
    styles = _hashes("style", html)
    scripts = _hashes("script", html)
    return (
        f"default-src 'none'; script-src {scripts}; style-src {styles}; connect-src 'self';"
        " img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _hashes(tag: str, html: str) -> str:
    contents = re.findall(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
    digests = (hashlib.sha256(content.encode()).digest() for content in contents)
    return " ".join(f"'sha256-{base64.b64encode(d).decode()}'" for d in digests) or "'none'"
