"""Who is shown for a call: what a carrier's word counts for coming in, and what we write going out.

Coming in, From is the caller, unless the trunk is trusted and vouches for somebody else. Whoever asks for privacy is
`anonymous` to everybody here, in records too: nobody can see afterwards what agents must not see. Going out by a trunk,
From shows what the office chose; carriers that look for our number elsewhere get it there as well, and, where a call is
only sent on, the number that the caller called.
"""

from __future__ import annotations

from typing import Final

from sip_stack import identity
from sip_stack.message import Request
from sip_stack.uri import SipUri
from softswitch.settings import Trunk
from softswitch.signalling.number_forms import from_carrier, to_carrier

ANONYMOUS: Final = "anonymous"


def caller_of(request: Request, trunk: Trunk) -> tuple[str, str]:
    """The number and the name of who calls by a trunk."""
    if identity.wants_privacy(request):
        return ANONYMOUS, ""
    vouched = identity.asserted(request) if trunk.trust_identity else None
    sender = vouched or request.from_
    number = from_carrier(sender.uri.user or ANONYMOUS, trunk.country)
    return number, sender.display_name or request.from_.display_name


def first_called(request: Request, trunk: Trunk) -> str | None:
    """The number that was called before the call was sent on to us."""
    written = identity.first_called(request)
    return None if written is None else from_carrier(written, trunk.country)


def headers_out(
    trunk: Trunk, *, shown: str | None, domain: str, diverted: str | None, target: SipUri
) -> list[tuple[str, str]]:
    """What an INVITE to a carrier says beside From. `shown`: our number there; `diverted`: whom the caller called."""
    headers = []
    if shown is not None and trunk.identity == "p-asserted-identity":
        headers.append(("P-Asserted-Identity", f"<{SipUri('sip', shown, domain)}>"))
    elif shown is not None and trunk.identity == "remote-party-id":
        uri = SipUri("sip", shown, domain)
        headers.append(("Remote-Party-ID", f"<{uri}>;party=calling;screen=yes;privacy=off"))
    if diverted is None or trunk.diversion == "none":
        return headers
    first = SipUri("sip", to_carrier(diverted, trunk.number_form, trunk.country), domain)
    if trunk.diversion == "diversion":
        headers.append(("Diversion", f"<{first}>;reason=unconditional;counter=1"))
    else:
        second = SipUri("sip", target.user, target.host, target.port, params=(("cause", "302"),))
        headers.append(("History-Info", f"<{first}>;index=1, <{second}>;index=1.1;mp=1"))
    return headers
