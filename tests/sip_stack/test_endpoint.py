"""The endpoint's own decisions: what it refuses and how, what it never does, and requests outside sessions."""

import pytest

from sip_stack.endpoint import SipEndpoint
from sip_stack.errors import LocalError
from sip_stack.events import FaultReported, RequestReceived, ResponseReceived, SessionInvited
from sip_stack.flow import Address, Flow, Transport
from sip_stack.headers import NameAddr
from sip_stack.message import Response
from sip_stack.uri import SipUri
from tests.counted_tokens import CountedTokens
from tests.sip_stack.pair import ALICE, BOB, Pair, Party, answer, request

NEWER_THAN_ALL = 1000.0


def _bob(transport: Transport = "udp") -> Party:
    return Party("b", BOB, ALICE, transport)


def _answers(data: bytes) -> list[Response]:
    bob = _bob()
    bob.hear(data)
    return [each.message for each in bob.sent() if isinstance(each.message, Response)]


def _ask(party: Party, method: str = "OPTIONS") -> None:
    party.endpoint.request(
        "ours", method=method, flow=party.flow, target=SipUri.parse("sip:192.0.2.1"),
        from_=NameAddr.parse("<sip:bob@example.org>"), to=NameAddr.parse("<sip:alice@example.org>"), now=party.now,
    )  # fmt: skip


# What is refused before anyone is asked.


def test_a_request_with_no_hops_left_gets_483() -> None:
    for method in ("INVITE", "OPTIONS", "REGISTER"):
        assert [each.status for each in _answers(request(method, max_forwards="0"))] == [483]


def test_a_request_with_a_hop_left_is_taken() -> None:
    bob = _bob()
    bob.hear(request("OPTIONS", max_forwards="1"))
    assert len(bob.told(RequestReceived)) == 1


def test_required_extensions_get_420_that_names_each() -> None:
    """RFC 3261 §8.2.2.3."""
    (refusal,) = _answers(
        request("INVITE", lines=("Require: 100rel, oldthing, newthing", "Contact: <sip:a@192.0.2.1>"))
    )
    assert refusal.status == 420
    assert refusal.headers.all("Unsupported") == ["oldthing", "newthing"]


def test_supported_extensions_are_no_reason_to_refuse() -> None:
    bob = _bob()
    bob.hear(request("INVITE", lines=("Supported: 100rel, timer", "Contact: <sip:a@192.0.2.1>")))
    assert bob.labels() == ["100 INVITE"]


@pytest.mark.parametrize("method", ["MESSAGE", "NOTIFY", "PUBLISH", "NEWTHING"])
def test_a_method_that_we_do_not_take_gets_405_and_what_we_do(method: str) -> None:
    """§8.2.1."""
    (refusal,) = _answers(request(method))
    assert refusal.status == 405
    allowed = refusal.headers.all("Allow")
    assert {"INVITE", "ACK", "CANCEL", "BYE", "OPTIONS"} <= set(allowed)
    assert method not in allowed


@pytest.mark.parametrize("method", ["BYE", "INFO"])
@pytest.mark.parametrize("to_tag", [None, "unknown"])
def test_bye_and_info_without_a_dialog_get_481(method: str, to_tag: str | None) -> None:
    """§15.1.2, RFC 6086 §4.2.2: the method is ours, the dialog is not."""
    (refusal,) = _answers(request(method, to_tag=to_tag))
    assert refusal.status == 481


def test_a_cancel_of_nothing_gets_481() -> None:
    """§9.2."""
    (refusal,) = _answers(request("CANCEL"))
    assert refusal.status == 481


def test_a_branch_of_the_old_rfc_gets_400() -> None:
    (refusal,) = _answers(request("OPTIONS", branch="1"))
    assert refusal.status == 400


def test_the_answer_to_a_broken_message_carries_what_a_client_matches() -> None:
    (refusal,) = _answers(request("OPTIONS").replace(b"Content-Length: 0", b"Content-Length: 99"))
    assert refusal.status == 400
    assert refusal.top_via.branch == "z9hG4bK-1"
    assert (refusal.call_id, str(refusal.cseq)) == ("call-1", "1 OPTIONS")
    assert refusal.to.tag


