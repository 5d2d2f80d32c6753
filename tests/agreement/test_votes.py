"""M of N: who agrees, who signed something else, who signed two things, and what is no vote at all."""

from __future__ import annotations

import base64
import json
import random
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depinverify import Settlement, _native
from depinverify.agreement import Member, RegisteredKey, Roster, Statement, sign_result
from depinverify.agreement.votes import count_votes
from depinverify.device import DeviceKey
from depinverify.device.proof import jws
from depinverify.exceptions import InputError
from depinverify.registry import events

if TYPE_CHECKING:
    from epoch_folders import World

Run = Any
NAMES = [f"val-{number}".encode() for number in range(4)]


@pytest.fixture
def folder(settled: Settlement, tmp_path: Path) -> Path:
    """The settlement, without a signature."""
    shutil.copytree(settled.folder, tmp_path / "settlement", ignore=shutil.ignore_patterns("signatures"))
    return tmp_path / "settlement"


def signs(world: World, number: int, settlement: Settlement, folder: Path, name: str | None = None) -> Path:
    """A validator signs a result."""
    validator = world.fleet.validators[number]
    signed = sign_result(settlement, validator.key, validator=validator.id)
    folder.mkdir(exist_ok=True)
    path = folder / (name or signed.file_name)
    path.write_bytes(signed.jws + b"\n")
    return path


def asked(run: Run, world: World, folder: Path, threshold: int, *more: object) -> tuple[int, dict[str, Any]]:
    code, out, err = run(
        "verify-signatures", folder, "--epoch", world.epoch, "--threshold", threshold, *more, "--json"
    )
    assert err == ""
    return code, json.loads(out)


def test_all_agree(run: Run, world: World, folder: Path, pems: list[Path]) -> None:
    for pem in pems:
        assert run("sign", folder, "--key", pem, "--epoch", world.epoch)[0] == 0
    code, said = asked(run, world, folder, 4)
    assert code == 0
    assert (said["reached"], said["contradicted"], said["enrolled"]) == (True, False, 4)
    assert [vote["validator"] for vote in said["agreeing"]] == [name.hex() for name in NAMES]
    assert said["agreeing_owners"] == sorted(v.owner.name for v in world.fleet.validators)
    assert (said["others"], said["equivocations"], said["silent"], said["refused"]) == ([], [], [], [])
    code, out, err = run("verify-signatures", folder, "--epoch", world.epoch, "--threshold", 4)
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == "agreed"
    assert "signed by 4 of 4 validators, of 4 of 4 owners" in out


def test_too_few_agree(run: Run, world: World, folder: Path, settled: Settlement) -> None:
    code, said = asked(run, world, folder, 1)
    assert (code, said["agreeing"]) == (1, [])
    assert said["silent"] == [name.hex() for name in NAMES]
    for number in (0, 2):
        signs(world, number, settled, folder / "signatures")
    assert asked(run, world, folder, 2)[0] == 0
    code, said = asked(run, world, folder, 3)
    assert (code, said["reached"]) == (1, False)
    assert said["silent"] == [NAMES[1].hex(), NAMES[3].hex()]
    code, out, _ = run("verify-signatures", folder, "--epoch", world.epoch, "--threshold", 3)
    assert (code, out.splitlines()[-1]) == (1, "NOT AGREED")


def test_signatures_come_from_several_folders(
    run: Run, world: World, folder: Path, settled: Settlement, tmp_path: Path
) -> None:
    """The same signature twice, under any name, is one vote."""
    signs(world, 0, settled, folder / "signatures")
    signs(world, 0, settled, tmp_path / "a", "again.jws")
    signs(world, 1, settled, tmp_path / "b", f"{NAMES[0].hex()}.jws")
    (tmp_path / "b" / "notes.txt").write_text("not looked at")
    places = ("--signatures", tmp_path / "a", "--signatures", tmp_path / "b")
    code, said = asked(run, world, folder, 2, *places)
    assert code == 0
    assert [vote["validator"] for vote in said["agreeing"]] == [NAMES[0].hex(), NAMES[1].hex()]
    assert said["refused"] == []
    code, said = asked(run, world, folder, 2)
    assert (code, len(said["agreeing"])) == (1, 1)


