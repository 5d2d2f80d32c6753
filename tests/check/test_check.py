"""One proof explained: equal to the verdict table with an epoch, and never a guess without one."""

import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depinverify.catalogue import Code, Outcome
from depinverify.check import (
    Check,
    Explanation,
    Row,
    Status,
    check_in_epoch,
    check_proof,
    find_row,
    read_token,
)
from depinverify.device import Claims, DeviceKey, answer, default_device, enrolment
from depinverify.device.proof import base64url
from depinverify.exceptions import InputError
from depinverify.ingest.inputs import registry_lines
from depinverify.registry import Registry


def rows_of(observations):
    return [Row(*values) for values in observations.select(Row._fields).iter_rows()]


@pytest.fixture(scope="session")
def answered(observations):
    return rows_of(observations.filter(pl.col("transport") == 0))


@pytest.fixture(scope="session")
def registry(inputs):
    return registry_lines(inputs.epoch.registry)


def test_every_row_of_a_few_devices_is_explained_as_the_verdict_table_judges_it(
    inputs, observations, verdicts
):
    odd = verdicts.filter(~pl.col("code").is_in([Code.VALID, Code.NO_ANSWER]))["device"].unique(
        maintain_order=True
    )
    devices = [*odd[:8], *verdicts["device"].unique(maintain_order=True)[:3]]
    expected = {
        row["row_id"]: row for row in verdicts.filter(pl.col("device").is_in(devices)).iter_rows(named=True)
    }
    shown = set()
    for device in devices:
        own = observations.filter(pl.col("device") == device)
        for row in rows_of(own):
            judged, found = expected[row.row_id], check_in_epoch(inputs, row, others=[own])
            assert found.code == Code(judged["code"]).name
            assert found.outcome == Outcome(judged["outcome"]).name
            for name in ("failed", "not_run", "e1", "e2", "e_bytes"):
                assert found.facts[name] == judged[name], (name, found)
            failing = sum(1 << one.number for one in found.checks if one.status is Status.FAILED)
            assert failing == judged["failed"]
            stopped = sum(1 << one.number for one in found.checks if one.status is Status.NOT_RUN)
            assert stopped & judged["not_run"] == judged["not_run"]
            assert all(one.compared for one in found.checks)
            assert found.is_valid == (judged["code"] == Code.VALID)
            shown.add(found.code)
    assert {"VALID", "NO_ANSWER", "NONCE_MISMATCH", "DEVICE_MISMATCH", "COUNTER_REGRESSION"} <= shown


def test_a_row_is_found_by_its_id(inputs, verdicts):
    wanted = verdicts.filter(pl.col("code") == Code.NONCE_MISMATCH)["row_id"][0]
    row, others, notes = find_row(inputs.epoch, wanted)
    found = check_in_epoch(inputs, row, others=others)
    assert row.row_id == wanted == found.facts["row_id"]
    assert found.checks[Code.REPLAYED].status is Status.FAILED
    assert notes[0].startswith("row found in observations/")


def test_a_row_alone_shows_no_replay_and_says_so(inputs, verdicts):
    wanted = verdicts.filter(pl.col("code") == Code.NONCE_MISMATCH)["row_id"][0]
    row, _, _ = find_row(inputs.epoch, wanted)
    found = check_in_epoch(inputs, row)
    assert found.checks[Code.REPLAYED].status is not Status.FAILED
    assert "only this row" in found.notes[0]


def test_an_unknown_row_is_a_bad_call(inputs):
    with pytest.raises(InputError, match="found it in none"):
        find_row(inputs.epoch, bytes(32))


def test_with_a_registry_alone_nothing_of_the_schedule_is_judged(inputs, answered, registry):
    row = answered[0]
    found = check_proof(row.proof, registry=registry, authority=inputs.epoch.authority)
    status = {one.name: one.status for one in found.checks}
    assert found.is_valid
    assert found.code is None
    assert found.outcome is None
    assert status["BAD_SIGNATURE"] is Status.PASSED
    for name in ("OFF_SCHEDULE", "NONCE_MISMATCH", "REPLAYED", "COUNTER_REGRESSION", "LATE", "CLOCK_SKEW"):
        assert status[name] is Status.NOT_RUN, name
    assert found.checks[Code.OFF_SCHEDULE].compared == "no epoch given"


