"""Every initializer: Keras's names and options, each option's effect, statistics by formula."""

from __future__ import annotations

import inspect
import math

import numpy as np
import pytest

from hier_rnn.errors import UserError
from hier_rnn.initializers.catalogue import ALIASES, CATALOGUE, initializer
from hier_rnn.initializers.initializer import Block, Random

SHAPE = (300, 200)
TRUNCATED = 0.87962566


def draw(name, shape=SHAPE, weight="layer/kernel", gate="", seed=0, **options):
    return initializer(name, options).draw(Block(weight, shape, gate, (...,), seed))


# The deviation of each random initializer over a matrix (300, 200), and the bound of its values.
STATISTICS = [
    ("random_normal", {}, 0.0, 0.05, math.inf),
    ("random_normal", {"mean": 1.0, "stddev": 2.0}, 1.0, 2.0, math.inf),
    ("truncated_normal", {}, 0.0, 0.05 * TRUNCATED, 0.1),
    ("truncated_normal", {"mean": 1.0, "stddev": 0.5}, 1.0, 0.5 * TRUNCATED, 1.0),
    ("random_uniform", {}, 0.0, 0.05 / math.sqrt(3), 0.05),
    ("random_uniform", {"minval": 1.0, "maxval": 4.0}, 2.5, 3 / math.sqrt(12), 1.5),
    ("glorot_uniform", {}, 0.0, math.sqrt(2 / 500), math.sqrt(6 / 500)),
    ("glorot_normal", {}, 0.0, math.sqrt(2 / 500), 2 * math.sqrt(2 / 500) / TRUNCATED),
    ("he_uniform", {}, 0.0, math.sqrt(2 / 300), math.sqrt(6 / 300)),
    ("he_normal", {}, 0.0, math.sqrt(2 / 300), 2 * math.sqrt(2 / 300) / TRUNCATED),
    ("lecun_uniform", {}, 0.0, math.sqrt(1 / 300), math.sqrt(3 / 300)),
    ("lecun_normal", {}, 0.0, math.sqrt(1 / 300), 2 * math.sqrt(1 / 300) / TRUNCATED),
    ("variance_scaling", {}, 0.0, math.sqrt(1 / 300), 2 * math.sqrt(1 / 300) / TRUNCATED),
    ("variance_scaling", {"scale": 3.0}, 0.0, math.sqrt(3 / 300), math.inf),
    ("variance_scaling", {"mode": "fan_out"}, 0.0, math.sqrt(1 / 200), math.inf),
    ("variance_scaling", {"mode": "fan_avg"}, 0.0, math.sqrt(1 / 250), math.inf),
    ("variance_scaling", {"distribution": "normal"}, 0.0, math.sqrt(1 / 300), 0.1313),
    ("variance_scaling", {"distribution": "untruncated_normal"}, 0.0, math.sqrt(1 / 300), 9),
    ("variance_scaling", {"distribution": "uniform"}, 0.0, math.sqrt(1 / 300), math.sqrt(0.01)),
    ("orthogonal", {"gain": 2.0}, 0.0, 2 / math.sqrt(300), math.inf),
    ("uniform_unit_scaling", {}, 0.0, math.sqrt(1 / 300), math.sqrt(3 / 300)),
    ("uniform_unit_scaling", {"factor": 1.5}, 0.0, 1.5 * math.sqrt(1 / 300), 0.15),
]


@pytest.mark.parametrize(("name", "options", "mean", "deviation", "bound"), STATISTICS)
def test_statistics(name, options, mean, deviation, bound):
    values = draw(name, **options)
    standard_error = deviation / math.sqrt(values.size)
    assert abs(values.mean() - mean) < 5 * standard_error
    assert values.std() == pytest.approx(deviation, rel=0.015)
    largest = np.abs(values - mean).max()
    assert largest <= bound * (1 + 1e-6)
    if bound < 5:
        assert largest > 0.97 * bound


def test_every_random_initializer_has_its_statistics_tested():
    tested = {name for name, *_ in STATISTICS} | {"chrono"}
    assert tested == {name for name, kind in CATALOGUE.items() if issubclass(kind, Random)}


# Python's, and those that only a kernel of more than two axes needs.
NOT_OPTIONS = ("args", "kwargs", "input_axes", "output_axes")

# Every option of every initializer changes the values.
OPTIONS = [
    ("constant", {}, {"value": 2.0}),
    ("identity", {}, {"gain": 3.0}),
    ("random_normal", {}, {"mean": 1.0}),
    ("random_normal", {}, {"stddev": 1.0}),
    ("truncated_normal", {}, {"mean": 1.0}),
    ("truncated_normal", {}, {"stddev": 1.0}),
    ("random_uniform", {}, {"minval": 0.0}),
    ("random_uniform", {}, {"maxval": 1.0}),
    ("orthogonal", {}, {"gain": 2.0}),
    ("variance_scaling", {}, {"scale": 2.0}),
    ("variance_scaling", {}, {"mode": "fan_out"}),
    ("variance_scaling", {}, {"distribution": "uniform"}),
    ("uniform_unit_scaling", {}, {"factor": 2.0}),
    ("chrono", {"maximum": 10}, {"maximum": 20}),
    *[(name, {}, {"seed": 7}) for name, kind in CATALOGUE.items() if issubclass(kind, Random)],
]