def test_who_signed_another_result_is_shown_with_it(
    run: Run, world: World, folder: Path, settled: Settlement, other_settled: Settlement
) -> None:
    for number, settlement in enumerate((settled, settled, other_settled, other_settled)):
        signs(world, number, settlement, folder / "signatures")
    code, said = asked(run, world, folder, 2)
    assert (code, said["contradicted"]) == (0, False)
    (other,) = said["others"]
    assert other["result"]["root"] == other_settled.root != settled.root
    assert other["result"]["rewards"] == other_settled.manifest["results"]["rewards.json"]
    assert [vote["validator"] for vote in other["validators"]] == [NAMES[2].hex(), NAMES[3].hex()]
    assert asked(run, world, folder, 3)[0] == 1
    code, out, _ = run("verify-signatures", folder, "--epoch", world.epoch, "--threshold", 3)
    assert "another result" in out
    assert other["result"]["rewards"] in out


def test_whoever_signs_two_results_has_no_vote_and_is_named_with_both(
    run: Run, world: World, folder: Path, settled: Settlement, other_settled: Settlement, tmp_path: Path
) -> None:
    for number in range(3):
        signs(world, number, settled, folder / "signatures")
    elsewhere = signs(world, 1, other_settled, tmp_path / "elsewhere").parent
    assert asked(run, world, folder, 3)[0] == 0
    places = ("--signatures", folder / "signatures", "--signatures", elsewhere)
    code, said = asked(run, world, folder, 2, *places)
    assert (code, said["reached"], said["contradicted"]) == (1, True, True)
    (found,) = said["equivocations"]
    assert found["validator"] == NAMES[1].hex()
    assert {result["rewards"] for result in found["results"]} == {
        settled.manifest["results"]["rewards.json"],
        other_settled.manifest["results"]["rewards.json"],
    }
    assert [vote["validator"] for vote in said["agreeing"]] == [NAMES[0].hex(), NAMES[2].hex()]
    assert said["others"] == []
    assert said["silent"] == [NAMES[3].hex()]
    code, out, _ = run("verify-signatures", folder, "--epoch", world.epoch, "--threshold", 2, *places)
    assert code == 1
    assert "EQUIVOCATION" in out
    assert "CONTRADICTED" in out
    code, said = asked(run, world, folder, 3, *places)
    assert (code, said["reached"]) == (1, False)


def test_two_stories_about_other_results_do_not_contradict_this_one(
    world: World, settled: Settlement, other_settled: Settlement
) -> None:
    mine, other = Statement.of(settled), Statement.of(other_settled)
    third = other._replace(manifest="cd" * 32)
    files = [text(world, 0, mine), text(world, 1, other), text(world, 1, third)]
    found = count_votes(mine, roster(world), files, threshold=1)
    assert (found.is_reached, found.is_contradicted) == (True, False)
    assert [one.validator for one in found.equivocations] == [NAMES[1]]


def text(world: World, number: int, statement: Statement, **changes: Any) -> tuple[str, bytes]:
    """A file's name and content: a validator's signature over a statement."""
    validator = world.fleet.validators[number]
    payload = statement.payload(changes.get("named", validator.id))
    return f"{number}.jws", jws(changes.get("key", validator.key), payload, kid=changes.get("kid"))


def roster(world: World, owners: list[str] | None = None) -> Roster:
    """Who is enrolled, as a table in the test."""
    return Roster(
        {
            validator.id: Member(
                validator.owner.name if owners is None else owners[number],
                (RegisteredKey(validator.key.kid, validator.key.public, 0, None),),
            )
            for number, validator in enumerate(world.fleet.validators)
        },
        world.settings.end * 1000,
    )


