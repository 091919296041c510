"""Inside an answered call (RFC 3261 §12.2, §14, §15): BYE, order of CSeq, hold, probes, a restarted process."""

import pytest

from sip_stack.errors import LocalError
from sip_stack.events import DialogEstablished, SessionEnded, SessionKeyed, SessionProbed, SessionReoffered
from tests.sip_stack.pair import ALICE, BOB, Pair, Party, answer, request

LATER = 1000.0
NEW_CONTACT = ("Contact: <sip:alice@203.0.113.5:5070>",)
OLD_CONTACT = ("Contact: <sip:alice@192.0.2.1:5060>",)


class Call:
    """Bob in a call that Alice, who is raw text, began with CSeq 10 and has acknowledged."""

    def __init__(self) -> None:
        self.bob = Party("b", BOB, ALICE)
        self.bob.hear(request("INVITE", cseq=10, lines=OLD_CONTACT))
        self.bob.endpoint.accept("in-1", b"v=0", 0.0)
        self.tag = self.bob.last_response().to.tag or ""
        self.hear("ACK", 10)

    def hear(self, method: str, cseq: int, *, branch: str | None = None, lines: tuple[str, ...] = (), body: str = "",
             from_tag: str = "phone") -> None:  # fmt: skip
        name = branch or f"z9hG4bK-{method}{cseq}"
        self.bob.hear(
            request(method, branch=name, cseq=cseq, to_tag=self.tag, from_tag=from_tag, lines=lines, body=body)
        )

    def answers(self) -> list[str]:
        return self.bob.labels()[2:]


def test_a_bye_ends_the_call_with_its_reason() -> None:
    call = Call()
    call.hear("BYE", 11, lines=("Reason: Q.850;cause=16",))
    assert call.answers() == ["200 BYE"]
    assert call.bob.told(SessionEnded) == [SessionEnded("in-1", by_peer=True, status=None, reason="Q.850;cause=16")]
    assert call.bob.endpoint.session_count == 0


def test_a_repeated_bye_gets_200_inside_its_transaction_and_481_after() -> None:
    """§17.2.2: timer J absorbs it for 64·T1; §15.1.2 afterwards."""
    call = Call()
    call.hear("BYE", 11)
    call.bob.run_until(31.9)
    call.hear("BYE", 11)
    call.bob.run_until(32.1)
    call.hear("BYE", 11)
    assert call.answers() == ["200 BYE", "200 BYE", "481 BYE"]
    assert len(call.bob.told(SessionEnded)) == 1


def test_another_bye_after_the_first_gets_481() -> None:
    call = Call()
    call.hear("BYE", 11)
    call.hear("BYE", 12)
    assert call.answers() == ["200 BYE", "481 BYE"]


@pytest.mark.parametrize("wrong", ["from_tag", "to_tag"])
def test_a_bye_with_a_wrong_tag_is_of_no_dialog_of_ours(wrong: str) -> None:
    """§12.2.2."""
    call = Call()
    if wrong == "to_tag":
        call.tag = "another"
    call.hear("BYE", 11, from_tag="another" if wrong == "from_tag" else "phone")
    assert call.answers() == ["481 BYE"]
    assert call.bob.endpoint.session_count == 1


@pytest.mark.parametrize("cseq", [9, 10])
@pytest.mark.parametrize("method", ["BYE", "OPTIONS", "INFO", "INVITE"])
def test_a_request_whose_cseq_is_not_higher_gets_500_and_does_nothing(method: str, cseq: int) -> None:
    """§12.2.2; the numbers of a dialog strictly increase (§12.2.1.1)."""
    call = Call()
    call.hear(method, cseq)
    assert call.answers() == [f"500 {method}"]
    assert call.bob.told(SessionEnded) == []
    assert call.bob.told(SessionReoffered) == []


def test_a_gap_in_cseq_is_no_fault_and_raises_the_bar() -> None:
    """§12.2.2: more than one higher is allowed."""
    call = Call()
    call.hear("OPTIONS", 50)
    call.hear("OPTIONS", 49)
    call.hear("OPTIONS", 51)
    assert call.answers() == ["200 OPTIONS", "500 OPTIONS", "200 OPTIONS"]