@pytest.mark.parametrize(("name", "before", "after"), OPTIONS)
def test_every_option_changes_values(name, before, after):
    shape = (8, 5)
    if name == "chrono":
        before = {"maximum": 10}
        after = before | after
    gate = "forget" if name == "chrono" else ""
    assert not np.array_equal(
        draw(name, shape, gate=gate, **before), draw(name, shape, gate=gate, **after)
    )


def test_every_option_is_tested():
    tested = {(name, option) for name, _, after in OPTIONS for option in after}
    tested.add(("pretrained", "path"))  # test_pretrained.py
    assert tested == {
        (name, field) for name, kind in CATALOGUE.items() for field in kind.model_fields
    }


def test_what_keras_has_for_vectors_and_matrices_is_there_with_its_options_and_defaults():
    import keras

    others = (keras.initializers.Initializer, keras.initializers.STFT)  # STFT: convolutions alone
    for name, kind in vars(keras.initializers).items():
        if not inspect.isclass(kind) or kind in others:
            continue
        ours = CATALOGUE[ALIASES.get(name, name)].model_fields
        theirs = inspect.signature(kind).parameters
        assert set(ours) == {each for each in theirs if each not in NOT_OPTIONS}, name
        for option, parameter in theirs.items():
            if option in ours:
                assert ours[option].default == parameter.default, (name, option)


@pytest.mark.parametrize("name", ["zeros", "ones", "constant", "identity"])
def test_deterministic_initializers_equal_keras(name):
    import keras

    options = {"constant": {"value": 3.0}, "identity": {"gain": 0.5}}.get(name, {})
    shape = (6, 4)
    expected = keras.ops.convert_to_numpy(getattr(keras.initializers, name)(**options)(shape))
    np.testing.assert_allclose(draw(name, shape, **options), expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(40, 40), (60, 20), (20, 60)])
def test_orthogonal(shape):
    values = draw("orthogonal", shape)
    small = values @ values.T if shape[0] < shape[1] else values.T @ values
    np.testing.assert_allclose(small, np.eye(20 if 20 in shape else 40), atol=1e-5)


def test_orthogonal_is_uniformly_distributed():
    """Without the correction of signs, all first entries of QR's Q would be negative."""
    signs = [draw("orthogonal", (4, 4), seed=seed)[0, 0] > 0 for seed in range(200)]
    assert 60 < sum(signs) < 140


def test_chrono_has_its_distribution():
    """exp(forget bias) is uniform between 1 and maximum - 1; input biases are the negatives."""
    forget = draw("chrono", (20_000,), weight="l/lstm_0/bias", gate="forget", maximum=51)
    spans = np.exp(forget)
    assert spans.min() >= 1
    assert spans.max() <= 50
    quantiles = np.quantile(spans, [0.25, 0.5, 0.75])
    np.testing.assert_allclose(quantiles, [13.25, 25.5, 37.75], rtol=0.04)
    gate = draw("chrono", (20_000,), weight="l/lstm_0/bias", gate="input", maximum=51)
    np.testing.assert_array_equal(gate, -forget)


def test_vectors_have_their_length_as_both_fans():
    assert np.abs(draw("glorot_uniform", (600,))).max() == pytest.approx(0.0707, rel=0.02)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("glorot_unifrom", {}, "no initializer 'glorot_unifrom'. Did you mean 'glorot_uniform'"),
        ("orthogonal", {"gian": 1}, "rule 1: orthogonal.gian: no such option. Did you mean 'gain'"),
        ("zeros", {"value": 1}, "zeros.value: no such option. There are none"),
        ("chrono", {}, "chrono.maximum: is needed"),
        ("chrono", {"maximum": 2}, "must be a number, above 2. Received: 2"),
        ("pretrained", {}, "pretrained.path: is needed"),
        ("random_normal", {"stddev": -1}, "random_normal.stddev: must be .*Received: -1"),
        ("random_normal", {"stddev": "wide"}, "random_normal.stddev: must be .*Received: 'wide'"),
        ("random_uniform", {"minval": 1.0}, "minval 1.0 is above maxval 0.05"),
        ("variance_scaling", {"mode": "fan"}, r"must be fan_in\|fan_out\|fan_avg. Received: 'fan'"),
        (
            "variance_scaling",
            {"scale": 0},
            "variance_scaling.scale: must be a number, above 0.*Received: 0",
        ),
    ],
)
def test_mistakes(name, options, message):
    with pytest.raises(UserError, match=message):
        initializer(name, options, "rule 1")


def test_keras_other_names():
    for name in ("GlorotUniform", "TruncatedNormal", "OrthogonalInitializer", "normal", "zero"):
        assert type(initializer(name, {})) in CATALOGUE.values()


def test_shown_with_the_options_given():
    assert str(initializer("orthogonal", {})) == "orthogonal"
    assert str(initializer("RandomNormal", {"stddev": 0.5})) == "random_normal stddev=0.5"
