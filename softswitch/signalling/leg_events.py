"""What SIP and the media process report about legs, told to the domain in its own words.

The other half of `legs`: there the domain's actions go down, here facts come up. A fact about a leg that was let go of
is dropped: whoever let go has already told the domain how it ended.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from media import protocol
from sip_stack import events as sip
from sip_stack.errors import MalformedMessage, UnacceptableSdp
from sip_stack.events import SipOutput
from sip_stack.message import Response
from sip_stack.reason import q850_of
from sip_stack.uri import SipUri
from softswitch.domain import inputs
from softswitch.domain.causes import Cause, most_telling
from softswitch.signalling import negotiation
from softswitch.signalling.legs import Leg, Legs
from softswitch.signalling.outbox import Outbox
from softswitch.signalling.sip_causes import TELLING_OF_CONTACTS, cause_of_bye, cause_of_cancel, cause_of_refusal

_NEXT_TARGET_STATUSES: Final = frozenset({408, 503})
"""A target that answers so, or not at all, is not there; the next one may be tried (RFC 3263 §4.3)."""

_FORWARDS: Final = frozenset({300, 301, 302})

_PERSONS_NO: Final = frozenset({486, 487, 600, 603})
"""What a person, or we, said of an emergency call; after any other refusal another trunk may do better."""

_PEER_GONE_STATUSES: Final = frozenset({408, 481})
"""The only answers to a probe that end a leg."""

SOUND_FAULTS_TOLD_MAX: Final = 20

_InputOfLeg: TypeAlias = Callable[[Leg], inputs.Input]


class LegEvents:
    """Translates one event or fact at a time."""

    def __init__(self, legs: Legs, outbox: Outbox, dialled_at_us: Callable[[SipUri], str | None]) -> None:
        self._legs = legs
        self._dialled_at_us = dialled_at_us
        self._outbox = outbox
        self.engine_report: protocol.EngineReport | None = None

    def take_sip(self, event: SipOutput, now: float) -> None:
        """An event of a session other than its invitation."""
        session = getattr(event, "session", None)
        leg = self._legs.of_session(session) if session is not None else None
        if leg is None:
            return
        match event:
            case sip.SessionProgressed():
                self._progressed(leg, event)
            case sip.SessionAnswered():
                self._answered(leg, event, now)
            case sip.SessionRefused():
                self._refused(leg, event, now)
            case sip.SessionConfirmed():
                self._confirmed(leg, event, now)
            case sip.SessionReoffered():
                self._reoffered(leg, event, now)
            case sip.SessionOfferAnswered():
                self._offer_answered(leg, event, now)
            case sip.SessionCancelled(reason=reason):
                self._ended(leg, cause_of_cancel(reason))
            case sip.SessionEnded():
                self._ended(leg, _cause_of_end(leg, event))
            case sip.SessionKeyed(key=key):
                self._keyed(leg, key)
            case sip.SessionProbed():
                self._probed(leg, event, now)
            case _:
                pass

    def take_fact(self, fact: protocol.Fact, now: float) -> None:
        """A fact of the media process."""
        match fact:
            case protocol.DigitPressed(port=port, digit=digit):
                self._tell_of_port(port, lambda leg: inputs.DigitPressed(leg.leg, digit))
            case protocol.PortHeard(port=port):
                self._tell_of_port(port, lambda leg: inputs.LegHeard(leg.leg))
            case protocol.PlaybackEnded(port=port, tag=tag):
                self._tell_of_port(port, lambda leg: inputs.PlaybackEnded(leg.leg, tag))
            case protocol.RecordingEnded(recording=recording, seconds=seconds, sha256=sha256, failure=failure):
                self._outbox.tell(inputs.RecordingCompleted(recording, seconds, sha256, failure))
            case protocol.PortSilent(port=port):
                self._silent(port, now)
            case protocol.PortFailed(port=port, reason=reason):
                self._outbox.fault(f"media port {port} failed: {reason}")
            case protocol.SoundsLoaded(failed=failed):
                self._legs.playing.loaded()
                for file, reason in failed[:SOUND_FAULTS_TOLD_MAX]:
                    self._outbox.fault(f"the sound {file} cannot be played: {reason}")
            case protocol.EngineReport():
                self.engine_report = fact
            case protocol.Ready() | protocol.PortReport():
                pass

    def lose_media(self, now: float) -> None:
        """The media process is gone: every leg that had media ends."""
        self.engine_report = None
        self._legs.playing.lost()
        for leg in tuple(self._legs):
            if leg.media is None:
                continue
            if leg.is_incoming and not leg.is_answered:
                self._legs.endpoint.refuse(leg.session, 503, now)
            else:
                self._legs.end(leg, now)
            if leg.is_answered or leg.is_incoming:
                self._ended(leg, Cause.MEDIA_LOST)
            else:
                self._legs.let_go(leg)
                self._outbox.tell(inputs.LegRefused(leg.leg, Cause.MEDIA_LOST))

    def _progressed(self, leg: Leg, event: sip.SessionProgressed) -> None:
        if leg.trunk is not None:
            self._legs.trunks.saw(leg.trunk, is_reachable=True)
        if event.body:
            leg.branches[event.session] = event.body
        if event.status in (180, 183):
            self._outbox.tell(inputs.LegProgressed(leg.leg))

    def _answered(self, leg: Leg, event: sip.SessionAnswered, now: float) -> None:
        assert leg.media is not None
        if leg.trunk is not None:
            self._legs.trunks.saw(leg.trunk, is_reachable=True)
        if leg.asked is not None:
            self._legs.trunks.note_answer(leg.asked, None, now)
        answer = event.body or leg.branches[event.session]
        try:
            negotiation.take_answer(leg.media, answer, self._legs.settings.media)
        except UnacceptableSdp:
            self._legs.endpoint.end(event.session, now)
            self._branch_refused(leg, event.session, Cause.INCOMPATIBLE_MEDIA, now)
            return
        self._legs.choose(leg, event.session, now)
        leg.peer_host = event.flow.remote.host
        leg.is_answered = leg.is_confirmed = True
        self._legs.set_stream(leg)
        self._outbox.tell(inputs.LegAnswered(leg.leg))
        self._tell_of_hold(leg, now)

    def _refused(self, leg: Leg, event: sip.SessionRefused, now: float) -> None:
        if leg.trunk is not None:
            was_heard = event.response is not None or event.status not in _NEXT_TARGET_STATUSES
            self._legs.trunks.saw(leg.trunk, is_reachable=was_heard)
            if leg.asked is not None and was_heard:
                self._legs.trunks.note_answer(leg.asked, event.response, now)
            elif leg.asked is not None:
                self._legs.trunks.note_silence(leg.asked, now)
        is_at_fault = leg.is_emergency and event.status not in _PERSONS_NO
        is_worth_another = is_at_fault or event.status in _NEXT_TARGET_STATUSES
        if is_worth_another and not event.was_ringing and leg.targets:
            self._legs.drop_branch(leg, event.session)
            self._legs.try_next_targets(leg, now)
            return
        if leg.phone is not None and event.response is not None and event.status in _FORWARDS:
            leg.forward = leg.forward or self._forward(event.response)
        network = q850_of(event.response)
        cause = cause_of_refusal(event.status, was_ringing=event.was_ringing, network=network)
        self._branch_refused(leg, event.session, cause, now)

    def _forward(self, response: Response) -> str | None:
        """What a telephone that sends its calls elsewhere would have us dial; None where that is not with us."""
        try:
            contacts = response.contacts
        except MalformedMessage:
            return None
        return next((dialled for contact in contacts if (dialled := self._dialled_at_us(contact.uri))), None)

    def _branch_refused(self, leg: Leg, session: str, cause: Cause, now: float) -> None:
        """The leg is refused with its last branch, or at once when a person said no at one of them (RFC 3261 §16.7)."""
        self._legs.drop_branch(leg, session)
        leg.refusals.append(cause)
        if leg.branches and cause is not Cause.DECLINED:
            return
        if leg.phone is not None and leg.targets and cause is not Cause.DECLINED:
            self._legs.try_next_targets(leg, now)
            return
        self._legs.end_branches(leg, now)
        self._legs.let_go(leg)
        cause = most_telling(leg.refusals, TELLING_OF_CONTACTS)
        self._outbox.tell(inputs.LegRefused(leg.leg, cause, None if cause is Cause.DECLINED else leg.forward))

    def _confirmed(self, leg: Leg, event: sip.SessionConfirmed, now: float) -> None:
        leg.is_confirmed = True
        if leg.media is None:
            return
        if leg.media.open_offer and (event.body or leg.media.negotiated is None):
            try:
                negotiation.take_answer(leg.media, event.body, self._legs.settings.media)
            except UnacceptableSdp:
                self._break(leg, Cause.INCOMPATIBLE_MEDIA, now)
                return
            self._legs.set_stream(leg)
        self._tell_of_hold(leg, now)

    def _offer_answered(self, leg: Leg, event: sip.SessionOfferAnswered, now: float) -> None:
        """The caller's answer to the offer that went along with our ringing."""
        assert leg.media is not None
        try:
            negotiation.take_answer(leg.media, event.body, self._legs.settings.media)
        except UnacceptableSdp:
            if leg.is_answered:
                self._break(leg, Cause.INCOMPATIBLE_MEDIA, now)
            else:
                self._legs.endpoint.refuse(leg.session, 488, now)
                self._ended(leg, Cause.INCOMPATIBLE_MEDIA)
            return
        if leg.is_answered:
            self._legs.set_stream(leg)

    def _reoffered(self, leg: Leg, event: sip.SessionReoffered, now: float) -> None:
        assert leg.media is not None
        media = self._legs.settings.media
        if not event.body:
            self._legs.endpoint.accept_reoffer(leg.session, negotiation.offer(leg.media, media), now)
            return
        try:
            negotiated = negotiation.take_offer(leg.media, event.body, media)
        except UnacceptableSdp:
            self._legs.endpoint.refuse_reoffer(leg.session, 488, now)
            return
        self._legs.set_stream(leg)
        self._legs.endpoint.accept_reoffer(leg.session, negotiated.answer, now)
        self._tell_of_hold(leg, now)

    def _keyed(self, leg: Leg, key: str) -> None:
        """A key in an INFO; a telephone that agreed on RFC 4733 sends it there too, and is heard there."""
        negotiated = None if leg.media is None else leg.media.negotiated
        if negotiated is not None and negotiated.telephone_event_pt is None:
            self._outbox.tell(inputs.DigitPressed(leg.leg, key))

    def _tell_of_hold(self, leg: Leg, now: float) -> None:
        assert leg.media is not None
        assert leg.media.negotiated is not None
        held = negotiation.is_held(leg.media.negotiated)
        if held != leg.is_held:
            leg.is_held = held
            self._legs.watch_held(leg, now)
            self._outbox.tell(inputs.LegHeld(leg.leg, held))

    def _silent(self, port: int, now: float) -> None:
        leg = self._legs.of_port(port)
        if leg is not None and leg.is_confirmed and not leg.is_held:
            self._legs.probe(leg, now)

    def _probed(self, leg: Leg, event: sip.SessionProbed, now: float) -> None:
        leg.is_probed = False
        if event.status in _PEER_GONE_STATUSES:
            self._break(leg, Cause.SILENT, now)

    def _break(self, leg: Leg, cause: Cause, now: float) -> None:
        self._legs.end(leg, now)
        self._ended(leg, cause)

    def _ended(self, leg: Leg, cause: Cause) -> None:
        self._legs.let_go(leg)
        self._outbox.tell(inputs.LegEnded(leg.leg, cause))

    def _tell_of_port(self, port: int, input_of: _InputOfLeg) -> None:
        leg = self._legs.of_port(port)
        if leg is not None:
            self._outbox.tell(input_of(leg))


def _cause_of_end(leg: Leg, event: sip.SessionEnded) -> Cause:
    if event.by_peer:
        return cause_of_bye(event.reason if leg.trunk is not None else None)
    if leg.is_incoming and not leg.is_confirmed:
        return Cause.NOT_CONFIRMED
    return Cause.SILENT
