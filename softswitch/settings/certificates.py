"""Files for TLS: that they are there and can be used is seen when the configuration is read, not on the first call."""

from __future__ import annotations

from pathlib import Path

from sip_stack.aio.tls import Certificate, client_context, server_context
from softswitch.settings.faults import Faults
from softswitch.settings.section import Section


def read_certificate(section: Section, faults: Faults, folder: Path) -> tuple[Certificate | None, Path | None]:
    """`tls_certificate`, `tls_key` and `tls_client_ca` of `[sip]`."""
    files = {key: _file(section, faults, folder, key) for key in ("tls_certificate", "tls_key", "tls_client_ca")}
    chain, key, authority = files.values()
    if (chain is None) != (key is None) and section.has("tls_certificate") != section.has("tls_key"):
        there, missing = ("tls_certificate", "tls_key") if key is None else ("tls_key", "tls_certificate")
        faults.refuse(section.place_of(there), f"{there} needs {missing} too", f'add {missing} = "….pem"')
    if chain is None or key is None:
        return None, authority
    certificate = Certificate(chain, key)
    try:
        server_context(certificate, authority)
    except OSError as error:
        faults.refuse(
            section.place_of("tls_certificate"),
            f"TLS cannot use these files: {error}",
            "name PEM files that belong together, the key without password",
        )
    return certificate, authority


def read_authority(section: Section, faults: Faults, folder: Path) -> Path | None:
    """`ca_file` of a trunk."""
    authority = _file(section, faults, folder, "ca_file")
    if authority is not None:
        try:
            client_context(authority)
        except OSError as error:
            faults.refuse(
                section.place_of("ca_file"), f"TLS cannot use {authority}: {error}", "name a PEM file of certificates"
            )
    return authority


def _file(section: Section, faults: Faults, folder: Path, key: str) -> Path | None:
    text = section.text(key)
    if text is None:
        return None
    path = (folder / text).absolute()
    if not path.is_file():
        faults.refuse(
            section.place_of(key), f"there is no file {path}", "name a PEM file; relative to the configuration"
        )
        return None
    return path
