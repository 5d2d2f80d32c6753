"""The Python surface of BLS: columns of every kind, batches beside single checks, aggregates, bad calls."""

from __future__ import annotations

import os
import random
import signal
import threading
import time

import numpy as np
import pyarrow as pa
import pytest

from depinverify.exceptions import InputError
from depinverify.signature import (
    BlsKeyRegistry,
    SignatureVerdict,
    bls_aggregate_verify,
    bls_fast_aggregate_verify,
    bls_public_key,
    bls_secret_key,
    bls_sign,
    bls_verify,
    bls_verify_codes,
    bls_verify_many,
)

TAG = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"
VARIANTS = ("min-pk", "min-sig")
COUNT = 36


class Items:
    """Items of three keys under four messages, some bad in different ways."""

    def __init__(self, variant: str) -> None:
        secrets = [bls_secret_key(bytes([at + 1]) * 32) for at in range(3)]
        publics = [bls_public_key(variant, secret) for secret in secrets]
        self.variant = variant
        self.keys = [publics[at % 3] for at in range(COUNT)]
        self.messages = [bytes([at % 4]) * 20 for at in range(COUNT)]
        self.signatures = [
            bls_sign(variant, TAG, secrets[at % 3], message) for at, message in enumerate(self.messages)
        ]
        infinity = b"\xc0" + bytes(len(self.signatures[0]) - 1)
        self.signatures[5], self.signatures[6] = self.signatures[6], self.signatures[5]
        self.signatures[11] = infinity
        self.signatures[12] = self.signatures[12][:-1]
        self.keys[13] = self.keys[13][:-1]
        self.keys[14] = b"\xc0" + bytes(len(self.keys[14]) - 1)
        self.expected = [SignatureVerdict.GOOD] * COUNT
        self.expected[5] = self.expected[6] = SignatureVerdict.EQUATION
        self.expected[11] = self.expected[12] = SignatureVerdict.BAD_ENCODING
        self.expected[13] = self.expected[14] = SignatureVerdict.BAD_KEY
        self.registry = BlsKeyRegistry(variant)
        self.ids = self.registry.register_many(self.keys)


@pytest.fixture(scope="module", params=VARIANTS)
def items(request: pytest.FixtureRequest) -> Items:
    return Items(request.param)


def test_a_batch_gives_the_verdicts_of_single_checks(items: Items) -> None:
    alone = [
        bls_verify(items.variant, TAG, *item)
        for item in zip(items.keys, items.messages, items.signatures, strict=True)
    ]
    assert alone == items.expected
    order = list(range(COUNT)) * 2
    random.Random(1).shuffle(order)
    for size in (1, 7, 2 * COUNT):
        for start in range(0, 2 * COUNT if size > 1 else 10, size):
            part = order[start : start + size]
            codes = bls_verify_codes(
                items.registry,
                TAG,
                items.ids[part],
                [items.messages[at] for at in part],
                [items.signatures[at] for at in part],
                threads=1 + size % 2,
            )
            assert codes.dtype == np.uint8
            assert codes.tolist() == [items.expected[at] for at in part]


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary_view()])
def test_columns_of_every_kind(items: Items, kind: pa.DataType) -> None:
    messages = np.frombuffer(b"".join(items.messages), np.uint8).reshape(COUNT, -1)
    good = bls_verify_many(
        items.registry, TAG, pa.array(items.ids), messages, pa.array(items.signatures, kind)
    )
    assert good.dtype == np.bool_
    assert good.tolist() == [verdict is SignatureVerdict.GOOD for verdict in items.expected]


def test_what_is_absent_is_a_verdict(items: Items) -> None:
    ids = [None, -1, 1000, 0, int(items.ids[13])]
    signatures = [*items.signatures[:3], None, None]
    codes = bls_verify_codes(items.registry, TAG, ids, items.messages[:5], signatures)
    unknown = [SignatureVerdict.UNKNOWN_KEY_ID] * 3
    assert codes.tolist() == [*unknown, SignatureVerdict.BAD_ENCODING, SignatureVerdict.BAD_KEY]
    assert bls_verify_codes(items.registry, TAG, [], [], []).tolist() == []


