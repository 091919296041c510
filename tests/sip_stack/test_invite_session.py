"""Whole calls between two endpoints over a bad wire, and the table that finds a session by its dialog.

Whatever single messages are lost, doubled or late by up to T4 (the longest that RFC 3261 lets a message stay in the
network), each side is told each thing once and nothing is left behind.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sip_stack.dialog import DialogState
from sip_stack.events import (
    DialogEstablished,
    DialogForgotten,
    SendMessage,
    SessionAnswered,
    SessionCancelled,
    SessionConfirmed,
    SessionEnded,
    SessionInvited,
    SessionRefused,
)
from sip_stack.flow import Flow, Transport
from sip_stack.invite_session import Phase, Session, SessionTable
from sip_stack.message import Request, Response
from sip_stack.parser import parse_message
from sip_stack.routing import OurNames
from sip_stack.timers import TimerSettings
from sip_stack.transaction_layer import ArrivedRequest, TransactionLayer
from tests.counted_tokens import CountedTokens
from tests.sip_stack.pair import ALICE, BOB, Pair, request

T4_S = 5.0
STEP_S = 0.25
LATER = 1000.0
CALL = ("INVITE", "100 INVITE", "180 INVITE", "200 INVITE", "ACK", "BYE", "200 BYE")
CANCELLED_CALL = ("INVITE", "100 INVITE", "180 INVITE", "CANCEL", "200 CANCEL", "487 INVITE", "ACK")
FATES = ("lose", "double", "delay")


def _arrange(pair: Pair, fates: list[tuple[str, str, float]]) -> None:
    for label, fate, seconds in fates:
        match fate:
            case "lose":
                pair.lose(label)
            case "double":
                pair.double(label, seconds)
            case _:
                pair.delay(label, seconds)


def _fates(labels: tuple[str, ...]) -> st.SearchStrategy[list[tuple[str, str, float]]]:
    one = st.tuples(st.sampled_from(labels), st.sampled_from(FATES), st.floats(0, T4_S))
    return st.lists(one, max_size=4)


def _ring_when_called(pair: Pair, *, until: float) -> None:
    while not pair.bob.told(SessionInvited) and pair.clock.now < until:
        pair.run_until(pair.clock.now + STEP_S)
    pair.bob.endpoint.progress("in-1", 180, pair.clock.now)


def _nothing_is_left(pair: Pair) -> None:
    pair.run_until(LATER)
    for party in (pair.alice, pair.bob):
        assert (party.endpoint.session_count, party.endpoint.transaction_count) == (0, 0)


def _call(fates: list[tuple[str, str, float]], transport: Transport = "udp") -> None:
    pair = Pair(transport)
    _arrange(pair, fates)
    pair.alice.invite()
    _ring_when_called(pair, until=30.0)
    pair.bob.endpoint.accept("in-1", b"", pair.clock.now)
    pair.run_until(60.0)
    assert len(pair.alice.told(SessionAnswered)) == 1
    assert len(pair.bob.told(SessionConfirmed)) == 1
    pair.alice.endpoint.end("call", pair.clock.now)
    _nothing_is_left(pair)
    assert len(pair.bob.told(SessionInvited)) == 1
    assert pair.bob.told(SessionEnded) == [SessionEnded("in-1", by_peer=True, status=None, reason=None)]
    assert pair.alice.told(SessionEnded) == []
    for party in (pair.alice, pair.bob):
        assert len(party.told(DialogForgotten)) == 1


def _cancelled_call(fates: list[tuple[str, str, float]], transport: Transport = "udp") -> None:
    pair = Pair(transport)
    _arrange(pair, fates)
    pair.alice.invite()
    _ring_when_called(pair, until=30.0)
    pair.run_until(pair.clock.now + 1.0)
    pair.alice.endpoint.end("call", pair.clock.now)
    _nothing_is_left(pair)
    assert [each.status for each in pair.alice.told(SessionRefused)] == [487]
    assert len(pair.bob.told(SessionCancelled)) == 1
    for party in (pair.alice, pair.bob):
        assert party.told(DialogEstablished) == []


@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("label", CALL)
def test_a_call_survives_one_bad_message_of_each_kind(label: str, fate: str) -> None:
    _call([(label, fate, 0.7)])


@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("label", CANCELLED_CALL)
def test_a_cancel_survives_one_bad_message_of_each_kind(label: str, fate: str) -> None:
    _cancelled_call([(label, fate, 0.7)])


@settings(max_examples=60, deadline=None)
@given(_fates(CALL))
def test_a_call_survives_a_few_bad_messages(fates: list[tuple[str, str, float]]) -> None:
    _call(fates)


@settings(max_examples=60, deadline=None)
@given(_fates(CANCELLED_CALL))
def test_a_cancel_survives_a_few_bad_messages(fates: list[tuple[str, str, float]]) -> None:
    _cancelled_call(fates)


def test_on_a_connection_nothing_is_repeated_when_all_answer_at_once() -> None:
    pair = Pair("tcp")
    pair.talk()
    pair.alice.endpoint.end("call", pair.clock.now)
    _nothing_is_left(pair)
    assert pair.alice.labels() == ["INVITE", "ACK", "BYE"]
    assert pair.bob.labels() == ["100 INVITE", "200 INVITE", "200 BYE"]


def test_several_calls_between_two_endpoints_stay_apart() -> None:
    pair = Pair()
    first, second = pair.talk("one"), pair.talk("two")
    pair.alice.endpoint.end("one", pair.clock.now)
    pair.settle()
    assert [each.session for each in pair.bob.told(SessionEnded)] == [first]
    pair.bob.endpoint.end(second, pair.clock.now)
    pair.settle()
    assert [each.session for each in pair.alice.told(SessionEnded)] == ["two"]


# The table.


class _Table:
    """A table with one session in a dialog: call c, our tag o, their tag t."""

    def __init__(self) -> None:
        self.layer = TransactionLayer(TimerSettings(), OurNames({}))
        self.flow = Flow("udp", BOB, ALICE)
        self.table = SessionTable(
            layer=self.layer, names=OurNames({}), tokens=CountedTokens("t"), timers=TimerSettings(), user_agent="us"
        )
        self.session = Session("s", is_uac=True, flow=self.flow, phase=Phase.UP, local_tag="o")
        self.dialog = DialogState(
            call_id="c", local_tag="o", remote_tag="t", local_cseq=1, remote_cseq=0, local_uri="<sip:o@h>",
            remote_uri="<sip:t@h>", remote_target="sip:t@192.0.2.1", route_set=(), flow=self.flow, is_uac=True,
        )  # fmt: skip
        self.table.add(self.session)
        self.table.establish(self.session, self.dialog)

    def find(self, call_id: str, to_tag: str | None, from_tag: str) -> Session | None:
        return self.table.of_request(_read(request("BYE", call_id=call_id, to_tag=to_tag, from_tag=from_tag)))

    def answer(self, method: str, status: int) -> Response:
        self.layer.receive_request(_read(request(method)), self.flow, "", 0.0)
        (arrived,) = self.layer.drain()
        assert isinstance(arrived, ArrivedRequest)
        self.table.respond(arrived.transaction, status, 0.0)
        (sent,) = self.layer.drain()
        assert isinstance(sent, SendMessage)
        message = parse_message(sent.data)
        assert isinstance(message, Response)
        return message


def _read(data: bytes) -> Request:
    message = parse_message(data)
    assert isinstance(message, Request)
    return message


def test_a_session_is_found_by_call_id_and_both_tags() -> None:
    """RFC 3261 §12: the three make the dialog id; what is our tag stands in To."""
    made = _Table()
    assert made.find("c", "o", "t") is made.session
    for call_id, to_tag, from_tag in (
        ("x", "o", "t"),
        ("c", "x", "t"),
        ("c", "o", "x"),
        ("c", None, "t"),
        ("c", "t", "o"),
    ):
        assert made.find(call_id, to_tag, from_tag) is None


def test_a_removed_session_is_found_no_more_and_its_deadlines_are_gone() -> None:
    made = _Table()
    made.table.deadlines.set(("s", "no-ack"), 5.0)
    made.table.remove(made.session)
    assert made.table.get("s") is None
    assert made.find("c", "o", "t") is None
    assert made.table.deadlines.next_deadline() is None
    assert made.table.outputs == [DialogEstablished("s", made.dialog), DialogForgotten("s")]


def test_requests_inside_count_up_from_the_dialogs_number() -> None:
    """RFC 3261 §12.2.1.1."""
    made = _Table()
    sent = [made.table.send_in_dialog(made.session, method, "", 0.0).request for method in ("OPTIONS", "BYE")]
    assert [str(each.cseq) for each in sent] == ["2 OPTIONS", "3 BYE"]
    assert sent[0].top_via.branch != sent[1].top_via.branch


@pytest.mark.parametrize(
    ("method", "status", "has_contact"),
    [
        ("INVITE", 100, False),
        ("INVITE", 180, True),
        ("INVITE", 200, True),
        ("INVITE", 486, False),
        ("OPTIONS", 200, False),
    ],
)
def test_an_answer_that_can_make_a_dialog_has_our_contact_and_no_other(
    method: str, status: int, has_contact: bool
) -> None:
    """RFC 3261 §12.1.1, §13.3.1."""
    made = _Table().answer(method, status)
    assert [str(each.uri) for each in made.contacts] == (["sip:198.51.100.2:5060"] if has_contact else [])
    assert (made.to.tag is None) == (status == 100)
