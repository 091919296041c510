"""We are called (RFC 3261 §9.2, §13.3): provisional and final answers, 2xx until the ACK, CANCEL, merged requests."""

import pytest

from sip_stack.errors import LocalError
from sip_stack.events import (
    DialogEstablished,
    DialogForgotten,
    SessionCancelled,
    SessionConfirmed,
    SessionEnded,
    SessionInvited,
)
from sip_stack.flow import Address, Flow, Transport
from tests.sip_stack.pair import ALICE, BOB, Pair, Party, answer, request

LATER = 1000.0
TIMES_2XX = [0.0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
"""§13.3.1.4: the interval starts at T1 and doubles until T2."""


def _bob(transport: Transport = "udp") -> Party:
    return Party("b", BOB, ALICE, transport)


def _called(transport: Transport = "udp", lines: tuple[str, ...] = ("Contact: <sip:alice@192.0.2.1>",)) -> Party:
    bob = _bob(transport)
    bob.hear(request("INVITE", lines=lines))
    return bob


def _accepted(transport: Transport = "udp") -> Party:
    bob = _called(transport)
    bob.endpoint.accept("in-1", b"v=0", bob.now)
    return bob


def _tag(bob: Party) -> str:
    """The tag that Bob has chosen, as his last answer tells it."""
    return bob.last_response().to.tag or ""


def _ack(bob: Party, *, branch: str = "z9hG4bK-ack", cseq: int = 1, body: str = "") -> bytes:
    return request("ACK", branch=branch, cseq=cseq, to_tag=_tag(bob), body=body)


def test_a_new_invite_gets_100_at_once_and_is_told() -> None:
    bob = _called()
    assert bob.labels() == ["100 INVITE"]
    (invited,) = bob.told(SessionInvited)
    assert (invited.request.method, invited.flow) == ("INVITE", bob.flow)


def test_the_100_has_no_tag_and_copies_the_timestamp() -> None:
    """§8.2.6.1, §8.2.6.2."""
    bob = _called(lines=("Contact: <sip:alice@192.0.2.1>", "Timestamp: 54"))
    assert bob.last_response().to.tag is None
    assert bob.last_response().headers.get("Timestamp") == "54"


def test_progress_and_answer_carry_one_tag_a_contact_and_the_record_route() -> None:
    """§12.1.1."""
    bob = _called(lines=("Contact: <sip:alice@192.0.2.1>", "Record-Route: <sip:p2;lr>, <sip:p1;lr>"))
    bob.endpoint.progress("in-1", 180, 0.0)
    bob.endpoint.progress("in-1", 183, 0.0, body=b"v=0")
    bob.endpoint.accept("in-1", b"v=0", 0.0)
    answers = [each.message for each in bob.sent()[1:]]
    assert bob.labels()[1:] == ["180 INVITE", "183 INVITE", "200 INVITE"]
    assert len({each.to.tag for each in answers}) == 1
    assert answers[0].to.tag
    for each in answers:
        assert {"INVITE", "ACK", "BYE"} <= set(each.headers.all("Allow"))
        assert [str(contact.uri) for contact in each.contacts] == ["sip:198.51.100.2:5060"]
        assert each.headers.all("Record-Route") == ["<sip:p2;lr>", "<sip:p1;lr>"]
    assert (answers[1].content_type, answers[1].body) == ("application/sdp", b"v=0")


def test_an_invite_without_contact_gets_400() -> None:
    """§8.1.1.8: without it there is no remote target."""
    bob = _called(lines=())
    assert bob.labels() == ["400 INVITE"]
    assert bob.told_names() == []


def test_the_same_request_by_two_ways_gets_482_once() -> None:
    """§8.2.2.2: same From tag, Call-ID and CSeq in another transaction."""
    bob = _called()
    bob.hear(request("INVITE", branch="z9hG4bK-2"))
    assert bob.labels() == ["100 INVITE", "482 INVITE"]
    assert len(bob.told(SessionInvited)) == 1


@pytest.mark.parametrize("other", [{"call_id": "call-2"}, {"from_tag": "another"}, {"cseq": 2}])
def test_what_differs_in_call_id_tag_or_cseq_is_a_call_of_its_own(other: dict[str, str | int]) -> None:
    bob = _called()
    differing = request("INVITE", branch="z9hG4bK-2")
    for name, value in other.items():
        old, new = {
            "call_id": (b"Call-ID: call-1", f"Call-ID: {value}"),
            "from_tag": (b"tag=phone", f"tag={value}"),
            "cseq": (b"CSeq: 1", f"CSeq: {value}"),
        }[name]
        differing = differing.replace(old, new.encode())
    bob.hear(differing)
    assert len(bob.told(SessionInvited)) == 2


def test_what_was_a_merged_request_is_a_new_call_when_the_first_is_over() -> None:
    bob = _called()
    bob.endpoint.refuse("in-1", 486, 0.0)
    bob.run_until(LATER)
    bob.hear(request("INVITE", branch="z9hG4bK-2"))
    assert bob.labels()[-1] == "100 INVITE"
    assert len(bob.told(SessionInvited)) == 2


# The 2xx and its ACK (§13.3.1.4).


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_2xx_is_repeated_on_any_transport_and_after_64_t1_the_call_is_ended(transport: Transport) -> None:
    bob = _accepted(transport)
    bob.run_until(32.0)
    assert bob.times("200 INVITE") == TIMES_2XX
    assert bob.times("BYE") == [32.0]
    assert bob.told(SessionEnded) == [SessionEnded("in-1", by_peer=False, status=408, reason=None)]
    bob.run_until(LATER)
    assert (bob.endpoint.session_count, bob.endpoint.transaction_count) == (0, 0)
    assert len(bob.told(SessionEnded)) == 1


def test_an_ack_that_comes_too_late_changes_nothing() -> None:
    bob = _accepted()
    late = _ack(bob)
    bob.run_until(32.0)
    bob.hear(late)
    assert bob.told(SessionConfirmed) == []
    assert len(bob.sent("BYE")) == 1


def test_all_copies_of_the_2xx_are_the_same() -> None:
    bob = _accepted()
    bob.run_until(31.9)
    assert len({each.data for each in bob.sent("200 INVITE")}) == 1


def test_the_ack_ends_the_repetition_and_confirms_with_its_body() -> None:
    bob = _accepted()
    bob.run_until(0.7)
    bob.hear(_ack(bob, body="v=0"))
    bob.run_until(LATER)
    assert bob.times("200 INVITE") == [0.0, 0.5]
    assert bob.told(SessionConfirmed) == [SessionConfirmed("in-1", b"v=0")]
    assert bob.endpoint.session_count == 1


def test_a_second_ack_is_absorbed() -> None:
    bob = _accepted()
    bob.hear(_ack(bob))
    bob.hear(_ack(bob))
    assert len(bob.told(SessionConfirmed)) == 1


@pytest.mark.parametrize("wrong", [b"tag=phone", b"Call-ID: call-1", b"CSeq: 1"])
def test_an_ack_of_another_dialog_or_another_invite_confirms_nothing(wrong: bytes) -> None:
    bob = _accepted()
    bob.hear(_ack(bob).replace(wrong, wrong + b"9"))
    assert bob.told(SessionConfirmed) == []
    bob.run_until(0.5)
    assert bob.times("200 INVITE") == [0.0, 0.5]


def test_a_repeated_2xx_takes_the_way_of_the_first() -> None:
    """§18.2.2: without rport that is the port in Via, not the one that the INVITE came from."""
    bob = _bob()
    bob.hear(
        request("INVITE", via="SIP/2.0/UDP 192.0.2.1:5082;branch=z9hG4bK-1"),
        Flow("udp", BOB, Address("192.0.2.1", 40001)),
    )
    bob.endpoint.accept("in-1", b"", 0.0)
    bob.run_until(0.5)
    assert [each.flow.remote for each in bob.sent("200 INVITE")] == [Address("192.0.2.1", 5082)] * 2


def test_the_dialog_is_told_before_the_2xx_goes_out() -> None:
    bob = _called()
    bob.sent()
    bob.endpoint.accept("in-1", b"", 0.0)
    assert [type(each).__name__ for each in bob.endpoint.drain()] == ["DialogEstablished", "SendMessage"]


def test_a_call_is_accepted_once() -> None:
    bob = _accepted()
    with pytest.raises(LocalError):
        bob.endpoint.accept("in-1", b"", 0.0)


def test_after_the_answer_progress_and_refusal_do_nothing() -> None:
    bob = _accepted()
    bob.endpoint.progress("in-1", 180, 0.0)
    bob.endpoint.refuse("in-1", 486, 0.0)
    assert bob.labels() == ["100 INVITE", "200 INVITE"]
    assert bob.endpoint.session_count == 1


def test_a_callee_that_ends_before_the_ack_waits_for_it() -> None:
    """§15: the callee MUST NOT send BYE before it has the ACK or its wait is over."""
    bob = _accepted()
    bob.endpoint.end("in-1", 0.0, headers=(("Reason", "Q.850;cause=16"),))
    bob.run_until(0.4)
    assert bob.sent("BYE") == []
    bob.hear(_ack(bob))
    assert bob.times("BYE") == [0.4]
    assert bob.last_request("BYE").headers.get("Reason") == "Q.850;cause=16"
    bob.hear(answer(bob.last_request("BYE"), 200))
    assert (bob.told(SessionConfirmed), bob.told(SessionEnded)) == ([], [])
    assert bob.endpoint.session_count == 0


def test_a_callee_that_ended_and_never_got_the_ack_sends_bye_after_64_t1() -> None:
    bob = _accepted()
    bob.endpoint.end("in-1", 0.0)
    bob.run_until(32.0)
    assert bob.times("BYE") == [32.0]
    assert bob.told(SessionEnded) == []


def test_a_bye_before_the_ack_ends_the_call_and_the_repetition() -> None:
    """The caller may (§15)."""
    bob = _accepted()
    bob.hear(request("BYE", branch="z9hG4bK-bye", cseq=2, to_tag=_tag(bob)))
    bob.run_until(LATER)
    assert bob.labels() == ["100 INVITE", "200 INVITE", "200 BYE"]
    assert bob.told(SessionEnded) == [SessionEnded("in-1", by_peer=True, status=None, reason=None)]


# Refusal and CANCEL.


def test_a_refusal_is_final_and_its_ack_stays_below() -> None:
    bob = _called()
    bob.endpoint.refuse("in-1", 486, 0.0, reason="On Lunch", headers=(("Retry-After", "60"),))
    refusal = bob.last_response()
    assert (refusal.status, refusal.reason, refusal.headers.get("Retry-After")) == (486, "On Lunch", "60")
    bob.hear(request("ACK", to_tag=_tag(bob)))
    bob.run_until(LATER)
    assert bob.labels() == ["100 INVITE", "486 INVITE"]
    assert bob.told_names() == ["SessionInvited"]
    assert (bob.endpoint.session_count, bob.endpoint.transaction_count) == (0, 0)


def test_ending_a_call_that_is_not_answered_refuses_it_with_487() -> None:
    bob = _called()
    bob.endpoint.end("in-1", 0.0)
    assert bob.labels() == ["100 INVITE", "487 INVITE"]


def test_a_cancel_gets_200_and_its_invite_487_with_one_tag() -> None:
    """§9.2: the To tag of the answer to CANCEL SHOULD be that of the INVITE's answers."""
    bob = _called()
    bob.endpoint.progress("in-1", 180, 0.0)
    bob.hear(request("CANCEL", lines=("Reason: SIP;cause=200",)))
    assert bob.labels()[2:] == ["200 CANCEL", "487 INVITE"]
    assert len({each.message.to.tag for each in bob.sent()[1:]}) == 1
    assert bob.told(SessionCancelled) == [SessionCancelled("in-1", "SIP;cause=200")]
    assert bob.endpoint.session_count == 0


def test_a_repeated_cancel_gets_its_200_again_and_no_more() -> None:
    bob = _called()
    bob.hear(request("CANCEL"))
    bob.hear(request("CANCEL"))
    assert bob.labels() == ["100 INVITE", "200 CANCEL", "487 INVITE", "200 CANCEL"]
    assert len(bob.told(SessionCancelled)) == 1


@pytest.mark.parametrize("via", ["192.0.2.1:5060;branch=z9hG4bK-2", "192.0.2.1:5061;branch=z9hG4bK-1"])
def test_a_cancel_means_the_invite_of_its_branch_and_sent_by(via: str) -> None:
    """§9.2, §17.2.3."""
    bob = _called()
    bob.hear(request("CANCEL", via=f"SIP/2.0/UDP {via}"))
    assert bob.labels() == ["100 INVITE", "481 CANCEL"]
    assert bob.endpoint.session_count == 1


@pytest.mark.parametrize("status", [200, 486])
def test_a_cancel_after_the_final_answer_gets_200_and_changes_nothing(status: int) -> None:
    """§9.2."""
    bob = _called()
    if status == 200:
        bob.endpoint.accept("in-1", b"", 0.0)
    else:
        bob.endpoint.refuse("in-1", status, 0.0)
    bob.hear(request("CANCEL"))
    assert bob.labels() == ["100 INVITE", f"{status} INVITE", "200 CANCEL"]
    assert bob.told(SessionCancelled) == []


def test_commands_that_cross_a_cancel_do_nothing() -> None:
    bob = _called()
    bob.hear(request("CANCEL"))
    bob.endpoint.accept("in-1", b"", 0.0)
    assert bob.labels()[-1] == "487 INVITE"
    assert bob.told(DialogEstablished) == []


# Two endpoints.


def test_a_lost_answer_to_bye_ends_the_call_all_the_same() -> None:
    pair = Pair()
    bobs = pair.talk()
    pair.lose("200 BYE")
    pair.bob.endpoint.end(bobs, 0.0)
    pair.run_until(LATER)
    assert pair.bob.times("BYE") == [0.0, 0.5]
    assert pair.alice.told(SessionEnded) == [SessionEnded("call", by_peer=True, status=None, reason=None)]
    assert [each.session for each in pair.bob.told(DialogForgotten)] == [bobs]


def test_a_doubled_invite_makes_one_call() -> None:
    pair = Pair()
    pair.double("INVITE", 0.3)
    pair.talk()
    pair.run_until(10.0)
    assert len(pair.bob.told(SessionInvited)) == 1
    assert pair.bob.endpoint.session_count == 1


def test_a_call_that_goes_on_ringing_says_so_each_minute() -> None:
    """§13.3.1.1: a proxy on the way may give up three minutes after the last provisional answer."""
    bob = _called()
    bob.endpoint.progress("in-1", 180, bob.now)
    bob.run_until(150.0)
    assert bob.times("180 INVITE") == [0.0, 60.0, 120.0]
    assert len({each.data for each in bob.sent("180 INVITE")}) == 1
    bob.endpoint.accept("in-1", b"v=0", bob.now)
    bob.hear(_ack(bob))
    bob.run_until(LATER)
    assert len(bob.sent("180 INVITE")) == 3
    assert bob.endpoint.next_deadline() is None


def test_a_bye_in_the_early_dialog_ends_the_call() -> None:
    """§15.1.2: the BYE gets 200, the INVITE 487."""
    bob = _called()
    bob.endpoint.progress("in-1", 180, bob.now)
    reason = 'SIP;cause=487;text="given up"'
    bob.hear(request("BYE", branch="z9hG4bK-2", cseq=2, to_tag=_tag(bob), lines=(f"Reason: {reason}",)))
    assert bob.labels()[-2:] == ["200 BYE", "487 INVITE"]
    assert bob.told(SessionCancelled) == [SessionCancelled("in-1", reason)]
    assert bob.endpoint.session_count == 0


@pytest.mark.parametrize("wrong", [{"from_tag": "other"}, {"call_id": "other"}, {"to_tag": "other"}], ids=str)
def test_a_bye_in_another_early_dialog_ends_nothing(wrong: dict[str, str]) -> None:
    bob = _called()
    bob.endpoint.progress("in-1", 180, bob.now)
    names = {"to_tag": _tag(bob), **wrong}
    bob.hear(request("BYE", branch="z9hG4bK-2", cseq=2, **names))
    assert bob.labels()[-1] == "481 BYE"
    assert bob.told(SessionCancelled) == []


# Bodies that are no session descriptions (§8.2.3).

CONTACT = "Contact: <sip:alice@192.0.2.1>"


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Type: text/plain",),
        ("Content-Type: multipart/mixed;boundary=x",),
        ("Content-Type: application/sdp", "Content-Encoding: gzip"),
        ("c: application/isup",),
    ],
)
def test_a_body_that_we_cannot_read_gets_415_that_says_what_we_can(lines: tuple[str, ...]) -> None:
    bob = _bob()
    bob.hear(request("INVITE", lines=(CONTACT, *lines), body="anything"))
    assert bob.labels() == ["415 INVITE"]
    assert "application/sdp" in bob.last_response().headers.all("Accept")
    assert bob.told(SessionInvited) == []


@pytest.mark.parametrize("kind", ["application/sdp", "Application/SDP", "application/sdp;charset=utf-8"])
def test_a_session_description_is_let_in_however_its_kind_is_written(kind: str) -> None:
    bob = _bob()
    bob.hear(request("INVITE", lines=(CONTACT, f"Content-Type: {kind}"), body="v=0"))
    assert len(bob.told(SessionInvited)) == 1


def test_a_strange_body_in_a_reinvite_leaves_the_session_as_it_was() -> None:
    bob = _accepted()
    bob.hear(_ack(bob))
    tag = _tag(bob)
    lines = (CONTACT, "Content-Type: text/plain")
    bob.hear(request("INVITE", branch="z9hG4bK-2", cseq=2, to_tag=tag, lines=lines, body="anything"))
    assert bob.labels()[-1] == "415 INVITE"
    assert bob.endpoint.session_count == 1
