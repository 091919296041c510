"""TLS contexts for SIP connections (RFC 3261 §26.3, RFC 5922): whom we show ourselves as, and whom we believe.

We call by a name or an address and believe a certificate that is for it and leads to an authority that we know. Those
who call us see our certificate; theirs is asked for only where an authority for them is named, and then it is needed.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files in PEM: a certificate with those that lead up to its authority, and its key without a password."""

    chain: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Dial:
    """How a place is connected to. `tls` None: plain TCP; `name`: whose certificate it must show."""

    tls: ssl.SSLContext | None = None
    name: str | None = None


def server_context(certificate: Certificate, client_authority: Path | None = None) -> ssl.SSLContext:
    """For connections that we accept. Raises OSError for files that cannot be used (ssl.SSLError is one)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate.chain, certificate.key)
    if client_authority is not None:
        context.load_verify_locations(client_authority)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_context(authority: Path | None = None, certificate: Certificate | None = None) -> ssl.SSLContext:
    """For connections that we open. `authority`: only these are believed, not the system's. Raises OSError."""
    context = ssl.create_default_context(cafile=authority)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate is not None:
        context.load_cert_chain(certificate.chain, certificate.key)
    return context
