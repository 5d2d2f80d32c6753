"""The public strategies and assertions, used as somebody else would."""

import shutil

import pytest
from hypothesis import HealthCheck, given, settings

from depinverify import _native, settle, testing
from depinverify.check import Row, check_proof
from depinverify.simulate import simulate


@settings(max_examples=80)
@given(testing.proofs())
def test_drawn_proofs_say_what_went_in(proof):
    decoded = _native.decode_proof(proof.envelope)
    assert decoded["malformed"] is None, decoded
    said = decoded["claims"]
    assert (said["ueid"], said["nonce"], said["iat"]) == (proof.device, proof.challenge, proof.claims.iat)
    assert (said["uptime"], said["bootcount"]) == (proof.claims.uptime, proof.claims.bootcount)
    assert said["location"] == (None if proof.claims.location is None else tuple(proof.claims.location))
    assert decoded["kid"] == proof.key.kid
    scheme = decoded["algorithm"]
    profile = "strict" if scheme == "ed25519" else "p1363-any_s"
    items = (proof.key.public.data, decoded["signed"], decoded["signature"])
    assert _native.verify_signature(scheme, profile, *items) == 0
    assert check_proof(proof.envelope).is_valid


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(testing.observations())
def test_drawn_rows_survive_a_file(tmp_path, rows):
    path = tmp_path / "rows.jsonl.zst"
    assert _native.write_observations(testing.table_of(rows), path) == len(rows)
    found = []
    for batch in _native.read_observations(path):
        columns = [batch.column(name).to_pylist() for name in Row._fields]
        found += map(Row._make, zip(*columns, strict=True))
    assert found == rows


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(testing.epoch_settings())
def test_drawn_epochs_settle_soundly_and_always_alike(tmp_path_factory, arguments):
    folder = tmp_path_factory.mktemp("drawn")
    simulate(out=folder / "epoch", **arguments)
    first, second = (settle(folder / "epoch", folder / name) for name in ("first", "second"))
    testing.assert_settlements_equal(first, second)
    testing.assert_settlements_equal(folder / "first", str(folder / "second"))


def test_differences_are_named(tmp_path):
    for seed in (1, 2):
        simulate(out=tmp_path / f"epoch{seed}", devices=4, hours=1, seed=seed)
        settle(tmp_path / f"epoch{seed}", tmp_path / f"s{seed}")
    with pytest.raises(AssertionError, match=r"results\.scores\.parquet: \w{64} and \w{64}"):
        testing.assert_settlements_equal(tmp_path / "s1", tmp_path / "s2")
    shutil.copyfile(tmp_path / "s2/scores.parquet", tmp_path / "s1/scores.parquet")
    with pytest.raises(AssertionError, match=r"scores\.parquet: another content"):
        testing.assert_settlement_sound(tmp_path / "s1")
