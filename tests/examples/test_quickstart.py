"""The notebook runs from its first cell to its last, and shows what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[2] / "examples" / "quickstart.ipynb"


@pytest.mark.slow
def test_the_notebook_runs(tmp_path):
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    pytest.importorskip("optuna")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    printed = "".join(output.get("text", "") for output in outputs)
    assert "macro-F1" in printed
    assert "trial 1: accuracy" in printed
    shown = [output["data"] for output in outputs if "data" in output]
    assert any("validation_accuracy" in data.get("text/plain", "") for data in shown)
    assert any("<table" in data.get("text/html", "") for data in shown)
    assert not any(output.get("name") == "stderr" for output in outputs)
    assert list(tmp_path.iterdir()) == []  # nothing is left lying about
