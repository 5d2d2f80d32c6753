"""The Python surface of the signature engine: columns of every kind, bad calls, threads, interruption."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from depinverify import _native
from depinverify.exceptions import InputError
from depinverify.signature import KeyRegistry, SignatureVerdict, verify, verify_codes, verify_one

COUNT = 40
BAD = 7


class Items:
    """Forty items of three keys, number seven under a changed signature."""

    def __init__(self) -> None:
        secrets = [Ed25519PrivateKey.from_private_bytes(bytes([at]) * 32) for at in range(3)]
        self.publics = [secret.public_key().public_bytes_raw() for secret in secrets]
        self.registry = KeyRegistry()
        self.ids = [self.registry.register("ed25519", self.publics[at % 3]) for at in range(COUNT)]
        self.messages = [bytes([at]) * 50 for at in range(COUNT)]
        self.signatures = [secrets[at % 3].sign(self.messages[at]) for at in range(COUNT)]
        self.signatures[BAD] = self.signatures[BAD][:40] + b"\0" + self.signatures[BAD][41:]
        self.expected = [at != BAD for at in range(COUNT)]


@pytest.fixture(scope="module")
def items() -> Items:
    return Items()


def as_array(values: list[bytes]) -> np.ndarray:
    return np.frombuffer(b"".join(values), np.uint8).reshape(len(values), -1)


BYTE_COLUMNS = {
    "list": list,
    "tuple": tuple,
    "bytearrays and views": lambda values: [
        bytearray(value) if at % 2 else memoryview(value) for at, value in enumerate(values)
    ],
    "numpy": as_array,
    "numpy, not writable slice": lambda values: as_array([b"?" * len(values[0]), *values])[1:],
    "binary": lambda values: pa.array(values, pa.binary()),
    "large_binary": lambda values: pa.array(values, pa.large_binary()),
    "binary_view": lambda values: pa.array(values, pa.binary_view()),
    "fixed": lambda values: pa.array(values, pa.binary(len(values[0]))),
    "fixed_size_list": lambda values: pa.FixedSizeListArray.from_arrays(
        pa.array(b"".join(values), pa.uint8()), len(values[0])
    ),
    "sliced": lambda values: pa.array([b"?", *values, b"?"], pa.binary())[1:-1],
    "sliced fixed": lambda values: pa.array([values[-1], *values, values[0]], pa.binary(len(values[0])))[
        1:-1
    ],
    "chunked": lambda values: pa.chunked_array([values[:3], [], values[3:]], pa.binary()),
    "polars": pl.Series,
}
ID_COLUMNS = {
    "list": list,
    "int64": np.array,
    "uint32": lambda ids: np.array(ids, np.uint32),
    "uint8": lambda ids: np.array(ids, np.uint8),
    "arrow": pa.array,
    "chunked": lambda ids: pa.chunked_array([ids[:5], ids[5:]]),
    "polars": pl.Series,
}


@pytest.mark.parametrize("signatures", BYTE_COLUMNS.values(), ids=BYTE_COLUMNS)
@pytest.mark.parametrize("messages", BYTE_COLUMNS.values(), ids=BYTE_COLUMNS)
def test_every_kind_of_column_gives_the_same_verdicts(items: Items, messages, signatures) -> None:
    found = verify(
        "ed25519", "strict", items.registry, items.ids, messages(items.messages), signatures(items.signatures)
    )
    assert found.dtype == np.bool_
    assert found.tolist() == items.expected


@pytest.mark.parametrize("ids", ID_COLUMNS.values(), ids=ID_COLUMNS)
def test_every_kind_of_id_column_gives_the_same_verdicts(items: Items, ids) -> None:
    found = verify("ed25519", "strict", items.registry, ids(items.ids), items.messages, items.signatures)
    assert found.tolist() == items.expected


@pytest.mark.parametrize("threads", [1, 2, 3, 8, None])
def test_threads_change_nothing(items: Items, threads: int | None) -> None:
    calls: list[tuple[int, int]] = []
    found = verify_codes(
        "ed25519",
        "strict",
        items.registry,
        items.ids * 50,
        items.messages * 50,
        items.signatures * 50,
        threads=threads,
        progress=lambda done, total: calls.append((done, total)),
    )
    assert found.dtype == np.uint8
    expected = [0 if good else SignatureVerdict.EQUATION for good in items.expected]
    assert found.tolist() == expected * 50
    assert calls == sorted(calls)
    assert calls[-1] == (COUNT * 50, COUNT * 50)


def test_empty_messages_have_no_width(items: Items) -> None:
    secret = Ed25519PrivateKey.from_private_bytes(bytes(32))
    empty = np.zeros((2, 0), np.uint8)
    signatures = as_array([secret.sign(b"")] * 2)
    ids = items.registry.register_many("ed25519", [secret.public_key().public_bytes_raw()] * 2)
    assert verify("ed25519", "strict", items.registry, ids, empty, signatures).tolist() == [True, True]


def test_rows_that_are_missing_are_verdicts(items: Items) -> None:
    ids = pa.array([items.ids[0], None, -1, 2**40, 10**6, items.ids[0], items.ids[0]])
    messages = [items.messages[0]] * 7
    good = items.signatures[0]
    signatures = pa.array([good, good, None, good, good, None, good[:63]])
    codes = verify_codes("ed25519", "strict", items.registry, ids, messages, signatures)
    no_id, encoding = SignatureVerdict.UNKNOWN_KEY_ID, SignatureVerdict.BAD_ENCODING
    assert codes.tolist() == [SignatureVerdict.GOOD, no_id, no_id, no_id, no_id, encoding, encoding]
    fixed = pa.array([good, good, None, good, good, None, good], pa.binary(64))
    codes = verify_codes("ed25519", "strict", items.registry, ids, messages, fixed)
    assert codes.tolist()[:6] == [SignatureVerdict.GOOD, no_id, no_id, no_id, no_id, encoding]


def test_an_id_of_another_scheme_is_unknown(items: Items) -> None:
    other = items.registry.register("secp256k1", b"\2" + bytes(31) + b"\1")
    assert items.registry.is_usable(other)
    codes = verify_codes("ed25519", "strict", items.registry, [other], [b""], [bytes(64)])
    assert codes.tolist() == [SignatureVerdict.UNKNOWN_KEY_ID]


def test_a_bad_key_is_a_record(items: Items) -> None:
    bad = items.registry.register("ed25519", b"\2" + bytes(31))
    assert items.registry.register("ed25519", b"\2" + bytes(31)) == bad
    assert not items.registry.is_usable(bad)
    codes = verify_codes("ed25519", "strict", items.registry, [bad], [b""], [None])
    assert codes.tolist() == [SignatureVerdict.BAD_KEY]


def test_ids_are_dense_and_stable() -> None:
    keys = KeyRegistry()
    many = [bytes([at % 5]) * 32 for at in range(20)]
    ids = keys.register_many("ed25519", many)
    assert ids.dtype == np.uint32
    assert ids.tolist() == [at % 5 for at in range(20)]
    assert len(keys) == 5
    assert keys.register("ed25519", many[3]) == 3
    assert keys.register("p256", many[3]) == 5
    assert keys.find("p256", many[3]) == 5
    assert keys.find("secp256k1", many[3]) is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scheme": "rsa"}, r'scheme: expected one of .* found "rsa"'),
        ({"profile": "lax"}, r'profile of ed25519: expected .* found "lax"'),
        ({"scheme": "p256", "profile": "recoverable-any_s"}, r"profile of p256"),
        ({"scheme": "secp256k1", "profile": "der"}, r"profile of secp256k1"),
        ({"scheme": "secp256k1", "profile": "der-low_s-sha256-more"}, r"profile of secp256k1"),
        ({"threads": 0}, r"threads: expected 1 or more, found 0"),
        ({"key_ids": [0] * 39}, r'column "messages": expected 39 rows in column messages, found 40'),
        ({"signatures": [b""] * 41}, r'column "signatures": expected 40 rows .* found 41'),
        ({"messages": ["text"] * 40}, r'column "messages": expected bytes in row 0, found str'),
        ({"messages": [b"", 1, *[b""] * 38]}, r'column "messages": expected bytes in row 1, found int'),
        ({"messages": [b"", None, *[b""] * 38]}, r'column "messages": .* found null in row 1'),
        ({"messages": b"bytes"}, r'column "messages": expected an array of two dimensions \(1 given\)'),
        ({"messages": "text"}, r'column "messages": expected byte strings, found str'),
        ({"messages": None}, r'column "messages": expected byte strings, found NoneType'),
        ({"messages": np.zeros((40, 8), np.uint16)}, r'column "messages": expected byte strings'),
        ({"messages": np.zeros((40, 2, 8), np.uint8)}, r"two dimensions \(3 given\)"),
        ({"messages": np.zeros((8, 40), np.uint8).T}, r"expected a C-contiguous array"),
        ({"messages": pa.array(["text"] * 40)}, r"expected a binary column \(Utf8 given\)"),
        ({"key_ids": np.zeros(40)}, r'column "key_ids": expected integers .* \(Float64 given\)'),
        ({"key_ids": np.zeros((40, 1), np.uint8)}, r'column "key_ids": expected integers in one dimension'),
        ({"key_ids": [0.5] * 40}, r'column "key_ids": expected an integer in row 0, found float'),
        ({"key_ids": "ids"}, r'column "key_ids"'),
    ],
)
def test_a_malformed_call_says_what_and_where(items: Items, change: dict[str, object], message: str) -> None:
    call = {
        "scheme": "ed25519",
        "profile": "strict",
        "registry": items.registry,
        "key_ids": items.ids,
        "messages": items.messages,
        "signatures": items.signatures,
    }
    with pytest.raises(InputError, match=message):
        verify(**(call | change))


def test_what_progress_raises_ends_the_call(items: Items) -> None:
    def stop(done: int, _total: int) -> None:
        if done > 300:
            raise LookupError(done)

    with pytest.raises(LookupError):
        verify(
            "ed25519",
            "strict",
            items.registry,
            items.ids * 500,
            items.messages * 500,
            items.signatures * 500,
            threads=1,
            progress=stop,
        )


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_is_honoured_between_slices(items: Items) -> None:
    many = 1_200_000 // len(items.ids)
    messages, signatures = (
        np.tile(as_array(column), (many, 1)) for column in (items.messages, items.signatures)
    )
    ids = np.array(items.ids * many)
    started = time.monotonic()
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        verify("ed25519", "strict", items.registry, ids, messages, signatures, threads=1)
    # The whole call would take two seconds at the very least.
    assert time.monotonic() - started < 1.5


def test_other_threads_run_meanwhile(items: Items) -> None:
    many = 200_000 // len(items.ids)
    messages, signatures = (
        np.tile(as_array(column), (many, 1)) for column in (items.messages, items.signatures)
    )
    ids = np.array(items.ids * many)
    ticks = 0
    stop = threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not stop.is_set():
            ticks += 1
            time.sleep(0.005)

    ticker = threading.Thread(target=tick)
    ticker.start()
    verify("ed25519", "strict", items.registry, ids, messages, signatures, threads=1)
    stop.set()
    ticker.join()
    assert ticks > 10


@pytest.mark.parametrize("strangers", [0, 100])
def test_rows_keep_their_places_in_any_order_of_keys(items: Items, strangers: int) -> None:
    registry = KeyRegistry()
    for at in range(strangers):
        registry.register("p256", bytes([4, at]))
    known = [registry.register("ed25519", public) for public in items.publics]
    order = sorted(range(COUNT), key=lambda at: (at * 7) % 11)
    ids = [known[at % 3] if at % 5 else 4_000_000_000 for at in order]
    found = verify(
        "ed25519",
        "strict",
        registry,
        ids,
        [items.messages[at] for at in order],
        [items.signatures[at] for at in order],
    )
    assert found.tolist() == [items.expected[at] and at % 5 != 0 for at in order]


def _child(items: Items, queue: multiprocessing.SimpleQueue) -> None:
    queue.put(
        verify(
            "ed25519", "strict", items.registry, items.ids, items.messages, items.signatures, threads=2
        ).tolist()
    )


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork.*:DeprecationWarning")
def test_a_forked_child_has_threads_of_its_own(items: Items) -> None:
    verify("ed25519", "strict", items.registry, items.ids, items.messages, items.signatures, threads=2)
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    child = context.Process(target=_child, args=(items, queue))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert queue.get() == items.expected


def test_verdicts_are_those_of_the_catalogue() -> None:
    catalogue = {number: name for number, name, _ in _native.signature_verdicts()}
    assert catalogue == {verdict.value: verdict.name for verdict in SignatureVerdict}
    verdict = verify_one("ed25519", "strict", b"", b"", b"")
    assert verdict.sentence == "The public key cannot be used."


def test_a_table_budget_is_not_negative() -> None:
    with pytest.raises(InputError, match="table_bytes: expected 0 or more, found -1"):
        KeyRegistry(table_bytes=-1)
