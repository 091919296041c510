"""Dialogs (RFC 3261 §12) as values: what must be known to speak inside a call, and the requests made from it.

A `DialogState` holds texts and numbers only, so it can be written to the journal and read back by another process. It
is replaced, never changed. The route set is kept in the order in which Route headers are written.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sip_stack.errors import MalformedMessage
from sip_stack.flow import Flow
from sip_stack.headers import NameAddr
from sip_stack.message import Headers, Request, Response
from sip_stack.uri import SipUri

RESTORED_CSEQ_STEP = 100
"""How far a restarted process goes on from the last recorded CSeq: requests since then were not recorded."""

NO_CSEQ = -1
"""Lower than any: the peer has not sent a request in the dialog yet (§12.1.2)."""


@dataclass(frozen=True, slots=True)
class DialogState:
    """One dialog. `local_uri` and `remote_uri` are NameAddr texts without tags."""

    call_id: str
    local_tag: str
    remote_tag: str
    local_cseq: int
    remote_cseq: int
    local_uri: str
    remote_uri: str
    remote_target: str
    route_set: tuple[str, ...]
    flow: Flow
    is_uac: bool


def dialog_of_response(request: Request, response: Response, flow: Flow) -> DialogState:
    """The UAC's dialog from its INVITE and a response (§12.1.2: no To tag is an empty one); raises MalformedMessage."""
    contacts = response.contacts
    target = str(contacts[0].uri) if contacts else request.uri_text
    return DialogState(
        call_id=request.call_id,
        local_tag=request.from_.tag or "",
        remote_tag=response.to.tag or "",
        local_cseq=request.cseq.number,
        remote_cseq=NO_CSEQ,
        local_uri=_bare(request.from_),
        remote_uri=_bare(request.to),
        remote_target=target,
        route_set=tuple(str(route) for route in reversed(response.record_routes)),
        flow=flow,
        is_uac=True,
    )


def dialog_of_request(request: Request, local_tag: str, flow: Flow) -> DialogState:
    """The UAS's dialog from an INVITE or SUBSCRIBE (§12.1.1); raises MalformedMessage."""
    contacts = request.contacts
    if not contacts:
        raise MalformedMessage("a request for a dialog without a Contact")
    return DialogState(
        call_id=request.call_id,
        local_tag=local_tag,
        remote_tag=request.from_.tag or "",
        local_cseq=0,
        remote_cseq=request.cseq.number,
        local_uri=_bare(request.to),
        remote_uri=_bare(request.from_),
        remote_target=str(contacts[0].uri),
        route_set=tuple(str(route) for route in request.record_routes),
        flow=flow,
        is_uac=False,
    )


def request_in(dialog: DialogState, method: str, cseq: int, body: bytes = b"") -> Request:
    """A request inside the dialog (§12.2.1.1), without Via; a strict route takes the URI's place."""
    uri, routes = dialog.remote_target, list(dialog.route_set)
    if routes:
        first = NameAddr.parse(routes[0]).uri
        if first.param("lr") is None:
            uri, routes = str(first), [*routes[1:], f"<{dialog.remote_target}>"]
    headers = Headers([("Max-Forwards", "70")])
    for route in routes:
        headers.add("Route", route)
    headers.add("From", f"{dialog.local_uri};tag={dialog.local_tag}")
    headers.add("To", dialog.remote_uri + (f";tag={dialog.remote_tag}" if dialog.remote_tag else ""))
    headers.add("Call-ID", dialog.call_id)
    headers.add("CSeq", f"{cseq} {method}")
    return Request(method, uri, headers, body)


def with_target(dialog: DialogState, message: Request | Response) -> DialogState:
    """The dialog after a target refresh (§12.2.2): a new Contact counts from now on."""
    contacts = message.contacts
    return replace(dialog, remote_target=str(contacts[0].uri)) if contacts else dialog


def _bare(address: NameAddr) -> str:
    return str(NameAddr(address.display_name, SipUri.parse(str(address.uri))))
