"""Legs: SIP sessions with their media, under the neutral names that the domain uses.

A leg's id is its session's id. A dialled leg may have several sessions: all contacts of a phone are called at once, as
a forking proxy would (RFC 3261 §16.7), with the same offer, since only one of them can win; a trunk's hosts are called
one after the other (RFC 3263 §4.3). A leg lives from its INVITE until the domain lets go of it or it ends by itself;
then its UDP port goes back and later events of its sessions find nobody, which is right: whoever hung up does not wait
for the far end to agree.

Here the domain's actions come in (`dial`, `answer`, `hang_up`, …). What SIP and media report is in `leg_events`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from media.protocol import ClosePort, Join, Leave, OpenPort, SetStream
from sip_stack import reliable
from sip_stack.endpoint import SipEndpoint
from sip_stack.events import SessionInvited
from sip_stack.flow import Flow
from sip_stack.headers import NameAddr
from sip_stack.timers import Deadlines
from sip_stack.uri import SipUri
from softswitch.domain import actions
from softswitch.domain.causes import Cause
from softswitch.domain.inputs import HOPS_MAX, FromPhone, FromTrunk, LegId, LegInvited, LegRefused
from softswitch.domain.office import ToPhone
from softswitch.settings import Settings
from softswitch.signalling import negotiation
from softswitch.signalling.identity import ANONYMOUS, caller_of, first_called, headers_out
from softswitch.signalling.negotiation import LegMedia
from softswitch.signalling.outbox import Outbox
from softswitch.signalling.phones import Phones
from softswitch.signalling.playing import Playing
from softswitch.signalling.sip_causes import headers_of_hang_up, refusal_of_cause
from softswitch.signalling.traces import Traces
from softswitch.signalling.trunks import Target, Trunks
from softswitch.signalling.udp_ports import UdpPorts

NEXT_CONTACTS_S: Final = 10.0
"""So long a phone's contacts with the highest q ring alone."""
NEXT_HOST_S: Final = 4.0
"""So long a carrier's host may say nothing at all before the next one is called instead."""
HELD_ASKED_S: Final = 60.0
"""So often a far end that holds us is asked whether it is there: from it no sound comes that could be missed."""


@dataclass(slots=True)
class Leg:
    """One leg's plain state. `trunk` and `phone`: who is at its far end; `targets`: ways not tried yet.

    `session` is the one that counts: the only one, or the branch that was answered first. `branches`: the sessions of a
    dialled leg that have no final answer, each with the SDP of a provisional one; `refusals`: what the others came to.
    `caller_id` is shown before the trunk's own; `diverted`: the number that the caller called, where he is sent on.
    `owes_offer`: the caller wants our offer with the first thing that he hears of us. `asked`: the flow to the host of
    the carrier that is called just now. `forward`: what the telephone wants dialled in its place.
    """

    leg: LegId
    session: str
    is_incoming: bool
    media: LegMedia | None
    peer_host: str
    trunk: str | None = None
    phone: str | None = None
    is_answered: bool = False
    is_confirmed: bool = False
    is_held: bool = False
    is_probed: bool = False
    offer: bytes = b""
    targets: list[Target] = field(default_factory=list)
    branches: dict[str, bytes] = field(default_factory=dict)
    refusals: list[Cause] = field(default_factory=list)
    branches_made: int = 0
    hops_left: int = HOPS_MAX
    from_: NameAddr | None = None
    caller_id: str | None = None
    is_emergency: bool = False
    diverted: str | None = None
    owes_offer: bool = False
    asked: Flow | None = None
    forward: str | None = None


