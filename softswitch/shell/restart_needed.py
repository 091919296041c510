"""What of a configuration is fixed when a process starts, so that a reload cannot put it in force.

A reload applies everything or nothing; what it cannot apply, it refuses by name.
"""

from __future__ import annotations

from softswitch.settings import Settings


def restart_needed(old: Settings, new: Settings) -> str | None:
    """The first key that differs and takes a restart, None when a reload is enough."""
    fixed = (
        ("[node] data_dir", old.node.data_dir, new.node.data_dir),
        ("[node] timezone", old.node.timezone, new.node.timezone),
        ("[sip] listen", old.sip.listen, new.sip.listen),
        ("[sip] domain", old.sip.domain, new.sip.domain),
        ("[sip] advertised_address", old.sip.advertised_address, new.sip.advertised_address),
        ("[sip] tls_certificate", old.sip.certificate, new.sip.certificate),
        ("[sip] tls_client_ca", old.sip.client_authority, new.sip.client_authority),
        ("[media] address", old.media.address, new.media.address),
        ("[media] udp_ports", _ports(old), _ports(new)),
        ("[media] workers", old.media.workers, new.media.workers),
        ("[api] listen", old.api, new.api),
    )
    return next((key for key, before, after in fixed if before != after), None)


def _ports(settings: Settings) -> tuple[int, int]:
    return settings.media.udp_first, settings.media.udp_last
