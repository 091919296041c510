"""We call (RFC 3261 §9.1, §13.2): answers of all classes, CANCEL, forked and repeated 2xx."""

import pytest

from sip_stack.digest import Credentials
from sip_stack.errors import LocalError
from sip_stack.events import DialogEstablished, DialogForgotten, SessionAnswered, SessionProgressed, SessionRefused
from sip_stack.flow import Transport
from sip_stack.headers import NameAddr
from sip_stack.message import Request
from sip_stack.session_connect import FORKS_MAX
from sip_stack.uri import SipUri
from tests.sip_stack.pair import ALICE, BOB, Pair, Party, answer, request

LATER = 1000.0


def _alice(transport: Transport = "udp") -> Party:
    return Party("a", ALICE, BOB, transport)


def _calling(transport: Transport = "udp") -> Party:
    alice = _alice(transport)
    alice.invite()
    return alice


def _hear(alice: Party, status: int, *, tag: str = "far", lines: tuple[str, ...] | None = None, body: str = "") -> None:
    alice.hear(answer(alice.last_request("INVITE"), status, tag=tag, lines=lines, body=body))


def _refusals(alice: Party) -> list[tuple[int, bool]]:
    return [(each.status, each.was_ringing) for each in alice.told(SessionRefused)]


def test_an_invite_has_all_that_is_mandatory_and_a_contact() -> None:
    """§8.1.1, §13.2.1."""
    alice = _alice()
    alice.invite(body=b"v=0", headers=(("Content-Type", "application/sdp"), ("X-Mine", "1")))
    invite = alice.last_request("INVITE")
    assert invite.uri_text == "sip:bob@198.51.100.2:5060"
    assert (invite.max_forwards, str(invite.cseq)) == (70, "1 INVITE")
    assert invite.from_.tag
    assert invite.to.tag is None
    assert invite.call_id
    assert [str(contact.uri) for contact in invite.contacts] == ["sip:192.0.2.1:5060"]
    assert invite.content_type == "application/sdp"
    assert (invite.headers.get("X-Mine"), invite.body) == ("1", b"v=0")


def test_two_calls_share_neither_call_id_nor_tag_nor_branch() -> None:
    alice = _alice()
    alice.invite("one")
    alice.invite("two")
    one, two = [each.message for each in alice.sent("INVITE")]
    assert one.call_id != two.call_id
    assert one.from_.tag != two.from_.tag
    assert one.top_via.branch != two.top_via.branch


def test_a_session_id_cannot_be_used_twice() -> None:
    alice = _calling()
    with pytest.raises(LocalError):
        alice.invite()


def test_progress_is_told_but_for_the_100() -> None:
    alice = _calling()
    _hear(alice, 100)
    _hear(alice, 180)
    _hear(alice, 183, body="v=0")
    assert alice.told(SessionProgressed) == [
        SessionProgressed("call", 180, b""),
        SessionProgressed("call", 183, b"v=0"),
    ]


def test_an_answer_is_told_once_and_each_repetition_is_acknowledged_again() -> None:
    """§13.2.2.4: the same ACK for each copy of the 2xx."""
    alice = _calling()
    for _ in range(3):
        _hear(alice, 200, body="v=0")
    assert alice.told(SessionAnswered) == [SessionAnswered("call", b"v=0", alice.flow)]
    acks = alice.sent("ACK")
    assert len(acks) == 3
    assert len({each.data for each in acks}) == 1


def test_the_ack_of_a_2xx_is_a_request_of_its_own_in_the_dialog() -> None:
    """§13.2.2.4: to the remote target, new branch, CSeq number of the INVITE, To with the far tag."""
    alice = _calling()
    _hear(alice, 200, lines=("Contact: <sip:desk@198.51.100.77:5090>",))
    invite, ack = alice.last_request("INVITE"), alice.last_request("ACK")
    assert ack.uri_text == "sip:desk@198.51.100.77:5090"
    assert ack.top_via.branch != invite.top_via.branch
    assert str(ack.cseq) == "1 ACK"
    assert (ack.call_id, ack.from_.tag, ack.to.tag) == (invite.call_id, invite.from_.tag, "far")


