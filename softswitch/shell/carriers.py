"""Where connections may be opened to, and how: the carriers of the office.

Those that are called over UDP are connected to over TCP for requests that are too large for a datagram.
"""

from __future__ import annotations

from sip_stack.aio.tls import Dial, client_context
from sip_stack.flow import Address
from softswitch.settings import Settings


class Carriers:
    """The places of the configuration in force; nobody else is ever connected to."""

    def __init__(self, settings: Settings) -> None:
        self._dials: dict[Address, Dial] = {}
        self.use(settings)

    def use(self, settings: Settings) -> None:
        """Goes by this configuration from now on; connections that are up stay. Raises OSError for bad files."""
        dials: dict[Address, Dial] = {}
        for trunk in settings.trunks.values():
            tls = client_context(trunk.authority, settings.sip.certificate) if trunk.transport == "tls" else None
            for host in trunk.hosts:
                name = trunk.led.get(host)
                dials[host] = Dial(tls, trunk.certificate_name or (None if name is None else name.name))
        self._dials = dials

    def dial(self, place: Address) -> Dial | None:
        """How this place is connected to, None where it is no carrier's."""
        return self._dials.get(place)
