"""The tormenting messages of RFC 4475 and RFC 5118, each with the verdict that this stack gives.

The verdict is what the whole reading of a message (parse, then each accessor that routing needs) comes to: `None` when
it is taken, otherwise the status of the answer; and what an endpoint does that hears it from a peer.
"""

import ipaddress

import pytest

from sip_stack.errors import MalformedMessage
from sip_stack.events import SendMessage, SessionInvited
from sip_stack.headers import NameAddr
from sip_stack.message import Message, Request
from sip_stack.parser import parse_message
from sip_stack.uri import SipUri
from tests.sip_stack.pair import ALICE, BOB, Pair, Party
from tests.sip_stack.torture import rfc4475, rfc5118
from tests.sip_stack.torture.case import SILENCE, Case
from tests.sip_stack.torture.rfc4475 import TORTUOUS

CASES = (*rfc4475.CASES, *rfc5118.CASES)
LATER = 1000.0


def _read(data: bytes) -> Message:
    """All that routing needs to know of a message."""
    message = parse_message(data)
    _ = message.vias, message.from_, message.to, message.contacts, message.max_forwards, message.routes
    if isinstance(message, Request):
        _ = message.uri
    return message


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_message_has_its_verdict(case: Case) -> None:
    if case.status is None:
        _read(case.data)
        return
    with pytest.raises(MalformedMessage) as refused:
        _read(case.data)
    assert refused.value.status_hint == case.status


@pytest.mark.parametrize("case", [case for case in CASES if case.status is not None], ids=lambda case: case.name)
def test_a_refused_request_can_be_answered_where_all_five_headers_are_there(case: Case) -> None:
    try:
        taken = parse_message(case.data)
    except MalformedMessage as error:
        refused = error
    else:
        assert isinstance(taken, Request), "an accessor's refusal leaves the request to answer"
        return
    assert (refused.method is None) == case.is_response
    assert (refused.headers is not None) == case.is_answerable


def _heard_by(party: Party, case: Case) -> list[str]:
    """The statuses that it answers with and the names of what it tells; an answer may copy a header that is wrong."""
    party.hear(case.data)
    outputs = party.endpoint.drain()
    return [
        each.data[len("SIP/2.0 ") :][:3].decode() if isinstance(each, SendMessage) else type(each).__name__
        for each in outputs
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_endpoint_answers_tells_or_keeps_silent(case: Case) -> None:
    """And it does so without a fault of its own, and leaves nothing behind when it has refused."""
    bob = Party("b", BOB, ALICE)
    done = _heard_by(bob, case)
    assert [each for each in done if each != "100"] == [case.expected] * (case.expected != SILENCE)
    if case.expected.isdecimal() or case.expected == SILENCE:
        bob.run_until(LATER)
        assert (bob.endpoint.session_count, bob.endpoint.transaction_count) == (0, 0)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_call_goes_on_whatever_comes_between(case: Case) -> None:
    pair = Pair()
    pair.talk()
    assert "FaultReported" not in _heard_by(pair.bob, case)
    pair.alice.endpoint.end("call", pair.clock.now)
    pair.settle()
    assert "200 BYE" in pair.bob.labels()


def test_the_offer_of_a_multipart_message_is_its_sdp() -> None:
    """RFC 4475 §3.1.1.11."""
    bob = Party("b", BOB, ALICE)
    bob.hear(next(case.data for case in CASES if case.name.startswith("3.1.1.11 ")))
    (invited,) = bob.told(SessionInvited)
    assert invited.request.body == b"v=0"


def test_each_ipv6_reference_is_the_address_in_the_brackets() -> None:
    """RFC 5118 §4.3, §4.4, §4.9, §4.10."""
    for text, host, port in (
        ("sip:[2001:db8::10:5070]", "2001:db8::10:5070", None),
        ("sip:[2001:db8::10]:5070", "2001:db8::10", 5070),
        ("sip:[2001:db8:::192.0.2.1]", "2001:db8::c000:201", None),
    ):
        uri = SipUri.parse(text)
        assert (uri.host, uri.port) == (host, port)
    mapped = ipaddress.IPv6Address(SipUri.parse("sip:karl@[::ffff:192.0.2.10]:5070").host)
    assert mapped.ipv4_mapped == ipaddress.IPv4Address("192.0.2.10")


def test_a_contact_s_parameters_are_not_its_uri_s() -> None:
    """RFC 4475 §3.3.12 and §3.3.13."""
    of_header = NameAddr.parse("sip:desk@192.0.2.1;expires=3600;colour=red")
    of_uri = NameAddr.parse("<sip:desk@192.0.2.1;colour=red>")
    assert (of_header.uri.param("colour"), of_header.param("colour")) == (None, "red")
    assert (of_uri.uri.param("colour"), of_uri.param("colour")) == ("red", None)


def test_the_tortuous_invite_means_what_stands_between_the_spaces() -> None:
    message = _read(TORTUOUS.replace("\n", "\r\n").encode())
    assert (message.from_.display_name, message.from_.tag, message.to.tag) == (r"Karl \"K\" Ek", "77bb2", "55aa1")
    assert (message.cseq.number, message.max_forwards) == (12, 33)
    assert [via.branch for via in message.vias] == ["first", "z9hG4bKsecond", "z9hG4bKthird"]
    assert message.headers.get("Subject") == ""
    assert message.headers.get("X-Long-Story") == "once upon a time"
    (contact,) = message.contacts
    assert (contact.display_name, contact.param("colour"), contact.param("q")) == ('said "hello"', "red", "0.7")