def test_a_callees_first_request_may_have_cseq_0() -> None:
    """§12.1.2: the caller's remote sequence number is empty until then; §8.1.1.5: any below 2**31."""
    alice = Party("a", ALICE, BOB)
    alice.invite()
    invite = alice.last_request("INVITE")
    alice.hear(answer(invite, 200, tag="far"))
    bye = request("BYE", cseq=0, call_id=invite.call_id, from_tag="far", to_tag=invite.from_.tag, lines=())
    alice.hear(bye)
    assert alice.labels()[-1] == "200 BYE"


def test_options_tells_what_we_can_do_and_leaves_the_call() -> None:
    """§11.2."""
    call = Call()
    call.hear("OPTIONS", 11)
    said = call.bob.last_response()
    assert said.status == 200
    assert {"INVITE", "ACK", "CANCEL", "BYE", "OPTIONS"} <= set(said.headers.all("Allow"))
    assert said.headers.get("Accept") == "application/sdp"
    assert call.bob.endpoint.session_count == 1


def test_an_empty_info_is_fine_and_one_with_a_body_is_of_a_type_unknown() -> None:
    call = Call()
    call.hear("INFO", 11)
    call.hear("INFO", 12, lines=("Content-Type: application/json",), body="{}")
    assert call.answers() == ["200 INFO", "415 INFO"]


def test_a_key_in_an_info_is_told() -> None:
    call = Call()
    call.hear("INFO", 11, lines=("Content-Type: application/dtmf-relay",), body="Signal=5\r\nDuration=160\r\n")
    call.hear("INFO", 12, lines=("Content-Type: application/dtmf",), body="hello")
    assert call.answers() == ["200 INFO", "200 INFO"]
    assert [told.key for told in call.bob.told(SessionKeyed)] == ["5"]


@pytest.mark.parametrize("method", ["MESSAGE", "PUBLISH"])
def test_what_we_do_not_take_inside_a_call_gets_405_and_leaves_the_call(method: str) -> None:
    call = Call()
    call.hear(method, 11)
    assert call.answers() == [f"405 {method}"]
    assert method not in call.bob.last_response().headers.all("Allow")
    assert call.bob.endpoint.session_count == 1


# Our own requests.


def test_our_requests_count_up_and_go_to_the_remote_target_by_the_flow() -> None:
    call = Call()
    call.bob.endpoint.probe("in-1", 0.0)
    call.bob.endpoint.end("in-1", 0.0, headers=(("Reason", "SIP;cause=200"),))
    probe, bye = call.bob.last_request("OPTIONS"), call.bob.last_request("BYE")
    assert bye.cseq.number == probe.cseq.number + 1
    assert bye.uri_text == "sip:alice@192.0.2.1:5060"
    assert (bye.from_.tag, bye.to.tag, bye.call_id) == (call.tag, "phone", "call-1")
    assert bye.headers.get("Reason") == "SIP;cause=200"
    assert {each.flow for each in call.bob.sent()} == {call.bob.flow}


@pytest.mark.parametrize("status", [200, 408, 481, 500])
def test_a_bye_of_ours_ends_the_session_whatever_the_answer(status: int) -> None:
    """§15.1.1."""
    call = Call()
    call.bob.endpoint.end("in-1", 0.0)
    call.bob.endpoint.end("in-1", 0.0)
    assert len(call.bob.sent("BYE")) == 1
    call.bob.hear(answer(call.bob.last_request("BYE"), status))
    assert call.bob.endpoint.session_count == 0
    assert call.bob.told(SessionEnded) == []


def test_a_bye_that_nobody_answers_ends_the_session_after_64_t1() -> None:
    call = Call()
    call.bob.endpoint.end("in-1", 0.0)
    call.bob.run_until(31.9)
    assert call.bob.endpoint.session_count == 1
    call.bob.run_until(32.0)
    assert call.bob.endpoint.session_count == 0
    assert call.bob.told_names()[-1] == "DialogForgotten"


def test_two_byes_that_cross_are_both_answered() -> None:
    pair = Pair()
    bobs = pair.talk()
    pair.delay("BYE", 0.1)
    pair.delay("BYE", 0.1)
    pair.alice.endpoint.end("call", 0.0)
    pair.bob.endpoint.end(bobs, 0.0)
    pair.run_until(LATER)
    for party in (pair.alice, pair.bob):
        assert party.labels()[-1] == "200 BYE"
        assert party.told(SessionEnded) == []
        assert (party.endpoint.session_count, party.endpoint.transaction_count) == (0, 0)


