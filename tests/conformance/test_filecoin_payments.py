"""Payments and authorisations of Filecoin's warm storage through the Python surface: vectors, plain rules, corners."""

from __future__ import annotations

import json
from typing import Any

import pytest
from benches.plain_verifier.tree import keccak256
from hypothesis import given, settings
from hypothesis import strategies as st

from depinverify.exceptions import InputError
from depinverify.networks.filecoin import authorisation, rates, settlement
from depinverify.networks.filecoin.authorisation import Authorisation
from depinverify.networks.filecoin.settlement import ProvenPeriods, Settled
from public_vectors import cases, public_vectors

# Settlement.


def test_settlements() -> None:
    found = cases(public_vectors("filecoin") / "fwss_settlement.json")
    for case in found:
        words: dict[int, int] = {}
        for period in case["proven_periods"]:
            words[period >> 8] = words.get(period >> 8, 0) | 1 << (period & 255)
        for proven in (ProvenPeriods(case["proven_periods"]), ProvenPeriods(words=words)):
            settled = settlement.settle(
                proven,
                activation=case["activation_epoch"],
                period=case["max_proving_period"],
                amount=case["proposed_amount"],
                from_epoch=case["from_epoch"],
                to_epoch=case["to_epoch"],
                now=case["current_block"],
            )
            assert isinstance(settled, Settled), (case["name"], settled)
            assert (settled.paid, settled.up_to) == (case["expected_amount"], case["expected_settle_upto"])
    print(f"fwss_settlement.json: {len(found)} cases ran")
    assert found


