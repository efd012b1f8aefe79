"""The colours of everything drawn, for light and for dark surroundings.

Blue speaks for a decision and orange against it, which colour-blind readers tell apart too. Text
keeps a contrast of at least 4.5 with what it stands on (WCAG 2.2, AA); shade 4 bears `strong-ink`.
"""

from __future__ import annotations

LIGHT = {
    "paper": "#ffffff",
    "panel": "#f4f6f8",
    "ink": "#1c2024",
    "muted": "#57606b",
    "rule": "#d8dde3",
    "accent": "#1f66b0",
    "line-1": "#0b6bb8",
    "line-2": "#c4500b",
    "line-3": "#08805c",
    "line-4": "#983d96",
    "line-5": "#8b6800",
    "line-6": "#0e7c91",
    "line-7": "#5f6873",
    "strong-ink": "#fffffe",
    "for-1": "#c9def5",
    "for-2": "#93bfec",
    "for-3": "#64a2e2",
    "for-4": "#1f66b1",
    "against-1": "#fbdcc0",
    "against-2": "#f6b981",
    "against-3": "#ea9650",
    "against-4": "#a95205",
}
DARK = {
    "paper": "#14171b",
    "panel": "#1e2227",
    "ink": "#e8eaed",
    "muted": "#a6afba",
    "rule": "#39414b",
    "accent": "#7cb8f7",
    "line-1": "#6fb1f5",
    "line-2": "#ff9d5c",
    "line-3": "#4fd1a1",
    "line-4": "#dc94da",
    "line-5": "#dfbd4c",
    "line-6": "#56cfe1",
    "line-7": "#aab2bd",
    "strong-ink": "#14171b",
    "for-1": "#1b3450",
    "for-2": "#1f4d7c",
    "for-3": "#2a639f",
    "for-4": "#9ccbfa",
    "against-1": "#46301b",
    "against-2": "#69411a",
    "against-3": "#8a5113",
    "against-4": "#ffb778",
}
LINES = range(1, 8)
STYLE = """
.chart { font-size: 12px; fill: none; }
.chart text { fill: var(--ink); text-anchor: middle; }
.chart .tick { fill: var(--muted); font-size: 11px; }
.chart .end { text-anchor: end; }
.chart .key-text { text-anchor: start; font-size: 11.5px; }
.chart .count { font-size: 9.5px; paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }
.chart .grid { stroke: var(--rule); }
.chart .axis { stroke: var(--muted); }
.chart .line { stroke-width: 2; stroke-linejoin: round; }
.chart .marker { stroke: var(--paper); stroke-width: .8; }
.chart .interval { stroke-width: 1.3; opacity: .65; }
.chart .column { fill: var(--line-1); }
.chart .diagonal { stroke: var(--ink); stroke-dasharray: 5 4; stroke-width: 1.2; }
""" + "".join(
    f".chart .s{number} {{ stroke: var(--line-{number}); }}"
    f" .chart .f{number} {{ fill: var(--line-{number}); }}\n"
    for number in LINES
)
"""How charts are drawn, with the colours above as CSS variables."""