def test_a_flipped_bit_breaks_the_signature_with_a_registry_alone(inputs, answered, registry):
    proof = bytearray(next(row.proof for row in answered if row.proof[:1] == b"\x84"))
    proof[-1] ^= 1
    found = check_proof(bytes(proof), registry=registry, authority=inputs.epoch.authority)
    assert found.code == "BAD_SIGNATURE"
    assert not found.is_valid


def test_times_given_are_compared(inputs, answered, registry):
    row = answered[0]
    found = check_proof(
        row.proof,
        registry=registry,
        authority=inputs.epoch.authority,
        sent_ms=row.sent_ms,
        received_ms=row.sent_ms + 6000,
    )
    assert found.checks[Code.LATE].compared == "delay 6,000 ms, deadline 5,000 ms"
    assert found.checks[Code.LATE].status is Status.FAILED


def test_a_key_that_did_not_hold_yet_is_named_with_its_interval(inputs, answered, registry):
    row = answered[0]
    early = row.sent_ms - 30 * 86_400_000
    authority = inputs.epoch.authority
    found = check_proof(row.proof, registry=registry, authority=authority, sent_ms=early, received_ms=early)
    assert found.checks[Code.UNKNOWN_DEVICE].status is Status.FAILED
    assert "is not registered" in found.checks[Code.UNKNOWN_DEVICE].compared


def test_without_a_registry_only_the_form_is_judged(answered):
    found = check_proof(answered[0].proof)
    assert [one.status for one in found.checks].count(Status.PASSED) == 2
    assert found.checks[Code.UNKNOWN_KEY].compared == "no registry given"


def test_a_malformed_proof_shows_stage_place_and_what_was_expected():
    found = check_proof(b"a.b.c")
    line = found.checks[Code.MALFORMED]
    assert found.code == "MALFORMED"
    assert line.status is Status.FAILED
    assert re.fullmatch(r"stage 1 envelope, byte \d+: expected .+, found .+", line.compared)


@settings(max_examples=60)
@given(st.binary(max_size=400))
def test_no_bytes_make_an_explanation_fail(inputs, answered, data):
    for proof in (data, answered[0].proof[: len(data)] + data):
        in_epoch = check_in_epoch(inputs, answered[0]._replace(proof=proof))
        alone = check_proof(proof)
        assert len(in_epoch.checks) == len(alone.checks) == 17
        assert alone.checks[0].status == in_epoch.checks[0].status


@pytest.mark.parametrize("iat", [0, 1, 2**40, 2**53 - 1])
def test_a_proof_may_say_any_time(inputs, registry, iat):
    key = DeviceKey.generate("ed25519")
    proof = answer(key, bytes(32), device=bytes(range(1, 17)), claims=Claims(iat=iat), envelope="cose")
    found = check_proof(proof, registry=registry, authority=inputs.epoch.authority)
    assert found.code == "UNKNOWN_DEVICE"


def test_tokens_are_read_however_they_are_written(answered):
    cose = next(row.proof for row in answered if row.proof[:1] == b"\x84")
    jws = next(row.proof for row in answered if row.proof[:1] == b"e")
    for text in (cose.hex(), cose.hex().upper(), base64url(cose), base64url(cose) + "\n", cose):
        assert read_token(text) == cose
    for text in (jws.decode(), jws + b"\n"):
        assert read_token(text) == jws
    with pytest.raises(InputError, match="found nothing"):
        read_token("  ")


def test_a_device_may_answer_in_the_second_in_which_it_was_enrolled(tmp_path):
    key = DeviceKey.generate("p256")
    with Registry.create(f"sqlite:///{tmp_path}/devices.db", clock=lambda: 1_800_000_000_021) as store:
        store.append(enrolment(key, nonce=bytes.fromhex(store.issue_nonce()), owner="alice"))
        store.export_lines(tmp_path / "registry.jsonl")
    found = check_proof(
        answer(key, bytes(32), device=default_device(key), claims=Claims(iat=1_800_000_000)),
        registry=(tmp_path / "registry.jsonl").read_bytes(),
        authority=(),
    )
    assert found.checks[Code.UNKNOWN_DEVICE].status is Status.PASSED
    assert found.code is None


def test_a_network_may_write_a_status_as_a_word():
    failed = Check(number=0, name="WRONG", status="FAIL", compared="one against another")
    explained = Explanation(
        checks=(failed,), code="WRONG", meaning="", outcome=None, outcome_meaning="", facts={}
    )
    assert not explained.is_valid
