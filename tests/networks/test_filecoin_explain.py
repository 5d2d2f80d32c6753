"""One record of Filecoin's evidence explained: ``depinverify check --network filecoin``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from depinverify.cli import app
from depinverify.exceptions import InputError
from depinverify.networks import filecoin
from depinverify.networks.filecoin.explain import explain
from reference.filecoin_cases import PUBLISHED, WINNING_CHECK, WINNING_KEY, published

if TYPE_CHECKING:
    from pathlib import Path


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["check", *map(str, arguments), "--network", "filecoin"])


@pytest.mark.parametrize("record", published(), ids=lambda record: record["id"])
def test_the_explanation_says_what_the_verdict_says(record: dict[str, Any]) -> None:
    key = filecoin.Verifier.from_file(WINNING_KEY, trust=WINNING_CHECK)
    explained = explain(json.dumps(record, indent=1).encode(), keys=[key])
    assert explained.code == record["expected"]
    failed = {one.name for one in explained.checks if one.status == "FAIL"}
    assert explained.is_valid == (not failed)
    assert (explained.code in failed) == (not explained.is_valid)
    assert explained.notes


def test_every_challenge_of_a_proof_of_possession_is_shown() -> None:
    result = run(PUBLISHED, "--record", "real_data_pieces_5_challenges")
    assert result.exit_code == 0
    record = next(one for one in published() if one["id"] == "real_data_pieces_5_challenges")
    places = zip(record["challenged_pieces"], record["challenged_offsets"], strict=True)
    for number, (piece, offset) in enumerate(places):
        assert f"challenge {number}: leaf " in result.stdout
        assert f"leaf {offset} of piece {piece}" in result.stdout
    assert "PROOF_ROOT_MISMATCH pass" in result.stdout


def test_an_answer_that_leads_elsewhere_is_shown_with_both_roots() -> None:
    result = run(PUBLISHED, "--record", "flipped_leaf_rejected", "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    wrong = [step["value"] for step in found["facts"]["steps"] if step["what"].startswith("answer")]
    roots = [(value.split(" lead to ")[1][:64], value[-64:]) for value in wrong]
    assert any(reached != root for reached, root in roots)


def test_a_record_is_named_by_its_line_or_its_id() -> None:
    first = published()[0]["id"]
    assert run(PUBLISHED, "--record", "1").stdout == run(PUBLISHED, "--record", first).stdout
    missing = run(PUBLISHED, "--record", "nobody")
    assert isinstance(missing.exception, InputError)


def test_a_file_of_many_records_asks_which_one() -> None:
    result = run(PUBLISHED)
    assert isinstance(result.exception, InputError)
    assert "--record" in (result.exception.hint or "")


def test_a_proof_under_a_pinned_key() -> None:
    arguments = (PUBLISHED, "--record", "winning_post_altered_public_input")
    assert "NOT_CHECKED" in run(*arguments).stdout
    assert "PROOF_INVALID" in run(*arguments, "--key", WINNING_KEY, "--pin", WINNING_CHECK.hex()).stdout


def test_what_is_no_record_is_explained_as_such(tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    file.write_text('{"kind": "possession",\n "set_id": -1}')
    result = run(file)
    assert result.exit_code == 1
    assert "MALFORMED" in result.stdout
    assert "pieces" in result.stdout


def test_a_network_that_explains_nothing() -> None:
    result = CliRunner().invoke(app, ["check", str(PUBLISHED), "--network", "arweave"])
    assert isinstance(result.exception, InputError)