def plain_settle(
    proven: set[int], activation: int, period: int, amount: int, start: int, end: int, now: int
) -> Settled:
    """The rule, epoch by epoch."""
    if activation == 0 or end <= activation:
        return Settled(0, end, 0)
    proven_epochs = 0
    up_to = begin = max(start, activation)
    for epoch in range(begin + 1, end + 1):
        number = (epoch - activation - 1) // period
        if number in proven:
            proven_epochs += 1
        elif activation + (number + 1) * period >= now:
            up_to = max(begin, activation + number * period)
            break
        up_to = epoch
    return Settled(amount * proven_epochs // (end - start), up_to, proven_epochs)


@settings(max_examples=400)
@given(
    activation=st.one_of(st.just(0), st.integers(1, 60)),
    period=st.integers(1, 12),
    proven=st.sets(st.integers(0, 25)),
    amount=st.one_of(st.integers(0, 10**6), st.integers(0, (1 << 256) - 1)),
    start=st.integers(0, 150),
    length=st.integers(1, 150),
    late=st.integers(0, 40),
)
def test_settlement_is_that_of_every_epoch(
    activation: int, period: int, proven: set[int], amount: int, start: int, length: int, late: int
) -> None:
    end = start + length
    settled = settlement.settle(
        ProvenPeriods(proven),
        activation=activation,
        period=period,
        amount=amount,
        from_epoch=start,
        to_epoch=end,
        now=end + late,
    )
    assert settled == plain_settle(proven, activation, period, amount, start, end, end + late)
    assert isinstance(settled, Settled)
    assert 0 <= settled.paid <= amount
    assert settled.proven_epochs <= length
    assert settled.up_to <= end


@settings(max_examples=200)
@given(
    activation=st.integers(0, (1 << 64) - 1),
    period=st.integers(1, (1 << 64) - 1),
    words=st.dictionaries(st.integers(0, (1 << 56) - 1), st.integers(0, (1 << 256) - 1), max_size=4),
    amount=st.integers(0, (1 << 256) - 1),
    epochs=st.lists(st.integers(0, (1 << 64) - 1), min_size=3, max_size=3, unique=True),
)
def test_settlement_conserves_wherever_the_numbers_end(
    activation: int, period: int, words: dict[int, int], amount: int, epochs: list[int]
) -> None:
    start, end, now = sorted(epochs)
    proven = ProvenPeriods(words=words)
    assert proven.words() == {number: word for number, word in sorted(words.items()) if word}
    settled = settlement.settle(
        proven, activation=activation, period=period, amount=amount, from_epoch=start, to_epoch=end, now=now
    )
    assert isinstance(settled, Settled)
    assert settled.paid == amount * settled.proven_epochs // (end - start) <= amount
    assert settled.up_to <= end


def test_proposals_that_cannot_be_settled() -> None:
    def label(start: int, end: int, now: int) -> str:
        found = settlement.settle(
            ProvenPeriods(), activation=5, period=10, amount=1, from_epoch=start, to_epoch=end, now=now
        )
        assert isinstance(found, settlement.Refused)
        return found.label

    assert label(7, 7, 100) == label(8, 7, 100) == "empty range"
    assert label(7, 101, 100) == "range not over"
    for change, message in (
        ({"period": 0}, "period: expected at least 1 epoch, found 0"),
        ({"amount": 1 << 256}, r"amount: expected an integer from 0 to 2\^256-1"),
        ({"amount": 1.0}, r"amount: expected an integer from 0 to 2\^256-1, found float"),
        ({"from_epoch": -1}, "from_epoch: expected an integer"),
        ({"now": 1 << 64}, "now: expected an integer"),
    ):
        given_: dict[str, Any] = {
            "activation": 5, "period": 10, "amount": 1, "from_epoch": 0, "to_epoch": 1, "now": 2
        }  # fmt: skip
        with pytest.raises(InputError, match=message):
            settlement.settle(ProvenPeriods(), **{**given_, **change})


def test_proven_periods() -> None:
    proven = ProvenPeriods([0, 255, 256, 256])
    assert proven.words() == {0: 1 | 1 << 255, 1: 1}
    assert proven == ProvenPeriods(words={0: 1 | 1 << 255, 1: 1})
    assert proven != ProvenPeriods([0])
    assert [period in proven for period in (0, 1, 255, 256, 257)] == [True, False, True, True, False]
    proven.mark((1 << 64) - 1)
    assert ((1 << 64) - 1) in proven
    # Both ways together.
    assert ProvenPeriods([3], words={0: 1}).words() == {0: 0b1001}
    for wrong, message in (
        (lambda: ProvenPeriods([-1]), r"periods\[0\]: expected an integer"),
        (lambda: ProvenPeriods(7), r"periods: expected integers, found int"),  # type: ignore[arg-type]
        (lambda: ProvenPeriods(words={1 << 56: 1}), r"words, number: expected an integer below 2\^56"),
        (lambda: ProvenPeriods(words={0: 1 << 256}), r"words\[0\]: expected an integer"),
        (lambda: ProvenPeriods(words=[1]), r"words: expected a mapping"),  # type: ignore[arg-type]
        (lambda: proven.mark(1 << 64), r"period: expected an integer"),
    ):
        with pytest.raises(InputError, match=message):
            wrong()


def test_periods_and_deadlines() -> None:
    assert [settlement.period_of(1000, 2880, epoch) for epoch in (0, 1000, 1001, 3880, 3881)] == [
        None, None, 0, 0, 1
    ]  # fmt: skip
    assert settlement.period_of(0, 2880, 5000) is None
    assert settlement.period_deadline(1000, 2880, 1) == 6760
    assert settlement.period_deadline(1000, 2880, (1 << 64) - 1) is None
    with pytest.raises(InputError, match="period: expected at least 1 epoch"):
        settlement.period_of(1000, 0, 5)


# Rates and prices.


def test_rates() -> None:
    found = cases(public_vectors("filecoin") / "fwss_rates.json")
    for case in found:
        leaves = case["leaf_count"]
        assert rates.raw_bytes(leaves) == case["raw_bytes"]
        assert rates.rate_per_epoch(leaves) == case["rate_per_epoch_base_units"]
        assert rates.proof_fee(leaves) == case["proof_fee_attofil"]
    print(f"fwss_rates.json: {len(found)} cases ran")
    assert found


@given(leaves=st.one_of(st.integers(1, 1 << 40), st.integers(1, (1 << 128) - 1)))
def test_rate_of_any_number_of_leaves(leaves: int) -> None:
    raw = leaves * 32 * 127 // 128
    expected = raw * 25 * 10**17 // (2**40 * 86_400) + 24 * 10**15 // 86_400
    assert rates.rate_per_epoch(leaves) == expected


def test_prices() -> None:
    milli = 10**15
    assert (
        rates.Prices(
            create_set=25 * milli,
            add_pieces=milli // 2,
            add_piece=3 * milli // 10,
            schedule_removals=2 * milli,
            terminate=112 * milli // 100,
            lockup_epochs=86_400,
            reserve=100 * milli,
            reserve_refill_below=5 * milli,
            cleanup_deposit=100 * milli,
            proof_fee_per_tebibyte=230_000 * 10**9,
        )
        == rates.PRICES
    )
    assert rates.rate_per_epoch(0) == 0
    assert [rates.add_pieces(count) for count in (0, 1, 100)] == [
        milli // 2, 8 * milli // 10, 305 * milli // 10
    ]  # fmt: skip
    assert rates.reserve_refill(0) == 100 * milli
    assert rates.reserve_refill(5 * milli - 1) == 95 * milli + 1
    assert rates.reserve_refill(5 * milli) == rates.reserve_refill(1 << 127) == 0
    with pytest.raises(InputError, match="leaves: expected an integer"):
        rates.rate_per_epoch(1 << 128)


# Authorisations.


def fields_of(case: dict[str, Any]) -> Authorisation:
    fields = case["fields"]
    number = int(fields["clientDataSetId"])

    def metadata(entries: list[dict[str, str]]) -> list[tuple[str, str]]:
        return [(entry["key"], entry["value"]) for entry in entries]

    match case["primary_type"].partition("(")[0]:
        case "CreateDataSet":
            payee = bytes.fromhex(fields["payee"].removeprefix("0x"))
            return Authorisation.create_data_set(number, payee, metadata(fields["metadata"]))
        case "SchedulePieceRemovals":
            return Authorisation.schedule_piece_removals(number, [int(piece) for piece in fields["pieceIds"]])
        case "AddPieces":
            pieces = [bytes.fromhex(cid["data"].removeprefix("0x")) for cid in fields["pieceData"]]
            about = [(int(one["pieceIndex"]), metadata(one["metadata"])) for one in fields["pieceMetadata"]]
            return Authorisation.add_pieces(number, int(fields["nonce"]), pieces, about)
        case other:
            pytest.fail(f"an authorisation of another type: {other}")


def test_authorisations() -> None:
    file = json.loads((public_vectors("filecoin") / "fwss_eip712.json").read_text())
    domain = file["domain"]
    own = (domain["chainId"], bytes.fromhex(domain["verifyingContract"].removeprefix("0x")))
    assert authorisation.service_of("calibration") == (*own, bytes.fromhex(domain["domain_separator"]))
    for case in file["cases"]:
        allowed = fields_of(case)
        signature = bytes.fromhex(case["signature"].removeprefix("0x"))
        signer = bytes.fromhex(case["recovered_signer"].removeprefix("0x"))
        assert allowed.struct_hash().hex() == case["struct_hash"], case["name"]
        for service in ("calibration", own):
            assert allowed.digest(service).hex() == case["digest"]
            assert allowed.signer(signature, service) == signer
            # 0 and 1 count as 27 and 28.
            assert allowed.signer(signature[:64] + bytes([signature[64] - 27]), service) == signer
        assert allowed.digest("mainnet").hex() != case["digest"]
        assert allowed.digest() == allowed.digest("mainnet")
        assert allowed.signer(signature) != signer
    print(f"fwss_eip712.json: {len(file['cases'])} cases ran")
    assert file["cases"]


def word(number: int) -> bytes:
    return number.to_bytes(32, "big")


def hash_of(types: str, *words: bytes) -> bytes:
    return keccak256(keccak256(types.encode()) + b"".join(words))


ENTRY = "MetadataEntry(string key,string value)"
ABOUT = "PieceMetadata(uint256 pieceIndex,MetadataEntry[] metadata)"


def hash_of_entries(entries: list[tuple[str, str]]) -> bytes:
    return keccak256(
        b"".join(hash_of(ENTRY, keccak256(key.encode()), keccak256(value.encode())) for key, value in entries)
    )


NUMBERS = st.integers(0, (1 << 256) - 1)
ENTRIES = st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=3)