def test_the_dialog_is_told_before_the_ack_goes_out_and_the_answer_after() -> None:
    alice = _calling()
    alice.sent()
    alice.hear(answer(alice.last_request("INVITE"), 200))
    assert [type(each).__name__ for each in alice.endpoint.drain()] == [
        "DialogEstablished", "SendMessage", "SessionAnswered",
    ]  # fmt: skip


def test_an_answer_without_a_tag_is_taken_as_one_with_an_empty_tag() -> None:
    """§12.1.2: for the sake of RFC 2543."""
    alice = _calling()
    alice.hear(answer(alice.last_request("INVITE"), 200).replace(b";tag=far", b""))
    assert len(alice.told(SessionAnswered)) == 1
    assert alice.last_request("ACK").to.tag is None


def test_an_answer_that_cannot_be_used_ends_the_call_as_failed() -> None:
    alice = _calling()
    _hear(alice, 180)
    _hear(alice, 200, lines=("Contact: <sip:",))
    assert _refusals(alice) == [(502, True)]
    alice.run_until(LATER)
    assert (alice.endpoint.session_count, alice.endpoint.transaction_count) == (0, 0)


@pytest.mark.parametrize("status", [302, 404, 486, 503, 603])
def test_a_refusal_is_told_once_and_acknowledged(status: int) -> None:
    alice = _calling()
    _hear(alice, status)
    _hear(alice, status)
    assert _refusals(alice) == [(status, False)]
    assert alice.labels() == ["INVITE", "ACK", "ACK"]
    assert alice.endpoint.session_count == 0


def test_a_refusal_tells_whether_it_rang() -> None:
    alice = _calling()
    _hear(alice, 180)
    _hear(alice, 480)
    assert _refusals(alice) == [(480, True)]


def test_nobody_there_is_a_refusal_with_408() -> None:
    alice = _calling()
    alice.run_until(LATER)
    assert _refusals(alice) == [(408, False)]
    assert alice.times("INVITE")[-1] == 31.5


def test_a_connection_that_breaks_is_a_refusal_with_503() -> None:
    alice = _calling("tcp")
    alice.endpoint.flow_lost(alice.flow, alice.now)
    assert _refusals(alice) == [(503, False)]


# Giving up (§9.1).


def test_a_cancel_waits_for_the_first_provisional_answer() -> None:
    alice = _calling()
    alice.endpoint.end("call", alice.now)
    assert alice.labels() == ["INVITE"]
    _hear(alice, 100)
    assert alice.labels() == ["INVITE", "CANCEL"]
    _hear(alice, 180)
    assert alice.labels() == ["INVITE", "CANCEL"]
    assert alice.told(SessionProgressed) == []


def test_an_invite_that_nobody_wants_any_more_is_not_repeated_in_the_last_moment_before_it_is_given_up() -> None:
    """§9.1 has the CANCEL wait for an answer: whoever hears the INVITE only now must have time to give one."""
    alice = _calling()
    alice.run_until(20.0)
    alice.endpoint.end("call", alice.now)
    alice.run_until(LATER)
    assert alice.times("INVITE")[-1] == 15.5
    assert _refusals(alice) == [(408, False)]


def test_a_cancel_is_the_invites_shadow() -> None:
    """§9.1: Request-URI, Call-ID, From, To, number of CSeq, Route and the one Via of the INVITE."""
    alice = _alice()
    alice.invite(headers=(("Route", "<sip:edge.example;lr>"),))
    _hear(alice, 180)
    alice.endpoint.end("call", alice.now, headers=(("Reason", "SIP;cause=200"),))
    invite, cancel = alice.last_request("INVITE"), alice.last_request("CANCEL")
    assert cancel.uri_text == invite.uri_text
    for name in ("Via", "From", "To", "Call-ID", "Route"):
        assert cancel.headers.get_all_raw(name) == invite.headers.get_all_raw(name)
    assert str(cancel.cseq) == "1 CANCEL"
    assert cancel.headers.get("Reason") == "SIP;cause=200"
    assert cancel.require == ()


