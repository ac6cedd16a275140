"""Text can be read in both themes: the contrast is computed from the tokens themselves."""

from __future__ import annotations

import itertools
import re
from importlib import resources

import pytest

STATIC = resources.files("floorwalker.web") / "static"
TEXT = 4.5
SHAPES = 3.0


def read_tokens() -> dict[str, tuple[str, str]]:
    css = (STATIC / "css" / "tokens.css").read_text()
    pairs = re.findall(r"--([\w-]+):\s*light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", css)
    return {name: (light, dark) for name, light, dark in pairs}


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


TEXT_PAIRS = [
    *((text, ground) for text in ("ink", "ink-soft", "accent") for ground in ("paper", "surface", "sunken")),
    *((level, f"{level}-ground") for level in ("critical", "warn", "info", "good")),
    *(
        (text, f"{level}-ground")
        for text in ("ink", "ink-soft")
        for level in ("critical", "warn", "info", "good")
    ),
    *(("accent", f"{level}-ground") for level in ("critical", "warn", "info", "good")),
    ("accent-ink", "accent"),
    ("critical", "paper"),
    ("surface", "series-1"),
]
SHAPE_PAIRS = [
    *((f"series-{index}", ground) for index in (1, 2, 3, 4) for ground in ("paper", "surface")),
    *((level, "paper") for level in ("critical", "warn", "info", "good")),
    ("rule-strong", "paper"),
]


def test_formula_against_known_values() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("one", "other"), TEXT_PAIRS)
def test_text_contrast(one: str, other: str, theme: int) -> None:
    tokens = read_tokens()
    assert contrast(tokens[one][theme], tokens[other][theme]) >= TEXT


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("one", "other"), SHAPE_PAIRS)
def test_shapes_contrast(one: str, other: str, theme: int) -> None:
    tokens = read_tokens()
    assert contrast(tokens[one][theme], tokens[other][theme]) >= SHAPES


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_heat_is_ordered_by_lightness(theme: int) -> None:
    tokens = read_tokens()
    steps = [luminance(tokens[f"heat-{step}"][theme]) for step in range(5)]
    assert steps == sorted(steps, reverse=theme == 0)
    assert min(abs(a - b) for a, b in itertools.pairwise(steps)) > 0.02


def test_colours_are_named_in_one_place() -> None:
    names = {"layout.css", "components.css"}
    loose = re.compile(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(")
    for entry in (STATIC / "css").iterdir():
        if entry.name in names:
            assert not loose.search(entry.read_text()), entry.name
    used = set()
    for folder in ("css", "js"):
        for entry in (STATIC / folder).iterdir():
            if entry.is_file():
                used |= set(re.findall(r"var\(--([\w-]+)\)", entry.read_text()))
    defined = set(re.findall(r"--([\w-]+):", (STATIC / "css" / "tokens.css").read_text()))
    assert used <= defined