class Legs:
    """All legs that are up, by id, and the domain's verbs on them."""

    def __init__(
        self,
        settings: Settings,
        *,
        endpoint: SipEndpoint,
        phones: Phones,
        trunks: Trunks,
        outbox: Outbox,
        traces: Traces,
    ) -> None:
        self.settings = settings
        self.endpoint = endpoint
        self.trunks = trunks
        self.outbox = outbox
        self.udp_ports = UdpPorts()
        self.playing = Playing(settings, outbox)
        self.traces = traces
        self._phones = phones
        self._legs: dict[LegId, Leg] = {}
        self._leg_of_session: dict[str, LegId] = {}
        self._leg_of_port: dict[int, LegId] = {}
        self._port_ids = count(1)
        self._deadlines: Deadlines[LegId] = Deadlines()

    def __iter__(self) -> Iterator[Leg]:
        return iter(tuple(self._legs.values()))

    def __len__(self) -> int:
        return len(self._legs)

    def use(self, settings: Settings) -> None:
        """Goes by this configuration from now on."""
        self.settings = self.playing.settings = settings
        for leg in self._legs.values():
            leg.targets = [target for target in leg.targets if target.trunk is None or target.trunk in settings.trunks]

    def of_session(self, session: str) -> Leg | None:
        """The leg that the session serves, None when it was let go of."""
        leg = self._leg_of_session.get(session)
        return None if leg is None else self._legs.get(leg)

    def find(self, leg: LegId) -> Leg | None:
        """The leg, None when it was let go of."""
        return self._legs.get(leg)

    def of_port(self, port: int) -> Leg | None:
        """The leg that uses the media port."""
        leg = self._leg_of_port.get(port)
        return None if leg is None else self._legs.get(leg)

    def leg_of_port(self, port: int) -> LegId | None:
        """The id of the leg that uses the media port."""
        return self._leg_of_port.get(port)

    def calls_by_trunk(self, trunk: str) -> int:
        return sum(1 for leg in self._legs.values() if leg.trunk == trunk)

    def take_invitation(
        self, event: SessionInvited, origin: FromTrunk | FromPhone, dialled: str, replaces: LegId | None = None
    ) -> None:
        """An INVITE passed the door: it becomes a leg, its offer is weighed, and the domain is told."""
        diverted_from = None
        if isinstance(origin, FromPhone):
            caller, name = origin.phone, self._phones.name(origin.phone)
        else:
            plan = self.trunks.plan(origin.trunk)
            caller, name = caller_of(event.request, plan)
            diverted_from = first_called(event.request, plan)
        leg = Leg(
            leg=event.session,
            session=event.session,
            is_incoming=True,
            media=self._lease(),
            peer_host=event.flow.remote.host,
            trunk=origin.trunk if isinstance(origin, FromTrunk) else None,
            phone=origin.phone if isinstance(origin, FromPhone) else None,
            offer=event.request.body,
            owes_offer=reliable.wants_early_offer(event.request),
        )
        self._add(leg)
        self.traces.called(leg.leg, event.request.call_id)
        hops = event.request.max_forwards
        self.outbox.tell(
            LegInvited(
                leg.leg,
                origin,
                caller,
                name,
                dialled,
                self._media_fault(leg),
                HOPS_MAX if hops is None else hops,
                replaces,
                diverted_from,
            )
        )

    def dial(self, action: actions.DialLeg, now: float) -> None:
        """INVITE to the device; one that cannot be reached at all is refused at once."""
        leg = Leg(leg=action.leg, session=action.leg, is_incoming=False, media=self._lease(), peer_host="")
        leg.hops_left = action.hops_left
        if isinstance(action.to, ToPhone):
            leg.phone = action.to.phone
            leg.targets = self._phones.targets(action.to.phone)
            leg.from_ = self._shown(action.caller, action.caller_name)
        else:
            leg.caller_id, leg.is_emergency, leg.diverted = action.caller_id, action.is_emergency, action.diverted
            leg.targets = self._ways_out(action, action.to.number, now)
        self._add(leg)
        if leg.media is None or not leg.targets:
            cause = self._why_no_way(action) if leg.media is not None else Cause.NO_MEDIA_PORTS
            self.let_go(leg)
            self.outbox.tell(LegRefused(leg.leg, cause))
            return
        self._open(leg.media)
        self.try_next_targets(leg, now)

    def _ways_out(self, action: actions.DialLeg, number: str, now: float) -> list[Target]:
        if action.is_emergency:
            return self.trunks.emergency_ways_out(number, action.trunks, now)
        return self.trunks.ways_out(number, action.trunks, self.calls_by_trunk, now)

    def _why_no_way(self, action: actions.DialLeg) -> Cause:
        if isinstance(action.to, ToPhone):
            return Cause.UNREACHABLE
        if action.trunks == ():
            return Cause.NOT_ALLOWED
        return Cause.OUTGOING_FULL if self.trunks.are_full(action.trunks, self.calls_by_trunk) else Cause.UNREACHABLE

    def _caller_id(self, leg: Leg, trunk: str) -> str | None:
        return self.trunks.caller_id(trunk, leg.caller_id, is_emergency=leg.is_emergency)

    def try_next_targets(self, leg: Leg, now: float) -> None:
        """Sends the INVITE to a carrier's best host, or to all contacts of a phone that want it alike.

        Those that want it less are rung too, beside them, when nobody has answered for `NEXT_CONTACTS_S`.
        """
        q = leg.targets[0].q
        self._try_next_target(leg, now)
        while leg.phone is not None and leg.targets and leg.targets[0].q == q:
            self._try_next_target(leg, now)
        if leg.targets:
            self._deadlines.set(leg.leg, now + (NEXT_HOST_S if leg.phone is None else NEXT_CONTACTS_S))

    def expire(self, now: float) -> None:
        """Rings the contacts whose time has come, gives up hosts that are silent, and asks those that hold us."""
        while (name := self._deadlines.pop_due(now)) is not None:
            leg = self._legs.get(name)
            if leg is not None and leg.is_held:
                self.probe(leg, now)
                self.watch_held(leg, now)
            elif leg is not None and self._is_next_due(leg, now):
                self.try_next_targets(leg, now)

    def _is_next_due(self, leg: Leg, now: float) -> bool:
        """Whether others are to be called: a phone's beside those that ring, a carrier's instead of a silent one."""
        if leg.is_answered or not leg.targets:
            return False
        if leg.phone is not None:
            return True
        if any(self.endpoint.is_heard(session) for session in leg.branches):
            return False
        if leg.asked is not None:
            self.trunks.note_silence(leg.asked, now)
        self.end_branches(leg, now)
        return True

    def watch_held(self, leg: Leg, now: float) -> None:
        """The far end holds us from now on, or no more."""
        if leg.is_held:
            self._deadlines.set(leg.leg, now + HELD_ASKED_S)
        else:
            self._deadlines.cancel(leg.leg)

    def probe(self, leg: Leg, now: float) -> None:
        """Asks an answered leg whether it is there, unless that was asked already."""
        if not leg.is_probed:
            leg.is_probed = True
            self.endpoint.probe(leg.session, now)

    def next_deadline(self) -> float | None:
        return self._deadlines.next_deadline()

    def _try_next_target(self, leg: Leg, now: float) -> None:
        """Sends the INVITE to the best way not tried yet, in a session of its own."""
        assert leg.media is not None
        target = leg.targets.pop(0)
        if target.trunk is not None:
            leg.trunk, leg.asked = target.trunk, target.flow
            leg.from_ = self._shown(self._caller_id(leg, target.trunk) or ANONYMOUS, "")
        assert leg.from_ is not None
        leg.branches_made += 1
        session = leg.leg if leg.branches_made == 1 else f"{leg.leg}~{leg.branches_made}"
        leg.branches[session] = b""
        self._leg_of_session[session] = leg.leg
        uri = target.uri
        to = NameAddr("", uri if uri.scheme == "tel" else SipUri("sip", uri.user, uri.host, uri.port))
        headers = [("Content-Type", "application/sdp"), *(("Route", route) for route in target.routes)]
        if target.trunk is not None:
            headers.append(("Supported", reliable.OPTION))
            headers += headers_out(
                self.trunks.plan(target.trunk),
                shown=self._caller_id(leg, target.trunk),
                domain=self.settings.sip.domain,
                diverted=leg.diverted,
                target=target.uri,
            )
        call_id = self.endpoint.invite(
            session,
            flow=target.flow,
            target=target.uri,
            from_=leg.from_,
            to=to,
            body=leg.media.open_offer or negotiation.offer(leg.media, self.settings.media),
            headers=headers,
            hops=leg.hops_left,
            credentials=None if leg.trunk is None else self.trunks.credentials(leg.trunk),
            now=now,
        )
        self.traces.called(leg.leg, call_id)

    def choose(self, leg: Leg, session: str, now: float) -> None:
        """The first branch to be answered is the leg's session; the others are cancelled as answered elsewhere."""
        del leg.branches[session]
        self.end_branches(leg, now, Cause.ANSWERED_ELSEWHERE)
        leg.session = session

    def end_branches(self, leg: Leg, now: float, cause: Cause | None = None) -> None:
        """Cancels whatever branch has no final answer."""
        for session in tuple(leg.branches):
            self.endpoint.end(session, now, headers=headers_of_hang_up(cause, is_carrier=leg.trunk is not None))
            self.drop_branch(leg, session)

    def end(self, leg: Leg, now: float, cause: Cause | None = None) -> None:
        """BYE, or CANCEL for each of its branches; the leg is still to be let go of."""
        if leg.branches:
            self.end_branches(leg, now, cause)
        else:
            self.endpoint.end(leg.session, now, headers=headers_of_hang_up(cause, is_carrier=leg.trunk is not None))

    def drop_branch(self, leg: Leg, session: str) -> None:
        """The branch has come to nothing."""
        leg.branches.pop(session, None)
        self._leg_of_session.pop(session, None)

    def ring(self, action: actions.RingLeg, now: float) -> None:
        leg = self._legs.get(action.leg)
        if leg is not None:
            self.endpoint.progress(leg.session, 180, now, body=self._offer_owed(leg))

    def _offer_owed(self, leg: Leg) -> bytes:
        if not leg.owes_offer:
            return b""
        assert leg.media is not None
        leg.owes_offer = False
        self._open(leg.media)
        return negotiation.offer(leg.media, self.settings.media)

    def answer(self, action: actions.AnswerLeg, now: float) -> None:
        """200 OK with our answer, or with an offer where the INVITE had none; the port listens before it goes out."""
        leg = self._legs.get(action.leg)
        if leg is None:
            return
        assert leg.media is not None
        self._open(leg.media)
        if leg.offer:
            negotiated = negotiation.take_offer(leg.media, leg.offer, self.settings.media)
            body = negotiated.answer
            self.set_stream(leg)
        elif leg.media.negotiated is not None:
            body = b""
            self.set_stream(leg)
        else:
            body = leg.media.open_offer or negotiation.offer(leg.media, self.settings.media)
        leg.is_answered = True
        self.endpoint.accept(leg.session, body, now)

    def refuse(self, action: actions.RefuseLeg, now: float) -> None:
        leg = self._legs.get(action.leg)
        if leg is None:
            return
        status, headers = refusal_of_cause(action.cause, is_carrier=leg.trunk is not None)
        self.endpoint.refuse(leg.session, status, now, headers=headers)
        self.let_go(leg)

    def hang_up(self, action: actions.HangUpLeg, now: float) -> None:
        """CANCEL, BYE or a refusal, as the session's state asks; the leg is gone at once."""
        leg = self._legs.get(action.leg)
        if leg is None:
            return
        if leg.is_incoming and not leg.is_answered:
            self.refuse(actions.RefuseLeg(action.leg, action.cause), now)
            return
        self.end(leg, now, action.cause)
        self.let_go(leg)

    def play(self, action: actions.PlayOnLeg) -> None:
        leg = self._legs.get(action.leg)
        if leg is not None and leg.media is not None:
            self.playing.play(leg.media.port, action)

    def stop_playing(self, action: actions.StopPlayingOnLeg) -> None:
        leg = self._legs.get(action.leg)
        if leg is not None and leg.media is not None:
            self.playing.stop(leg.media.port, action.tag)

    def join(self, action: actions.JoinLeg) -> None:
        leg = self._legs.get(action.leg)
        if leg is not None and leg.media is not None:
            self.outbox.media(Join(action.bridge, leg.media.port))

    def leave(self, action: actions.LeaveLeg) -> None:
        leg = self._legs.get(action.leg)
        if leg is not None and leg.media is not None:
            self.outbox.media(Leave(action.bridge, leg.media.port))

    def port(self, leg: LegId) -> int | None:
        """The media port of a leg that is up."""
        found = self._legs.get(leg)
        return None if found is None or found.media is None else found.media.port

    def set_stream(self, leg: Leg) -> None:
        """Tells the media engine what was negotiated last."""
        self.outbox.media(self._stream(leg))

    def let_go(self, leg: Leg) -> None:
        """Forgets the leg and gives its port back."""
        self._legs.pop(leg.leg, None)
        self._deadlines.cancel(leg.leg)
        for session in (leg.session, *leg.branches):
            self._leg_of_session.pop(session, None)
        if leg.media is None:
            return
        self._leg_of_port.pop(leg.media.port, None)
        self.playing.forget(leg.media.port)
        if leg.media.is_open:
            self.outbox.media(ClosePort(leg.media.port))
        self.udp_ports.give_back(leg.media.udp_port, leg.media.generation)
        leg.media = None

    def _stream(self, leg: Leg) -> SetStream:
        assert leg.media is not None
        assert leg.media.negotiated is not None
        return negotiation.stream(
            leg.media,
            leg.media.negotiated,
            signalled_from=leg.peer_host,
            may_be_behind_nat=leg.phone is not None,
        )

    def _add(self, leg: Leg) -> None:
        self._legs[leg.leg] = leg
        self._leg_of_session[leg.session] = leg.leg
        if leg.media is not None:
            self._leg_of_port[leg.media.port] = leg.leg

    def _lease(self) -> LegMedia | None:
        udp_port = self.udp_ports.lease()
        if udp_port is None:
            return None
        return LegMedia(port=next(self._port_ids), udp_port=udp_port, generation=self.udp_ports.generation)

    def _open(self, media: LegMedia) -> None:
        if not media.is_open:
            media.is_open = True
            self.outbox.media(OpenPort(media.port, media.udp_port))

    def _media_fault(self, leg: Leg) -> Cause | None:
        if leg.media is None:
            return Cause.NO_MEDIA_PORTS
        if leg.offer and not negotiation.is_acceptable(leg.media, leg.offer, self.settings.media):
            return Cause.INCOMPATIBLE_MEDIA
        return None

    def _shown(self, caller: str, name: str) -> NameAddr:
        return NameAddr(name, SipUri(scheme="sip", user=caller, host=self.settings.sip.domain))
