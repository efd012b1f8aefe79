"""Which rule decides each gate of each weight, and the values that follow.

**Which rule decides.** A pattern is a regular expression that must match the whole of a weight's
name, or the whole of an outer name (`sentence_encoder`, `sentence_encoder/lstm_0`): then the rule
holds for everything below. The first rule in the list that matches a weight decides, so a rule for
an inner name stands above the one for its outer name: `sentence_encoder/lstm_0` above
`sentence_encoder`. A rule with a gate decides that gate alone. What no rule decides, `DEFAULTS`
does: rules of the same form, the last of which matches everything.

A rule that matches no weight, names a gate that no weight it matches has, or decides nothing
because other rules always come first, is an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hier_rnn.configuration.options import CHARACTER_ENCODER, InitializerRule
from hier_rnn.errors import UserError, nearest
from hier_rnn.initializers.catalogue import initializer
from hier_rnn.initializers.gates import block_shape, gate_blocks, gates_of
from hier_rnn.initializers.initializer import Block, Initializer
from hier_rnn.initializers.patterns import matches, matching
from hier_rnn.initializers.pretrained import DEFAULT_EMBEDDING
from hier_rnn.text.alphabet import Alphabet


def _rule(pattern: str, name: str, gate: str | None = None, **options: Any) -> InitializerRule:
    return InitializerRule(pattern=pattern, gate=gate, initializer=name, options=options)


DEFAULTS = (
    _rule(
        r".*/embedding", DEFAULT_EMBEDDING.name, **DEFAULT_EMBEDDING.model_dump(exclude_unset=True)
    ),
    _rule(r".*/recurrent_kernel", "orthogonal"),
    _rule(r".*/kernel", "glorot_uniform"),
    _rule(r".*/lstm_\d+/(.*/)?bias", "ones", gate="forget"),
    _rule(r".*/bias", "zeros"),
    _rule(r".*/initial_state_\d+(/.*)?", "zeros"),
    _rule(r".*/attention/query", "glorot_uniform"),
    _rule(r".*", "glorot_uniform"),
)


@dataclass(frozen=True)
class ResolvedRule:
    """The rule that decided a gate, and its initializer.

    Args:
        label: `rule 2` (counting from 1), `default`, or `encoder`.
        rule: The rule.
        initializer: What it asks for, options validated.
    """

    label: str
    rule: InitializerRule
    initializer: Initializer

    @property
    def text(self) -> str:
        """The rule in a line: `rule 2: .*bias [forget]`."""
        gate = f" [{self.rule.gate}]" if self.rule.gate else ""
        return f"{self.label}: {self.rule.pattern}{gate}"

    def covers(self, gate: str) -> bool:
        """Whether the rule is for this gate of the weights that it matches."""
        return self.rule.gate in (None, gate) and (
            self.initializer.gates is None or gate in self.initializer.gates
        )


@dataclass(frozen=True)
class WeightInit:
    """How a weight starts.

    Args:
        name: The weight.
        shape: Its shape.
        choices: By gate, what decided it; a weight without gates has the one entry "".
    """

    name: str
    shape: tuple[int, ...]
    choices: dict[str, ResolvedRule]

    def draw(self, seed: int, alphabet: Alphabet | None = None) -> np.ndarray:
        """Returns the weight's values, float32 of its shape.

        Args:
            seed: The run's seed.
            alphabet: The characters of the embedding's rows; a `pretrained` one needs it.
        """
        values = np.empty(self.shape, np.float32)
        fused: dict[int, np.ndarray] = {}
        for gate, indices in gate_blocks(self.name, self.shape).items():
            choice = self.choices[gate]
            if not choice.rule.per_gate and id(choice) not in fused:
                whole = Block(self.name, self.shape, "", (...,), seed, alphabet)
                fused[id(choice)] = choice.initializer.draw(whole)
            for index in indices:
                if choice.rule.per_gate:
                    block = Block(self.name, self.shape, gate, index, seed, alphabet)
                    values[index] = choice.initializer.draw(block)
                else:
                    values[index] = fused[id(choice)][index]
        return values


def resolve(
    names_and_shapes: Mapping[str, tuple[int, ...]],
    rules: Sequence[InitializerRule] = (),
    encoder: str = "",
    parts: Sequence[str] = (CHARACTER_ENCODER,),
) -> dict[str, WeightInit]:
    """Returns, for every weight, what decides each of its gates.

    Args:
        names_and_shapes: Every weight of the model (`hier_rnn.model.weight_specs.weight_shapes`).
        rules: The user's rules, in order.
        encoder: Encoder directory that weights come from, before any rule.
        parts: Which parts of the model come from it, if the model has them.

    Raises:
        UserError: A rule that matches or decides nothing, an unknown gate or initializer, wrong
            options, or an initializer that can't fill what it is to fill.
    """
    chosen = [_checked(number, rule, names_and_shapes) for number, rule in enumerate(rules, 1)]
    if encoder:
        # They stand first: they come before every rule of the user.
        there = [p for p in parts if any(name.startswith(f"{p}/") for name in names_and_shapes)]
        chosen[:0] = [
            _choice("encoder", _rule(f"{part}/.*", "pretrained", path=encoder)) for part in there
        ]
    decisions = {
        name: WeightInit(name, shape, _choices(name, chosen))
        for name, shape in names_and_shapes.items()
    }
    for decision in decisions.values():
        _check_fit(decision)
    _check_used(chosen, decisions)
    return decisions


def rules_deciding(
    decisions: Iterable[WeightInit], rules: Sequence[InitializerRule]
) -> tuple[InitializerRule, ...]:
    """Returns, in their order, the rules that decide anything of some weights.

    Args:
        decisions: Those of `resolve` for the weights.
        rules: The rules that `resolve` was given.
    """
    used = {id(choice.rule) for decision in decisions for choice in decision.choices.values()}
    return tuple(rule for rule in rules if id(rule) in used)


def initialize(
    names_and_shapes: Mapping[str, tuple[int, ...]],
    rules: Sequence[InitializerRule] = (),
    seed: int = 0,
    alphabet: Alphabet | None = None,
    encoder: str = "",
    parts: Sequence[str] = (CHARACTER_ENCODER,),
) -> dict[str, np.ndarray]:
    """Returns the first values of every weight, float32.

    Each gate of each weight draws from its own stream, derived from the seed and its name.

    Args:
        names_and_shapes: As for `resolve`.
        rules: As for `resolve`.
        seed: The run's seed.
        alphabet: The characters of the embedding's rows; a `pretrained` one needs it.
        encoder: As for `resolve`.
        parts: As for `resolve`.

    Raises:
        UserError: As `resolve`; or pretrained weights are missing, damaged or of another shape.
    """
    decisions = resolve(names_and_shapes, rules, encoder, parts)
    return {name: decision.draw(seed, alphabet) for name, decision in decisions.items()}


def _choice(label: str, rule: InitializerRule) -> ResolvedRule:
    where = f"initializers, {label} (pattern '{rule.pattern}')"
    return ResolvedRule(label, rule, initializer(rule.initializer, rule.options, where))


def _checked(number: int, rule: InitializerRule, names: Iterable[str]) -> ResolvedRule:
    """Checks what can be said of a rule alone: its pattern, gate, initializer and options."""
    choice = _choice(f"rule {number}", rule)
    where = f"initializers, {choice.label}"
    found = matching(rule.pattern, names, where)
    gates = list(dict.fromkeys(gate for name in found for gate in gates_of(name)))
    has = f"gates {', '.join(gates)}" if gates else "no gates"
    matched = f"The weights that '{rule.pattern}' matches ({_few(found)}) have {has}."
    if rule.gate is not None and rule.gate not in gates:
        raise UserError(f"{where}: no gate '{rule.gate}'.{nearest(rule.gate, gates)} {matched}")
    if choice.initializer.gates and not any(choice.covers(gate) for gate in gates):
        wanted = ", ".join(sorted(choice.initializer.gates))
        raise UserError(f"{where}: {rule.initializer} is for the gates {wanted}. {matched}")
    if not rule.per_gate:
        if rule.gate is not None or choice.initializer.gates:
            raise UserError(f"{where}: per_gate = false is for all gates at once, not for one.")
        if not gates:
            raise UserError(f"{where}: per_gate = false has nothing to change. {matched}")
    return choice


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _choices(name: str, chosen: Sequence[ResolvedRule]) -> dict[str, ResolvedRule]:
    matched = [
        choice for choice in (*chosen, *_DEFAULT_CHOICES) if matches(choice.rule.pattern, name)
    ]
    return {
        gate: next(choice for choice in matched if choice.covers(gate))
        for gate in gates_of(name) or ("",)
    }


def _check_fit(decision: WeightInit) -> None:
    for gate, indices in gate_blocks(decision.name, decision.shape).items():
        choice = decision.choices[gate]
        fused = not choice.rule.per_gate
        shape = decision.shape if fused else block_shape(decision.shape, indices[0])
        if problem := choice.initializer.shape_problem(decision.name, shape):
            of = f"gate {gate} of " if gate and not fused else ""
            raise UserError(
                f"initializers, {choice.text}: {choice.initializer.name} can't fill"
                f" {of}{decision.name}, shape {shape}: {problem}. Narrow the pattern, or put"
                " a rule for this weight above it."
            )


def _check_used(chosen: Sequence[ResolvedRule], decisions: Mapping[str, WeightInit]) -> None:
    used = {id(choice) for decision in decisions.values() for choice in decision.choices.values()}
    for choice in chosen:
        if id(choice) not in used:
            earlier = dict.fromkeys(
                decision.choices[gate].text
                for name, decision in decisions.items()
                if matches(choice.rule.pattern, name)
                for gate in decision.choices
                if choice.covers(gate)
            )
            raise UserError(
                f"initializers, {choice.text}: decides nothing: the first rule that matches"
                f" decides, and for all it matches that is another ({'; '.join(earlier)}). Put it"
                " above those, as an inner name's rule (sentence_encoder/lstm_0) stands above its"
                " outer name's (sentence_encoder), or leave it out."
            )


_DEFAULT_CHOICES = tuple(_choice("default", rule) for rule in DEFAULTS)