@pytest.mark.parametrize("status", [200, 481])
def test_a_probe_tells_the_final_status(status: int) -> None:
    call = Call()
    call.bob.endpoint.probe("in-1", 0.0)
    call.bob.hear(answer(call.bob.last_request("OPTIONS"), 100))
    call.bob.hear(answer(call.bob.last_request("OPTIONS"), status))
    assert call.bob.told(SessionProbed) == [SessionProbed("in-1", status)]


def test_a_probe_without_answer_is_408_after_64_t1() -> None:
    call = Call()
    call.bob.endpoint.probe("in-1", 0.0)
    call.bob.run_until(32.0)
    assert call.bob.told(SessionProbed) == [SessionProbed("in-1", 408)]


# Hold: an offer inside the call (§14.2).


def test_a_reoffer_is_told_and_its_2xx_repeated_until_the_ack() -> None:
    call = Call()
    call.hear("INVITE", 11, lines=OLD_CONTACT, body="v=0")
    assert call.bob.told(SessionReoffered) == [SessionReoffered("in-1", b"v=0")]
    call.bob.endpoint.accept_reoffer("in-1", b"v=1", 0.0)
    reply = call.bob.last_response()
    assert (reply.status, reply.content_type, reply.body, reply.to.tag) == (200, "application/sdp", b"v=1", call.tag)
    assert reply.contacts
    call.bob.run_until(0.6)
    call.hear("ACK", 11)
    call.bob.run_until(LATER)
    assert call.answers() == ["100 INVITE", "200 INVITE", "200 INVITE"]
    assert call.bob.told_names().count("SessionConfirmed") == 2


def test_a_late_copy_of_the_first_ack_does_not_confirm_the_reoffer() -> None:
    call = Call()
    call.hear("INVITE", 11, lines=OLD_CONTACT)
    call.bob.endpoint.accept_reoffer("in-1", b"v=1", 0.0)
    call.hear("ACK", 10, branch="z9hG4bK-late")
    call.bob.run_until(0.5)
    assert call.answers() == ["100 INVITE", "200 INVITE", "200 INVITE"]


def test_a_reoffer_that_is_never_acknowledged_ends_the_call() -> None:
    call = Call()
    call.hear("INVITE", 11, lines=OLD_CONTACT)
    call.bob.endpoint.accept_reoffer("in-1", b"", 0.0)
    call.bob.run_until(32.0)
    assert call.bob.told(SessionEnded) == [SessionEnded("in-1", by_peer=False, status=408, reason=None)]
    assert call.bob.times("BYE") == [32.0]


def test_a_refused_reoffer_leaves_the_call_as_it_was() -> None:
    """§14.2."""
    call = Call()
    call.hear("INVITE", 11, lines=OLD_CONTACT, body="v=0")
    call.bob.endpoint.refuse_reoffer("in-1", 488, 0.0)
    call.hear("ACK", 11, branch="z9hG4bK-INVITE11")
    assert call.answers() == ["100 INVITE", "488 INVITE"]
    call.hear("OPTIONS", 12)
    assert call.answers()[-1] == "200 OPTIONS"
    with pytest.raises(LocalError):
        call.bob.endpoint.accept_reoffer("in-1", b"", 0.0)


def test_a_new_contact_in_a_reoffer_is_where_requests_go_from_then_on() -> None:
    """§12.2.2."""
    call = Call()
    call.hear("INVITE", 11, lines=NEW_CONTACT)
    assert call.bob.told(DialogEstablished)[-1].dialog.remote_target == "sip:alice@203.0.113.5:5070"
    call.bob.endpoint.accept_reoffer("in-1", b"", 0.0)
    call.hear("ACK", 11)
    call.bob.endpoint.end("in-1", 0.0)
    assert call.bob.last_request("BYE").uri_text == "sip:alice@203.0.113.5:5070"


def test_a_second_reoffer_before_the_first_is_answered_gets_500_and_a_time_up_to_10_s() -> None:
    """§14.2."""
    call = Call()
    call.hear("INVITE", 11, lines=OLD_CONTACT)
    call.hear("INVITE", 12, lines=OLD_CONTACT)
    refusal = call.bob.last_response()
    assert (refusal.status, refusal.cseq.number) == (500, 12)
    assert 0 <= int(refusal.headers.get("Retry-After") or "-1") <= 10
    assert len(call.bob.told(SessionReoffered)) == 1


