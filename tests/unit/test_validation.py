"""Refused keys outside of a ruleset: one form of message, with the key's path, what was expected and what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from depinverify import Epoch
from depinverify.exceptions import ConfigurationError
from depinverify.validation import explain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]

HEAD = "00" * 32
WHOLE = f"""
format = 1
index = 0
start = 1800000000
end = 1800003600
pool = "5"
genesis = true

[beacon]
chain = "quicknet"

[registry]
path = "registry.jsonl"
head = "{HEAD}"

[ruleset]
name = "generic"
version = "1"
"""
ADJUSTMENT = f"""
[[adjustment]]
payee = "0x{"11" * 20}"
amount = "-5"
reason = "late file"
reference = "{HEAD}"
jws = "a.b.c"
"""


def refused(folder: Path, toml: str) -> str:
    """What is said of the file, behind its path."""
    (folder / "epoch.toml").write_text(toml)
    with pytest.raises(ConfigurationError) as error:
        Epoch.open(folder)
    path, _, said = str(error.value).partition("epoch.toml: ")
    assert path == f"{folder}/"
    return said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        # Wrong types.
        ("index = 0", "index = 0.0", "index: expected an integer, found 0.0"),
        ("index = 0", "index = true", "index: expected an integer, found True"),
        ("index = 0", "index = nan", "index: expected an integer, found nan"),
        (
            "start = 1800000000",
            "start = 2027-01-15T08:00:00Z",
            "start: expected an integer, found '2027-01-15T08:00:00+00:00'",
        ),
        ('pool = "5"', "pool = 5", "pool: expected a string, found 5"),
        ("genesis = true", "genesis = 1", "genesis: expected true or false, found 1"),
        (
            'pool = "5"',
            f"pool = 0x{'f' * 5000}",
            "pool: expected a string, found an integer that is too long to be shown",
        ),
        # Out of range.
        ("format = 1", "format = 2", "format: expected at most 1, found 2"),
        ("index = 0", "index = -1", "index: expected at least 0, found -1"),
        ("index = 0", f"index = {2**53}", f"index: expected at most {2**53 - 1}, found {2**53}"),
        ("index = 0", "index = 0\nslot_seconds = 0", "slot_seconds: expected at least 1, found 0"),
        # Missing and unknown.
        ("format = 1\n", "", "format: expected a value, found none"),
        (f'head = "{HEAD}"', "", "registry.head: expected a value, found none"),
        ("index = 0", "index = 0\nslots = 9", "slots: unknown key"),
        ('chain = "quicknet"', 'chain = "quicknet"\nround = 9', "beacon.round: unknown key"),
        ("index = 0", 'index = 0\n"a.b\\u001b[31m" = 1', "'a.b\\x1b[31m': unknown key"),
        ("index = 0", f"index = 0\n{'k' * 300} = 1", f"'{'k' * 99}...: unknown key"),
        # Checks of our own.
        (
            'pool = "5"',
            'pool = "05"',
            "pool: expected a decimal amount below 2^256, without sign or leading zeros, found '05'",
        ),
        (HEAD, "no", "registry.head: expected 64 lower-case hex digits, found 'no'"),
        (HEAD, "x" * 500, f"registry.head: expected 64 lower-case hex digits, found '{'x' * 99}..."),
        ('chain = "quicknet"', 'public_key = "A"', "beacon.public_key: expected lower-case hex, found 'A'"),
        # Tables.
        (
            '[registry]\npath = "registry.jsonl"',
            '[[registry]]\npath = "registry.jsonl"',
            f"registry: expected a table, found [{{'path': 'registry.jsonl', 'head': '{'0' * 63}...",
        ),
        (
            "index = 0",
            'index = 0\nprevious = "settlement"',
            "previous: expected a table, found 'settlement'",
        ),
        (
            "index = 0",
            'index = 0\nprevious = {path = "settlement"}',
            "previous.sha256: expected a value, found none",
        ),
        (
            '[ruleset]\nname = "generic"\nversion = "1"',
            "[ruleset]\nname = 5",
            "ruleset.name: expected a string, found 5",
        ),
        # Arrays.
        (
            'chain = "quicknet"',
            'chain = "quicknet"\nmissing_rounds = 7',
            "beacon.missing_rounds: expected an array, found 7",
        ),
        (
            'chain = "quicknet"',
            'chain = "quicknet"\nmissing_rounds = [7, "8"]',
            "beacon.missing_rounds[1]: expected an integer, found '8'",
        ),
        (
            'chain = "quicknet"',
            'chain = "quicknet"\nmissing_rounds = [8, 7]',
            "beacon.missing_rounds: expected rounds in ascending order, each once, found [8, 7]",
        ),
        ("index = 0", "index = 0\nmissed.epochs = [[1]]", "missed.epochs[0]: expected an integer, found [1]"),
        ("index = 0", "index = 0\nadjustment = {}", "adjustment: expected an array, found {}"),
    ],
)  # fmt: skip
def test_a_wrong_key_is_named_with_its_path(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert WHOLE.count(old) == 1
    assert refused(tmp_path, WHOLE.replace(old, new)) == said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('reason = "late file"\n', "", "adjustment[1].reason: expected a value, found none"),
        ('reason = "late file"', "reason = 5", "adjustment[1].reason: expected a string, found 5"),
        ('jws = "a.b.c"', 'jws = "a.b.c"\nby = "me"', "adjustment[1].by: unknown key"),
        (
            '"-5"',
            '"-0"',
            (
                "adjustment[1].amount: expected a decimal amount, negative with a minus sign, without leading zeros, "
                "found '-0'"
            ),
        ),
        (
            f'"0x{"11" * 20}"',
            '"somebody\\u202e"',
            "adjustment[1].payee: expected 0x and 40 or 64 hex digits, found 'somebody\\u202e'",
        ),
    ],
)
def test_a_table_of_an_array_has_its_number(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in ADJUSTMENT
    assert refused(tmp_path, WHOLE + ADJUSTMENT + ADJUSTMENT.replace(old, new)) == said


def test_the_command_line_says_it(tmp_path: Path, run: Run) -> None:
    (tmp_path / "epoch.toml").write_text(WHOLE.replace("index = 0", 'index = "7"'))
    code, out, err = run("settle", tmp_path, "--out", tmp_path / "out")
    assert (code, out) == (2, "")
    assert "index: expected an integer, found '7'" in " ".join(err.split())
    assert "Input should" not in err


class _Inner(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    mode: Literal["a", "b"] = "a"
    low: int = 0
    high: int = 9
    names: Annotated[tuple[str, ...], Field(min_length=1, max_length=2)] = ("x",)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"low: expected at most high = {self.high}, found {self.low}")
        if self.high > 100:
            raise ValueError("expected numbers that somebody can count")
        return self


class _Outer(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    inner: _Inner = _Inner()
    many: dict[str, _Inner] = {}

    @model_validator(mode="after")
    def _is_alone(self) -> Self:
        if len(self.many) > 1:
            raise ValueError("many: expected one table at most, found 2")
        return self


@pytest.mark.parametrize(
    ("given", "path", "said"),
    [
        ({"inner": {"mode": "c"}}, "", "inner.mode: expected 'a' or 'b', found 'c'"),
        ({"inner": {"mode": "c"}}, "x.toml: rules", "x.toml: rules.inner.mode: expected 'a' or 'b', found 'c'"),
        ({"inner": {"low": 10}}, "", "inner.low: expected at most high = 9, found 10"),
        ({"inner": {"high": 101}}, "", "inner: expected numbers that somebody can count"),
        ({"inner": {"names": ()}}, "", "inner.names: expected at least 1 item, found []"),
        ({"inner": {"names": ("a", "b", "c")}}, "", "inner.names: expected at most 2 items, found ['a', 'b', 'c']"),
        ({"many": {"a b": {"low": "1"}}}, "", "many.'a b'.low: expected an integer, found '1'"),
        ({"many": {"a": {}, "b": {}}}, "", "many: expected one table at most, found 2"),
        ({"many": {"a": {}, "b": {}}}, "rules", "rules.many: expected one table at most, found 2"),
        (5, "rules", "rules: expected a table, found 5"),
        (5, "", "expected a table, found 5"),
    ],
)  # fmt: skip
def test_models_of_every_depth(given: object, path: str, said: str) -> None:
    with pytest.raises(ValidationError) as error:
        _Outer.model_validate(given)
    assert explain(error.value, path) == said


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["inner", "many"]) | st.text(), JSON, min_size=1))
def test_a_sentence_is_short_and_printable(given: dict[str, Any]) -> None:
    try:
        _Outer.model_validate(given)
    except ValidationError as error:
        said = explain(error, "rules")
        assert said.isprintable()
        assert len(said) < 600
        assert said.startswith("rules")
        assert "Input should" not in said