NAT = Flow("udp", BOB, Address("203.0.113.9", 40001))


@pytest.mark.parametrize(
    "data",
    [
        request("OPTIONS").replace(b"Content-Length: 0", b"Content-Length: 99"),
        request("OPTIONS", via="SIP/2.0/UDP 192.0.2.1:5060;branch=old;rport"),
    ],
    ids=["broken", "a branch of the old RFC"],
)
def test_a_repeated_request_gets_the_same_stateless_answer_back_to_where_it_came_from(data: bytes) -> None:
    """RFC 3261 §8.2.7: the To tag is the same each time; RFC 3581 §4: received and rport tell the source."""
    bob = _bob()
    bob.hear(data, NAT)
    bob.hear(data, NAT)
    first, second = bob.sent("400 OPTIONS")
    assert first.data == second.data
    assert first.flow == NAT
    assert (first.message.top_via.received, first.message.top_via.rport) == ("203.0.113.9", "40001")


def test_stateless_answers_to_two_requests_have_two_tags() -> None:
    tags = set()
    for number in (1, 2):
        (refusal,) = _answers(request("OPTIONS", branch="old", call_id=f"call-{number}"))
        tags.add(refusal.to.tag)
    assert len(tags) == 2


BROKEN_LATE = {
    "Max-Forwards": (b"Max-Forwards: 70", b"Max-Forwards: many"),
    "To": (b"To: <sip:bob@example.org>", b"To: <sip:bob@example.org"),
    "From": (b"From: <sip:alice@example.org>", b"From: <sip:alice@example.org"),
    "Contact": (b"Contact: <sip:alice@192.0.2.1:5060>", b"Contact: <sip:alice@192.0.2.1:5060"),
}


@pytest.mark.parametrize("name", BROKEN_LATE)
def test_a_header_that_only_breaks_when_it_is_read_gets_400_in_its_transaction(name: str) -> None:
    data = request("INVITE").replace(*BROKEN_LATE[name])
    bob = _bob()
    bob.hear(data)
    bob.hear(data)
    bob.run_until(NEWER_THAN_ALL)
    assert set(bob.labels()) == {"400 INVITE"}
    assert (bob.endpoint.session_count, bob.endpoint.transaction_count) == (0, 0)
    assert bob.told_names() == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        b"\0",
        b"\0\0\0\0",
        b"no SIP at all",
        b"SIP/2.0 200 OK\r\n\r\n",
        request("ACK"),
        request("ACK").replace(b"CSeq: 1 ACK", b"CSeq: x"),
        request("ACK", to_tag="none"),
        request("ACK", branch="old"),
        request("ACK").replace(b"To: <sip:bob@example.org>", b"To: <sip:"),
    ],
)
def test_what_cannot_or_must_not_be_answered_is_met_with_silence(data: bytes) -> None:
    bob = _bob()
    bob.hear(data)
    assert bob.sent() == []
    assert bob.told_names() == []
    assert bob.endpoint.transaction_count == 0


@pytest.mark.parametrize("broken", [b"To: <sip:alice@", b"To: nothing", b'To: "x'])
def test_an_answer_with_a_broken_to_harms_nobody(broken: bytes) -> None:
    bob = _bob()
    bob.invite()
    good = answer(bob.last_request("INVITE"), 180)
    head, _, rest = good.partition(b"To: ")
    bob.hear(head + broken + b"\r\n" + rest.partition(b"\r\n")[2])
    bob.hear(answer(bob.last_request("INVITE"), 486))
    assert bob.labels() == ["INVITE", "ACK"]


class _FailingTokens(CountedTokens):
    """Fails the first time."""

    def __init__(self) -> None:
        super().__init__("b")
        self._has_failed = False

    def token(self) -> str:
        if not self._has_failed:
            self._has_failed = True
            raise OSError("no randomness")
        return super().token()