def test_a_reoffer_with_a_broken_contact_gets_400_and_leaves_the_call() -> None:
    call = Call()
    call.hear("INVITE", 11, lines=("Contact: <sip:",))
    assert call.answers() == ["400 INVITE"]
    assert call.bob.told(SessionReoffered) == []
    call.hear("INVITE", 12, lines=OLD_CONTACT)
    assert len(call.bob.told(SessionReoffered)) == 1


def test_a_cancelled_reoffer_leaves_the_call() -> None:
    """§14.1: a re-INVITE that fails changes nothing."""
    call = Call()
    call.hear("INVITE", 11, lines=OLD_CONTACT)
    call.hear("CANCEL", 11, branch="z9hG4bK-INVITE11")
    assert call.answers() == ["100 INVITE", "200 CANCEL", "487 INVITE"]
    assert call.bob.endpoint.session_count == 1
    call.hear("INVITE", 12, lines=OLD_CONTACT)
    assert len(call.bob.told(SessionReoffered)) == 2


def test_a_bye_during_a_reoffer_ends_both() -> None:
    """§15.1.2: pending requests of the dialog get 487."""
    call = Call()
    call.hear("INVITE", 11, lines=OLD_CONTACT)
    call.hear("BYE", 12)
    assert sorted(call.answers()) == ["100 INVITE", "200 BYE", "487 INVITE"]
    assert call.bob.endpoint.session_count == 0


def test_we_wait_for_the_reoffers_ack_before_we_end() -> None:
    call = Call()
    call.hear("INVITE", 11, lines=OLD_CONTACT)
    call.bob.endpoint.accept_reoffer("in-1", b"", 0.0)
    call.bob.endpoint.end("in-1", 0.0)
    assert call.bob.sent("BYE") == []
    call.hear("ACK", 11)
    assert len(call.bob.sent("BYE")) == 1


# A process that restarted.


def test_a_restored_dialog_goes_on_beyond_every_cseq_that_was_used() -> None:
    """§12.2.1.1: within a dialog our numbers only go up; those after the record are unknown."""
    call = Call()
    recorded = call.bob.told(DialogEstablished)[-1].dialog
    for _ in range(50):
        call.bob.endpoint.probe("in-1", 0.0)
    used = call.bob.last_request("OPTIONS").cseq.number
    again = Party("c", BOB, ALICE)
    again.endpoint.restore("in-1", recorded, 0.0)
    again.endpoint.end("in-1", 0.0)
    bye = again.last_request("BYE")
    assert bye.cseq.number > used
    assert (bye.call_id, bye.from_.tag, bye.to.tag) == ("call-1", call.tag, "phone")


def test_a_restored_dialog_takes_the_peers_requests() -> None:
    call = Call()
    recorded = call.bob.told(DialogEstablished)[-1].dialog
    call.bob = Party("c", BOB, ALICE)
    call.bob.endpoint.restore("in-1", recorded, 0.0)
    call.hear("OPTIONS", 9)
    call.hear("BYE", 11)
    assert call.bob.labels() == ["500 OPTIONS", "200 BYE"]
    assert call.bob.told(SessionEnded) == [SessionEnded("in-1", by_peer=True, status=None, reason=None)]


def test_a_bye_after_a_restart_that_finds_no_dialog_may_have_overtaken_our_answer_and_is_said_once_more() -> None:
    """§15 has a callee wait for the ACK; a process that did not see it come cannot tell whether to wait."""
    call = Call()
    recorded = call.bob.told(DialogEstablished)[-1].dialog
    again = Party("c", BOB, ALICE)
    again.endpoint.restore("in-1", recorded, 0.0)
    again.endpoint.end("in-1", 0.0)
    again.hear(answer(again.last_request("BYE"), 481))
    again.run_until(4.0)
    again.hear(answer(again.last_request("BYE"), 481))
    again.run_until(LATER)
    assert again.times("BYE") == [0.0, 4.0]
    assert again.endpoint.session_count == 0


def test_a_caller_of_ours_who_finds_no_dialog_after_a_restart_is_gone() -> None:
    """Our ACK told the callee before anything was written down."""
    pair = Pair()
    pair.talk("call")
    recorded = pair.alice.told(DialogEstablished)[-1].dialog
    again = Party("c", ALICE, BOB)
    again.endpoint.restore("call", recorded, 0.0)
    again.endpoint.end("call", 0.0)
    again.hear(answer(again.last_request("BYE"), 481))
    again.run_until(LATER)
    assert len(again.sent("BYE")) == 1
