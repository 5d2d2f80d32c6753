"""Every crate that is built has a licence that ``deny.toml`` allows; no further tool is needed to know.

``cargo tree`` is asked, and not ``cargo metadata``, because the latter also names crates behind features that nobody
turned on.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from absent import absent

ROOT = Path(__file__).resolve().parents[1]
RULES = tomllib.loads((ROOT / "deny.toml").read_text("utf-8"))["licenses"]
ALLOWED = frozenset(RULES["allow"])
EXCEPTIONS = {entry["crate"]: frozenset(entry["allow"]) for entry in RULES["exceptions"]}
TREE = ["cargo", "tree", "--workspace", "--locked"]
OWN = {"depinverify-core", "depinverify-python"}


def is_satisfied(expression: str, allowed: frozenset[str]) -> bool:
    """Whether a licence expression can be met with the allowed licences alone; ``/`` is an old way to write OR."""
    tokens = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))
    position = 0

    def peek() -> str | None:
        return tokens[position] if position < len(tokens) else None

    def take() -> str:
        nonlocal position
        position += 1
        return tokens[position - 1]

    def alternatives() -> bool:
        met = conjunction()
        while peek() == "OR":
            take()
            met |= conjunction()
        return met

    def conjunction() -> bool:
        met = licence()
        while peek() == "AND":
            take()
            met &= licence()
        return met

    def licence() -> bool:
        if peek() == "(":
            take()
            met = alternatives()
            assert take() == ")", expression
            return met
        name = take()
        if peek() == "WITH":
            name = f"{name} {take()} {take()}"
        return name in allowed

    met = alternatives()
    assert position == len(tokens), expression
    return met


@pytest.mark.parametrize(
    ("expression", "is_met"),
    [
        ("MIT", True),
        ("GPL-3.0", False),
        ("GPL-3.0 OR MIT", True),
        ("GPL-3.0/MIT", True),
        ("MIT AND GPL-3.0", False),
        ("(MIT OR GPL-3.0) AND ISC", True),
        ("MIT OR GPL-3.0 AND GPL-2.0", True),
        ("Apache-2.0 WITH LLVM-exception", False),
        ("Apache-2.0 WITH LLVM-exception OR MIT", True),
    ],
)
def test_expressions(expression: str, is_met: bool) -> None:
    assert is_satisfied(expression, frozenset({"MIT", "ISC", "Apache-2.0"})) is is_met


def test_every_crate_has_an_allowed_licence() -> None:
    if shutil.which("cargo") is None:
        absent("cargo is not installed")
    lines = subprocess.run(
        [*TREE, "--edges", "normal,build,dev", "--prefix", "none", "--format", "{p}|{l}"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    crates = {tuple(line.removesuffix(" (*)").split("|", 1)) for line in lines if line}
    crates = {(crate.split()[0], expression) for crate, expression in crates}
    assert {crate for crate, _ in crates} > OWN
    refused = sorted(
        f"{crate}: {expression or 'no licence named'}"
        for crate, expression in crates
        if not expression or not is_satisfied(expression, ALLOWED | EXCEPTIONS.get(crate, frozenset()))
    )
    assert not refused
    used = {crate for crate, expression in crates if not is_satisfied(expression, ALLOWED)}
    assert used == set(EXCEPTIONS), "an exception that no crate needs any more"


def test_licence_texts_lie_in_the_root() -> None:
    for name in ("LICENSE-MIT", "LICENSE-APACHE"):
        assert (ROOT / name).stat().st_size > 500
