"""The call flows of RFC 3665 as far as one end of them is us: registrar, caller, called; its sections beside each.

Proxies between the two ends are seen by what they leave in the messages: Record-Route, challenges, refusals, silence.
"""

from dataclasses import replace

import pytest

from sip_stack.digest import Credentials, DigestServer, ha1, prove
from sip_stack.events import (
    RequestReceived,
    ResponseReceived,
    SessionAnswered,
    SessionCancelled,
    SessionConfirmed,
    SessionEnded,
    SessionProgressed,
    SessionReanswered,
    SessionRefused,
    SessionReoffered,
)
from sip_stack.headers import NameAddr
from sip_stack.message import Response
from sip_stack.registrar import Registrar
from sip_stack.uri import SipUri
from tests.sip_stack.pair import ALICE, BOB, Pair, Party, answer, request

REALM = "atlanta.example.com"
AOR = "bob"
URI = f"sip:{REALM}"
CONTACT = ("Contact", "<sip:bob@192.0.2.1:5060>")
OFFER, ANSWER = b"v=0\r\ns=offer\r\n", b"v=0\r\ns=answer\r\n"


class Office:
    """A registrar behind Bob's endpoint, and a phone (Alice's) that registers there."""

    def __init__(self, password: str = "zanzibar") -> None:
        self.pair = Pair()
        self.registrar = Registrar()
        self.password = password
        self._digest = DigestServer(REALM, b"k" * 32)
        self._served = 0
        self._asked = 0

    def ask(self, *headers: tuple[str, str]) -> Response:
        """The phone asks, proves who it is when it is challenged, and gets its answer."""
        response = self._ask(headers)
        if response.status != 401:
            return response
        proof = prove(
            response.headers.get_all_raw("WWW-Authenticate"),
            Credentials("bob", self.password, REALM),
            method="REGISTER", uri=URI, cnonce="c",
        )  # fmt: skip
        assert proof is not None
        return self._ask((*headers, ("Authorization", proof)))

    def contacts(self) -> list[str]:
        return [each.contact for each in self.registrar.bindings(AOR)]

    def _ask(self, headers: tuple[tuple[str, str], ...]) -> Response:
        self._asked += 1
        me = NameAddr.parse(f"<sip:bob@{REALM}>")
        self.pair.alice.endpoint.request(
            f"register-{self._asked}", method="REGISTER", flow=self.pair.alice.flow, target=SipUri.parse(URI),
            from_=me, to=me, headers=headers, now=self.pair.clock.now,
        )  # fmt: skip
        self.pair.settle()
        self._serve()
        self.pair.settle()
        response = self.pair.alice.told(ResponseReceived)[-1].response
        assert response is not None
        return response

    def _serve(self) -> None:
        bob = self.pair.bob
        for arrived in bob.told(RequestReceived)[self._served :]:
            self._served += 1
            asked, now = arrived.request, self.pair.clock.now
            verdict = self._digest.verify(
                asked.headers.get_all_raw("Authorization"), asked.method, str(asked.uri), self._ha1_of, now
            )
            if not verdict.is_accepted:
                challenges = [("WWW-Authenticate", value) for value in self._digest.challenge(now)]
                bob.endpoint.respond(arrived.request_id, 401, now, headers=challenges)
                continue
            registration = self.registrar.register(AOR, asked, arrived.flow, now)
            bob.endpoint.respond(arrived.request_id, registration.status, now, headers=registration.headers)

    def _ha1_of(self, username: str, algorithm: str) -> str | None:
        return ha1("bob", REALM, "zanzibar", algorithm) if username == "bob" else None


# Registration (§2).


def test_2_1_a_new_registration_is_challenged_and_then_taken() -> None:
    office = Office()
    assert office.ask(CONTACT).status == 200
    assert [each.label for each in office.pair.bob.sent()] == ["401 REGISTER", "200 REGISTER"]
    assert office.contacts() == ["sip:bob@192.0.2.1:5060"]


