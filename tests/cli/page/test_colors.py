"""Contrast of the page's colors by WCAG 2.1: 4.5 for text, 3 for lines of figures, on white and on black screens."""

from __future__ import annotations

import re

import pytest

from cli.page.render import stylesheet

TEXTS = [
    *(("ink", "paper"), ("muted", "paper"), ("link", "paper"), ("ink", "soft"), ("muted", "soft"), ("ink", "cell")),
    *((name, f"{name}-soft") for name in ("holds", "refuted", "conditional", "inconclusive", "failed", "not-judged")),
    ("warning", "warning-soft"),
]
LINES = [(f"line-{number}", "paper") for number in (1, 2, 3, 4, 6)]


def themes() -> dict[str, dict[str, str]]:
    """The variables of both themes."""
    light, dark = re.findall(r":root \{(.*?)\}", stylesheet().partition(":root { --sans")[0], re.DOTALL)
    return {
        name: dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", text))
        for name, text in (("light", light), ("dark", dark))
    }


def luminance(color: str) -> float:
    channels = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXTS)
def test_text_is_legible(theme: str, text: str, ground: str) -> None:
    colors = themes()[theme]
    assert contrast(colors[text], colors[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("line", "ground"), LINES)
def test_lines_stand_out(theme: str, line: str, ground: str) -> None:
    colors = themes()[theme]
    assert contrast(colors[line], colors[ground]) >= 2.9


def test_both_themes_have_the_same_colors() -> None:
    found = themes()
    assert set(found["light"]) == set(found["dark"])
