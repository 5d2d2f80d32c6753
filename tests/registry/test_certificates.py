"""X.509 chains of devices: what is taken, and each reason for which one is refused."""

from __future__ import annotations

import base64
import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from depinverify.exceptions import InputError, RegistryError
from depinverify.registry import (
    CertificatePolicy,
    PublicKey,
    Registry,
    Scheme,
    Signer,
    events,
    generate_private_key,
)
from depinverify.registry.certificates import read_certificates

NOW = dt.datetime(2027, 1, 15, 8, 0, tzinfo=dt.UTC)
NOW_MS = int(NOW.timestamp() * 1000)
FOREVER = dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=dt.UTC)
YEAR = dt.timedelta(days=365)
USAGE = dict.fromkeys(
    (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    ),
    False,
)  # fmt: skip


class Issuer:
    """A key and its certificate."""

    def __init__(self, name, key=None, issuer=None, **options):
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else [])
        self.certificate = make(self, issuer or self, **options)
        self.der = self.certificate.public_bytes(Encoding.DER)


def make(
    subject,
    issuer,
    *,
    ca=True,
    path_length=None,
    usage=None,
    begin=NOW - YEAR,
    end=FOREVER,
    extensions=(),
    algorithm=None,
):
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject.name)
        .issuer_name(issuer.name)
        .public_key(subject.key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin.replace(tzinfo=None))
        .not_valid_after(end.replace(tzinfo=None))
    )
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=path_length), critical=True)
    if usage is not None:
        builder = builder.add_extension(
            x509.KeyUsage(**{**USAGE, **dict.fromkeys(usage, True)}), critical=True
        )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    is_eddsa = not isinstance(issuer.key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)
    return builder.sign(issuer.key, None if is_eddsa else algorithm or hashes.SHA256())


@pytest.fixture(scope="module")
def root():
    return Issuer("Acme Root", usage=["key_cert_sign", "crl_sign"])


@pytest.fixture(scope="module")
def middle(root):
    return Issuer("Acme Devices", issuer=root, path_length=0, usage=["key_cert_sign"])


def leaf(issuer, key=None, **options):
    return Issuer("", key=key, issuer=issuer, ca=options.pop("ca", None), **options)


def checked(chain, roots, *, device, at_ms=NOW_MS):
    keys = [PublicKey.from_cryptography(device.key.public_key())]
    CertificatePolicy([one.der for one in roots]).check([one.der for one in chain], keys=keys, at_ms=at_ms)


@pytest.mark.parametrize("scheme", list(Scheme), ids=lambda scheme: scheme.label)
def test_a_chain_without_names_and_end_is_taken(root, middle, scheme):
    device = leaf(middle, generate_private_key(scheme))
    checked([device, middle], [root], device=device)
    checked([device, middle, root], [root], device=device)
    direct = leaf(root, generate_private_key(scheme), usage=["digital_signature"])
    checked([direct], [Issuer("Other Root"), root], device=direct)


def test_purposes_and_names_are_tolerated(root):
    names = x509.SubjectAlternativeName(
        [x509.OtherName(x509.ObjectIdentifier("1.3.6.1.5.5.7.8.4"), b"\x05\x00")]
    )
    purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    device = leaf(root, extensions=[(names, True), (purposes, True)], ca=False)
    checked([device], [root], device=device)


def test_an_rsa_root_may_stand_above(middle):
    root = Issuer("RSA Root", rsa.generate_private_key(65537, 2048))
    device = leaf(root)
    checked([device], [root], device=device)
    with pytest.raises(RegistryError, match="issuer is none of the 1 known"):
        checked([device], [middle], device=device)


def refused(chain, roots, because, *, device=None, at_ms=NOW_MS):
    with pytest.raises(RegistryError, match=because):
        checked(chain, roots, device=device or chain[0], at_ms=at_ms)


def test_time_is_that_of_the_event(root):
    device = leaf(root, begin=NOW, end=NOW + YEAR)
    year_ms = 365 * 86_400_000
    checked([device], [root], device=device)
    checked([device], [root], device=device, at_ms=NOW_MS + year_ms)
    refused([device], [root], "certificate 0: valid from 2027", at_ms=NOW_MS - 1)
    refused([device], [root], "certificate 0: valid from 2027", at_ms=NOW_MS + year_ms + 1)
    old = Issuer("Old Root", end=NOW - YEAR / 2)
    refused([leaf(old)], [old], "the manufacturer's root: valid from")
    refused([leaf(root)], [root], "certificate 0", at_ms=2**53 - 1)


def test_the_key_must_be_the_enrolled_one(root):
    refused([leaf(root)], [root], "is no key of the device", device=leaf(root))
    refused(
        [Issuer("", rsa.generate_private_key(65537, 2048), root, ca=None)],
        [root],
        "certificate 0",
        device=root,
    )