def test_a_fault_of_ours_becomes_500_and_a_report_and_the_next_message_is_served() -> None:
    bob = _bob()
    bob.endpoint = SipEndpoint(tokens=_FailingTokens())
    bob.hear(request("INVITE"))
    assert bob.labels() == ["500 INVITE"]
    (fault,) = bob.told(FaultReported)
    assert "no randomness" in fault.text
    bob.hear(request("INVITE", branch="z9hG4bK-2", call_id="call-2"))
    assert len(bob.told(SessionInvited)) == 1


def test_when_full_new_work_gets_503_and_what_is_begun_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    bob = _bob()
    bob.hear(request("INVITE"))
    monkeypatch.setattr("sip_stack.endpoint.TRANSACTIONS_MAX", 1)
    bob.hear(request("OPTIONS", branch="z9hG4bK-2", call_id="call-2"))
    assert bob.labels() == ["100 INVITE", "503 OPTIONS"]
    assert bob.last_response().headers.get("Retry-After")
    bob.hear(request("BYE", branch="z9hG4bK-3", call_id="call-3", to_tag="none"))
    assert bob.labels()[-1] == "503 BYE"
    bob.hear(request("CANCEL", branch="z9hG4bK-4", call_id="call-4"))
    assert bob.labels()[-1] == "503 CANCEL"
    bob.hear(request("INVITE"))
    assert bob.labels()[-1] == "100 INVITE"
    bob.hear(request("CANCEL"))
    assert bob.labels()[-2:] == ["200 CANCEL", "487 INVITE"]
    assert bob.endpoint.transaction_count == 2


def test_when_full_a_call_can_still_be_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair()
    pair.talk()
    monkeypatch.setattr("sip_stack.endpoint.TRANSACTIONS_MAX", 0)
    pair.alice.endpoint.end("call", pair.clock.now)
    pair.settle()
    assert pair.bob.labels()[-1] == "200 BYE"


