"""Which rule decides, own streams, and what comes out, gate by gate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hier_rnn.configuration.options import Configuration, InitializerRule, Training
from hier_rnn.errors import UserError
from hier_rnn.initializers.gates import gate_blocks
from hier_rnn.initializers.patterns import matches
from hier_rnn.initializers.rules import DEFAULTS, initialize, resolve
from hier_rnn.model.weight_specs import weight_shapes

FORWARD = "sentence_encoder/lstm_0/forward"
BACKWARD = "sentence_encoder/lstm_0/backward"
GRU = "character_encoder/gru_0"


def rule(pattern, initializer, gate=None, per_gate=True, **options):
    return InitializerRule(
        pattern=pattern, gate=gate, initializer=initializer, per_gate=per_gate, options=options
    )


def shapes(character=None, **sentence):
    configuration = Configuration.model_validate(
        {
            "character_encoder": {"embedding_dim": 8, "units": 24, **(character or {})},
            "sentence_encoder": {"units": 16, **sentence},
        }
    )
    return weight_shapes(configuration, alphabet_size=20, classes=3)


def gates(values, name):
    blocks = gate_blocks(name, values[name].shape)
    return {gate: np.stack([values[name][at] for at in places]) for gate, places in blocks.items()}


def decided(name, *rules):
    return {gate: choice.label for gate, choice in resolve(shapes(), rules)[name].choices.items()}


# ---------------------------------------------------------------- defaults


def test_defaults():
    values = initialize(shapes({"initial_state": "trainable"}, pooling="attention"))
    assert all(value.dtype == np.float32 for value in values.values())
    assert {name: value.shape for name, value in values.items()} == shapes(
        {"initial_state": "trainable"}, pooling="attention"
    )
    for zero in (f"{GRU}/bias", "head/bias", "character_encoder/initial_state_0"):
        assert not values[zero].any()
    for name in ("sentence_encoder/attention/query", "head/kernel"):
        assert values[name].std() > 0.1
    assert np.abs(values["character_encoder/embedding"]).max() == pytest.approx(1, abs=0.05)
    for cell in (FORWARD, BACKWARD):
        means = {gate: block.mean() for gate, block in gates(values, f"{cell}/bias").items()}
        assert means == {"input": 0, "forget": 1, "cell": 0, "output": 0}


@pytest.mark.parametrize("cell", [GRU, FORWARD, BACKWARD])
def test_recurrent_kernels_are_orthogonal_gate_by_gate(cell):
    name = f"{cell}/recurrent_kernel"
    for block in gates(initialize(shapes()), name).values():
        np.testing.assert_allclose(block[0].T @ block[0], np.eye(block.shape[-1]), atol=1e-5)


def test_a_kernel_has_the_fans_of_its_gate():
    big = {f"{GRU}/kernel": (100, 900)}
    limit = np.sqrt(6 / (100 + 300))
    assert np.abs(initialize(big)[f"{GRU}/kernel"]).max() == pytest.approx(limit, rel=0.01)
    fused = initialize(big, [rule(".*kernel", "glorot_uniform", per_gate=False)])
    limit = np.sqrt(6 / (100 + 900))
    assert np.abs(fused[f"{GRU}/kernel"]).max() == pytest.approx(limit, rel=0.01)


def test_the_last_default_matches_everything():
    decision = resolve({"something/new": (3, 4)})["something/new"]
    assert decision.choices[""].rule is DEFAULTS[-1]


# ---------------------------------------------------------------- precedence


def test_the_first_of_equal_rules_wins():
    rules = [rule(".*/lstm_0/.*", "zeros"), rule(".*/bias", "ones")]
    assert set(decided(f"{FORWARD}/bias", *rules).values()) == {"rule 1"}
    assert set(decided(f"{FORWARD}/bias", *reversed(rules)).values()) == {"rule 1"}
    assert decided("head/bias", *rules) == {"": "rule 2"}


def test_the_first_rule_that_matches_decides_however_much_of_a_name_it_matches():
    outer = rule("sentence_encoder", "random_normal")
    inner = rule("sentence_encoder/lstm_0/forward", "random_uniform")
    innermost = rule(".*/forward/bias", "zeros")
    rules = [innermost, inner, outer]
    assert set(decided(f"{BACKWARD}/kernel", *rules).values()) == {"rule 3"}
    assert set(decided(f"{FORWARD}/kernel", *rules).values()) == {"rule 2"}
    assert set(decided(f"{FORWARD}/bias", *rules).values()) == {"rule 1"}
    assert decided("head/bias", *rules) == {"": "default"}
    # The outer name first: it decides what both match, and the inner one the rest of what it has.
    rules = [outer, rule(".*/bias", "ones")]
    assert set(decided(f"{FORWARD}/bias", *rules).values()) == {"rule 1"}
    assert decided("head/bias", *rules) == {"": "rule 2"}
    values = initialize(shapes(), [rule("head", "ones"), rule(".*/kernel", "zeros")])
    assert (values["head/kernel"] == 1).all()


@pytest.mark.parametrize(
    "patterns",
    [
        ("sentence_encoder", "sentence_encoder/lstm_0/forward"),
        ("sentence_encoder", ".*/forward/bias"),
        ("sentence_encoder|head", "head/kernel"),
        (".*kernel", "head", ".*/bias", "character_encoder/gru_0/bias"),
    ],
)
def test_an_inner_name_below_its_outer_name_is_a_rule_that_never_decides(patterns):
    rules = [rule(pattern, "random_normal") for pattern in patterns]
    message = rf"rule {len(rules)}: .*the first rule that matches decides.*inner name's rule"
    with pytest.raises(UserError, match=message):
        resolve(shapes(), rules)
    last, *others = reversed(rules)
    resolve(shapes(), [last, *reversed(others)])


@given(st.permutations(["sentence_encoder", ".*/bias", "head", ".*/lstm_0/forward/.*"]))
@pytest.mark.slow
def test_initializers_and_learning_rate_multipliers_agree(patterns):
    for name in shapes():
        first = next((pattern for pattern in patterns if matches(pattern, name)), None)
        rules = [rule(pattern, "random_normal", seed=n) for n, pattern in enumerate(patterns)]
        try:
            choice = resolve(shapes(), rules)[name].choices
        except UserError as error:
            assert "decides nothing" in str(error)
            continue
        multipliers = Training(
            learning_rate_multipliers={pattern: 2.0 + n for n, pattern in enumerate(patterns)}
        ).learning_rate_multipliers
        factor = next((f for p, f in multipliers.items() if matches(p, name)), 1.0)
        assert factor == (1.0 if first is None else 2.0 + patterns.index(first))
        assert {c.rule.pattern for c in choice.values() if c.label != "default"} == (
            set() if first is None else {first}
        )


def test_a_gate_rule_decides_that_gate_alone():
    name = f"{FORWARD}/bias"
    only = rule(".*bias", "constant", gate="forget", value=5.0)
    assert decided(name, only) == {
        "input": "default",
        "forget": "rule 1",
        "cell": "default",
        "output": "default",
    }
    values = gates(initialize(shapes(), [only]), name)
    assert {gate: block.mean() for gate, block in values.items()} == {
        "input": 0,
        "forget": 5,
        "cell": 0,
        "output": 0,
    }


def test_biases_obey_rules_the_forget_gate_too():
    values = initialize(shapes(), [rule("sentence_encoder/.*bias", "constant", value=-2.0)])
    assert (values[f"{FORWARD}/bias"] == -2).all()


def test_a_rule_on_the_outer_name_reaches_biases():
    values = initialize(shapes(), [rule("head", "ones")])
    assert (values["head/bias"] == 1).all()


def test_both_rows_of_a_reset_after_bias_are_drawn():
    bias = initialize(shapes(), [rule(f"{GRU}/bias", "random_normal", gate="reset")])[f"{GRU}/bias"]
    first, second = bias[:, 24:48]
    assert first.any() and second.any()
    assert not np.array_equal(first, second)
    assert not bias[:, :24].any() and not bias[:, 48:].any()


def test_other_weights_stay_when_a_rule_changes_one():
    before, after = initialize(shapes()), initialize(shapes(), [rule("head/kernel", "he_normal")])
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    assert changed == {"head/kernel"}


# ---------------------------------------------------------------- per_gate, identity, chrono


def test_identity_of_each_gate_and_of_the_fused_matrix():
    name = f"{FORWARD}/recurrent_kernel"
    values = initialize(shapes(), [rule(".*recurrent_kernel", "identity", gain=0.5)])
    np.testing.assert_array_equal(values[name], 0.5 * np.tile(np.eye(16), 4))
    values = initialize(shapes(), [rule(".*recurrent_kernel", "identity", per_gate=False)])
    np.testing.assert_array_equal(values[name], np.eye(16, 64))


def test_a_fused_orthogonal_matrix_is_orthogonal_as_a_whole_only():
    name = f"{FORWARD}/recurrent_kernel"
    values = initialize(shapes(), [rule(".*recurrent_kernel", "orthogonal", per_gate=False)])
    np.testing.assert_allclose(values[name] @ values[name].T, np.eye(16), atol=1e-5)
    block = values[name][:, :16]
    assert np.abs(block.T @ block - np.eye(16)).max() > 0.1


def test_a_gate_rule_beside_a_fused_one():
    name = f"{FORWARD}/kernel"
    fused = rule(f"{name}", "glorot_uniform", per_gate=False)
    alone = initialize(shapes(), [fused])
    both = initialize(shapes(), [rule(f"{name}", "zeros", gate="cell"), fused])
    assert not both[name][:, 32:48].any()
    np.testing.assert_array_equal(np.delete(both[name], slice(32, 48), 1),
                                  np.delete(alone[name], slice(32, 48), 1))  # fmt: skip


def test_chrono_decides_forget_and_input_and_leaves_the_rest():
    chrono = rule(".*bias", "chrono", maximum=30)
    name = f"{FORWARD}/bias"
    assert decided(name, chrono) == {
        "input": "rule 1",
        "forget": "rule 1",
        "cell": "default",
        "output": "default",
    }
    values = initialize(shapes(), [chrono])
    blocks = gates(values, name)
    np.testing.assert_array_equal(blocks["input"], -blocks["forget"])
    assert (blocks["forget"] >= 0).all() and blocks["forget"].max() <= np.log(29)
    assert not np.array_equal(values[name], values[f"{BACKWARD}/bias"])
    assert not values[f"{GRU}/bias"].any()


# ---------------------------------------------------------------- streams


def test_equal_weights_are_never_copies():
    values = initialize(shapes(), [rule(".*", "random_normal")])
    assert not np.array_equal(values[f"{FORWARD}/kernel"], values[f"{BACKWARD}/kernel"])
    blocks = list(gates(values, f"{FORWARD}/recurrent_kernel").values())
    for place, block in enumerate(blocks):
        assert all(not np.array_equal(block, other) for other in blocks[:place])


@pytest.mark.parametrize(
    "more", [{"layers": 2}, {"pooling": "attention"}, {"initial_state": "trainable"}]
)
def test_another_layer_changes_no_other_weight(more):
    before, after = initialize(shapes(), seed=3), initialize(shapes(**more), seed=3)
    assert len(after) > len(before)
    for name, value in before.items():
        np.testing.assert_array_equal(value, after[name])


def test_the_order_of_weights_does_not_matter():
    before = initialize(shapes())
    after = initialize(dict(reversed(shapes().items())))
    assert all(np.array_equal(value, after[name]) for name, value in before.items())


def test_the_seed_decides():
    first, again, other = (initialize(shapes(), seed=seed) for seed in (1, 1, 2))
    assert all(np.array_equal(value, again[name]) for name, value in first.items())
    assert not np.array_equal(first["head/kernel"], other["head/kernel"])


def test_a_rule_s_own_seed_outlives_the_run_s():
    own = [rule("head/kernel", "he_normal", seed=5)]
    first, other = (initialize(shapes(), own, seed=seed) for seed in (1, 2))
    np.testing.assert_array_equal(first["head/kernel"], other["head/kernel"])


# ---------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (
            [rule("sentence_encoder/lstm0", "zeros")],
            "rule 1: the pattern 'sentence_encoder/lstm0' matches no weight."
            " Did you mean 'sentence_encoder/lstm_0'?.*head/kernel, head/bias",
        ),
        ([rule(".*", "ones"), rule("haed/bias", "zeros")], "rule 2.*Did you mean 'head/bias'"),
        ([rule("head(", "zeros")], "rule 1: .*'head\\(' is not a regular expression"),
        (
            [rule(f"{GRU}/bias", "zeros", gate="forget")],
            "no gate 'forget'.*gru_0/bias.*update, reset, candidate",
        ),
        ([rule(".*bias", "zeros", gate="forgot")], "no gate 'forgot'. Did you mean 'forget'"),
        ([rule("head", "zeros", gate="forget")], "have no gates"),
        ([rule("head", "glorot")], "rule 1.*no initializer 'glorot'"),
        ([rule("head", "constant", valeu=1)], "rule 1.*Did you mean 'value'"),
        (
            [rule("sentence_encoder", "orthogonal")],
            "orthogonal can't fill gate input of sentence_encoder/lstm_0/forward/bias, shape"
            r" \(16,\): it needs a matrix",
        ),
        ([rule("head/bias", "identity")], "needs a matrix"),
        ([rule("sentence_encoder", "chrono", maximum=9)], "for the biases of LSTMs"),
        ([rule("character_encoder", "chrono", maximum=9)], "chrono is for the gates forget, input"),
        ([rule(".*bias", "chrono", per_gate=False, maximum=9)], "per_gate"),
        ([rule(".*bias", "zeros", gate="cell", per_gate=False)], "per_gate"),
        ([rule("head", "zeros", per_gate=False)], "per_gate = false has nothing to change"),
        (
            [rule(".*", "zeros"), rule("head/bias", "ones")],
            r"rule 2: head/bias: decides nothing.*rule 1: \.\*",
        ),
    ],
)
def test_mistakes(rules, message):
    with pytest.raises(UserError, match=message):
        resolve(shapes(), rules)