def test_validators_of_one_owner_are_no_quorum(world: World, settled: Settlement) -> None:
    mine = Statement.of(settled)
    files = [text(world, number, mine) for number in range(3)]
    shared = roster(world, ["alice", "alice", "bob", "carol"])
    found = count_votes(mine, shared, files, threshold=3)
    assert (len(found.agreeing), sorted(found.agreeing_owners)) == (3, ["alice", "bob"])
    assert not found.is_reached
    assert count_votes(mine, shared, files, threshold=3, owner_threshold=2).is_reached
    assert not count_votes(mine, shared, files, threshold=4, owner_threshold=2).is_reached


@pytest.mark.parametrize(
    ("threshold", "owners", "expected"), [(0, 1, "threshold"), (5, 1, "threshold"), (4, None, "owners")]
)
def test_what_can_never_be_reached_is_a_bad_call(
    world: World, settled: Settlement, threshold: int, owners: int | None, expected: str
) -> None:
    shared = roster(world, ["alice", "alice", "bob", "carol"])
    with pytest.raises(InputError, match=f"^{expected}: expected 1 to"):
        count_votes(Statement.of(settled), shared, [], threshold=threshold, owner_threshold=owners)


def part(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def bent(content: bytes, position: int, data: bytes) -> bytes:
    """A JWS with another header, payload or signature."""
    parts = content.split(b".")
    parts[position] = part(data)
    return b".".join(parts)


def test_what_is_no_vote_is_listed_with_its_reason(
    run: Run, world: World, folder: Path, settled: Settlement
) -> None:
    mine = Statement.of(settled)
    good, stranger = text(world, 0, mine)[1], DeviceKey.from_seed("ed25519", b"s" * 32)
    payload = mine.payload(NAMES[0])
    first = world.fleet.validators[0].key
    files = {
        "00-garbage": (b"\xff\x00 not a jws", "MALFORMED"),
        "01-empty": (b"", "MALFORMED"),
        "02-long": (good + b"A" * 70_000, "MALFORMED"),
        "03-two-lines": (good + b"\n\n", "MALFORMED"),
        "04-no-json": (jws(first, b"{"), "MALFORMED"),
        "05-deep": (jws(first, b"[" * 30_000), "MALFORMED"),
        "06-spaces": (jws(first, payload.replace(b",", b", ")), "MALFORMED"),
        "07-more": (jws(first, payload[:-1] + b',"z":1}'), "MALFORMED"),
        "08-twice": (jws(first, payload[:-1] + b',"validator":"00"}'), "MALFORMED"),
        "09-other-format": (jws(first, payload.replace(b"result-v1", b"result-v2")), "MALFORMED"),
        "10-of-a-file": (jws(first, b'{"epoch":0,"sha256":"00","start":1}'), "MALFORMED"),
        "11-float": (jws(first, payload.replace(b'"epoch":0', b'"epoch":0.0')), "MALFORMED"),
        "12-crit": (bent(good, 0, b'{"alg":"EdDSA","kid":"AA","crit":["x"]}'), "MALFORMED"),
        "13-none": (bent(good, 0, b'{"alg":"none","kid":"' + part(first.kid) + b'"}'), "UNKNOWN_KEY"),
        "14-stranger": (jws(stranger, mine.payload(b"val-9")), "UNKNOWN_SIGNER"),
        "15-other-key": (jws(stranger, payload), "UNKNOWN_KEY"),
        "16-borrowed-kid": (jws(stranger, payload, kid=first.kid), "BAD_SIGNATURE"),
        "17-other-name": (text(world, 0, mine, named=NAMES[1])[1], "UNKNOWN_KEY"),
        "18-cut": (bent(good, 2, bytes(63)), "BAD_SIGNATURE"),
        "19-zeros": (bent(good, 2, bytes(64)), "BAD_SIGNATURE"),
        "20-payload": (bent(good, 1, mine._replace(root=None).payload(NAMES[0])), "BAD_SIGNATURE"),
        "21-other-epoch": (text(world, 0, mine._replace(epoch=1))[1], "WRONG_EPOCH"),
        "22-other-start": (text(world, 0, mine._replace(start=900))[1], "WRONG_EPOCH"),
    }
    (folder / "signatures").mkdir()
    for name, (content, _) in files.items():
        (folder / "signatures" / f"{name}.jws").write_bytes(content)
    (folder / "signatures" / "23-folder.jws").mkdir()
    (folder / "signatures" / "24-nowhere.jws").symlink_to("nowhere")
    code, said = asked(run, world, folder, 1)
    found = {Path(one["file"]).stem: one["reason"] for one in said["refused"]}
    expected = {name: reason for name, (_, reason) in files.items()}
    assert found == expected | {"23-folder": "MALFORMED", "24-nowhere": "MALFORMED"}
    assert (code, said["agreeing"], said["others"], said["equivocations"]) == (1, [], [], [])
    signs(world, 1, settled, folder / "signatures")
    assert asked(run, world, folder, 1)[0] == 0
    code, out, _ = run("verify-signatures", folder, "--epoch", world.epoch, "--threshold", 1)
    assert code == 0
    assert "BAD_SIGNATURE" in out
    assert "\x00" not in out


@given(first=st.sampled_from([-1, 0, 1]), last=st.sampled_from([-1, 0, 1, None]))
def test_a_key_signs_iff_its_interval_holds_the_end(first: int, last: int | None) -> None:
    key, end_ms = DeviceKey.from_seed("ed25519", b"k" * 32), 9_000
    registered = RegisteredKey(key.kid, key.public, end_ms + first, None if last is None else end_ms + last)
    members = Roster({b"v": Member("alice", (registered,))}, end_ms)
    mine = Statement(0, 0, "ab" * 32, None, "cd" * 32, "ef" * 32)
    found = count_votes(mine, members, [("v.jws", jws(key, mine.payload(b"v")))], threshold=1)
    is_valid = first <= 0 and (last is None or last > 0)
    assert found.is_reached is is_valid
    assert [one.reason for one in found.refused] == ([] if is_valid else ["KEY_NOT_VALID"])


def test_revoked_and_retired(world: World) -> None:
    """What the registry says is honoured: a revocation within the epoch, a retirement before it."""
    from depinverify.simulate.events import registry  # noqa: PLC0415

    log, settings = registry(world.fleet), world.settings
    start_ms, end_ms = settings.start * 1000, settings.end * 1000
    revoked, retired = world.fleet.validators[0], world.fleet.validators[1]
    log.append(end_ms - 10, events.revoke(validator=revoked.id, kid=revoked.key.kid), world.fleet.authority)
    log.append(end_ms - 5, events.retire_validator(validator=retired.id), world.fleet.authority)
    mine = Statement(0, settings.start, "ab" * 32, None, "cd" * 32, "ef" * 32)
    for index, expected in ((0, [retired.id, *NAMES[2:]]), (1, NAMES[2:])):
        length_ms = end_ms - start_ms
        snapshot = _native.RegistrySnapshot(
            b"".join(log.lines),
            epoch=index,
            start_ms=start_ms + index * length_ms,
            end_ms=end_ms + index * length_ms,
            authority=[world.fleet.authority.public.did],
        )
        members = Roster.of(snapshot, end_ms + index * length_ms)
        files = [text(world, number, mine._replace(epoch=index)) for number in range(4)]
        found = count_votes(mine._replace(epoch=index), members, files, threshold=1)
        assert [vote.validator for vote in found.agreeing] == expected
        reasons = ["KEY_NOT_VALID"] if index == 0 else ["KEY_NOT_VALID", "UNKNOWN_SIGNER"]
        assert [one.reason for one in found.refused] == reasons


KEYS = [DeviceKey.from_seed("ed25519", bytes([n]) * 32) for n in range(4)]
MINE = Statement(0, 0, "ab" * 32, None, "cd" * 32, "ef" * 32)
RESULTS = [MINE, MINE._replace(root="0x" + "12" * 32), MINE._replace(manifest="00" * 32)]
SIGNED = [[jws(key, one.payload(NAMES[n])) for one in RESULTS] for n, key in enumerate(KEYS)]


@given(
    signed=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=8),
    owners=st.lists(st.sampled_from("abcd"), min_size=4, max_size=4),
    threshold=st.integers(1, 4),
    owner_threshold=st.integers(1, 4),
)
def test_the_count_is_what_a_person_would_count(
    signed: list[tuple[int, int]], owners: list[str], threshold: int, owner_threshold: int
) -> None:
    members = {
        name: Member(owner, (RegisteredKey(key.kid, key.public, 0, None),))
        for name, owner, key in zip(NAMES, owners, KEYS, strict=True)
    }
    wanted = min(owner_threshold, len(set(owners)))
    files = [("x.jws", SIGNED[validator][result]) for validator, result in signed]
    found = count_votes(MINE, Roster(members, 1), files, threshold=threshold, owner_threshold=wanted)
    said = [{result for validator, result in signed if validator == n} for n in range(4)]
    agreeing = [n for n in range(4) if said[n] == {0}]
    assert [vote.validator for vote in found.agreeing] == [NAMES[n] for n in agreeing]
    assert [one.validator for one in found.equivocations] == [NAMES[n] for n in range(4) if len(said[n]) > 1]
    assert list(found.silent) == [NAMES[n] for n in range(4) if not said[n]]
    assert {
        RESULTS.index(one): [vote.validator for vote in votes] for one, votes in found.others.items()
    } == {
        result: [NAMES[n] for n in range(4) if said[n] == {result}] for result in (1, 2) if {result} in said
    }
    assert found.is_contradicted is any(0 in results and len(results) > 1 for results in said)
    is_enough = len(agreeing) >= threshold and len({owners[n] for n in agreeing}) >= wanted
    assert found.is_reached is is_enough
    assert found.refused == ()