def test_ending_twice_cancels_once() -> None:
    alice = _calling()
    _hear(alice, 180)
    alice.endpoint.end("call", alice.now)
    alice.endpoint.end("call", alice.now)
    assert len(alice.sent("CANCEL")) == 1


def test_a_cancelled_call_is_told_with_its_487() -> None:
    pair = Pair()
    pair.alice.invite()
    pair.settle()
    pair.alice.endpoint.end("call", 0.0)
    pair.settle()
    assert _refusals(pair.alice) == [(487, False)]
    assert pair.alice.labels() == ["INVITE", "CANCEL", "ACK"]
    assert pair.bob.labels() == ["100 INVITE", "200 CANCEL", "487 INVITE"]


def test_a_2xx_that_crosses_the_cancel_is_acknowledged_and_ended() -> None:
    """§9.1, §15: the far end has picked up, so only BYE ends it; no word of an answer to the owner."""
    pair = Pair()
    pair.alice.invite()
    pair.settle()
    pair.delay("CANCEL", 0.2)
    pair.alice.endpoint.end("call", 0.0)
    pair.settle()
    pair.bob.endpoint.accept("in-1", b"", 0.0)
    pair.run_until(LATER)
    assert pair.alice.labels() == ["INVITE", "CANCEL", "ACK", "BYE"]
    assert pair.alice.told(SessionAnswered) == []
    assert pair.bob.sent("200 CANCEL")
    assert [each.label for each in pair.bob.sent() if each.label.startswith("487")] == []
    assert (pair.alice.endpoint.session_count, pair.bob.endpoint.session_count) == (0, 0)


def test_a_cancelled_invite_without_final_answer_is_over_after_64_t1() -> None:
    """§9.1."""
    alice = _calling()
    _hear(alice, 180)
    alice.run_until(10.0)
    alice.endpoint.end("call", alice.now)
    alice.hear(answer(alice.last_request("CANCEL"), 200))
    alice.run_until(41.9)
    assert _refusals(alice) == []
    alice.run_until(42.0)
    assert _refusals(alice) == [(408, True)]
    alice.run_until(LATER)
    assert (alice.endpoint.session_count, alice.endpoint.transaction_count) == (0, 0)


def test_a_refusal_before_the_provisional_answer_makes_the_cancel_needless() -> None:
    alice = _calling()
    alice.endpoint.end("call", alice.now)
    _hear(alice, 486)
    assert alice.labels() == ["INVITE", "ACK"]
    assert _refusals(alice) == [(486, False)]


# Forks (§13.2.2.4).


def test_a_second_fork_that_picks_up_gets_ack_and_bye() -> None:
    alice = _calling()
    _hear(alice, 200, tag="first")
    _hear(alice, 200, tag="second")
    ack, bye = alice.sent()[-2:]
    assert (ack.label, bye.label) == ("ACK", "BYE")
    for sent in (ack, bye):
        assert sent.message.to.tag == "second"
    assert alice.last_request("BYE").uri_text == "sip:second@198.51.100.2:5060"
    assert alice.last_request("BYE").cseq.number > 1
    assert [each.session for each in alice.told(SessionAnswered)] == ["call"]


def test_a_second_forks_repeated_2xx_gets_its_ack_and_no_second_bye() -> None:
    alice = _calling()
    _hear(alice, 200, tag="first")
    for _ in range(3):
        _hear(alice, 200, tag="second")
    acks = [each for each in alice.sent("ACK") if each.message.to.tag == "second"]
    assert len(acks) == 3
    assert len(alice.sent("BYE")) == 1


