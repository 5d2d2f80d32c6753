"""X.509 chains of devices (IDevID, IEEE 802.1AR): a chain in, nothing or the reason of its refusal out.

Such certificates are no web certificates: they lack names and purposes, and may end in the year 9999. So the
policy is our own, on top of the ``cryptography`` package's parser and signature checks. The rule (uptime
proof, section 5):

* leaf first, each certificate issued and signed by the next, the last by (or being) one of the manufacturers'
roots;
* every certificate, the root too, is valid at the time of the event, not "now";
* issuers are certificate authorities (basic constraints, path length) that may sign certificates (key usage);
* the leaf is none, may sign (key usage, if present), and its key is a key of the device;
* a critical extension that is not understood refuses the chain, and so does a signature over MD5 or SHA-1.

Invariant: whatever bytes come in, the answer is a :class:`RegistryError` or nothing.
"""

from __future__ import annotations

import base64
import datetime as dt
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtensionOID

from depinverify.exceptions import InputError, RegistryError
from depinverify.registry.keys import PublicKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["CertificatePolicy", "read_certificates"]

_LONGEST_CHAIN = 8
_LARGEST_CERTIFICATE = 16384
#: Understood, or harmless if it is not: names and purposes restrict nothing that a registry relies on.
_UNDERSTOOD = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.ISSUER_ALTERNATIVE_NAME,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.CERTIFICATE_POLICIES,
    }
)
_WEAK_HASHES = (hashes.MD5, hashes.SHA1)
_LAST_MS = 253_402_300_799_999
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
#: What the parser raises on bytes that are no certificate, or hold a field that it refuses.
_UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension)

_E = TypeVar("_E", bound=x509.ExtensionType)


def read_certificates(path: Path) -> list[bytes]:
    """Certificates of a file, PEM (any number) or DER (one), as DER in the order of the file.

    Raises:
        InputError: The file cannot be read, or holds no certificate.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if b"-----BEGIN CERTIFICATE-----" not in data:
        return [data]
    try:
        with _tolerant():
            found = x509.load_pem_x509_certificates(data)
    except _UNREADABLE as error:
        raise InputError(f"{path}: expected certificates in PEM form ({str(error)[:200]})") from None
    return [certificate.public_bytes(serialization.Encoding.DER) for certificate in found]


class CertificatePolicy:
    """The manufacturers' roots, and what a chain must be to lead to one of them."""

    def __init__(self, roots: Sequence[bytes]) -> None:
        self._roots = [_load(der, f"root {at}") for at, der in enumerate(roots)]
        for at, root in enumerate(self._roots):
            _check_authority(root, 0, f"root {at}")

    def check_event(self, chain: Sequence[str], *, keys: Sequence[PublicKey], at_ms: int) -> None:
        """Check the ``chain`` member of a ``certify`` event: base64 of DER.

        Args:
            chain: Certificates, leaf first.
            keys: Keys of the device that hold at the time.
            at_ms: ``effective_ms`` of the event.

        Raises:
            RegistryError: With the certificate's position in the chain and the reason.
        """
        decoded = []
        for at, text in enumerate(chain):
            try:
                decoded.append(base64.b64decode(text, validate=True))
            except ValueError:
                raise RegistryError(f"certificate {at}: expected base64") from None
        self.check(decoded, keys=keys, at_ms=at_ms)

    def check(self, chain: Sequence[bytes], *, keys: Sequence[PublicKey], at_ms: int) -> None:
        """Check a chain of DER certificates, leaf first.

        Args:
            chain: Without the root, or with it at the end.
            keys: Keys of the device that hold at the time.
            at_ms: The time for which the chain must be good.

        Raises:
            RegistryError: With the certificate's position in the chain and the reason.
        """
        if not 1 <= len(chain) <= _LONGEST_CHAIN:
            raise RegistryError(
                f"certificate chain: expected 1 to {_LONGEST_CHAIN} certificates, found {len(chain)}"
            )
        certificates = [_load(der, f"certificate {at}") for at, der in enumerate(chain)]
        # Later than the year 9999 nothing is valid, and there is no date for it.
        at_time = _EPOCH + dt.timedelta(milliseconds=min(at_ms, _LAST_MS))
        names = [f"certificate {at}" for at in range(len(certificates))]
        if certificates[-1] not in self._roots:
            certificates.append(self._root_of(certificates[-1], names[-1]))
            names.append("the manufacturer's root")
        for certificate, name in zip(certificates, names, strict=True):
            _check_extensions(certificate, name)
            _check_time(certificate, at_time, name)
        for below in range(len(certificates) - 1):
            _check_authority(certificates[below + 1], _intermediates(certificates, below), names[below + 1])
            if not _is_issued_by(certificates[below], certificates[below + 1]):
                raise RegistryError(
                    f"{names[below]}: not issued and signed by {names[below + 1]}",
                    hint="the order is leaf first, each followed by its issuer",
                )
        _check_leaf(certificates[0], keys)

    def _root_of(self, certificate: x509.Certificate, name: str) -> x509.Certificate:
        for root in self._roots:
            if _is_issued_by(certificate, root):
                return root
        raise RegistryError(f"{name}: its issuer is none of the {len(self._roots)} known manufacturer roots")


