"""REFER (RFC 3515, RFC 4488) and Replaces (RFC 3891) as values: whom the far end wants called, and in whose place.

Whoever talks asks with REFER that the other side of the talk be given to the address in Refer-To. When that address
carries a Replaces header, he talks with the one he means already, in a dialog that the header names, and the two are to
be joined. Seen from us the names in it are plain: `to_tag` is our tag, `from_tag` the far end's (RFC 3891 §3). An
INVITE with Replaces wants to stand in for one end of a dialog of ours.

A REFER is decided at once, so its implicit subscription has one NOTIFY, the first and the last, and none when the far
end asks for none. What it leaves out: REFER outside a dialog, methods other than INVITE in Refer-To.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from sip_stack.errors import MalformedMessage
from sip_stack.grammar import parse_params, unescape
from sip_stack.headers import NameAddr
from sip_stack.message import REASON_PHRASES, Request
from sip_stack.uri import SipUri

REPLACES: Final = "replaces"
NO_SUBSCRIPTION: Final = "norefersub"
SUPPORTED: Final = ("Supported", f"{REPLACES}, {NO_SUBSCRIPTION}")
FRAGMENT_TYPE: Final = "message/sipfrag;version=2.0"
"""RFC 3515 §2.4.5."""


@dataclass(frozen=True, slots=True)
class Replaces:
    """The dialog in whose place somebody is to come. `is_early_only`: but not when it is answered (RFC 3891 §3)."""

    call_id: str
    to_tag: str
    from_tag: str
    is_early_only: bool = False

    @classmethod
    def parse(cls, text: str) -> Replaces:
        """Raises MalformedMessage."""
        call_id, semicolon, rest = text.strip().partition(";")
        params = dict(parse_params(semicolon + rest))
        to_tag, from_tag = params.get("to-tag"), params.get("from-tag")
        if not call_id.strip() or not to_tag or not from_tag:
            raise MalformedMessage("a Replaces without Call-ID, to-tag or from-tag")
        return cls(call_id.strip(), to_tag, from_tag, "early-only" in params)


@dataclass(frozen=True, slots=True)
class Referral:
    """What a REFER asks for: the address without its headers, and the dialog that it replaces there, if any."""

    uri: SipUri
    replaces: Replaces | None


def referral_of(request: Request) -> Referral:
    """Raises MalformedMessage: there must be one Refer-To, and it must mean an INVITE."""
    found = request.headers.get_all_raw("Refer-To")
    if len(found) != 1:
        raise MalformedMessage("a REFER needs one Refer-To")
    uri = NameAddr.parse(found[0]).uri
    if (uri.param("method") or "INVITE").upper() != "INVITE":
        raise MalformedMessage("a Refer-To that means no INVITE", status_hint=501)
    named = [pair.partition("=") for pair in uri.headers.split("&") if pair]
    replaced = [unescape(value) for name, _, value in named if unescape(name).lower() == "replaces"]
    if len(replaced) > 1:
        raise MalformedMessage("a Refer-To with several Replaces")
    return Referral(replace(uri, headers=""), Replaces.parse(replaced[0]) if replaced else None)


def replaces_of(request: Request) -> Replaces | None:
    """Whose place an INVITE is to take; raises MalformedMessage."""
    found = request.headers.get_all_raw("Replaces")
    if len(found) > 1:
        raise MalformedMessage("an INVITE with several Replaces")
    return Replaces.parse(found[0]) if found else None


def wants_report(request: Request) -> bool:
    """Whether a REFER's sender is to be told what became of it (RFC 4488 §4)."""
    return (request.headers.get("Refer-Sub") or "").partition(";")[0].strip().lower() != "false"


def fragment(status: int) -> bytes:
    """The body of a NOTIFY: the status line of what became of it."""
    return f"SIP/2.0 {status} {REASON_PHRASES.get(status, '')}\r\n".encode()