def test_a_second_fork_that_was_ended_is_not_ended_again() -> None:
    alice = _calling()
    _hear(alice, 200, tag="first")
    _hear(alice, 200, tag="second")
    alice.hear(answer(alice.last_request("BYE"), 200))
    _hear(alice, 200, tag="second")
    assert len(alice.sent("BYE")) == 1
    assert alice.endpoint.session_count == 1


def test_a_fork_that_picks_up_when_the_call_is_over_gets_ack_and_bye() -> None:
    """§13.2.2.4: every 2xx is acknowledged, also when the first call has come and gone."""
    alice = _calling()
    _hear(alice, 200, tag="first")
    alice.endpoint.end("call", alice.now)
    alice.hear(answer(alice.last_request("BYE"), 200))
    assert alice.endpoint.session_count == 0
    _hear(alice, 200, tag="second")
    _hear(alice, 200, tag="second")
    assert [(each.label, each.message.to.tag) for each in alice.sent()[-3:]] == [
        ("ACK", "second"), ("BYE", "second"), ("ACK", "second"),
    ]  # fmt: skip
    alice.hear(answer(alice.last_request("BYE"), 200))
    assert alice.endpoint.session_count == 0


def test_the_2xx_of_a_call_that_is_over_gets_its_ack_again_and_no_second_bye() -> None:
    alice = _calling()
    _hear(alice, 200)
    alice.endpoint.end("call", alice.now)
    alice.hear(answer(alice.last_request("BYE"), 200))
    _hear(alice, 200)
    first, again = alice.sent("ACK")
    assert first.data == again.data
    assert len(alice.sent("BYE")) == 1


def test_a_peer_that_makes_up_forks_is_served_so_many() -> None:
    alice = _calling()
    for number in range(2 * FORKS_MAX):
        _hear(alice, 200, tag=f"far-{number}")
    assert len(alice.sent("ACK")) == FORKS_MAX


def test_the_end_of_a_second_fork_leaves_the_first_untouched() -> None:
    alice = _calling()
    _hear(alice, 200, tag="first")
    _hear(alice, 200, tag="second")
    alice.hear(answer(alice.last_request("BYE"), 200))
    assert [each.session for each in alice.told(DialogEstablished)] == ["call"]
    assert alice.told(DialogForgotten) == []
    invite = alice.last_request("INVITE")
    alice.hear(request("OPTIONS", call_id=invite.call_id, from_tag="first", to_tag=invite.from_.tag, cseq=7, lines=()))
    assert alice.labels()[-1] == "200 OPTIONS"
    alice.run_until(40.0)
    assert alice.endpoint.session_count == 1


def test_a_fork_that_picks_up_after_the_call_is_over_gets_ack_and_bye_too() -> None:
    alice = _calling()
    _hear(alice, 200, tag="first")
    alice.endpoint.end("call", alice.now)
    alice.hear(answer(alice.last_request("BYE"), 200))
    assert alice.endpoint.session_count == 0
    _hear(alice, 200, tag="second")
    ack, bye = alice.sent()[-2:]
    assert (ack.label, bye.label) == ("ACK", "BYE")
    assert bye.message.to.tag == "second"
    alice.hear(answer(alice.last_request("BYE"), 200))
    assert alice.endpoint.session_count == 0


def test_a_lost_200_and_a_lost_ack_only_cost_time() -> None:
    """§13.3.1.4: the 200 is sent at 0, 0.5, 1.5; its first copy and the first ACK are lost."""
    pair = Pair()
    pair.alice.invite()
    pair.settle()
    pair.lose("200 INVITE")
    pair.lose("ACK")
    pair.bob.endpoint.accept("in-1", b"", 0.0)
    pair.run_until(40.0)
    assert pair.bob.times("200 INVITE") == [0.0, 0.5, 1.5]
    assert pair.alice.times("ACK") == [0.5, 1.5]
    assert pair.bob.told_names().count("SessionConfirmed") == 1
    assert (pair.alice.endpoint.session_count, pair.bob.endpoint.session_count) == (1, 1)


