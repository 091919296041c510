"""Tests of softswitch.settings.addresses."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from sip_stack.flow import Address
from softswitch.settings.addresses import BadAddress, parse_accept_from, parse_address, parse_listen
from softswitch.settings.model import AcceptFrom, Listen


@pytest.mark.parametrize(
    ("text", "listen"),
    [
        ("udp:127.0.0.1:5060", Listen("udp", "127.0.0.1", 5060)),
        ("tcp:[2001:DB8::1]:0", Listen("tcp", "2001:db8::1", 0)),
    ],
)
def test_what_to_listen_on(text: str, listen: Listen) -> None:
    assert parse_listen(text) == listen
    assert str(listen) == text.lower()


@pytest.mark.parametrize(
    ("text", "accept"),
    [
        ("192.0.2.1", AcceptFrom(ip_network("192.0.2.1/32"))),
        ("192.0.2.1:5080", AcceptFrom(ip_network("192.0.2.1/32"), 5080)),
        ("192.0.2.0/24", AcceptFrom(ip_network("192.0.2.0/24"))),
        ("2001:db8::1", AcceptFrom(ip_network("2001:db8::1/128"))),
        ("[2001:db8::1]:5080", AcceptFrom(ip_network("2001:db8::1/128"), 5080)),
        ("2001:db8::/32", AcceptFrom(ip_network("2001:db8::/32"))),
    ],
)
def test_where_a_trunk_may_call_from(text: str, accept: AcceptFrom) -> None:
    assert parse_accept_from(text) == accept
    assert str(accept) == text


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", Address("192.0.2.1", 5060)),
        ("192.0.2.1:1", Address("192.0.2.1", 1)),
        ("[::1]", Address("::1", 5060)),
        ("::1", Address("::1", 5060)),
        ("[::1]:65535", Address("::1", 65535)),
    ],
)
def test_where_a_trunk_is(text: str, address: Address) -> None:
    assert parse_address(text, example="x", default_port=5060) == address


@pytest.mark.parametrize(
    "text",
    ["", ":", "5060", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:x", "192.0.2.1:70000", "[192.0.2.1]:5060", "[::1",
     "::1]:5", "1.2.3.4:5:6", "localhost:5060", "192.0.2.1:٥", "fe80::1%eth0", "224.0.0.1:5060", "256.0.0.1"],
)  # fmt: skip
def test_what_is_no_address_is_refused_with_a_mend(text: str) -> None:
    with pytest.raises(BadAddress) as caught:
        parse_address(text, example="192.0.2.1:5060", default_port=5060)
    assert caught.value.what
    assert caught.value.mend


@pytest.mark.parametrize("text", ["sctp:127.0.0.1:5060", "udp", "udp:", "ws:127.0.0.1:80", "127.0.0.1:5060"])
def test_what_cannot_be_listened_on_is_refused(text: str) -> None:
    with pytest.raises(BadAddress):
        parse_listen(text)
