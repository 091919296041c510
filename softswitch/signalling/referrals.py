"""REFER and Replaces between the wire and the domain: dialogs become legs, addresses become what was dialled.

A telephone of ours may ask in a talk of its own and name another dialog of its own; a carrier may not. Nothing of it is
ever passed on to the far side: both sides of a call are ours to change.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sip_stack.endpoint import SipEndpoint
from sip_stack.events import SessionReferred
from sip_stack.message import Request
from sip_stack.referral import Replaces, replaces_of
from sip_stack.uri import SipUri
from softswitch.domain.actions import AnswerReferral
from softswitch.domain.inputs import FromPhone, FromTrunk, LegId, LegReferred
from softswitch.signalling.legs import Leg, Legs
from softswitch.signalling.outbox import Outbox
from softswitch.signalling.sip_causes import refusal_of_cause

FORBIDDEN: Final = 403
NOT_FOUND: Final = 404
NO_DIALOG: Final = 481
ANSWERED_ALREADY: Final = 486
"""RFC 3891 §3: to somebody who wanted an early dialog only."""


class Referrals:
    """What telephones want done with their talks."""

    def __init__(self, *, endpoint: SipEndpoint, legs: Legs, outbox: Outbox, dialled: Callable[[SipUri], str]) -> None:
        self._endpoint = endpoint
        self._legs = legs
        self._outbox = outbox
        self._dialled = dialled

    def take(self, event: SessionReferred, now: float) -> None:
        """A REFER in a session of ours."""
        leg = self._legs.of_session(event.session)
        if leg is None or leg.phone is None:
            self._endpoint.refuse_referral(event.session, FORBIDDEN, now)
            return
        other = None if event.replaces is None else self._leg_of(event.replaces)
        if event.replaces is not None and (other is None or other.phone != leg.phone):
            self._endpoint.refuse_referral(event.session, NOT_FOUND, now)
            return
        self._outbox.tell(LegReferred(leg.leg, self._dialled(event.uri), None if other is None else other.leg))

    def answer(self, action: AnswerReferral, now: float) -> None:
        """The domain has decided."""
        leg = self._legs.find(action.leg)
        if leg is None:
            return
        if action.refusal is None:
            self._endpoint.accept_referral(leg.session, now)
        else:
            self._endpoint.refuse_referral(leg.session, refusal_of_cause(action.refusal)[0], now)

    def replaced(self, request: Request, origin: FromTrunk | FromPhone) -> LegId | int | None:
        """The leg whose place an INVITE is to take, None when it names none; or the status that refuses it.

        Raises MalformedMessage.
        """
        named = replaces_of(request)
        if named is None:
            return None
        leg = self._leg_of(named)
        if leg is None or not leg.is_answered:
            return NO_DIALOG
        if not isinstance(origin, FromPhone):
            return FORBIDDEN
        return ANSWERED_ALREADY if named.is_early_only else leg.leg

    def _leg_of(self, replaces: Replaces) -> Leg | None:
        session = self._endpoint.session_of(replaces)
        return None if session is None else self._legs.of_session(session)