# Challenges (§22.2).


CREDENTIALS = Credentials("office", "secret", "carrier.example")
ASKED = 'Digest realm="carrier.example", nonce="n1", qop="auth", algorithm=MD5'


def _challenged(status: int = 407, asked: str = ASKED, credentials: Credentials | None = CREDENTIALS) -> Party:
    alice = Party("a", ALICE, BOB)
    alice.endpoint.invite(
        "call", flow=alice.flow, target=SipUri.parse("sip:bob@198.51.100.2"), from_=NameAddr.parse("<sip:a@e.org>"),
        to=NameAddr.parse("<sip:bob@e.org>"), body=b"v=0", credentials=credentials, now=0.0,
    )  # fmt: skip
    name = "Proxy-Authenticate" if status == 407 else "WWW-Authenticate"
    _hear(alice, status, lines=(f"{name}: {asked}",))
    return alice


@pytest.mark.parametrize(("status", "header"), [(401, "Authorization"), (407, "Proxy-Authorization")])
def test_a_challenge_to_our_credentials_is_answered_in_the_same_call_with_the_next_cseq(
    status: int, header: str
) -> None:
    alice = _challenged(status)
    first, again = (sent.message for sent in alice.sent("INVITE"))
    assert alice.labels() == ["INVITE", "ACK", "INVITE"]
    assert isinstance(again, Request)
    assert (again.call_id, again.from_.tag, again.cseq.number) == (first.call_id, first.from_.tag, 2)
    assert (again.to.tag, again.body) == (None, b"v=0")
    assert again.top_via.branch != first.top_via.branch
    assert 'realm="carrier.example"' in (again.headers.get(header) or "")
    _hear(alice, 200, lines=("Contact: <sip:bob@198.51.100.2>",))
    assert [event.session for event in alice.told(SessionAnswered)] == ["call"]
    assert alice.last_request("ACK").cseq.number == 2


def test_a_proof_that_is_not_accepted_is_not_repeated() -> None:
    alice = _challenged()
    _hear(alice, 407, lines=(f"Proxy-Authenticate: {ASKED}",))
    assert len(alice.sent("INVITE")) == 2
    assert _refusals(alice) == [(407, False)]


def test_a_challenge_of_another_realm_gets_no_proof() -> None:
    alice = _challenged(asked=ASKED.replace("carrier.example", "thief.example"))
    assert len(alice.sent("INVITE")) == 1
    assert _refusals(alice) == [(407, False)]


def test_without_credentials_a_challenge_is_a_refusal() -> None:
    assert _refusals(_challenged(credentials=None)) == [(407, False)]


def test_a_call_that_was_given_up_is_not_tried_again_with_proof() -> None:
    alice = Party("a", ALICE, BOB)
    alice.invite()
    alice.endpoint.end("call", 0.0)
    _hear(alice, 407, lines=(f"Proxy-Authenticate: {ASKED}",))
    assert len(alice.sent("INVITE")) == 1


def test_giving_up_after_the_proof_cancels_the_second_invite() -> None:
    alice = _challenged()
    alice.endpoint.end("call", alice.now)
    assert alice.sent("CANCEL") == []
    _hear(alice, 180)
    cancel = alice.last_request("CANCEL")
    assert (cancel.cseq.number, cancel.top_via.branch) == (2, alice.last_request("INVITE").top_via.branch)


def test_max_forwards_is_what_the_caller_has_left() -> None:
    alice = Party("a", ALICE, BOB)
    alice.endpoint.invite(
        "call", flow=alice.flow, target=SipUri.parse("sip:bob@198.51.100.2"), from_=NameAddr.parse("<sip:a@e.org>"),
        to=NameAddr.parse("<sip:bob@e.org>"), body=b"", hops=12, now=0.0,
    )  # fmt: skip
    assert alice.last_request("INVITE").max_forwards == 12
