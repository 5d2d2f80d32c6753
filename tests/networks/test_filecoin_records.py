"""Filecoin's evidence through the Python surface and the command line: files, columns, verdicts."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from depinverify import _native, networks
from depinverify.cli import app
from depinverify.exceptions import InputError
from depinverify.networks import filecoin
from reference.filecoin import Piece, possession
from reference.filecoin_cases import (
    EPOCH,
    FALSIFIED,
    FALSIFIED_ROUNDS,
    GOOD,
    OF_ROUND,
    PIECES,
    PUBLISHED,
    ROUND,
    SEED,
    WINNING_CHECK,
    WINNING_KEY,
    few_challenges,
    named,
    published,
)

if TYPE_CHECKING:
    from pathlib import Path

NAMES = {code.number: code.name for code in networks.get("filecoin").catalogue}
NUMBERS = {name: number for number, name in NAMES.items()}


def key() -> _native.FilecoinVerifier:
    return _native.FilecoinVerifier.from_file(WINNING_KEY, trust=WINNING_CHECK)


def verify(*records: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    lines = "".join(json.dumps(record) + "\n" for record in records).encode()
    table = pa.table(_native.filecoin_verify_lines(lines, **options))
    return [{**row, "code": NAMES[row["code"]]} for row in table.to_pylist()]


def one(record: dict[str, Any], **options: Any) -> dict[str, Any]:
    (row,) = verify(record, **options)
    return row


def failures(row: dict[str, Any]) -> set[str]:
    return {name for number, name in NAMES.items() if number < 32 and row["failed"] >> number & 1}


def test_published_cases_have_their_verdicts() -> None:
    verdicts = filecoin.verify(PUBLISHED, keys=[key()])
    assert [NAMES[code] for code in verdicts["code"].to_pylist()] == [one["expected"] for one in published()]
    assert verdicts["id"].to_pylist() == [record["id"] for record in published()]
    assert verdicts["record"].to_pylist() == list(range(1, len(published()) + 1))


def test_a_proof_of_possession_is_followed_from_the_beacon_to_the_leaves() -> None:
    row = one(GOOD)
    assert (row["code"], row["failed"], row["not_run"], row["outcome"]) == ("VALID", 0, 0, 0)
    assert (row["subject"], row["epoch"], row["is_proved"], row["in_time"]) == ("7", EPOCH, True, True)
    assert SEED.hex() in row["detail"]


def without(record: dict[str, Any], *members: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in members}


@pytest.mark.parametrize(("change", "code"), FALSIFIED)
def test_each_falsified_proof_of_possession_has_its_own_reason(change: dict[str, Any], code: str) -> None:
    row = one({**GOOD, **change})
    assert row["code"] == code, row
    assert row["outcome"] == (1 if code == "LATE_PROOF" else 6)
    assert row["detail"] or code == "EMPTY_PROOF"


def test_a_grinded_seed_is_named_however_well_its_challenges_are_answered() -> None:
    chosen = bytes(31) + b"\x05"
    row = one({**GOOD, **possession(PIECES, seed=chosen), "seed": chosen.hex()})
    assert (row["code"], row["is_proved"]) == ("SEED_MISMATCH", True)
    # Without the round nobody can tell, and the verdict says so.
    row = one(without({**GOOD, **possession(PIECES, seed=chosen), "seed": chosen.hex()}, *OF_ROUND))
    assert (row["code"], row["outcome"], row["is_proved"]) == ("SEED_UNPROVEN", 5, True)


def test_a_range_below_the_set_is_taken_on_trust_and_says_so() -> None:
    # Drawn among the first five leaves alone, all of piece 0: who keeps just those answers everything.
    small = {**possession([PIECES[0]], seed=SEED), "pieces": GOOD["pieces"], "range": 5}
    record = {**GOOD, **small, "leaves_at_start": 5}
    row = one(record)
    assert (row["code"], row["outcome"], row["is_proved"]) == ("RANGE_UNPROVEN", 5, True)
    assert "range 5 of 77 leaves" in row["detail"]
    assert one(without(record, "leaves_at_start"))["code"] == "RANGE_UNPROVEN"


def test_a_text_that_is_no_piece_is_repeated_in_part_and_without_control_characters() -> None:
    row = one({**GOOD, "pieces": ["\x1b[31m" + "b" * 100_000]})
    assert row["code"] == "PIECE_REFUSED"
    assert len(row["detail"]) < 300
    assert "\x1b" not in row["detail"]


def test_numbers_as_text_have_no_zeros_in_front() -> None:
    assert one({**GOOD, "set_id": "7"})["code"] == "VALID"
    assert one({**GOOD, "set_id": "07"})["code"] == "MALFORMED"


def test_another_leaf_on_record_is_told_in_words() -> None:
    detail = one({**GOOD, "challenged_offsets": [9] * 5})["detail"]
    assert "of piece" in detail
    assert "Some" not in detail


def test_a_swapped_piece_is_named() -> None:
    other = Piece([bytes([9, place]) + bytes(30) for place in range(64)])
    row = one({**GOOD, "pieces": [*GOOD["pieces"][:3], other.cid]})
    assert row["code"] == "PROOF_ROOT_MISMATCH"


def test_a_late_proof_is_still_known_to_be_right() -> None:
    row = one({**GOOD, "block": EPOCH + 61})
    assert (row["code"], row["is_proved"], row["in_time"]) == ("LATE_PROOF", True, False)
    for block in (EPOCH, EPOCH + 60):
        assert one({**GOOD, "block": block})["in_time"] is True


def test_fewer_answers_than_the_service_asks_for() -> None:
    few = few_challenges()
    assert one(few)["code"] == "TOO_FEW_CHALLENGES"
    # The verifier alone takes any number: without a service's window the number is no fault.
    row = one(without(few, "opens", "deadline"))
    assert (row["code"], row["in_time"]) == ("VALID", None)
    many = {**GOOD, **possession(PIECES, seed=SEED, challenges=9)}
    assert one(many)["code"] == "VALID"


def test_a_set_id_of_256_bits() -> None:
    set_id = 2**256 - 1
    record = {**GOOD, **possession(PIECES, seed=SEED, set_id=set_id), "set_id": str(set_id)}
    assert one(record)["subject"] == str(set_id)
    assert one(record)["code"] == "VALID"


@settings(max_examples=40)
@given(
    st.lists(st.none() | st.integers(1, 40), min_size=1, max_size=6).filter(any),
    st.binary(min_size=32, max_size=32),
    st.integers(0, 2**64),
    st.data(),
)
def test_what_is_made_right_is_valid_and_one_bit_changes_that(
    sizes: list[int | None], seed: bytes, set_id: int, data: st.DataObject
) -> None:
    pieces = [
        None if size is None else Piece([bytes([number, place]) + bytes(30) for place in range(size)])
        for number, size in enumerate(sizes)
    ]
    record = {
        **possession(pieces, seed=seed, set_id=set_id),
        "set_id": str(set_id),
        "seed": seed.hex(),
        "challenge_epoch": 5,
        "block": 5,
    }
    assert one(record)["code"] == "SEED_UNPROVEN"
    number = data.draw(st.integers(0, 4))
    path = bytearray.fromhex(record["paths"][number])
    bit = data.draw(st.integers(0, 8 * len(path) - 1))
    path[bit // 8] ^= 1 << bit % 8
    paths = [*record["paths"][:number], path.hex(), *record["paths"][number + 1 :]]
    assert one({**record, "paths": paths})["code"] == "PROOF_ROOT_MISMATCH"


@pytest.mark.parametrize(("change", "code"), [({}, "VALID"), *FALSIFIED_ROUNDS])
def test_rounds(change: dict[str, Any], code: str) -> None:
    record = {name: value for name, value in {**ROUND, **change}.items() if value is not None}
    assert one(record)["code"] == code


def test_hex_counts_in_either_case() -> None:
    assert one({**ROUND, "signature": ROUND["signature"].upper()})["code"] == "VALID"


def test_round_zero_is_no_round_of_any_beacon() -> None:
    row = one(without({**ROUND, "round": 0}, "challenge_epoch"))
    assert row["code"] == "ROUND_NOT_SIGNED"


def test_groth16_proofs_under_the_key_that_is_given() -> None:
    good, altered = named("winning_post_32gib_v27"), named("winning_post_altered_public_input")
    assert one(good)["code"] == "NOT_CHECKED"
    assert one({**good, "proof": good["proof"][:-2]})["code"] == "PROOF_MALFORMED"
    rows = verify(
        good,
        altered,
        without(good, "key"),
        {**good, "key": "00" * 16},
        {**good, "inputs": good["inputs"][:-1]},
        {**good, "inputs": ["ff" * 32, *good["inputs"][1:]]},
        {**good, "proof": good["proof"][:-2]},
        {**good, "proof": "c0" + "00" * 47 + good["proof"][96:]},
        good,
        keys=[key()],
    )
    assert [row["code"] for row in rows] == [
        "VALID", "PROOF_INVALID", "VALID", "NOT_CHECKED", "INPUTS_REFUSED", "INPUTS_REFUSED", "PROOF_MALFORMED",
        "PROOF_MALFORMED", "VALID",
    ]  # fmt: skip
    assert [row["is_proved"] for row in rows[:4]] == [True, False, True, None]


def test_paths_of_a_sector() -> None:
    record = named("window_post_vanilla_golden")
    other = "00" * 31 + "01"
    for change, code in [
        ({"sector": 2}, "COMMITMENT_MISMATCH"),
        ({"comm_r": other}, "COMMITMENT_MISMATCH"),
        ({"randomness": other}, "PATH_MISMATCH"),
        ({"proof": record["proof"][:-2]}, "PROOF_MALFORMED"),
        ({"proof_type": 12}, "PATH_MISMATCH"),
    ]:
        assert one({**record, **change})["code"] == code, change


def test_signatures_by_their_signer() -> None:
    bls, secp = named("bls_message_0"), named("secp_signed_message")
    assert one({**secp, "signature": secp["signature"][:-2] + "04"})["code"] == "SIGNATURE_MALFORMED"
    assert one({**secp, "signer": bls["signer"]})["code"] == "SIGNATURE_MALFORMED"
    assert one({**secp, "message": "00"})["code"] == "SIGNER_MISMATCH"
    assert one({**bls, "message": "00"})["code"] == "SIGNER_MISMATCH"
    assert one({**bls, "signature": "07" + bls["signature"][2:]})["code"] == "SIGNATURE_MALFORMED"
    delegated = one({**bls, "signature": "03" + "00" * 65})
    assert (delegated["code"], delegated["outcome"]) == ("NOT_CHECKED", 5)


@pytest.mark.parametrize("line", ["", "[]", "{", '{"kind": "possession"}', '{"kind": 7}', "\x00" * 9, "null"])
def test_what_cannot_be_read_is_a_verdict(line: str) -> None:
    rows = pa.table(_native.filecoin_verify_lines((line + "\n" + json.dumps(ROUND) + "\n").encode()))
    assert [NAMES[code] for code in rows["code"].to_pylist()] == ["MALFORMED", "VALID"]
    assert rows["kind"].to_pylist() == [None, "round"]


def columns_of(records: list[dict[str, Any]]) -> pa.Table:
    """The same records as columns: hex becomes bytes."""
    texts = {"id", "kind", "beacon", "signer"}
    lists = {"leaves", "paths", "comm_rs", "inputs"}

    def cell(name: str, value: Any) -> Any:
        if name in lists:
            return [bytes.fromhex(item) for item in value]
        if name == "set_id":
            return str(value)
        if isinstance(value, str) and name not in texts:
            return bytes.fromhex(value.removeprefix("0x"))
        return value

    names = {name for record in records for name in record} - {"expected", "source"}
    return pa.table(
        {
            name: [cell(name, record[name]) if name in record else None for record in records]
            for name in sorted(names)
        }
    )


def test_columns_say_what_lines_say() -> None:
    records = [*published(), GOOD]
    table = columns_of(records)
    expected = [row["code"] for row in verify(*records, keys=[key()])]
    verdicts = filecoin.verify(table, keys=[key()])
    assert [NAMES[code] for code in verdicts["code"].to_pylist()] == expected
    again = filecoin.verify(pl.from_arrow(table), keys=[key()])
    assert pa.table(again).drop_columns("record") == pa.table(verdicts).drop_columns("record")


def test_a_parquet_file_and_a_compressed_one(tmp_path: Path) -> None:
    parquet, packed = tmp_path / "proofs.parquet", tmp_path / "proofs.jsonl.gz"
    pl.from_arrow(columns_of(published())).write_parquet(parquet)  # type: ignore[union-attr]
    packed.write_bytes(gzip.compress(PUBLISHED.read_bytes()))
    codes = filecoin.verify(PUBLISHED)["code"].to_pylist()
    assert filecoin.verify(parquet)["code"].to_pylist() == codes
    assert filecoin.verify(packed)["code"].to_pylist() == codes


def test_a_column_of_another_type_is_a_bad_call() -> None:
    with pytest.raises(InputError, match="set_id"):
        filecoin.verify(pa.table({"kind": ["possession"], "set_id": [True]}))


def test_verdicts_do_not_depend_on_neighbours_or_threads() -> None:
    records = [*published(), GOOD, {**GOOD, "previous_signature": "00" * 96}] * 9
    expected = verify(*records, threads=1)
    assert verify(*records, threads=2) == expected
    alone = [one(record)["code"] for record in records[: len(records) // 9]]
    assert [row["code"] for row in expected] == alone * 9


class TestCommandLine:
    """``depinverify verify --network filecoin``."""

    def run(self, *arguments: str) -> Any:
        return CliRunner().invoke(app, ["verify", *arguments, "--network", "filecoin"])

    def test_text_and_json(self) -> None:
        text = self.run(str(PUBLISHED))
        assert text.exit_code == 0
        assert "PROOF_LENGTH_MISMATCH" in text.stdout
        assert "VALID: " in text.stderr
        rows = [json.loads(line) for line in self.run(str(PUBLISHED), "--json").stdout.splitlines()]
        assert [row["id"] for row in rows] == [record["id"] for record in published()]

    def test_a_key_that_is_pinned(self) -> None:
        pinned = self.run(str(PUBLISHED), "--json", "--key", str(WINNING_KEY), "--pin", WINNING_CHECK.hex())
        codes = [json.loads(line)["code_name"] for line in pinned.stdout.splitlines()]
        assert codes == [record["expected"] for record in published()]
        refused = self.run(str(PUBLISHED), "--key", str(WINNING_KEY))
        assert isinstance(refused.exception, InputError)
        assert WINNING_CHECK.hex() in str(refused.exception)
        assert "--pin" in (refused.exception.hint or "")

    def test_exit_code_of_a_check(self, tmp_path: Path) -> None:
        good = tmp_path / "good.jsonl"
        good.write_text(json.dumps(GOOD) + "\n")
        assert self.run(str(good), "--check").exit_code == 0
        assert self.run(str(PUBLISHED), "--check").exit_code == 1

    def test_verdicts_into_a_file(self, tmp_path: Path) -> None:
        out = tmp_path / "verdicts.parquet"
        result = self.run(str(PUBLISHED), "--out", str(out))
        assert (result.exit_code, result.stdout) == (0, "")
        assert pl.read_parquet(out)["id"].to_list() == [record["id"] for record in published()]

    def test_a_key_for_a_network_without_keys(self) -> None:
        result = CliRunner().invoke(
            app, ["verify", str(PUBLISHED), "--network", "arweave", "--key", str(WINNING_KEY)]
        )
        assert isinstance(result.exception, InputError)
        assert "--key" in str(result.exception)

    def test_options_that_say_nothing_are_refused(self) -> None:
        for arguments, named_option in [
            (("verify", str(PUBLISHED), "--network", "filecoin", "--strict"), "--strict"),
            (("verify", str(PUBLISHED), "--network", "filecoin", "--pin", "00"), "--pin"),
            (("check", str(PUBLISHED), "--network", "filecoin", "--slot", "7"), "--slot"),
            (("check", "token", "--pin", "00"), "--pin"),
        ]:
            result = CliRunner().invoke(app, arguments)
            assert isinstance(result.exception, InputError), arguments
            assert named_option in str(result.exception)