def test_the_tag_counts(items: Items) -> None:
    assert not bls_verify_many(items.registry, TAG + b"_", items.ids, items.messages, items.signatures).any()


def test_registry(items: Items) -> None:
    assert len(items.registry) == 5
    assert items.registry.variant == items.variant
    assert repr(items.registry) == f"<BlsKeyRegistry of 5 {items.variant} keys>"
    assert items.registry.find(items.keys[1]) == items.ids[1] == items.registry.register(items.keys[1])
    assert items.registry.find(b"") is None
    assert items.registry.is_usable(0)
    assert not items.registry.is_usable(int(items.ids[14]))
    with pytest.raises(InputError, match="expected an id that was given out, found 99"):
        items.registry.is_usable(99)


def test_bad_calls(items: Items) -> None:
    with pytest.raises(InputError, match='variant: expected "min-pk" or "min-sig", found "bls"'):
        BlsKeyRegistry("bls")
    with pytest.raises(InputError, match="expected 3 rows in column messages, found 2"):
        bls_verify_codes(items.registry, TAG, items.ids[:3], items.messages[:2], items.signatures[:3])
    with pytest.raises(InputError, match="expected a value in every row"):
        bls_verify_codes(items.registry, TAG, [0], [None], items.signatures[:1])
    with pytest.raises(InputError, match="threads: expected 1 or more"):
        bls_verify_codes(items.registry, TAG, [0], [b""], [b""], threads=0)
    with pytest.raises(InputError, match="possession_proven: expected True"):
        bls_fast_aggregate_verify(items.registry, TAG, [0], b"", b"", possession_proven=False)


def test_aggregates_are_not_their_parts(items: Items) -> None:
    # An aggregate of one is the signature itself.
    one = ([0], items.messages[:1], items.signatures[0])
    assert bls_aggregate_verify(items.registry, TAG, *one) is SignatureVerdict.GOOD
    assert bls_aggregate_verify(items.registry, TAG, [], [], one[2]) is SignatureVerdict.EQUATION
    assert bls_aggregate_verify(items.registry, TAG, [0, 1], *one[1:]) is SignatureVerdict.EQUATION
    assert bls_aggregate_verify(items.registry, TAG, [99], *one[1:]) is SignatureVerdict.UNKNOWN_KEY_ID
    fast = bls_fast_aggregate_verify(
        items.registry, TAG, [0], items.messages[0], items.signatures[0], possession_proven=True
    )
    assert fast is SignatureVerdict.GOOD
    both = bls_fast_aggregate_verify(
        items.registry, TAG, [0, 1], items.messages[0], items.signatures[0], possession_proven=True
    )
    assert both is SignatureVerdict.EQUATION


def test_progress_and_its_exceptions(items: Items) -> None:
    seen: list[tuple[int, int]] = []
    many = ([0] * 600, [items.messages[0]] * 600, [items.signatures[0]] * 600)
    bls_verify_many(items.registry, TAG, *many, threads=1, progress=lambda *done: seen.append(done))
    assert len(seen) > 1
    assert seen[-1] == (600, 600)

    def stop(done: int, total: int) -> None:
        raise KeyError(done, total)

    with pytest.raises(KeyError):
        bls_verify_many(items.registry, TAG, *many, threads=1, progress=stop)


def test_a_registry_can_grow_while_a_call_looks_up(items: Items) -> None:
    registry = BlsKeyRegistry(items.variant)
    ids = [registry.register(items.keys[0])] * 600
    good = bls_verify_many(
        registry,
        TAG,
        ids,
        [items.messages[0]] * 600,
        [items.signatures[0]] * 600,
        progress=lambda done, _: registry.register(b"%d" % done),
    )
    assert good.all()
    assert len(registry) > 1


@pytest.mark.usefixtures("interruptible")
def test_interruption(items: Items) -> None:
    many = ([0] * 100_000, [items.messages[0]] * 100_000, [items.signatures[0]] * 100_000)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    started = time.monotonic()
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        bls_verify_many(items.registry, TAG, *many, threads=1)
    assert time.monotonic() - started < 10