@settings(max_examples=25)
@given(
    number=NUMBERS,
    nonce=NUMBERS,
    pieces=st.lists(st.binary(max_size=50), max_size=3),
    about=st.lists(st.tuples(NUMBERS, ENTRIES), max_size=3),
    payee=st.binary(min_size=20, max_size=20),
    ids=st.lists(NUMBERS, max_size=4),
    chain_id=st.integers(0, (1 << 64) - 1),
)
def test_hashes_are_those_of_the_standard(
    number: int,
    nonce: int,
    pieces: list[bytes],
    about: list[tuple[int, list[tuple[str, str]]]],
    payee: bytes,
    ids: list[int],
    chain_id: int,
) -> None:
    metadata = about[0][1] if about else []
    create = "CreateDataSet(uint256 clientDataSetId,address payee,MetadataEntry[] metadata)" + ENTRY
    add = (
        "AddPieces(uint256 clientDataSetId,uint256 nonce,Cid[] pieceData,PieceMetadata[] pieceMetadata)"
        f"Cid(bytes data){ENTRY}{ABOUT}"
    )
    remove = "SchedulePieceRemovals(uint256 clientDataSetId,uint256[] pieceIds)"
    cids = b"".join(hash_of("Cid(bytes data)", keccak256(one)) for one in pieces)
    said = b"".join(hash_of(ABOUT + ENTRY, word(place), hash_of_entries(entries)) for place, entries in about)
    domain = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    name = keccak256(b"FilecoinWarmStorageService")
    separator = hash_of(domain, name, keccak256(b"1"), word(chain_id), bytes(12) + payee)
    assert authorisation.service_of((chain_id, payee)).separator == separator
    for allowed, expected in (
        (
            Authorisation.create_data_set(number, payee, metadata),
            hash_of(create, word(number), bytes(12) + payee, hash_of_entries(metadata)),
        ),
        (
            Authorisation.add_pieces(number, nonce, pieces, about),
            hash_of(add, word(number), word(nonce), keccak256(cids), keccak256(said)),
        ),
        (
            Authorisation.schedule_piece_removals(number, ids),
            hash_of(remove, word(number), keccak256(b"".join(map(word, ids)))),
        ),
    ):
        assert allowed.struct_hash() == expected
        assert allowed.digest((chain_id, payee)) == keccak256(b"\x19\x01" + separator + expected)


