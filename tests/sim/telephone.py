"""Simulated telephones: a SIP user agent of its own making, and the person who holds it.

A `Telephone` registers with digest, calls, is called, rings, answers, declines, hangs up and vanishes. It uses nothing
of the switch's SIP. What the person does by himself is a `Manner`; what a scenario wants him to do is a method of the
`Call`. A carrier is a telephone too, one that many numbers share (see `people`).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import count

from tests.sim.exchange import GIVE_UP_S, Exchange
from tests.sim.happenings import Happenings
from tests.sim.network import Place, VirtualNetwork
from tests.sim.person import Call, Manner
from tests.sim.sip_text import SipText, authorization, parameter, place_of, rtp_place, uri_of, user_of
from tests.sim.watching import LampKeys

EXPIRES_S = 600
REASONS = {180: "Ringing", 183: "Session Progress", 200: "OK", 486: "Busy Here", 487: "Request Terminated",
           480: "Temporarily Unavailable", 603: "Decline", 481: "Call/Transaction Does Not Exist", 503: "Unavailable",
           404: "Not Found", 501: "Not Implemented", 100: "Trying"}  # fmt: skip


class Telephone:
    """A device or carrier at `place`, which speaks to the switch at `switch`. `is_mute`: it sends no RTP."""

    def __init__(
        self,
        name: str,
        place: Place,
        network: VirtualNetwork,
        clock: Happenings,
        seeded: random.Random,
        *,
        switch: Place,
        domain: str,
        password: str | None = None,
    ) -> None:
        self.name = name
        self.place = place
        self.switch = switch
        self.domain = domain
        self.calls: list[Call] = []
        self._live: list[Call] = []
        self._calls_of: dict[str, list[Call]] = {}
        self.manner = Manner()
        self.chooses_manner: Callable[[], Manner] | None = None
        self.is_registered = False
        self.is_withholding_acks = False
        self.is_mute = False
        self.has_vanished = False
        self.register_status: int | None = None
        self.strange_requests: list[SipText] = []
        self._password = password
        self._contact = place
        self._network = network
        self._clock = clock
        self._random = seeded
        self._exchange = Exchange(clock, self._send)
        self._numbers = count(1)
        self._nonce_counts: dict[str, int] = {}
        self._challenge: str | None = None
        self._registration = (f"{name}-registration-{seeded.getrandbits(40):x}", count(1))
        self._is_refreshing = True
        self.lamps = LampKeys(
            name,
            domain,
            clock,
            ask=self._ask_with_digest,
            token=self._token,
            contact=lambda: self._contact_uri(name),
        )
        network.attach(place, self._receive)

    # What people do.

    @property
    def call(self) -> Call:
        """The call that is up, or was last."""
        live = self.live_calls
        assert live or self.calls, f"{self.name} has no call"
        return (live or self.calls)[-1]

    @property
    def live_calls(self) -> list[Call]:
        self._live = [call for call in self._live if call.state != "ended"]
        return list(self._live)

    @property
    def is_in_use(self) -> bool:
        """False when no call can be live, as seen at a glance."""
        return bool(self._live)

    @property
    def calls_up(self) -> list[Call]:
        """The live calls and some that ended just now, as seen at a glance."""
        return self._live

    def register(self, expires_s: int = EXPIRES_S) -> None:
        """Registers with the switch and keeps doing so."""
        call_id, numbers = self._registration
        headers = [
            ("From", f"<sip:{self.name}@{self.domain}>;tag={self._token()}"),
            ("To", f"<sip:{self.name}@{self.domain}>"),
            ("Call-ID", call_id),
            ("CSeq", f"{next(numbers)} REGISTER"),
            ("Contact", f"<{self._contact_uri(self.name)}>;expires={expires_s}"),
        ]
        uri = f"sip:{self.switch[0]}:{self.switch[1]}"
        self._ask_with_digest("REGISTER", uri, headers, numbers, lambda response: self._registered(response, expires_s))

    def dial(
        self,
        dialled: str,
        *,
        caller: str | None = None,
        display_name: str = "",
        has_offer: bool = True,
        headers: Sequence[tuple[str, str]] = (),
    ) -> Call:
        """Calls someone through the switch; without an offer, the SDP goes along with the ACK (RFC 3264 late offer)."""
        caller = caller or self.name
        call_id = f"{self.name}-{next(self._numbers)}-{self._token()}"
        uri = f"sip:{dialled}@{self.switch[0]}:{self.switch[1]}"
        local = f'"{display_name}" <sip:{caller}@{self.domain}>;tag={self._token()}'
        rtp = (self._contact[0], 40000 + 2 * next(self._numbers))
        invite = self._request("INVITE", uri, local, f"<{uri}>", call_id, 1, caller)
        invite.headers += headers
        invite.body = _sdp(rtp) if has_offer else ""
        call = Call(self, call_id, True, caller, dialled, local, f"<{uri}>", invite, self.switch, rtp)
        self._keep(call)
        self._exchange.ask(invite, self.switch, lambda response: self._invite_answered(call, response))
        return call

    def pick_up(self, call: Call) -> None:
        """200 OK to the call that rings."""
        if call.is_caller or call.state not in ("calling", "ringing"):
            return
        call.state = "answered"
        response = self._response(call.invite, 200, call.local, body=_sdp(call.rtp, codecs=call.codecs))
        self._exchange.answer(call.invite, response, call.source)
        self._exchange.insist(call.call_id, response, call.source, lambda: self._leave(call))

    def refuse(self, call: Call, status: int, contact: str | None = None) -> None:
        """A final refusal of the call that rings; a 3xx names who is to be called instead."""
        if call.is_caller or call.state not in ("calling", "ringing"):
            return
        response = self._response(call.invite, status, call.local)
        if contact is not None:
            response.headers = [(name, value) for name, value in response.headers if name != "Contact"]
            response.headers.append(("Contact", f"<{contact}>"))
        self._exchange.answer(call.invite, response, call.source)
        self._exchange.insist(call.call_id, response, call.source, lambda: None)
        self._end(call, f"refused {status}")

    def hang_up(self, call: Call) -> None:
        """CANCEL, 603 or BYE, as the phase asks."""
        if call.state == "up":
            self._leave(call)
        elif call.state == "answered":
            call.is_hang_up_due = True
        elif not call.is_caller:
            self.refuse(call, 603)
        elif call.is_live and not call.is_given_up:
            call.is_given_up = True
            if call.responses:
                self._cancel(call)

    def reinvite(self, call: Call, direction: str) -> None:
        """Offers anew in the call that is up: "sendonly" puts the far end on hold."""
        call.cseq += 1
        request = self._in_dialog("INVITE", call, call.cseq)
        request.body = _sdp(call.rtp, direction)
        self._exchange.ask(request, place_of(call.target), lambda response: self._reinvite_answered(call, response))

    def refer(self, call: Call, dialled: str, *, other: Call | None = None, reports: bool = True) -> None:
        """Asks the switch to give the far end of a call on: to a number, or to the far end of another call of ours."""
        call.cseq += 1
        request = self._in_dialog("REFER", call, call.cseq)
        place = f"{self.switch[0]}:{self.switch[1]}"
        replaces = ""
        if other is not None:
            theirs, ours = parameter(other.remote, "tag"), parameter(other.local, "tag")
            replaces = f"?Replaces={other.call_id}%3Bto-tag%3D{theirs}%3Bfrom-tag%3D{ours}"
        request.headers.append(("Refer-To", f"<sip:{dialled}@{place}{replaces}>"))
        if not reports:
            request.headers.append(("Refer-Sub", "false"))
        self._exchange.ask(request, place_of(call.target), lambda response: self._referred(call, response))

    def replace(self, other: Call) -> Call:
        """Calls to come in for another telephone's call (RFC 3891)."""
        theirs, ours = parameter(other.remote, "tag"), parameter(other.local, "tag")
        return self.dial(self.name, headers=[("Replaces", f"{other.call_id};to-tag={theirs};from-tag={ours}")])

    def vanish(self) -> None:
        """The cable is pulled: nothing goes out or comes in any more."""
        self.has_vanished = True
        self._network.cut(self.place[0])

    def come_back(self) -> None:
        """The power is on again; of its calls the telephone knows nothing."""
        self._exchange.forget()
        self.lamps.forget()
        for call in self.live_calls:
            self._end(call, "forgotten")
        self._network.mend(self.place[0])

    def sit_behind_nat(self, contact: Place) -> None:
        """From now on Via, Contact and SDP show this private place; the network still knows the public one."""
        self._contact = contact

    def rest(self) -> None:
        """Registers and watches no more, so that the office comes to rest."""
        self._is_refreshing = False
        self.lamps.let_go()

    @property
    def is_vanished(self) -> bool:
        return self._network.is_cut(self.place[0])

    def manner_for(self, invite: SipText) -> Manner:
        """What is done with this call by itself."""
        del invite
        return self.manner if self.chooses_manner is None else self.chooses_manner()

    # What the network brings.

    def _receive(self, data: bytes, source: Place) -> None:
        text = SipText.read(data)
        if text.status is not None:
            self._exchange.take_response(text)
        elif text.method == "ACK":
            self._acknowledged(text)
        elif not self._exchange.is_repeated(text):
            self._take_request(text, source)

    def _take_request(self, request: SipText, source: Place) -> None:
        call = self._dialog_of(request)
        if request.method == "INVITE" and request.to_tag is None:
            self._invited(request, source)
        elif request.method == "CANCEL":
            self._cancelled(request, source)
        elif request.method == "NOTIFY" and self.lamps.take_notify(request):
            self._exchange.answer(request, self._response(request, 200), source)
        elif call is None or call.state not in ("answered", "up"):
            status = 200 if request.method == "OPTIONS" and request.to_tag is None else 481
            self._exchange.answer(request, self._response(request, status), source)
        elif request.method == "BYE":
            self._exchange.answer(request, self._response(request, 200), source)
            self._exchange.is_heard(call.call_id)
            call.reason = request.get("Reason")
            self._end(call, "gone")
        elif request.method == "OPTIONS":
            self._exchange.answer(request, self._response(request, 200), source)
        elif request.method == "NOTIFY":
            call.reports.append(request.body.strip())
            self._exchange.answer(request, self._response(request, 200), source)
        else:
            self.strange_requests.append(request)
            self._exchange.answer(request, self._response(request, 501), source)

    def _invited(self, invite: SipText, source: Place) -> None:
        manner = self.manner_for(invite)
        if manner.is_deaf:
            return
        caller, dialled = user_of(uri_of(invite.need("From"))), user_of(invite.uri)
        local = f"{invite.need('To')};tag={self._token()}"
        rtp = (self._contact[0], 40000 + 2 * next(self._numbers))
        call = Call(self, invite.call_id, False, caller, dialled, local, invite.need("From"), invite, source, rtp)
        call.target = uri_of(invite.need("Contact"))
        call.display_name = invite.need("From").partition("<")[0].strip().strip('"')
        call.remote_rtp = rtp_place(invite.body)
        call.codecs = "9" if manner.is_incompatible else call.codecs
        self._keep(call)
        self._exchange.answer(invite, self._response(invite, 100), source)
        if manner.rings_after_s is not None:
            self._clock.after(manner.rings_after_s, lambda: self._ring(call))
        if manner.answers_after_s is not None:
            self._clock.after(manner.answers_after_s, call.answer)
            if manner.hangs_up_after_s is not None:
                self._clock.after(manner.answers_after_s + manner.hangs_up_after_s, lambda: self._hang_up_if_up(call))
        refusal = manner.refuses_with
        if refusal is not None:
            self._clock.after(manner.refuses_after_s, lambda: self.refuse(call, refusal, manner.forwards_to))

    def _ring(self, call: Call) -> None:
        if call.state == "calling":
            call.state, call.has_rung = "ringing", True
            self._exchange.answer(call.invite, self._response(call.invite, 180, call.local), call.source)

    def _hang_up_if_up(self, call: Call) -> None:
        if call.state in ("answered", "up"):
            call.hang_up()

    def _cancelled(self, cancel: SipText, source: Place) -> None:
        calls = [call for call in self._calls_of.get(cancel.call_id, ()) if not call.is_caller]
        calls = [call for call in calls if call.invite.branch == cancel.branch]
        assert calls, "a CANCEL for an INVITE that was never answered provisionally (RFC 3261 §9.1)"
        self._exchange.answer(cancel, self._response(cancel, 200), source)
        for call in calls:
            if call.state in ("calling", "ringing"):
                call.reason = cancel.get("Reason")
                self.refuse(call, 487)
                call.ended_how = "cancelled"

    def _acknowledged(self, ack: SipText) -> None:
        call = next((call for call in self._calls_of.get(ack.call_id, ()) if not call.is_caller), None)
        if call is None:
            return
        self._exchange.is_heard(call.call_id)
        if call.state == "answered":
            call.state, call.was_up = "up", True
            if call.is_hang_up_due:
                self._leave(call)

    def _invite_answered(self, call: Call, response: SipText | None) -> None:
        if response is None:
            self._end(call, "unanswered")
            return
        status = response.status or 0
        if response.branch != call.invite.branch:
            self._acknowledge_refusal(call, response)
            return
        call.responses.append(status)
        if status < 200:
            if status >= 180 and call.state == "calling":
                call.state, call.has_rung = "ringing", True
                call.remote = response.need("To")
            if call.is_given_up:
                self._cancel(call)
        elif status < 300:
            self._answered(call, response)
        elif status == 401 and self._password is not None and "Authorization" not in dict(call.invite.headers):
            self._acknowledge_refusal(call, response)
            if call.is_given_up:
                self._end(call, "hung-up")
            else:
                self._dial_with_digest(call, response)
        else:
            self._acknowledge_refusal(call, response)
            self._end(call, "hung-up" if call.is_given_up and status == 487 else f"refused {status}")

    def _answered(self, call: Call, response: SipText) -> None:
        if not call.ack:
            call.remote = response.need("To")
            call.target = uri_of(response.need("Contact"))
            call.remote_rtp = rtp_place(response.body)
            ack = self._in_dialog("ACK", call, response.cseq)
            if not call.invite.body:
                ack.headers.append(("Content-Type", "application/sdp"))
                ack.body = _sdp(call.rtp)
            call.ack = ack.write()
        if self.is_withholding_acks:
            call.state = "up"
            return
        self._send(call.ack, place_of(call.target))
        if call.state in ("calling", "ringing"):
            call.state, call.was_up = "up", True
            if call.is_given_up:
                self._leave(call)

    def _registered(self, response: SipText | None, expires_s: int) -> None:
        self.register_status = None if response is None else response.status
        self.is_registered = self.register_status == 200 and expires_s > 0
        if self._is_refreshing and expires_s > 0:
            self._clock.after(expires_s / 2 if self.is_registered else 30.0, lambda: self._refresh(expires_s))

    def _refresh(self, expires_s: int) -> None:
        if self._is_refreshing:
            self.register(expires_s)

    def _referred(self, call: Call, response: SipText | None) -> None:
        if response is not None and response.status is not None and response.status >= 200:
            call.responses.append(response.status)

    def _reinvite_answered(self, call: Call, response: SipText | None) -> None:
        if response is None or response.status is None or response.status < 200:
            return
        call.responses.append(response.status)
        if response.status < 300:
            self._send(self._in_dialog("ACK", call, response.cseq).write(), place_of(call.target))
        else:
            ack = self._in_dialog("ACK", call, response.cseq)
            ack.headers[0] = ("Via", response.need("Via"))
            self._send(ack.write(), self.switch)

    # What goes out.

    def _dial_with_digest(self, call: Call, response: SipText) -> None:
        call.cseq += 1
        challenge = response.need("WWW-Authenticate")
        invite = self._request("INVITE", call.invite.uri, call.local, call.remote, call.call_id, call.cseq, call.caller)
        invite.headers += [pair for pair in call.invite.headers if pair[0] == "Replaces"]
        invite.headers.append(("Authorization", self._credentials(challenge, "INVITE", call.invite.uri)))
        invite.body = call.invite.body
        call.invite = invite
        call.responses.clear()
        self._exchange.ask(invite, self.switch, lambda answer: self._invite_answered(call, answer))

    def _cancel(self, call: Call) -> None:
        if call.is_cancel_sent:
            return
        call.is_cancel_sent = True
        self._clock.after(GIVE_UP_S, lambda: self._end(call, "unanswered"))
        cancel = SipText(f"CANCEL {call.invite.uri} SIP/2.0")
        cancel.headers = [
            (name, value) for name, value in call.invite.headers if name in ("Via", "From", "To", "Call-ID")
        ]
        cancel.headers += [("CSeq", f"{call.invite.cseq} CANCEL"), ("Max-Forwards", "70")]
        self._exchange.ask(cancel, self.switch, lambda _: None)

    def _acknowledge_refusal(self, call: Call, response: SipText) -> None:
        ack = SipText(f"ACK {call.invite.uri} SIP/2.0")
        ack.headers = [(name, value) for name, value in call.invite.headers if name in ("Via", "From", "Call-ID")]
        ack.headers += [("To", response.need("To")), ("CSeq", f"{response.cseq} ACK"), ("Max-Forwards", "70")]
        ack.headers[0] = ("Via", _via_of(response))
        self._send(ack.write(), self.switch)

    def _leave(self, call: Call) -> None:
        if call.is_live:
            call.cseq += 1
            bye = self._in_dialog("BYE", call, call.cseq)
            self._end(call, "hung-up")
            self._exchange.ask(bye, place_of(call.target), lambda _: None)

    def _end(self, call: Call, how: str) -> None:
        if call.is_live:
            call.state, call.ended_how = "ended", how

    def _ask_with_digest(
        self,
        method: str,
        uri: str,
        headers: list[tuple[str, str]],
        numbers: Iterator[int],
        then: Callable[[SipText | None], None],
    ) -> None:
        def ask(credentials: str | None, then_: Callable[[SipText | None], None]) -> None:
            request = SipText(f"{method} {uri} SIP/2.0", [("Via", self._via()), ("Max-Forwards", "70"), *headers])
            if credentials is not None:
                request.headers.append(("Authorization", credentials))
            self._exchange.ask(request, self.switch, then_)

        def challenged(response: SipText | None) -> None:
            if response is None or response.status != 401 or self._password is None:
                then(response)
                return
            self._challenge = response.need("WWW-Authenticate")
            headers[:] = [(name, value) for name, value in headers if name != "CSeq"]
            headers.append(("CSeq", f"{next(numbers)} {method}"))
            ask(self._credentials(self._challenge, method, uri), then)

        known = None if self._challenge is None else self._credentials(self._challenge, method, uri)
        ask(known, challenged)

    def _credentials(self, challenge: str, method: str, uri: str) -> str:
        count_ = self._nonce_counts[challenge] = self._nonce_counts.get(challenge, 0) + 1
        assert self._password is not None
        return authorization(
            challenge,
            user=self.name,
            password=self._password,
            method=method,
            uri=uri,
            count=count_,
            cnonce=self._token(),
        )

    def _in_dialog(self, method: str, call: Call, cseq: int) -> SipText:
        return self._request(method, call.target, call.local, call.remote, call.call_id, cseq, call.caller)

    def _request(  # one per header
        self, method: str, uri: str, local: str, remote: str, call_id: str, cseq: int, user: str
    ) -> SipText:
        headers = [
            ("Via", self._via()),
            ("Max-Forwards", "70"),
            ("From", local),
            ("To", remote),
            ("Call-ID", call_id),
            ("CSeq", f"{cseq} {method}"),
            ("Contact", f"<{self._contact_uri(user)}>"),
        ]
        if method == "INVITE":
            headers.append(("Content-Type", "application/sdp"))
        return SipText(f"{method} {uri} SIP/2.0", headers)

    def _response(self, request: SipText, status: int, to: str | None = None, *, body: str = "") -> SipText:
        headers = [("Via", via) for via in request.all("Via")]
        headers += [("Record-Route", route) for route in request.all("Record-Route")]
        to = to or request.need("To")
        headers += [("From", request.need("From")), ("To", to)]
        headers += [("Call-ID", request.call_id), ("CSeq", request.need("CSeq"))]
        if request.method == "INVITE":
            headers.append(("Contact", f"<{self._contact_uri(self.name)}>"))
        if body:
            headers.append(("Content-Type", "application/sdp"))
        return SipText(f"SIP/2.0 {status} {REASONS.get(status, 'Refused')}", headers, body)

    def _dialog_of(self, request: SipText) -> Call | None:
        for call in self._calls_of.get(request.call_id, ()):
            if parameter(call.local, "tag") == request.to_tag is not None:
                return call
        return None

    def _keep(self, call: Call) -> None:
        self.calls.append(call)
        self._live.append(call)
        self._calls_of.setdefault(call.call_id, []).append(call)

    def _contact_uri(self, user: str) -> str:
        return f"sip:{user}@{self._contact[0]}:{self._contact[1]}"

    def _via(self) -> str:
        return f"SIP/2.0/UDP {self._contact[0]}:{self._contact[1]};rport;branch=z9hG4bK{self._token()}"

    def _token(self) -> str:
        return f"{self._random.getrandbits(48):012x}"

    def _send(self, data: bytes, to: Place) -> None:
        self._network.send(data, self.place, to)


def _via_of(response: SipText) -> str:
    """The Via of the request that was answered: what the server added to it is taken off again."""
    parts = response.need("Via").split(";")
    kept = [part if not part.startswith("rport") else "rport" for part in parts if not part.startswith("received")]
    return ";".join(kept)


def _sdp(rtp: Place, direction: str = "sendrecv", *, codecs: str = "8 0 101") -> str:
    return (
        f"v=0\r\no=- 1 1 IN IP4 {rtp[0]}\r\ns=-\r\nc=IN IP4 {rtp[0]}\r\nt=0 0\r\nm=audio {rtp[1]} RTP/AVP {codecs}\r\n"
        f"a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na={direction}\r\n"
    )