def test_2_2_a_second_contact_is_added_and_all_are_listed() -> None:
    office = Office()
    office.ask(CONTACT)
    response = office.ask(("Contact", "<sip:bob@192.0.2.77>"))
    assert {str(each.uri) for each in response.contacts} == {"sip:bob@192.0.2.1:5060", "sip:bob@192.0.2.77"}
    assert all(each.param("expires") for each in response.contacts)


def test_2_3_the_current_contacts_are_told_on_request() -> None:
    office = Office()
    office.ask(CONTACT)
    response = office.ask()
    assert (response.status, [str(each.uri) for each in response.contacts]) == (200, ["sip:bob@192.0.2.1:5060"])


def test_2_4_a_registration_is_cancelled_with_all_its_contacts() -> None:
    office = Office()
    office.ask(CONTACT)
    response = office.ask(("Contact", "*"), ("Expires", "0"))
    assert (response.status, response.contacts) == (200, ())
    assert office.contacts() == []


def test_2_5_a_wrong_password_registers_nobody() -> None:
    office = Office("wrong")
    assert office.ask(CONTACT).status == 401
    assert office.contacts() == []


# Sessions (§3).


def _ringing() -> Pair:
    pair = Pair()
    pair.alice.invite(body=OFFER, headers=(("Content-Type", "application/sdp"),))
    pair.settle()
    pair.bob.endpoint.progress("in-1", 180, pair.clock.now)
    pair.settle()
    return pair


def test_3_1_a_session_is_established_and_ended() -> None:
    pair = _ringing()
    pair.bob.endpoint.accept("in-1", ANSWER, pair.clock.now)
    pair.settle()
    pair.bob.endpoint.end("in-1", pair.clock.now)
    pair.settle()
    assert pair.alice.labels() == ["INVITE", "ACK", "200 BYE"]
    assert pair.bob.labels() == ["100 INVITE", "180 INVITE", "200 INVITE", "BYE"]
    assert [each.body for each in pair.alice.told(SessionAnswered)] == [ANSWER]
    assert [each.session for each in pair.bob.told(SessionConfirmed)] == ["in-1"]
    assert [each.by_peer for each in pair.alice.told(SessionEnded)] == [True]
    tags = {(each.message.from_.tag, each.message.to.tag) for each in pair.alice.sent() if each.label == "ACK"}
    ack, bye = pair.alice.last_request("ACK"), pair.bob.last_request("BYE")
    assert tags == {(bye.to.tag, bye.from_.tag)}
    assert (ack.call_id, ack.cseq.number) == (bye.call_id, pair.alice.last_request("INVITE").cseq.number)


def test_3_2_through_two_proxies_the_route_is_theirs_in_both_directions() -> None:
    near, far = "<sip:ss1.atlanta.example.com;lr>", "<sip:ss2.biloxi.example.com;lr>"
    alice = Party("a", ALICE, BOB)
    alice.invite()
    lines = (f"Record-Route: {far}", f"Record-Route: {near}", "Contact: <sip:bob@198.51.100.2>")
    alice.hear(answer(alice.last_request("INVITE"), 200, lines=lines))
    assert [str(each) for each in alice.last_request("ACK").routes] == [near, far]
    bob = Party("b", BOB, ALICE)
    bob.hear(request("INVITE", lines=(*lines[:2], "Contact: <sip:alice@192.0.2.1>")))
    bob.endpoint.accept("in-1", ANSWER, bob.now)
    tag = bob.last_response().to.tag
    assert [str(each) for each in bob.last_response().record_routes] == [far, near]
    bob.hear(request("ACK", branch="z9hG4bK-ack", to_tag=tag))
    bob.endpoint.end("in-1", bob.now)
    assert [str(each) for each in bob.last_request("BYE").routes] == [far, near]


