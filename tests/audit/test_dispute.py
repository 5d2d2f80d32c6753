"""The bundle of one device: equal bytes, a check that finds every change, and a correction that is paid."""

from __future__ import annotations

import hashlib
import json
import tomllib
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from depinverify.audit.adjustment import adjustment_toml, sign_adjustment
from depinverify.audit.bundle import MANIFEST, read_bundle, write_bundle
from depinverify.audit.dispute import make_dispute
from depinverify.audit.recheck import Recheck, check_bundle
from depinverify.audit.registry_extract import chained, events_for
from depinverify.audit.toml_text import toml_text
from depinverify.canonical import canonical_json
from depinverify.device import DeviceKey
from depinverify.epoch import Adjustment
from depinverify.exceptions import InputError
from depinverify.reward import check_adjustments
from epoch_folders import rows_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from device_cases import Chapter

    from depinverify import Settlement

Run = Any
Files = dict[str, bytes]


@pytest.fixture(scope="session")
def bundle(chapter: Chapter, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of a device that was down for some slots."""
    path = tmp_path_factory.mktemp("bundle") / "bundle.zip"
    path.write_bytes(
        make_dispute(chapter.with_reason("AVAILABILITY"), chapter.settlement, chapter.epoch).content
    )
    return path


def outcome(found: Recheck) -> dict[str, bool | None]:
    return {one.subject: one.agrees for one in found.statements}


def test_make_and_check(depinverify_command: Run, chapter: Chapter, bundle: Path, tmp_path: Path) -> None:
    device = chapter.with_reason("AVAILABILITY")
    out = tmp_path / "b.zip"
    code, said, err = depinverify_command(
        "dispute", "make", device, chapter.settlement.folder, "--epoch", chapter.epoch, "--out", out
    )
    assert (code, err) == (0, "")
    assert out.read_bytes() == bundle.read_bytes()
    assert hashlib.sha256(out.read_bytes()).hexdigest() in said
    code, said, err = depinverify_command("dispute", "check", out)
    assert (code, err) == (0, "")
    assert "agrees    verdicts: " in said
    assert "DIFFERS" not in said
    assert "not shown exclusions" in said
    code, said, _ = depinverify_command("dispute", "check", out, "--json")
    assert code == 0
    found = json.loads(said)
    assert found["agrees"]
    assert {one["subject"] for one in found["statements"] if one["agrees"] is None} >= {
        "exclusions",
        "amount",
    }
    assert sum(source["rows"] for source in found["sources"]) == 36
    known = {file["name"]: file["sha256"] for file in chapter.settlement.sources["files"]}
    assert all(source["sha256"] == known[source["file"]] for source in found["sources"])


def test_every_device_can_be_disputed(
    chapter: Chapter, later: tuple[Path, Settlement], tmp_path: Path
) -> None:
    """Liars, clones, devices that change their key; in the first epoch and in one with a state before."""
    path = tmp_path / "b.zip"
    for epoch, settlement in ((chapter.epoch, chapter.settlement), later):
        for device in chapter.devices[::2]:
            made = make_dispute(device, settlement, epoch)
            assert made.explanation.findings == []
            assert made.found.missing == ()
            path.write_bytes(made.content)
            found = check_bundle(path)
            assert found.agrees, [one for one in found.statements if one.agrees is False]
            assert outcome(found)["verdicts"] is True


def test_nothing_of_others_is_in_it(chapter: Chapter, bundle: Path) -> None:
    files, about = read_bundle(bundle)
    everything = b"\n".join([*files.values(), canonical_json(about)])
    own = about["device"]
    others = [device for device in chapter.devices if device != own]
    strangers = [other for other in others if other.encode() in everything]
    assert strangers == []
    addresses = {row["address"] for rows in rows_of(chapter.epoch).values() for row in rows} - {None}
    assert not [
        address for address in addresses if address.hex().encode() in files["observations/device.jsonl"]
    ]
    assert b'"address"' not in files["observations/device.jsonl"]
    assert str(chapter.folder).encode() not in everything


def test_a_database_url_is_not_in_it(chapter: Chapter, bundle: Path, tmp_path: Path) -> None:
    """A registry in a database gives the same bundle, and nobody learns where it lies."""
    from depinverify.registry import Registry  # noqa: PLC0415

    epoch = chapter.world.copy(tmp_path / "e")
    url = f"sqlite:///{tmp_path}/secret.db"
    with Registry.create(url, authority=[chapter.world.fleet.authority.public.did]) as registry:
        registry.restore((epoch / "registry.jsonl").read_bytes().splitlines())
    toml = epoch / "epoch.toml"
    toml.write_text(toml.read_text().replace('path = "registry.jsonl"', f'url = "{url}"'))
    (epoch / "registry.jsonl").unlink()
    made = make_dispute(chapter.with_reason("AVAILABILITY"), chapter.settlement, epoch)
    assert made.explanation.findings == []
    assert made.content == bundle.read_bytes()


def test_the_order_of_the_files_plays_no_part(chapter: Chapter, bundle: Path, tmp_path: Path) -> None:
    """Rows in other files give the same evidence; only the names of the files are others."""
    epoch = chapter.world.rewrite(tmp_path / "e", name=lambda n: f"z{n}.jsonl.gz", files=2, seed=4, repeats=9)
    made = make_dispute(chapter.with_reason("AVAILABILITY"), chapter.settlement, epoch)
    (tmp_path / "b.zip").write_bytes(made.content)
    before, after = read_bundle(bundle)[0], read_bundle(tmp_path / "b.zip")[0]
    assert before == after


# ------------------------------------------------------------------------------------------------ what is found out


def rewritten(bundle: Path, out: Path, change: Callable[[Files], object]) -> Path:
    """The bundle with changed files, and a manifest that fits them."""
    files, about = read_bundle(bundle)
    change(files)
    members = {name: value for name, value in about.items() if name not in {"format", "files"}}
    out.write_bytes(write_bundle(files, members))
    return out


def json_file(name: str, change: Callable[[Any], object]) -> Callable[[Files], object]:
    def apply(files: Files) -> None:
        value = json.loads(files[name])
        change(value)
        files[name] = canonical_json(value)

    return apply


def lines_of(name: str, change: Callable[[list[Any]], object]) -> Callable[[Files], object]:
    def apply(files: Files) -> None:
        values = [json.loads(line) for line in files[name].splitlines()]
        change(values)
        files[name] = b"".join(json.dumps(value).encode() + b"\n" for value in values)

    return apply


def first_answer(rows: list[Any]) -> dict[str, Any]:
    return next(row for row in rows if row.get("proof"))


def entry_with(**members: Any) -> Callable[[Files], object]:
    return json_file("settlement/rewards.json", lambda value: value["entries"][0].update(members))


CHANGES: dict[str, tuple[str, Callable[[Files], object]]] = {
    "a row is left out": ("verdicts", lines_of("observations/device.jsonl", lambda rows: rows.pop(3))),
    "a row is a second later": (
        "verdicts",
        lines_of("observations/device.jsonl", lambda rows: rows[0].update(sent_ms=rows[0]["sent_ms"] + 1)),
    ),
    "a silence is an answer of another slot": (
        "verdicts",
        lines_of("observations/device.jsonl", lambda rows: first_answer(rows).update(slot=11)),
    ),
    "a verdict is another": (
        "verdicts",
        lines_of("settlement/verdicts.jsonl", lambda rows: rows[0].update(outcome=7)),
    ),
    "a verdict more": ("verdicts", lines_of("settlement/verdicts.jsonl", lambda rows: rows.append(rows[0]))),
    "the score": (
        "decisions and score",
        json_file("settlement/score.json", lambda score: score.update(up=score["up"] + 1)),
    ),
    "the state": (
        "decisions and score",
        lines_of("settlement/state.jsonl", lambda lines: lines[0]["windows"][0].__setitem__(1, 0)),
    ),
    "the weight": ("multipliers and weight", entry_with(weight="5")),
    "the reasons": ("multipliers and weight", entry_with(reasons=[])),
    "the payee": ("claim", json_file("settlement/claim.json", lambda claim: claim.update(payee="0x" + "11" * 20))),
    "the proof": ("claim", json_file("settlement/claim.json", lambda claim: claim["proof"].pop())),
    "no claim": ("claim", lambda files: files.update({"settlement/claim.json": b"null"})),
    "an exclusion less": (
        "exclusion log",
        json_file("settlement/rewards.json", lambda rewards: rewards["exclusions"].pop()),
    ),
    "the manifest": (
        "manifest",
        json_file("settlement/manifest.json", lambda manifest: manifest["counts"].clear()),
    ),
    "a secret": (
        "secrets",
        lines_of("validators.jsonl", lambda lines: lines[0].update(secret="00" * 32)),
    ),
    "a beacon round": (
        "epoch",
        lines_of("beacon.jsonl", lambda lines: lines[0].update(lines[1] | {"round": lines[0]["round"]})),
    ),
    "a key": (
        "epoch",
        lines_of("registry.jsonl", lambda events: events[0].update(owner="somebody else")),
    ),
    "a link": (
        "events",
        lines_of("registry.jsonl", lambda events: events[-1].update(prev_hash="00" * 32)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CHANGES)
def test_every_change_is_found(depinverify_command: Run, bundle: Path, tmp_path: Path, case: str) -> None:
    subject, change = CHANGES[case]
    changed = rewritten(bundle, tmp_path / "b.zip", change)
    found = check_bundle(changed)
    assert not found.agrees
    assert outcome(found)[subject] is False
    code, said, _ = depinverify_command("dispute", "check", changed)
    assert code == 1
    assert f"DIFFERS   {subject}: " in said


def test_a_file_that_the_manifest_does_not_know(
    depinverify_command: Run, bundle: Path, tmp_path: Path
) -> None:
    files, about = read_bundle(bundle)
    members = {name: value for name, value in about.items() if name not in {"format", "files"}}
    content = write_bundle(files, members)
    at = content.index(b'"transport"')
    (tmp_path / "b.zip").write_bytes(content[:at] + b'"transporT"' + content[at + 11 :])
    code, out, err = depinverify_command("dispute", "check", tmp_path / "b.zip")
    assert (code, out) == (2, "")
    assert "b.zip" in err


def test_missing_observations_are_named(depinverify_command: Run, chapter: Chapter, tmp_path: Path) -> None:
    epoch = chapter.world.copy(tmp_path / "e")
    gone = next(path for path in sorted((epoch / "observations").iterdir()) if path.suffix != ".jws")
    gone.unlink()
    device = chapter.devices[0]
    out = tmp_path / "b.zip"
    code, said, err = depinverify_command(
        "dispute", "make", device, chapter.settlement.folder, "--epoch", epoch, "--out", out, "--json"
    )
    assert code == 1
    assert len(json.loads(said)["findings"]) == 12
    assert "no file of observations holds it" in said + err
    assert outcome(check_bundle(out))["verdicts"] is False


# ----------------------------------------------------------------------------------------------- the unpacked epoch


def test_other_commands_take_the_unpacked_epoch(
    depinverify_command: Run, chapter: Chapter, bundle: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "epoch"
    assert depinverify_command("dispute", "check", bundle, "--unpack", folder)[0] == 0
    code, out, _ = depinverify_command("verify", folder, "--allow-unsigned", "--json")
    assert code == 0
    assert sum(json.loads(out)["counts"].values()) == 36
    files, about = read_bundle(bundle)
    row = json.loads(files["settlement/verdicts.jsonl"].splitlines()[0])
    code, out, _ = depinverify_command("check", "--epoch", folder, "--row", row["row_id"], "--json")
    assert code in {0, 1}
    assert json.loads(out)["facts"]["row_id"] == row["row_id"]
    code, out, _ = depinverify_command("schedule", folder, "--json")
    mine = [line for line in out.splitlines() if about["device"] in line]
    theirs = depinverify_command("schedule", chapter.epoch, "--json")[1].splitlines()
    assert mine == [line for line in theirs if about["device"] in line]
    assert len(mine) == 36
    code, _, err = depinverify_command("dispute", "check", bundle, "--unpack", folder)
    assert code == 2
    assert "empty or new folder" in err


def test_the_extract_keeps_what_was_signed(chapter: Chapter) -> None:
    lines = (chapter.epoch / "registry.jsonl").read_bytes()
    device = bytes.fromhex(chapter.devices[0])
    chosen = events_for(lines, device, epoch=0, before_ms=1 << 60)
    assert set(chosen) < set(lines.splitlines())
    events = [json.loads(line) for line in chosen]
    assert {event.get("device") for event in events} <= {device.hex(), None}
    assert {event["epoch"] for event in events if event["type"] == "commit_challenge"} == {0}
    for old, new in zip(events, map(json.loads, chained(chosen)), strict=True):
        assert {k: v for k, v in old.items() if k not in {"seq", "prev_hash"}} == {
            k: v for k, v in new.items() if k not in {"seq", "prev_hash"}
        }


# --------------------------------------------------------------------------------------------------- the correction


@pytest.fixture
def authority(chapter: Chapter, tmp_path: Path) -> Path:
    path = tmp_path / "authority.pem"
    chapter.world.fleet.authority.save(path)
    return path


def test_a_settled_dispute_is_paid_in_a_later_epoch(
    depinverify_command: Run,
    chapter: Chapter,
    later: tuple[Path, Settlement],
    bundle: Path,
    authority: Path,
    tmp_path: Path,
) -> None:
    amount, reason = 123_456_789_012_345_678_901, 'the "uplink" of v\u00e4l-0\x7f\nfailed'
    code, toml, err = depinverify_command(
        "dispute",
        "settle",
        bundle,
        "--amount",
        amount,
        "--reason",
        reason,
        "--epoch-index",
        1,
        "--key",
        authority,
    )
    assert (code, err) == (0, "")
    table = tomllib.loads(toml)["adjustment"]
    assert len(table) == 1
    assert table[0]["reason"] == reason
    assert table[0]["reference"] == chapter.settlement.manifest["results"]["rewards.json"]
    payee = chapter.entry(chapter.with_reason("AVAILABILITY"))["payee"]
    assert table[0]["payee"] == payee
    check_adjustments([Adjustment(**table[0])], 1, [chapter.world.fleet.authority.public.did])

    _, corrected = chapter.next(tmp_path / "next", "\n" + toml)
    amounts = [
        {line["payee"]: int(line["amount"]) for line in settlement.rewards["payees"]}
        for settlement in (later[1], corrected)
    ]
    assert amounts[1].pop(payee) - amounts[0].pop(payee) == amount
    assert amounts[0] == amounts[1]
    assert corrected.rewards["adjustments"] == str(amount)


def test_a_correction_can_take(depinverify_command: Run, bundle: Path, authority: Path) -> None:
    payee = "0x" + "AB" * 20
    code, out, _ = depinverify_command(
        "dispute", "settle", bundle, "--amount=-7", "--reason", "r", "--epoch-index", 9, "--key", authority,
        "--payee", payee, "--json",
    )  # fmt: skip
    assert code == 0
    assert json.loads(out)["payee"] == payee.lower()
    assert json.loads(out)["amount"] == "-7"


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--amount", "1.5", "amount"),
        ("--amount", "07", "amount"),
        ("--epoch-index", "0", "epoch index"),
        ("--payee", "0x12", "payee"),
    ],
)
def test_a_correction_that_no_epoch_would_take(
    depinverify_command: Run, bundle: Path, authority: Path, option: str, value: str, says: str
) -> None:
    given = {"--amount": "1", "--reason": "r", "--epoch-index": "1", "--key": str(authority), option: value}
    words = [word for pair in given.items() for word in pair]
    code, out, err = depinverify_command("dispute", "settle", bundle, *words)
    assert (code, out) == (2, "")
    assert says in err


def test_the_key_of_somebody_else_is_noted(depinverify_command: Run, bundle: Path, tmp_path: Path) -> None:
    DeviceKey.generate("p256").save(tmp_path / "k.pem")
    code, _, err = depinverify_command(
        "dispute",
        "settle",
        bundle,
        "--amount",
        1,
        "--reason",
        "r",
        "--epoch-index",
        1,
        "--key",
        tmp_path / "k.pem",
    )
    assert code == 0
    assert "none of the registry authority's" in err


@pytest.mark.parametrize("scheme", ["ed25519", "p256", "secp256k1"])
def test_corrections_are_what_an_epoch_checks(scheme: str) -> None:
    key = DeviceKey.generate(scheme)
    made = sign_adjustment(key, epoch=4, payee="0x" + "ab" * 20, amount="-5", reason="x", reference="cd" * 32)
    read = Adjustment(**tomllib.loads(adjustment_toml(made))["adjustment"][0])
    assert read == made
    check_adjustments([read], 4, [key.public.did])
    with pytest.raises(InputError):
        check_adjustments([read], 5, [key.public.did])


# ------------------------------------------------------------------------------------------------- archives of anybody


def archive(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return path


def test_archives_that_are_no_bundles(depinverify_command: Run, bundle: Path, tmp_path: Path) -> None:
    manifest = canonical_json({"format": "depinverify-dispute-v1", "device": "01", "files": {}})
    good = bundle.read_bytes()
    cases = {
        "empty": b"",
        "text": b"hello",
        "cut": good[: len(good) // 2],
        "end only": good[-22:],
        "no manifest": archive(tmp_path / "a.zip", {"x.json": b"1"}).read_bytes(),
        "a manifest of nothing": archive(tmp_path / "a.zip", {MANIFEST: manifest}).read_bytes(),
        "a place outside": archive(tmp_path / "a.zip", {MANIFEST: manifest, "../x.json": b"1"}).read_bytes(),
        "a deep place": archive(tmp_path / "a.zip", {MANIFEST: manifest, "a/b/c.json": b"1"}).read_bytes(),
        "compressed": archive(
            tmp_path / "a.zip", {MANIFEST: manifest, "x.json": bytes(10**6)}, zipfile.ZIP_DEFLATED
        ).read_bytes(),
        "many files": archive(
            tmp_path / "a.zip", {MANIFEST: manifest, **{f"x{n}.json": b"" for n in range(99)}}
        ).read_bytes(),
        "manifest is a list": archive(tmp_path / "a.zip", {MANIFEST: b"[]"}).read_bytes(),
        "deep manifest": archive(tmp_path / "a.zip", {MANIFEST: b"[" * 10**5}).read_bytes(),
    }
    for name, content in cases.items():
        path = tmp_path / "case.zip"
        path.write_bytes(content)
        for command in (
            ("dispute", "check", path),
            ("dispute", "settle", path, "--amount", 1, "--reason", "r", "--epoch-index", 9, "--key", path),
        ):
            code, out, err = depinverify_command(*command)
            assert (code, out) == (2, ""), name
            assert err.startswith("error: "), name


BROKEN: dict[str, Callable[[Files], object]] = {
    "no observations": lambda files: files.pop("observations/device.jsonl"),
    "no epoch": lambda files: files.pop("epoch.toml"),
    "no rewards": lambda files: files.pop("settlement/rewards.json"),
    "rewards are a list": lambda files: files.update({"settlement/rewards.json": b"[]"}),
    "score is null": lambda files: files.update({"settlement/score.json": b"null"}),
    "claim is text": lambda files: files.update({"settlement/claim.json": b'"x"'}),
    "proof is text": json_file("settlement/claim.json", lambda claim: claim.update(proof="zz")),
    "verdicts are no JSON": lambda files: files.update({"settlement/verdicts.jsonl": b"{\n"}),
    "manifest is empty": lambda files: files.update({"settlement/manifest.json": b"{}"}),
    "epoch is no TOML": lambda files: files.update({"epoch.toml": b"= ="}),
    "registry is no JSON": lambda files: files.update({"registry.jsonl": b"x\n"}),
    "state is no JSON": lambda files: files.update(
        {"settlement/state.jsonl": files["settlement/state.jsonl"].replace(b"[[", b"[")}
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_bundle_with_broken_files_is_a_bad_call(
    depinverify_command: Run, bundle: Path, tmp_path: Path, case: str
) -> None:
    changed = rewritten(bundle, tmp_path / "b.zip", BROKEN[case])
    code, out, err = depinverify_command("dispute", "check", changed)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")


def test_toml_reads_back() -> None:
    table = {
        "a": 1, "text": 'q"\\\x00\x7f\u00e9\U0001f600\n', "no": False, "list": [[1, 2], [3, 4]], "empty": [],
        "sub": {"b": "x", "inline": {"quoted key": 1, "plain-key_2": 2}, "nothing": {}},
        "many": [{"c": "1"}, {"c": "2"}],
    }  # fmt: skip
    assert tomllib.loads(toml_text(table)) == table
