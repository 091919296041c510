"""STUN on SIP's own port, as far as keep-alives need it (RFC 5626 §4.4.2, RFC 8489).

A phone behind a NAT asks now and then from where its datagrams come; the answer keeps the NAT open and tells the phone
when that has changed, so that it registers anew. The first two bits of a STUN message are zero, no SIP message begins
so. What it leaves out: all attributes of a request, authentication, error answers; whatever is no plain binding request
is passed over.
"""

from __future__ import annotations

import struct
from ipaddress import ip_address
from typing import Final

from sip_stack.flow import Address

COOKIE: Final = 0x2112A442
REQUEST_BYTES_MAX: Final = 548
"""RFC 8489 §6.1: what fits into any datagram."""

_HEADER: Final = struct.Struct("!HHI12s")
_BINDING_REQUEST: Final = 0x0001
_BINDING_SUCCESS: Final = 0x0101
_XOR_MAPPED_ADDRESS: Final = 0x0020
_IPV4, _IPV6 = 0x01, 0x02


def answer(data: bytes, source: Address) -> bytes | None:
    """The answer to a binding request that came from `source`, None for anything else."""
    if not _HEADER.size <= len(data) <= REQUEST_BYTES_MAX:
        return None
    kind, length, cookie, transaction = _HEADER.unpack_from(data)
    if kind != _BINDING_REQUEST or cookie != COOKIE or length != len(data) - _HEADER.size or length % 4:
        return None
    host = ip_address(source.host)
    mask = (struct.pack("!I", COOKIE) + transaction)[: len(host.packed)]
    address = bytes(one ^ other for one, other in zip(host.packed, mask, strict=True))
    family = _IPV4 if host.version == 4 else _IPV6  # as IP counts itself
    value = struct.pack("!xBH", family, source.port ^ (COOKIE >> 16)) + address
    attribute = struct.pack("!HH", _XOR_MAPPED_ADDRESS, len(value)) + value
    return _HEADER.pack(_BINDING_SUCCESS, len(attribute), COOKIE, transaction) + attribute
