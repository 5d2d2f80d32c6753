"""Keys: made from seeds, kept in files, signing deterministically; other libraries take the signatures."""

import hashlib
import stat

import coincurve
import nacl.signing
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from depinverify.device import SCHEMES, DeviceKey
from depinverify.exceptions import InputError

SEED = bytes(range(32))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_seed_determines_the_key(scheme):
    one, other = DeviceKey.from_seed(scheme, SEED), DeviceKey.from_seed(scheme, SEED)
    assert one.public.did == other.public.did
    assert one.sign(b"message") == other.sign(b"message")
    assert DeviceKey.from_seed(scheme, SEED + b"\0").public.did != one.public.did
    assert DeviceKey.generate(scheme).public.did != DeviceKey.generate(scheme).public.did


def test_schemes_get_different_keys_from_one_seed():
    assert len({DeviceKey.from_seed(scheme, SEED).public.data[-32:] for scheme in SCHEMES}) == len(SCHEMES)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_saved_key_comes_back_and_is_private(tmp_path, scheme):
    key, path = DeviceKey.generate(scheme), tmp_path / "device.pem"
    key.save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert DeviceKey.load(path).public == key.public
    with pytest.raises(InputError, match="cannot write"):
        key.save(path)


def test_a_file_without_a_key_is_refused(tmp_path):
    path = tmp_path / "key.pem"
    with pytest.raises(InputError, match="No such file"):
        DeviceKey.load(path)
    path.write_bytes(b"no key")
    with pytest.raises(InputError, match="PEM"):
        DeviceKey.load(path)
    secret = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(secret.private_bytes(serialization.Encoding.PEM, *form))
    with pytest.raises(InputError, match="expected an Ed25519"):
        DeviceKey.load(path)


def test_an_unknown_scheme_is_refused():
    with pytest.raises(InputError, match="expected one of ed25519, p256, secp256k1"):
        DeviceKey.generate("rsa")


def test_libsodium_takes_ed25519_signatures():
    key = DeviceKey.from_seed("ed25519", SEED)
    nacl.signing.VerifyKey(key.public.data).verify(b"message", key.sign(b"message"))


def test_libsecp256k1_takes_secp256k1_signatures():
    key = DeviceKey.from_seed("secp256k1", SEED)
    signature = key.sign(b"message")
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    low_s = min(s, coincurve.utils.GROUP_ORDER_INT - s)
    assert coincurve.PublicKey(key.public.data).verify(encode_dss_signature(r, low_s), b"message")


def test_p256_signatures_follow_rfc_6979():
    """Appendix A.2.5: the key, the message ``sample`` and its signature with SHA-256."""
    scalar = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
    key = DeviceKey(ec.derive_private_key(scalar, ec.SECP256R1()))
    assert key.sign(b"sample").hex().upper() == (
        "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
        "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"
    )
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key.public.data)
    signature = key.sign(b"sample")
    der = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
    public.verify(der, b"sample", ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_kid_is_the_beginning_of_the_hash_of_the_multicodec_bytes(scheme):
    key = DeviceKey.from_seed(scheme, SEED)
    prefix = {"ed25519": b"\xed\x01", "p256": b"\x80\x24", "secp256k1": b"\xe7\x01"}[scheme]
    assert key.kid == hashlib.sha256(prefix + key.public.data).digest()[:16]