def test_services() -> None:
    assert authorisation.service_of("mainnet")[:2] == (
        314,
        bytes.fromhex("8408502033C418E1bbC97cE9ac48E5528F371A9f"),
    )
    assert authorisation.service_of("calibration").chain_id == 314_159


def test_what_is_no_signature() -> None:
    allowed = Authorisation.schedule_piece_removals(1, [])
    for wrong in (b"", bytes(64), bytes(65), bytes(66), b"\xff" * 65, b"\x01" * 64 + b"\x05"):
        assert allowed.signer(wrong) is None
    for call, message in (
        (lambda: allowed.digest("testnet"), r'service: expected "mainnet", "calibration" or a pair'),  # type: ignore[arg-type]
        (lambda: allowed.digest((1, bytes(19))), r"service, contract: expected 20 bytes, found 19"),
        (lambda: allowed.digest((-1, bytes(20))), r"service, chain id: expected an integer"),
        (lambda: allowed.digest(7), r"service: expected .* found int"),  # type: ignore[arg-type]
        (lambda: Authorisation.create_data_set(1, bytes(21), []), r"payee: expected 20 bytes, found 21"),
        (
            lambda: Authorisation.create_data_set(1, bytes(20), [("key", 1)]),  # type: ignore[list-item]
            r"metadata\[0\]: expected pairs of key and value as text, found tuple",
        ),
        (
            lambda: Authorisation.create_data_set(1, bytes(20), [("\ud800", "value")]),
            r"metadata\[0\]: expected pairs of key and value as text",
        ),
        (
            lambda: Authorisation.add_pieces(1, 1, ["text"], []),  # type: ignore[list-item]
            r"pieces\[0\]: expected an identifier in bytes, found str",
        ),
        (
            lambda: Authorisation.add_pieces(1, 1, [], [(0, [("a", 1)])]),  # type: ignore[list-item]
            r"piece_metadata\[0\], metadata\[0\]: expected pairs",
        ),
        (
            lambda: Authorisation.schedule_piece_removals(1 << 256, []),
            r"client_data_set_id: expected an integer",
        ),
        (lambda: Authorisation.schedule_piece_removals(1, [-1]), r"piece_ids\[0\]: expected an integer"),
    ):
        with pytest.raises(InputError, match=message):
            call()
