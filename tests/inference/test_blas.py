"""Products whose rows are the same to the last bit in any company, whatever BLAS does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from hier_rnn.inference.engine.blas import Affine, padded, product

exact = pytest.mark.skipif(
    any(info.get("architecture") in ("Haswell", "Zen") for info in threadpool_info()),
    reason="OpenBLAS's routine for AVX2 rounds a row by where it stands",
)
ROWS = [*range(1, 40), 61, 62, 100, 121, 122, 123, 300]
SHAPES = [(4, 16), (33, 48), (100, 112), (128, 128), (128, 512), (300, 304), (512, 16), (700, 64)]


def check(shapes):
    random = np.random.default_rng(0)
    for depth, columns in shapes:
        matrix = random.standard_normal((depth, columns), np.float32)
        rows = random.standard_normal((512, depth), np.float32)
        together = np.empty((512, columns), np.float32)
        product(rows, matrix, together)
        np.testing.assert_allclose(together, rows.astype(np.float64) @ matrix, atol=1e-3)
        for count in ROWS:
            for start in (0, 17):
                some = slice(start, start + count)
                found = np.empty((count, columns), np.float32)
                product(rows[some], matrix, found)
                np.testing.assert_array_equal(found, together[some], str((depth, columns, count)))


@exact
def test_a_row_is_the_same_in_any_company():
    check(SHAPES)


@pytest.mark.parametrize("kernel", ["SkylakeX", "Sandybridge"])
@pytest.mark.slow
def test_whatever_the_processor(kernel):
    """Each processor has a routine of its own; an older one's runs on a newer one."""
    flags = Path("/proc/cpuinfo")
    needed = {"SkylakeX": "avx512f", "Sandybridge": "avx"}[kernel]
    if not flags.exists() or needed not in flags.read_text().split():
        pytest.skip("a processor that has it")
    code = f"import runpy; runpy.run_path({__file__!r})['check']({SHAPES!r})"
    environment = {**os.environ, "OPENBLAS_CORETYPE": kernel}
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120, env=environment)


def test_several_products_at_once():
    random = np.random.default_rng(1)
    rows = random.standard_normal((2, 1, 1, 20), np.float32)
    matrices = random.standard_normal((2, 4, 20, 32), np.float32)
    out = np.empty((2, 4, 1, 32), np.float32)
    product(rows, matrices, out)
    np.testing.assert_allclose(out, np.matmul(rows, matrices), atol=1e-5)


@pytest.mark.parametrize("columns", [1, 5, 16, 50])
def test_affine(columns):
    random = np.random.default_rng(2)
    kernel, bias = random.standard_normal((9, columns)), random.standard_normal(columns)
    rows = random.standard_normal((7, 9), np.float32)
    found = Affine(kernel.astype(np.float32), bias.astype(np.float32))(rows)
    np.testing.assert_allclose(found, rows @ kernel + bias, atol=1e-5)
    assert Affine(kernel.astype(np.float32), bias.astype(np.float32))(rows[:0]).shape == (
        0,
        columns,
    )


def test_padded():
    assert [padded(n) for n in (1, 16, 17, 128)] == [16, 16, 32, 128]
