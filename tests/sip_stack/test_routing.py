"""Where answers go and what is noted of the source (RFC 3261 §18.2, RFC 3581), and what we call ourselves."""

import pytest

from sip_stack.flow import Address, Flow
from sip_stack.message import Request
from sip_stack.parser import parse_message
from sip_stack.routing import OurNames, note_source, response_flow
from tests.sip_stack.pair import ALICE, BOB, request

NAT = Flow("udp", BOB, Address("203.0.113.9", 40001))
DIRECT = Flow("udp", BOB, Address("192.0.2.1", 5060))


def _via(text: str) -> Request:
    message = parse_message(request("OPTIONS", via=text))
    assert isinstance(message, Request)
    return message


def _noted(text: str, flow: Flow) -> tuple[str | None, str | None]:
    message = _via(text)
    note_source(message, flow)
    via = parse_message(message.serialise()).top_via
    return via.received, via.rport


@pytest.mark.parametrize(
    ("via", "flow", "expected"),
    [
        ("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1", DIRECT, (None, None)),
        ("SIP/2.0/UDP 10.1.1.1:4540;branch=z9hG4bK1", NAT, ("203.0.113.9", None)),
        ("SIP/2.0/UDP phone.example:5060;branch=z9hG4bK1", DIRECT, ("192.0.2.1", None)),
        ("SIP/2.0/UDP 10.1.1.1:4540;rport;branch=z9hG4bK1", NAT, ("203.0.113.9", "40001")),
        ("SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK1", DIRECT, ("192.0.2.1", "5060")),
        ("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;received=8.8.8.8;rport=9", NAT, ("203.0.113.9", "40001")),
    ],
)
def test_received_is_noted_where_the_host_differs_and_both_where_rport_is_asked(
    via: str, flow: Flow, expected: tuple[str | None, str | None]
) -> None:
    """§18.2.1; RFC 3581 §4, whose example in §5 is the fourth. What the peer claims itself does not count."""
    assert _noted(via, flow) == expected


@pytest.mark.parametrize(
    "via", ["SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bK1", "SIP/2.0/UDP [2001:DB8::1];branch=z"]
)
def test_an_ipv6_host_that_is_the_source_needs_no_received(via: str) -> None:
    flow = Flow("udp", Address("2001:db8::2", 5060), Address("2001:db8::1", 5060))
    assert _noted(via, flow) == (None, None)


def test_only_the_top_via_is_touched() -> None:
    first, second = "SIP/2.0/UDP 10.1.1.1;branch=z9hG4bK1;rport", "SIP/2.0/UDP 10.2.2.2;branch=z9hG4bK2;rport"
    for text in (f"{first}, {second}", f"{first}\r\nVia: {second}"):
        message = _via(text)
        note_source(message, NAT)
        vias = parse_message(message.serialise()).vias
        assert [(via.branch, via.received) for via in vias] == [("z9hG4bK1", "203.0.113.9"), ("z9hG4bK2", None)]


def test_a_comma_in_quotes_does_not_cut_the_via() -> None:
    """§25.1: a via-extension may be a quoted string."""
    message = _via('SIP/2.0/UDP 10.1.1.1;x="a,b";branch=z9hG4bK1;rport')
    note_source(message, NAT)
    (via,) = parse_message(message.serialise()).vias
    assert (via.param("x"), via.branch, via.received) == ('"a,b"', "z9hG4bK1", "203.0.113.9")


@pytest.mark.parametrize(
    ("via", "flow", "remote"),
    [
        ("SIP/2.0/UDP 10.1.1.1:4540;branch=z9hG4bK1;rport", NAT, Address("203.0.113.9", 40001)),
        ("SIP/2.0/UDP 10.1.1.1:4540;branch=z9hG4bK1", NAT, Address("203.0.113.9", 4540)),
        ("SIP/2.0/UDP 10.1.1.1;branch=z9hG4bK1", NAT, Address("203.0.113.9", 5060)),
        ("SIP/2.0/UDP phone.example:4540;branch=z9hG4bK1", DIRECT, Address("192.0.2.1", 4540)),
    ],
)
def test_on_udp_an_answer_goes_to_the_source_host_and_the_port_that_was_asked(
    via: str, flow: Flow, remote: Address
) -> None:
    """§18.2.2, RFC 3581 §4: never to a name."""
    assert response_flow(_via(via), flow) == Flow("udp", BOB, remote)


def test_on_a_connection_an_answer_goes_back_by_it() -> None:
    """§18.2.2."""
    flow = Flow("tcp", BOB, Address("203.0.113.9", 40001))
    assert response_flow(_via("SIP/2.0/TCP 10.1.1.1:4540;branch=z9hG4bK1"), flow) == flow


def test_we_are_called_by_our_listening_address_or_by_the_advertised_one() -> None:
    names = OurNames({BOB: Address("203.0.113.1", 5080)})
    assert names.address(DIRECT) == Address("203.0.113.1", 5080)
    assert names.address(Flow("udp", ALICE, BOB)) == ALICE
    via = names.via(DIRECT)
    assert (via.transport, via.host, via.port) == ("UDP", "203.0.113.1", 5080)


@pytest.mark.parametrize(
    ("flow", "contact"),
    [
        (DIRECT, "<sip:198.51.100.2:5060>"),
        (Flow("tcp", BOB, ALICE), "<sip:198.51.100.2:5060;transport=tcp>"),
        (Flow("udp", Address("2001:db8::2", 5060), ALICE), "<sip:[2001:db8::2]:5060>"),
    ],
)
def test_our_contact_tells_the_transport_where_it_is_not_udp(flow: Flow, contact: str) -> None:
    assert OurNames({}).contact(flow) == contact