@contextmanager
def _tolerant() -> Iterator[None]:
    """Device certificates bend rules (serial numbers, names) that the parser only warns about."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _load(der: bytes, name: str) -> x509.Certificate:
    if len(der) > _LARGEST_CERTIFICATE:
        raise RegistryError(f"{name}: {len(der)} bytes, at most {_LARGEST_CERTIFICATE} are read")
    try:
        with _tolerant():
            certificate = x509.load_der_x509_certificate(der)
            # Lazy parts of the parser are read here, so that nothing fails later.
            _ = (
                certificate.extensions,
                certificate.subject,
                certificate.issuer,
                certificate.not_valid_after_utc,
            )
            _ = (certificate.not_valid_before_utc, certificate.signature_hash_algorithm)
            certificate.public_key()
    except _UNREADABLE as error:
        raise RegistryError(f"{name}: not a certificate that can be read ({str(error)[:200]})") from None
    return certificate


def _is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, *_UNREADABLE):
        return False
    return not isinstance(certificate.signature_hash_algorithm, _WEAK_HASHES)


def _extension(certificate: x509.Certificate, kind: type[_E]) -> _E | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _check_extensions(certificate: x509.Certificate, name: str) -> None:
    for extension in certificate.extensions:
        if extension.critical and extension.oid not in _UNDERSTOOD:
            raise RegistryError(f"{name}: critical extension {extension.oid.dotted_string} is not understood")


def _check_time(certificate: x509.Certificate, at: dt.datetime, name: str) -> None:
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise RegistryError(
            f"{name}: valid from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M:%S} to "
            f"{certificate.not_valid_after_utc:%Y-%m-%d %H:%M:%S} UTC, not at {at:%Y-%m-%d %H:%M:%S} UTC"
        )


def _check_authority(certificate: x509.Certificate, intermediates: int, name: str) -> None:
    """An issuer must be a certificate authority above at most so many others as it says."""
    constraints = _extension(certificate, x509.BasicConstraints)
    if constraints is None or not constraints.ca:
        raise RegistryError(f"{name}: is no certificate authority and cannot issue others")
    if constraints.path_length is not None and intermediates > constraints.path_length:
        raise RegistryError(
            f"{name}: allows {constraints.path_length} authorities below it, found {intermediates}"
        )
    usage = _extension(certificate, x509.KeyUsage)
    if usage is not None and not usage.key_cert_sign:
        raise RegistryError(f"{name}: its key usage does not allow signing certificates")


def _intermediates(certificates: Sequence[x509.Certificate], below: int) -> int:
    """Authorities between the leaf and the issuer of ``below``, without those that issued themselves."""
    return sum(1 for certificate in certificates[1 : below + 1] if certificate.subject != certificate.issuer)


def _check_leaf(leaf: x509.Certificate, keys: Sequence[PublicKey]) -> None:
    constraints = _extension(leaf, x509.BasicConstraints)
    if constraints is not None and constraints.ca:
        raise RegistryError("certificate 0: is a certificate authority, not a device")
    usage = _extension(leaf, x509.KeyUsage)
    if usage is not None and not usage.digital_signature:
        raise RegistryError("certificate 0: its key usage does not allow signatures")
    try:
        key = PublicKey.from_cryptography(leaf.public_key())
    except InputError as error:
        raise RegistryError(f"certificate 0: {error}") from None
    if key not in keys:
        raise RegistryError(f"certificate 0: its key {key.did} is no key of the device")