@pytest.mark.parametrize("method", ["INVITE", "SUBSCRIBE"])
def test_with_too_many_dialogs_a_new_one_gets_503_and_other_requests_are_taken(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sip_stack.endpoint.DIALOGS_MAX", 1)
    bob = _bob()
    bob.hear(request("INVITE"))
    bob.hear(request(method, branch="z9hG4bK-2", call_id="call-2"))
    assert bob.labels() == ["100 INVITE", f"503 {method}"]
    assert bob.last_response().headers.get("Retry-After")
    bob.hear(request("OPTIONS", branch="z9hG4bK-3", call_id="call-3"))
    assert len(bob.told(RequestReceived)) == 1
    bob.hear(request("CANCEL"))
    assert bob.labels()[-2:] == ["200 CANCEL", "487 INVITE"]


@pytest.mark.parametrize("method", ["NOTIFY", "PUBLISH", "MESSAGE"])
def test_what_nobody_may_do_here_yet_is_refused_for_everybody(method: str) -> None:
    assert [each.status for each in _answers(request(method))] == [405]


# Requests outside sessions.


@pytest.mark.parametrize("method", ["OPTIONS", "REGISTER"])
def test_a_request_is_told_once_and_its_answer_repeated(method: str) -> None:
    bob = _bob()
    bob.hear(request(method))
    bob.hear(request(method))
    (arrived,) = bob.told(RequestReceived)
    assert (arrived.request.method, arrived.flow) == (method, bob.flow)
    bob.endpoint.respond(arrived.request_id, 404, bob.now, headers=(("X-Why", "unknown"),), body=b"no")
    bob.hear(request(method))
    first, second = bob.sent()
    assert first.data == second.data
    assert first.label == f"404 {method}"
    assert (first.message.headers.get("X-Why"), first.message.body) == ("unknown", b"no")


def test_a_request_can_be_answered_once() -> None:
    bob = _bob()
    bob.hear(request("OPTIONS"))
    (arrived,) = bob.told(RequestReceived)
    bob.endpoint.respond(arrived.request_id, 200, bob.now)
    with pytest.raises(LocalError):
        bob.endpoint.respond(arrived.request_id, 200, bob.now)


def test_a_request_of_ours_has_all_that_is_mandatory() -> None:
    """§8.1.1."""
    bob = _bob()
    _ask(bob)
    sent = bob.last_request("OPTIONS")
    assert sent.max_forwards == 70
    assert sent.from_.tag
    assert sent.to.tag is None
    assert str(sent.cseq) == "1 OPTIONS"
    assert sent.call_id
    assert (sent.top_via.transport, sent.top_via.host, sent.top_via.port) == ("UDP", BOB.host, BOB.port)
    assert sent.top_via.branch is not None
    assert sent.top_via.branch.startswith("z9hG4bK")
    assert sent.top_via.rport == ""


def test_the_final_answer_to_a_request_of_ours_is_told_once() -> None:
    bob = _bob()
    _ask(bob)
    for status in (100, 401, 401):
        bob.hear(answer(bob.last_request("OPTIONS"), status))
    (told,) = bob.told(ResponseReceived)
    assert told.request_id == "ours"
    assert told.response is not None
    assert told.response.status == 401


def test_a_request_of_ours_without_answer_is_told_after_64_t1() -> None:
    bob = _bob()
    _ask(bob)
    bob.run_until(31.99)
    assert bob.told(ResponseReceived) == []
    bob.run_until(32.0)
    assert bob.told(ResponseReceived) == [ResponseReceived("ours", None)]


def test_a_request_on_a_connection_that_breaks_is_told_at_once() -> None:
    bob = _bob("tcp")
    _ask(bob)
    bob.endpoint.flow_lost(bob.flow, bob.now)
    assert bob.told(ResponseReceived) == [ResponseReceived("ours", None)]


# Ways, and the end of everything.


def test_the_answer_goes_to_the_source_for_rport_and_tells_it() -> None:
    """RFC 3581 §4: behind a NAT the source is the only address that works."""
    bob = _bob()
    nat = Flow("udp", BOB, Address("203.0.113.9", 40001))
    bob.hear(request("OPTIONS", via="SIP/2.0/UDP 10.0.0.5:5060;branch=z9hG4bK-1;rport"), nat)
    (arrived,) = bob.told(RequestReceived)
    bob.endpoint.respond(arrived.request_id, 200, bob.now)
    (sent,) = bob.sent()
    assert sent.flow == nat
    assert (sent.message.top_via.received, sent.message.top_via.rport) == ("203.0.113.9", "40001")


def test_the_answer_goes_to_the_port_in_via_where_rport_is_not_asked() -> None:
    """RFC 3261 §18.2.2."""
    bob = _bob()
    bob.hear(
        request("OPTIONS", via="SIP/2.0/UDP 10.0.0.5:5082;branch=z9hG4bK-1"),
        Flow("udp", BOB, Address("203.0.113.9", 40001)),
    )
    (arrived,) = bob.told(RequestReceived)
    bob.endpoint.respond(arrived.request_id, 200, bob.now)
    (sent,) = bob.sent()
    assert sent.flow.remote == Address("203.0.113.9", 5082)
    assert sent.message.top_via.received == "203.0.113.9"


def test_commands_for_a_session_that_is_gone_do_nothing() -> None:
    bob = _bob()
    bob.endpoint.end("gone", 0.0)
    bob.endpoint.progress("gone", 180, 0.0)
    bob.endpoint.accept("gone", b"", 0.0)
    bob.endpoint.refuse("gone", 486, 0.0)
    bob.endpoint.probe("gone", 0.0)
    bob.endpoint.accept_reoffer("gone", b"", 0.0)
    bob.endpoint.refuse_reoffer("gone", 488, 0.0)
    assert bob.sent() == []
    assert bob.told_names() == []


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_call_leaves_nothing_behind(transport: Transport) -> None:
    pair = Pair(transport)
    pair.talk()
    pair.alice.endpoint.end("call", pair.clock.now)
    pair.run_until(NEWER_THAN_ALL)
    for party in (pair.alice, pair.bob):
        assert (party.endpoint.session_count, party.endpoint.transaction_count) == (0, 0)
        assert party.endpoint.next_deadline() is None
