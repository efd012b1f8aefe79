from __future__ import annotations

import itertools
import string

import pytest

from hier_rnn.evaluation.report.theme import DARK, LIGHT


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read_on_what_it_stands_on(theme):
    for ground in ("paper", "panel"):
        for text in ("ink", "muted", "accent"):
            assert contrast(theme[text], theme[ground]) >= 4.5, (text, ground)
    for shade in ("for", "against"):
        for level in (1, 2, 3):
            assert contrast(theme["ink"], theme[f"{shade}-{level}"]) >= 4.5, (shade, level)
        assert contrast(theme["strong-ink"], theme[f"{shade}-4"]) >= 4.5, shade


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_lines_can_be_seen(theme):
    for number in range(1, 8):
        assert contrast(theme[f"line-{number}"], theme["paper"]) >= 3, number


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_shades_can_be_told_apart(theme):
    for shade in ("for", "against"):
        shades = [luminance(theme[f"{shade}-{level}"]) for level in (1, 2, 3, 4)]
        steps = [abs(a - b) for a, b in itertools.pairwise(shades)]
        assert min(steps) > 0.015


def test_every_light_colour_has_a_dark_one_and_stands_for_one_name():
    assert list(LIGHT) == list(DARK)
    assert len(set(LIGHT.values())) == len(LIGHT)  # figures are coloured by replacing values
    assert all(set(c) <= set("#" + string.hexdigits.lower()) for c in LIGHT.values())