def test_3_3_a_proxys_challenge_is_acknowledged_and_answered_with_the_next_cseq() -> None:
    alice = Party("a", ALICE, BOB)
    me, you = NameAddr.parse("<sip:alice@example.org>"), NameAddr.parse("<sip:bob@example.org>")
    alice.endpoint.invite(
        "call", flow=alice.flow, target=SipUri.parse("sip:bob@198.51.100.2"), from_=me, to=you, body=OFFER,
        credentials=Credentials("alice", "secret", REALM), now=0.0,
    )  # fmt: skip
    (challenge,) = DigestServer(REALM, b"k" * 32).challenge(0.0)
    alice.hear(answer(alice.last_request("INVITE"), 407, lines=(f"Proxy-Authenticate: {challenge}",)))
    assert alice.labels() == ["INVITE", "ACK", "INVITE"]
    first, second = (each.message for each in alice.sent("INVITE"))
    assert (first.call_id, first.from_.tag) == (second.call_id, second.from_.tag)
    assert (first.cseq.number, second.cseq.number) == (1, 2)
    assert "Proxy-Authorization" in dict(second.headers)


def test_3_6_a_redirection_is_told_with_its_contact() -> None:
    alice = Party("a", ALICE, BOB)
    alice.invite()
    alice.hear(answer(alice.last_request("INVITE"), 302, lines=("Contact: <sip:bob@chicago.example.com>",)))
    (refused,) = alice.told(SessionRefused)
    assert refused.status == 302
    assert refused.response is not None
    assert [str(each.uri) for each in refused.response.contacts] == ["sip:bob@chicago.example.com"]
    assert alice.labels() == ["INVITE", "ACK"]


def test_3_7_a_session_moves_to_another_address_by_re_invite() -> None:
    pair = _ringing()
    pair.bob.endpoint.accept("in-1", ANSWER, pair.clock.now)
    pair.settle()
    pair.bob.endpoint.reoffer("in-1", b"v=0\r\ns=moved\r\n", pair.clock.now)
    pair.settle()
    assert [each.body for each in pair.alice.told(SessionReoffered)] == [b"v=0\r\ns=moved\r\n"]
    pair.alice.endpoint.accept_reoffer("call", ANSWER, pair.clock.now)
    pair.settle()
    assert [each.body for each in pair.bob.told(SessionReanswered)] == [ANSWER]
    assert pair.bob.labels()[-1] == "ACK"
    pair.alice.endpoint.end("call", pair.clock.now)
    pair.settle()
    assert pair.bob.labels()[-1] == "200 BYE"


def test_3_8_a_caller_whom_nobody_answers_gives_up() -> None:
    pair = _ringing()
    pair.alice.endpoint.end("call", pair.clock.now)
    pair.settle()
    assert pair.alice.labels() == ["INVITE", "CANCEL", "ACK"]
    assert pair.bob.labels() == ["100 INVITE", "180 INVITE", "200 CANCEL", "487 INVITE"]
    assert pair.bob.told(SessionCancelled) == [SessionCancelled("in-1", None)]
    assert [each.status for each in pair.alice.told(SessionRefused)] == [487]
    branches = {pair.alice.last_request(method).top_via.branch for method in ("INVITE", "CANCEL", "ACK")}
    assert len(branches) == 1


@pytest.mark.parametrize(("section", "status"), [("3.9", 486), ("3.11", 480)])
def test_3_9_and_3_11_busy_and_unavailable_are_told_and_acknowledged(section: str, status: int) -> None:
    pair = _ringing()
    pair.bob.endpoint.refuse("in-1", status, pair.clock.now)
    pair.settle()
    assert pair.alice.labels() == ["INVITE", "ACK"]
    (refused,) = pair.alice.told(SessionRefused)
    assert (refused.status, refused.was_ringing) == (status, True)
    assert [each.status for each in pair.alice.told(SessionProgressed)] == [180]
    pair.run_until(100.0)
    assert (pair.alice.endpoint.transaction_count, pair.bob.endpoint.transaction_count) == (0, 0)


def test_3_10_a_called_side_that_says_nothing_is_asked_seven_times() -> None:
    """Timer A doubles from T1 until timer B ends it after 64·T1: 0, 0.5, 1.5, 3.5, 7.5, 15.5 and 31.5 s."""
    pair = Pair()
    pair.lose("INVITE", 7)
    pair.alice.invite()
    pair.run_until(40.0)
    assert pair.alice.times("INVITE") == [0.0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    (refused,) = pair.alice.told(SessionRefused)
    assert replace(refused, response=None) == SessionRefused("call", 408, None, was_ringing=False)
