"""The clocks and the matching of RFC 3261 §17 and RFC 6026, with T1 = 500 ms, T2 = 4 s and T4 = 5 s.

The expected times are sums of the intervals that the RFC gives: timer A doubles without end, E and G double up to T2,
B, F, H, J, L and M are 64·T1 = 32 s, D is 32 s, I and K are T4; on a reliable transport A, E and G do not run and D, I,
J and K are zero.
"""

from collections.abc import Callable

import pytest

from sip_stack.errors import LocalError
from sip_stack.events import SendMessage
from sip_stack.flow import Address, Flow, Transport
from sip_stack.message import Request, Response, respond_to
from sip_stack.parser import parse_message
from sip_stack.routing import OurNames
from sip_stack.timers import TimerSettings
from sip_stack.transaction import Transaction
from sip_stack.transaction_layer import (
    DATAGRAM_BYTES_MAX,
    STREAM_AGAIN_S,
    ArrivedAck,
    ArrivedRequest,
    ArrivedResponse,
    Failed,
    TransactionLayer,
)
from tests.sip_stack.pair import ALICE, BOB, answer, request

TIMES_A = [0.0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
TIMES_E = [0.0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
UNTIL = 100.0


class Side:
    """A layer with its record of bytes and of what it told its user, each with its time."""

    def __init__(self, transport: Transport) -> None:
        self.layer = TransactionLayer(TimerSettings(), OurNames({}))
        self.flow = Flow(transport, BOB, ALICE)
        self.now = 0.0
        self.bytes: list[tuple[float, bytes, Flow]] = []
        self.told: list[tuple[float, object]] = []
        self.ended_at: float | None = None

    def start(self, method: str, *, uri: str = "sip:bob@far.example", body: str = "") -> Transaction:
        message = _read(request(method, uri=uri, body=body))
        assert isinstance(message, Request)
        message.headers.remove("Via")
        transaction = self.layer.send_request(message, "z9hG4bK-ours", self.flow, "owner", self.now)
        self._collect()
        return transaction

    def lose(self, flow: Flow) -> None:
        self.layer.flow_lost(flow, self.now)
        self._collect()

    def hear_request(self, data: bytes) -> None:
        message = _read(data)
        assert isinstance(message, Request)
        self.layer.receive_request(message, self.flow, "", self.now)
        self._collect()

    def hear_response(self, to: Transaction, status: int, tag: str = "far") -> None:
        message = _read(answer(to.request, status, tag=tag))
        assert isinstance(message, Response)
        self.layer.receive_response(message, self.flow, self.now)
        self._collect()

    def respond(self, status: int) -> None:
        transaction = next(each.transaction for _, each in self.told if isinstance(each, ArrivedRequest))
        self.layer.respond(transaction, respond_to(transaction.request, status, to_tag="ours"), self.now)
        self._collect()

    def run_until(self, at: float) -> None:
        while (due := self.layer.next_deadline()) is not None and due <= at:
            self.now = max(self.now, due)
            self.layer.handle_timeout(self.now)
            self._collect()
        self.now = at

    def times(self, word: bytes) -> list[float]:
        return [at for at, data, _ in self.bytes if data.startswith(word)]

    def told_kinds(self) -> list[type]:
        return [type(each) for _, each in self.told]

    def _collect(self) -> None:
        for output in self.layer.drain():
            if isinstance(output, SendMessage):
                self.bytes.append((self.now, output.data, output.flow))
            else:
                self.told.append((self.now, output))
        self.ended_at = None if len(self.layer) else (self.now if self.ended_at is None else self.ended_at)


def _read(data: bytes) -> Request | Response:
    return parse_message(data)


def _failures(side: Side) -> list[tuple[float, int]]:
    return [(at, each.status) for at, each in side.told if isinstance(each, Failed)]


# We send (§17.1).


@pytest.mark.parametrize(("transport", "times"), [("udp", TIMES_A), ("tcp", [0.0])])
def test_an_invite_without_answer_is_repeated_by_timer_a_and_fails_by_timer_b(
    transport: Transport, times: list[float]
) -> None:
    side = Side(transport)
    side.start("INVITE")
    side.run_until(UNTIL)
    assert side.times(b"INVITE") == times
    assert _failures(side) == [(32.0, 408)]
    assert len(side.layer) == 0


@pytest.mark.parametrize(("transport", "times"), [("udp", TIMES_E), ("tcp", [0.0])])
def test_another_request_without_answer_is_repeated_by_timer_e_and_fails_by_timer_f(
    transport: Transport, times: list[float]
) -> None:
    side = Side(transport)
    side.start("OPTIONS")
    side.run_until(UNTIL)
    assert side.times(b"OPTIONS") == times
    assert _failures(side) == [(32.0, 408)]
    assert len(side.layer) == 0


def test_what_is_repeated_is_the_same_to_the_byte() -> None:
    side = Side("udp")
    side.start("INVITE")
    side.run_until(UNTIL)
    assert len({data for _, data, _ in side.bytes}) == 1


def test_a_provisional_answer_stops_timers_a_and_b_of_an_invite() -> None:
    """Figure 5: in Proceeding nothing runs; how long it may ring is the user's decision."""
    side = Side("udp")
    transaction = side.start("INVITE")
    side.run_until(1.0)
    side.hear_response(transaction, 180)
    side.run_until(UNTIL)
    assert side.times(b"INVITE") == [0.0, 0.5]
    assert side.told_kinds() == [ArrivedResponse]
    assert len(side.layer) == 1


def test_a_provisional_answer_slows_timer_e_to_t2_and_leaves_timer_f() -> None:
    """§17.1.2.2: the timer that runs fires once more, then every T2; at 64·T1 it is over."""
    side = Side("udp")
    transaction = side.start("OPTIONS")
    side.run_until(0.1)
    side.hear_response(transaction, 100)
    side.run_until(UNTIL)
    assert side.times(b"OPTIONS") == [0.0, 0.5, 4.5, 8.5, 12.5, 16.5, 20.5, 24.5, 28.5]
    assert _failures(side) == [(32.0, 408)]


@pytest.mark.parametrize(("transport", "ended_at"), [("udp", 1.0 + 32.0), ("tcp", 1.0)])
def test_a_refused_invite_is_acknowledged_at_once_and_again_until_timer_d(
    transport: Transport, ended_at: float
) -> None:
    side = Side(transport)
    transaction = side.start("INVITE")
    side.run_until(1.0)
    side.hear_response(transaction, 486)
    side.hear_response(transaction, 486)
    side.run_until(UNTIL)
    assert side.times(b"ACK") == [1.0, 1.0]
    assert side.told_kinds() == [ArrivedResponse]
    assert side.ended_at == ended_at


def test_the_ack_of_a_refusal_stays_in_the_transaction() -> None:
    """§17.1.1.3: Call-ID, From, Request-URI and the top Via of the INVITE, To of the response, CSeq with method ACK."""
    side = Side("udp")
    transaction = side.start("INVITE", uri="sip:bob@far.example;x=y")
    side.hear_response(transaction, 603, tag="busy-line")
    ack = _read(side.bytes[-1][1])
    assert isinstance(ack, Request)
    assert (ack.method, ack.uri_text) == ("ACK", "sip:bob@far.example;x=y")
    assert [str(via) for via in ack.vias] == [str(via) for via in transaction.request.vias]
    assert ack.to.tag == "busy-line"
    assert str(ack.from_) == str(transaction.request.from_)
    assert ack.call_id == transaction.request.call_id
    assert str(ack.cseq) == "1 ACK"


def test_the_ack_of_a_refusal_takes_the_route_of_its_invite() -> None:
    side = Side("udp")
    invite = _read(request("INVITE", lines=("Route: <sip:edge.example;lr>", "Route: <sip:core.example;lr>")))
    assert isinstance(invite, Request)
    invite.headers.remove("Via")
    transaction = side.layer.send_request(invite, "z9hG4bK-r", side.flow, "owner", 0.0)
    side.hear_response(transaction, 404)
    ack = _read(side.bytes[-1][1])
    assert [str(route.uri) for route in ack.routes] == ["sip:edge.example;lr", "sip:core.example;lr"]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_every_2xx_to_an_invite_reaches_the_user_until_timer_m(transport: Transport) -> None:
    """RFC 6026 §7.2: the user acknowledges each; 64·T1 after the first the transaction is over, on any transport."""
    side = Side(transport)
    transaction = side.start("INVITE")
    for at in (1.0, 1.5, 32.9):
        side.run_until(at)
        side.hear_response(transaction, 200)
    side.run_until(33.5)
    side.hear_response(transaction, 200)
    assert [at for at, _ in side.told] == [1.0, 1.5, 32.9]
    assert side.times(b"ACK") == []


def test_after_a_2xx_no_other_answer_counts() -> None:
    side = Side("udp")
    transaction = side.start("INVITE")
    side.hear_response(transaction, 200)
    side.hear_response(transaction, 180)
    side.hear_response(transaction, 486)
    assert len(side.told) == 1
    assert side.times(b"ACK") == []


@pytest.mark.parametrize(("transport", "ended_at"), [("udp", 2.0 + 5.0), ("tcp", 2.0)])
def test_an_answered_request_absorbs_repeated_answers_until_timer_k(transport: Transport, ended_at: float) -> None:
    side = Side(transport)
    transaction = side.start("OPTIONS")
    side.run_until(2.0)
    side.hear_response(transaction, 200)
    side.hear_response(transaction, 200)
    side.run_until(UNTIL)
    assert side.told_kinds() == [ArrivedResponse]
    assert side.ended_at == ended_at
    assert side.times(b"OPTIONS") == ([0.0, 0.5, 1.5] if transport == "udp" else [0.0])


def test_an_answer_counts_only_with_branch_and_method_of_its_request() -> None:
    """§17.1.3."""
    side = Side("udp")
    transaction = side.start("OPTIONS")
    good = answer(transaction.request, 200)
    for wrong in (good.replace(b"z9hG4bK-ours", b"z9hG4bK-else"), good.replace(b"1 OPTIONS", b"1 CANCEL")):
        message = _read(wrong)
        assert isinstance(message, Response)
        side.layer.receive_response(message, side.flow, 0.0)
    assert side.layer.drain() == []
    side.hear_response(transaction, 200)
    assert side.told_kinds() == [ArrivedResponse]


def test_an_invite_and_its_cancel_share_a_branch_and_stay_apart() -> None:
    """§9.1."""
    side = Side("udp")
    invite = side.start("INVITE")
    cancel = side.start("CANCEL")
    assert invite.key[0] == cancel.key[0]
    side.hear_response(cancel, 200)
    side.hear_response(invite, 487)
    arrived = [each for _, each in side.told if isinstance(each, ArrivedResponse)]
    assert [(each.transaction, each.response.status) for each in arrived] == [(cancel, 200), (invite, 487)]


def test_a_lost_flow_fails_what_still_waits_on_it_and_nothing_else() -> None:
    side = Side("tcp")
    waiting = side.start("OPTIONS")
    side.layer.flow_lost(Flow("tcp", BOB, BOB), 0.0)
    assert side.layer.drain() == []
    side.layer.flow_lost(side.flow, 0.0)
    assert side.layer.drain() == [Failed(waiting, 503)]
    assert len(side.layer) == 0


def test_a_flow_that_is_lost_while_it_rings_fails_the_invite() -> None:
    side = Side("tcp")
    ringing = side.start("INVITE")
    side.hear_response(ringing, 180)
    side.layer.flow_lost(side.flow, 0.0)
    assert side.layer.drain() == [Failed(ringing, 503)]
    assert len(side.layer) == 0


# We answer (§17.2).


def test_a_repeated_invite_gets_the_last_provisional_answer_again() -> None:
    side = Side("udp")
    side.hear_request(request("INVITE"))
    side.hear_request(request("INVITE"))
    assert side.bytes == []
    side.respond(100)
    side.hear_request(request("INVITE"))
    side.respond(180)
    side.hear_request(request("INVITE"))
    assert [data[8:11] for _, data, _ in side.bytes] == [b"100", b"100", b"180", b"180"]
    assert side.told_kinds() == [ArrivedRequest]


@pytest.mark.parametrize(("transport", "times"), [("udp", TIMES_E), ("tcp", [0.0])])
def test_a_refusal_is_repeated_by_timer_g_until_timer_h(transport: Transport, times: list[float]) -> None:
    side = Side(transport)
    side.hear_request(request("INVITE"))
    side.respond(486)
    side.run_until(UNTIL)
    assert side.times(b"SIP/2.0 486") == times
    assert side.ended_at == 32.0


def test_a_repeated_invite_gets_the_refusal_again_and_leaves_timer_g_alone() -> None:
    """§17.2.1: the response is passed to the transport once more; only timer G's own firing sets timer G."""
    side = Side("udp")
    side.hear_request(request("INVITE"))
    side.respond(486)
    side.run_until(0.4)
    side.hear_request(request("INVITE"))
    side.run_until(4.0)
    assert side.times(b"SIP/2.0 486") == [0.0, 0.4, 0.5, 1.5, 3.5]


@pytest.mark.parametrize(("transport", "ended_at"), [("udp", 0.7 + 5.0), ("tcp", 0.7)])
def test_the_ack_of_a_refusal_ends_its_repetition_and_is_absorbed_until_timer_i(
    transport: Transport, ended_at: float
) -> None:
    side = Side(transport)
    side.hear_request(request("INVITE"))
    side.respond(486)
    side.run_until(0.7)
    side.hear_request(request("ACK", to_tag="ours"))
    side.hear_request(request("ACK", to_tag="ours"))
    sent = len(side.bytes)
    side.run_until(UNTIL)
    assert side.ended_at == pytest.approx(ended_at)
    assert len(side.bytes) == sent
    assert side.told_kinds() == [ArrivedRequest]


@pytest.mark.parametrize("branch", ["z9hG4bK-1", "z9hG4bK-2"])
def test_the_ack_of_a_2xx_goes_to_the_user_whatever_its_branch(branch: str) -> None:
    """A proper phone takes a new branch (§13.2.2.4); one that keeps the INVITE's is understood too (RFC 6026 §7.1)."""
    side = Side("udp")
    side.hear_request(request("INVITE"))
    side.respond(200)
    side.hear_request(request("ACK", branch=branch, to_tag="ours"))
    assert side.told_kinds() == [ArrivedRequest, ArrivedAck]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_an_accepted_invite_absorbs_its_repetitions_until_timer_l(transport: Transport) -> None:
    """RFC 6026 §7.1: repeating the 2xx is the user's business, not the transaction's."""
    side = Side(transport)
    side.hear_request(request("INVITE"))
    side.respond(200)
    side.run_until(31.9)
    side.hear_request(request("INVITE"))
    assert len(side.bytes) == 1
    assert side.told_kinds() == [ArrivedRequest]
    side.run_until(UNTIL)
    assert side.ended_at == 32.0


@pytest.mark.parametrize(("transport", "ended_at"), [("udp", 3.0 + 32.0), ("tcp", 3.0)])
def test_another_request_is_answered_again_when_repeated_until_timer_j(transport: Transport, ended_at: float) -> None:
    side = Side(transport)
    side.hear_request(request("BYE"))
    side.hear_request(request("BYE"))
    assert side.bytes == []
    side.run_until(3.0)
    side.respond(200)
    side.hear_request(request("BYE"))
    side.run_until(UNTIL)
    assert side.times(b"SIP/2.0 200") == [3.0, 3.0]
    assert side.told_kinds() == [ArrivedRequest]
    assert side.ended_at == ended_at


def _other_branch() -> bytes:
    return request("OPTIONS", branch="z9hG4bK-2")


def _other_sent_by() -> bytes:
    return request("OPTIONS", via="SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK-1;rport")


def _other_method() -> bytes:
    return request("INFO")


@pytest.mark.parametrize("other", [_other_branch, _other_sent_by, _other_method])
def test_a_request_is_another_by_branch_sent_by_or_method(other: Callable[[], bytes]) -> None:
    """§17.2.3."""
    side = Side("udp")
    side.hear_request(request("OPTIONS"))
    side.hear_request(other())
    assert side.told_kinds() == [ArrivedRequest, ArrivedRequest]


def test_the_default_port_in_sent_by_counts_as_written() -> None:
    side = Side("udp")
    side.hear_request(request("OPTIONS", via="SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-1"))
    side.hear_request(request("OPTIONS", via="SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-1"))
    assert side.told_kinds() == [ArrivedRequest]


def test_our_own_request_cannot_be_answered_by_us() -> None:
    side = Side("udp")
    transaction = side.start("OPTIONS")
    with pytest.raises(LocalError):
        side.layer.respond(transaction, respond_to(transaction.request, 200), 0.0)


def test_a_forgotten_transaction_does_nothing_more() -> None:
    side = Side("udp")
    transaction = side.start("INVITE")
    side.layer.forget(transaction)
    side.run_until(UNTIL)
    side.hear_response(transaction, 200)
    assert side.times(b"INVITE") == [0.0]
    assert side.told == []


# Requests too large for a datagram (§18.1.1).

LARGE = "x" * DATAGRAM_BYTES_MAX
STREAM = Flow("tcp", BOB, ALICE)


def beside_a_stream() -> Side:
    side = Side("udp")
    side.layer.stream_beside = lambda flow: Flow("tcp", flow.local, flow.remote)
    return side


def test_a_request_too_large_for_a_datagram_goes_by_a_stream_and_says_so() -> None:
    side = beside_a_stream()
    side.start("INVITE", body=LARGE)
    ((_, data, flow),) = side.bytes
    assert flow == STREAM
    assert [via.transport for via in _read(data).vias] == ["TCP"]
    side.run_until(10.0)
    assert side.times(b"INVITE") == [0.0], "a stream delivers by itself"


def test_one_that_fits_goes_as_ever_and_so_does_any_where_there_is_no_stream() -> None:
    side = beside_a_stream()
    side.start("INVITE")
    alone = Side("udp")
    alone.start("INVITE", body=LARGE)
    assert [side.bytes[0][2], alone.bytes[0][2]] == [side.flow, side.flow]


def test_where_the_stream_cannot_be_had_the_same_request_goes_by_datagram() -> None:
    side = beside_a_stream()
    transaction = side.start("INVITE", body=LARGE)
    side.now = 3.0
    side.lose(STREAM)
    side.run_until(4.0)
    assert side.told == []
    assert [(at, flow.transport, _read(data).top_via.transport) for at, data, flow in side.bytes] == [
        (0.0, "tcp", "TCP"),
        (3.0, "udp", "UDP"),
        (3.5, "udp", "UDP"),
    ]
    assert len({_read(data).top_via.branch for _, data, _ in side.bytes}) == 1
    side.hear_response(transaction, 486)
    assert isinstance(side.told[0][1], ArrivedResponse)


def test_a_place_without_streams_is_not_asked_for_one_again_at_once() -> None:
    side = beside_a_stream()
    side.start("OPTIONS", body=LARGE)
    side.lose(STREAM)
    side.now = STREAM_AGAIN_S - 1
    side.start("OPTIONS", body=LARGE)
    assert side.bytes[-1][2] == side.flow
    side.now = STREAM_AGAIN_S
    side.start("OPTIONS", body=LARGE)
    assert side.bytes[-1][2] == STREAM


def test_a_stream_that_is_lost_after_a_provisional_answer_is_a_fault_of_the_transport() -> None:
    side = beside_a_stream()
    transaction = side.start("INVITE", body=LARGE)
    side.hear_response(transaction, 180)
    side.lose(STREAM)
    side.run_until(1.0)
    assert _failures(side) == [(0.0, 503)]


def test_a_challenge_counts_only_from_whom_was_asked() -> None:
    """Whoever saw the request go by may not ask for the proof of our password, or spoil the call."""
    side = Side("udp")
    transaction = side.start("INVITE")
    stranger = Flow("udp", BOB, Address("203.0.113.66", 5060))
    for status in (401, 407):
        challenge = _read(answer(transaction.request, status))
        assert isinstance(challenge, Response)
        side.layer.receive_response(challenge, stranger, side.now)
        side.run_until(side.now + 0.1)
    assert side.told == []
    side.hear_response(transaction, 407)
    assert [type(each) for _, each in side.told] == [ArrivedResponse]
