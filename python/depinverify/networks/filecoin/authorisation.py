"""What a client signs for the warm-storage service, and who signed it.

In: an authorisation, a service, a signature of 65 bytes. Out: the hashes of EIP-712 and the signer's address. Rule:
Filecoin, A7. Invariant: the digest covers every member and the service, so that no two authorisations share one.

Example:
    >>> from depinverify.networks.filecoin import authorisation
    >>> allowed = authorisation.Authorisation.schedule_piece_removals(12345, [1, 3, 5])
    >>> allowed.digest("calibration").hex()
    'f8453bccbfe54e4e17172c090d3929c118685dd21d72633561acddd3a5d1ffe8'
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from depinverify import _native

__all__ = ["Authorisation", "Service", "WarmStorage", "service_of"]

#: What a client allows: to make a set, to add pieces, or to remove some.
Authorisation = _native.FilecoinAuthorisation

#: A service by the name of its network, or chain id and contract of one's own.
Service: TypeAlias = Literal["mainnet", "calibration"] | tuple[int, bytes]


class WarmStorage(NamedTuple):
    """A warm-storage service.

    Attributes:
        chain_id: Id of its chain.
        contract: Address of its contract, 20 bytes.
        separator: The hash that binds a signature to it.
    """

    chain_id: int
    contract: bytes
    separator: bytes


def service_of(service: Service) -> WarmStorage:
    """A service with what its signatures depend on.

    Raises:
        InputError: The service is unknown.
    """
    return WarmStorage(*_native.filecoin_service(service))