def test_names_and_order_of_files_change_nothing(
    world: World, settled: Settlement, other_settled: Settlement
) -> None:
    mine, other = Statement.of(settled), Statement.of(other_settled)
    files = [text(world, number, mine) for number in range(3)]
    files += [text(world, 1, other), text(world, 3, other), ("x.jws", b"nothing"), ("y.jws", "unreadable")]
    expected = count_votes(mine, roster(world), files, threshold=2)
    dice = random.Random(5)
    for _ in range(20):
        shuffled = [(f"{dice.random()}.jws", content) for _, content in dice.sample(files, len(files))]
        found = count_votes(mine, roster(world), shuffled + shuffled[:2], threshold=2)
        assert (found.votes, found.equivocations) == (expected.votes, expected.equivocations)
        assert found.silent == expected.silent == ()
        assert list(found.others.items()) == list(expected.others.items())


def test_bad_calls(run: Run, world: World, folder: Path, tmp_path: Path) -> None:
    base = ("verify-signatures", folder, "--epoch", world.epoch)
    for arguments, expected in (
        ((*base, "--threshold", 5), "expected 1 to 4, the number of enrolled validators"),
        ((*base, "--threshold", 1, "--owners", 9), "owners of validators"),
        ((*base, "--threshold", 0), "threshold"),
        ((*base, "--threshold", 1, "--signatures", tmp_path / "none"), "does not exist"),
        (("verify-signatures", tmp_path, "--epoch", world.epoch, "--threshold", 1), "manifest.json"),
    ):
        code, out, err = run(*arguments)
        assert (code, out) == (2, "")
        assert expected in " ".join(err.replace("│", " ").split())
    (folder / "rewards.json").write_text("{}")
    code, out, err = run(*base, "--threshold", 1)
    assert (code, out, "rewards.json" in err) == (2, "", True)
