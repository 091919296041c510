"""Flows are values, and know which transports repeat by themselves."""

from typing import get_args

import pytest

from sip_stack.flow import Address, Flow, Transport


@pytest.mark.parametrize("transport", get_args(Transport))
def test_every_transport_but_udp_is_reliable(transport: Transport) -> None:
    assert Flow(transport, Address("h", 1), Address("h", 2)).is_reliable is (transport != "udp")


def test_an_address_is_written_as_in_a_uri() -> None:
    """RFC 3261 §25.1: an IPv6reference stands in brackets."""
    assert str(Address("192.0.2.1", 5060)) == "192.0.2.1:5060"
    assert str(Address("2001:db8::1", 5061)) == "[2001:db8::1]:5061"


def test_flows_are_equal_by_value_and_have_an_order() -> None:
    here, there = Address("192.0.2.1", 5060), Address("192.0.2.2", 5060)
    assert Flow("udp", here, there) == Flow("udp", Address("192.0.2.1", 5060), Address("192.0.2.2", 5060))
    assert len({Flow("udp", here, there), Flow("tcp", here, there), Flow("udp", there, here)}) == 3
    assert Address("192.0.2.1", 5060) < Address("192.0.2.1", 5061) < Address("192.0.2.2", 1)