def test_issuers_must_be_authorities(root, middle):
    device = leaf(root)
    refused([leaf(device), device], [root], "certificate 1: is no certificate authority")
    weak = Issuer("No signing", issuer=root, usage=["crl_sign"])
    refused([leaf(weak), weak], [root], "certificate 1: its key usage does not allow signing")
    below = Issuer("Too deep", issuer=middle)
    refused([leaf(below), below, middle], [root], "certificate 2: allows 0 authorities below it, found 1")
    refused([middle, root], [root], "certificate 0: is a certificate authority")
    usage = leaf(root, usage=["key_agreement"])
    refused([usage], [root], "certificate 0: its key usage does not allow signatures")


def test_the_chain_must_hold_together(root, middle):
    device = leaf(middle)
    refused([device], [root], "issuer is none of")
    refused([middle, device], [root], "certificate 1: its issuer is none of|certificate 0")
    twin = Issuer("Acme Devices", issuer=root, path_length=0)
    refused([device, twin], [root], "certificate 0: not issued and signed by certificate 1")
    impostor = Issuer("Acme Root")
    refused([leaf(impostor), impostor], [root], "certificate 1: its issuer is none of")
    refused([device] * 9, [root], "expected 1 to 8 certificates, found 9")
    with pytest.raises(RegistryError, match="expected 1 to 8 certificates, found 0"):
        checked([], [root], device=device)


def test_critical_extensions_that_are_not_understood_refuse(root):
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    refused(
        [leaf(root, extensions=[(unknown, True)])], [root], "critical extension 1.2.3.4 is not understood"
    )
    device = leaf(root, extensions=[(unknown, False)])
    checked([device], [root], device=device)
    constraints = x509.NameConstraints(
        permitted_subtrees=[x509.DNSName("example.org")], excluded_subtrees=None
    )
    narrow = Issuer("Narrow", issuer=root, extensions=[(constraints, True)])
    refused([leaf(narrow), narrow], [root], "certificate 1: critical extension 2.5.29.30")


def test_a_root_must_be_an_authority():
    with pytest.raises(RegistryError, match="root 0: is no certificate authority"):
        CertificatePolicy([Issuer("x", ca=False).der])
    with pytest.raises(RegistryError, match="root 0: not a certificate"):
        CertificatePolicy([b"nonsense"])


@settings(max_examples=150)
@given(data=st.data())
def test_hostile_bytes_are_refused_and_nothing_else(data, root, middle):
    good = middle.der
    at = data.draw(st.integers(0, len(good) - 1))
    bad = good[:at] + bytes([good[at] ^ data.draw(st.integers(1, 255))]) + good[at + 1 :]
    device = leaf(middle)
    keys = [PublicKey.from_cryptography(device.key.public_key())]
    policy = CertificatePolicy([root.der])
    for chain in (
        [device.der, bad],
        [bad, root.der],
        [data.draw(st.binary(max_size=200))],
        [b"\x30\x80" * 8000],
    ):
        with pytest.raises(RegistryError):
            policy.check(chain, keys=keys, at_ms=NOW_MS)


def test_a_registry_takes_a_chain_only_under_its_roots(tmp_path, root, middle, authority, clock):
    device, key = "01" + "00" * 16, Signer(generate_private_key(Scheme.P256))
    own = leaf(middle, key.private)
    clock.now_ms = NOW_MS
    with Registry.create(f"sqlite:///{tmp_path}/r.db", authority=[authority.public], clock=clock) as registry:
        event = events.enroll(device=device, key=key.public, owner="acme", nonce=registry.issue_nonce())
        registry.append(events.sign(event, key))
        event = events.sign(events.certify(device=device, chain=[own.der, middle.der]), authority)
        with pytest.raises(RegistryError, match="no manufacturer root is known"):
            registry.append(event)
        registry.set_roots([root.der])
        registry.append(event)
        assert registry.verify() == 2
        other = events.certify(device=device, chain=[leaf(middle).der, middle.der])
        with pytest.raises(RegistryError, match="is no key of the device"):
            registry.append(events.sign(other, authority))
        broken = {**other, "chain": [base64.b64encode(b"x").decode() + "="]}
        with pytest.raises(RegistryError, match=r"expected base64|chain: expected"):
            registry.append(events.sign(broken, authority))
        with pytest.raises(RegistryError, match="root 0"):
            registry.set_roots([own.der])


def test_certificates_are_read_from_pem_and_der(tmp_path, root, middle):
    path = tmp_path / "chain.pem"
    path.write_bytes(
        middle.certificate.public_bytes(Encoding.PEM) + root.certificate.public_bytes(Encoding.PEM)
    )
    assert read_certificates(path) == [middle.der, root.der]
    path.write_bytes(root.der)
    assert read_certificates(path) == [root.der]
    path.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    with pytest.raises(InputError, match="expected certificates in PEM form"):
        read_certificates(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_certificates(tmp_path / "absent.pem")
