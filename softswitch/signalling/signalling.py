"""The whole of signalling as one object: it routes and decides nothing.

Three kinds of things come in: outputs of the SIP endpoint, facts of the media process, actions of the domain. Each goes
to the room that it concerns; what that room wants done is drained as one ordered outbox.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from media import protocol
from sip_stack import events as sip
from sip_stack.endpoint import SipEndpoint
from sip_stack.errors import MalformedMessage
from sip_stack.flow import Address
from sip_stack.invite_session import Tokens
from softswitch.domain import actions
from softswitch.settings import Settings
from softswitch.signalling.admission import Admission
from softswitch.signalling.flood_guard import FloodGuard
from softswitch.signalling.lamps import Lamps
from softswitch.signalling.leg_events import LegEvents
from softswitch.signalling.legs import Legs
from softswitch.signalling.outbox import Outbox, SignallingOutput
from softswitch.signalling.phones import Phones
from softswitch.signalling.records import DialogDropped, DialogRecorded, SignallingRecord
from softswitch.signalling.referrals import Referrals
from softswitch.signalling.standing import Standing
from softswitch.signalling.traces import Traces
from softswitch.signalling.trunks import Trunks

INCOMING_PREFIX: Final = "in-"


class Signalling:
    """Admission, phones, trunks, lamps and legs, wired together."""

    def __init__(
        self,
        settings: Settings,
        *,
        endpoint: SipEndpoint,
        tokens: Tokens,
        digest_key: bytes,
        wall_offset_s: float,
        listening: tuple[tuple[str, Address], ...],
        advertised: Mapping[Address, Address],
    ) -> None:
        self._endpoint = endpoint
        self._outbox = Outbox()
        self._wall_offset_s = wall_offset_s
        self._dialogs: dict[str, DialogRecorded] = {}
        self.trunks = Trunks(settings.trunks, listening)
        endpoint.use_streams(self.trunks.stream_beside)
        self.standing = Standing(
            self.trunks,
            endpoint=endpoint,
            tokens=tokens,
            domain=settings.sip.domain,
            advertised=advertised,
            outbox=self._outbox,
        )
        self.phones = Phones(
            settings.phones,
            realm=settings.sip.domain,
            digest_key=digest_key,
            wall_offset_s=wall_offset_s,
            outbox=self._outbox,
        )
        self.lamps = Lamps(settings.office, endpoint=endpoint, domain=settings.sip.domain)
        self.guard = FloodGuard(lambda flow: self.phones.is_from(flow) or self.trunks.is_from(flow))
        self._admission = Admission(
            endpoint=endpoint,
            phones=self.phones,
            trunks=self.trunks,
            lamps=self.lamps,
            guard=self.guard,
            domain=settings.sip.domain,
            listening=listening,
            advertised=advertised,
        )
        endpoint.use_door(self._admission.challenge)
        self.traces = Traces(wall_offset_s)
        self.legs = Legs(
            settings,
            endpoint=endpoint,
            phones=self.phones,
            trunks=self.trunks,
            outbox=self._outbox,
            traces=self.traces,
        )
        self.leg_events = LegEvents(self.legs, self._outbox, self._admission.dialled_at_us)
        self.referrals = Referrals(
            endpoint=endpoint, legs=self.legs, outbox=self._outbox, dialled=self._admission.dialled_here
        )

    def take_sip(self, output: sip.SipOutput, now: float) -> None:
        """Anything that the endpoint put out, other than bytes to send."""
        match output:
            case sip.SessionInvited():
                self._invited(output, now)
            case sip.RequestReceived():
                self._admission.answer(output, now)
            case sip.DialogEstablished(session=session, dialog=dialog):
                record = DialogRecorded(now + self._wall_offset_s, session, dialog)
                self._dialogs[session] = record
                self._outbox.record(record)
            case sip.DialogForgotten(session=session):
                if self._dialogs.pop(session, None) is not None:
                    self._outbox.record(DialogDropped(now + self._wall_offset_s, session))
            case sip.SessionReferred():
                self.referrals.take(output, now)
            case sip.ResponseReceived():
                self.standing.take_response(output, now)
            case sip.SubscriptionEnded(subscription=subscription):
                self.lamps.forget(subscription)
            case sip.FaultReported(text=text):
                self._outbox.fault(text)
            case _:
                self.leg_events.take_sip(output, now)

    def take_fact(self, fact: protocol.Fact, now: float) -> None:
        """A fact of the media process; `Ready` makes its UDP ports ours to use."""
        if isinstance(fact, protocol.Ready):
            self.legs.udp_ports.fill(fact.udp_ports)
            self._outbox.media(protocol.LoadSounds(self.legs.settings.sounds.all_files()))
            return
        self.leg_events.take_fact(fact, now)

    def lose_media(self, now: float) -> None:
        """The link to the media process is gone, and with it every leg's sound."""
        self.leg_events.lose_media(now)
        self.legs.udp_ports.empty()

    def carry_out(self, action: actions.Action, now: float) -> None:
        """Does what the domain asked for."""
        match action:
            case actions.DialLeg():
                self.legs.dial(action, now)
            case actions.RingLeg():
                self.legs.ring(action, now)
            case actions.AnswerLeg():
                self.legs.answer(action, now)
            case actions.RefuseLeg():
                self.legs.refuse(action, now)
            case actions.HangUpLeg():
                self.legs.hang_up(action, now)
            case actions.AnswerReferral():
                self.referrals.answer(action, now)
            case actions.PlayOnLeg():
                self.legs.play(action)
            case actions.StopPlayingOnLeg():
                self.legs.stop_playing(action)
            case actions.JoinLeg():
                self.legs.join(action)
            case actions.LeaveLeg():
                self.legs.leave(action)
            case actions.StartRecording(recording=recording, bridge=bridge, left=left, path=path):
                port = self.legs.port(left)
                if port is not None:
                    self._outbox.media(protocol.StartRecording(recording, bridge, port, path))
            case actions.StopRecording(recording=recording):
                self._outbox.media(protocol.StopRecording(recording))
            case actions.ShowLamp():
                self.lamps.show(action, now)
            case actions.ShowMessages():
                self.lamps.show_messages(action, now)
            case actions.ClaimAgent():
                raise AssertionError("claims are decided by the node")

    def end_dialogs(self, dialogs: Iterable[DialogRecorded], ids: str, now: float) -> None:
        """BYE to the dialogs that an earlier process left behind.

        Incoming legs get a new name first (`ids` is unique to this process): the endpoint may use the old one again.
        """
        for number, record in enumerate(dialogs, start=1):
            session = record.leg
            if session.startswith(INCOMING_PREFIX):
                session = f"left-{ids}-{number}"
                self._outbox.record(DialogRecorded(record.at, session, record.dialog))
                self._outbox.record(DialogDropped(now + self._wall_offset_s, record.leg))
            self._dialogs[session] = DialogRecorded(record.at, session, record.dialog)
            self._endpoint.restore(session, record.dialog, now)
            self._endpoint.end(session, now)

    def reload(self, settings: Settings, now: float) -> None:
        """Takes over a new configuration; sessions in flight go on, contacts of removed phones are dropped."""
        self.trunks.reload(settings.trunks)
        self.standing.start(settings.trunks, now)
        self.phones.reload(settings.phones, now)
        self.lamps.reload(settings.office, now)
        self.legs.use(settings)
        if self.legs.udp_ports.total:
            self._outbox.media(protocol.LoadSounds(settings.sounds.all_files()))

    def move(self, settings: Settings, now: float) -> None:
        """Carriers are elsewhere than before; calls that are up stay where they are."""
        self.trunks.reload(settings.trunks)
        self.standing.start(settings.trunks, now)
        self.legs.use(settings)

    def expire(self, now: float) -> None:
        """What time alone does here: contacts run out, carriers are asked again, a phone's next contacts are rung."""
        self.phones.expire(now)
        self.standing.expire(now)
        self.legs.expire(now)

    def next_deadline(self) -> float | None:
        deadlines = (self.phones.next_deadline(), self.standing.next_deadline(), self.legs.next_deadline())
        return min((at for at in deadlines if at is not None), default=None)

    def snapshot(self, now: float) -> list[SignallingRecord]:
        """Records of the dialogs and contacts that are up."""
        return [*self._dialogs.values(), *self.phones.snapshot(now)]

    def drain(self) -> list[SignallingOutput]:
        return self._outbox.drain()

    def _invited(self, event: sip.SessionInvited, now: float) -> None:
        try:
            origin = self._admission.origin(event.request, event.flow)
            replaced = self.referrals.replaced(event.request, origin)
            if isinstance(replaced, int):
                self._endpoint.refuse(event.session, replaced, now)
                return
            self.legs.take_invitation(event, origin, self._admission.dialled(event.request, origin), replaced)
        except MalformedMessage as error:
            self._endpoint.refuse(event.session, error.status_hint, now)
