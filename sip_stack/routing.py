"""Where a message goes (RFC 3261 §18, RFC 3581), and what we write of ourselves into it.

A response goes back the way its request came: the source address when the client asked for `rport` or the stack noted
`received`, and in any case never to a name. A request inside a dialog goes by the dialog's flow: behind a NAT the
Contact cannot be reached, the source can.
"""

from __future__ import annotations

from collections.abc import Mapping

from sip_stack.flow import SIP_PORT, Address, Flow
from sip_stack.headers import Via, split_values
from sip_stack.message import Request
from sip_stack.uri import SipUri


def note_source(request: Request, flow: Flow) -> None:
    """Completes the top Via with received and rport (§18.2.1, RFC 3581 §4)."""
    via = request.top_via
    values = {}
    if via.host != flow.remote.host or via.rport is not None:
        values["received"] = flow.remote.host
    if via.rport is not None:
        values["rport"] = str(flow.remote.port)
    if values:
        line = request.headers.get("Via") or ""
        others = split_values(line)[1:] if "," in line else []
        request.headers.replace("Via", ", ".join([str(via.with_params(**values)), *others]))


def response_flow(request: Request, flow: Flow) -> Flow:
    """The flow of a response: the source, or on UDP without rport the source's host at the Via's port (§18.2.2)."""
    if flow.is_reliable:
        return flow
    via = request.top_via
    if via.rport is not None:
        return flow
    return Flow(flow.transport, flow.local, Address(flow.remote.host, via.port or SIP_PORT))


class OurNames:
    """What we call ourselves on each listening address: the advertised address where there is one."""

    def __init__(self, advertised: Mapping[Address, Address]) -> None:
        self._advertised = dict(advertised)

    def address(self, flow: Flow) -> Address:
        return self._advertised.get(flow.local, flow.local)

    def via(self, flow: Flow) -> Via:
        here = self.address(flow)
        return Via(flow.transport.upper(), here.host, here.port)

    def contact(self, flow: Flow) -> str:
        """The Contact value by which the peer reaches us."""
        here = self.address(flow)
        params: tuple[tuple[str, str | None], ...] = ()
        if flow.transport != "udp":
            params = (("transport", flow.transport),)
        return f"<{SipUri('sip', None, here.host, here.port, params=params)}>"
