"""Binding requests, with the test vectors of RFC 5769 §2.2 and §2.3 as far as they are of the address."""

from __future__ import annotations

import struct

import pytest

from sip_stack.flow import Address
from sip_stack.stun import COOKIE, answer

TRANSACTION = bytes.fromhex("b7e7a701bc34d686fa87dfae")
REQUEST = struct.pack("!HHI", 1, 0, COOKIE) + TRANSACTION


@pytest.mark.parametrize(
    ("source", "attribute"),
    [
        (Address("192.0.2.1", 32853), "002000080001a147e112a643"),
        (
            Address("2001:db8:1234:5678:11:2233:4455:6677", 32853),
            "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9",
        ),
    ],
)
def test_the_addresses_of_the_test_vectors(source: Address, attribute: str) -> None:
    said = answer(REQUEST, source)
    assert said is not None
    assert said[20:].hex() == attribute
    assert said[:20] == struct.pack("!HHI", 0x0101, len(said) - 20, COOKIE) + TRANSACTION


@pytest.mark.parametrize(
    "data",
    [
        b"",
        REQUEST[:19],
        REQUEST + b"x",
        b"\x01" + REQUEST[1:],
        b"OPTIONS sip:a SIP/2.0",
        struct.pack("!HHI", 1, 0, COOKIE + 1) + TRANSACTION,
        struct.pack("!HHI", 0x0101, 0, COOKIE) + TRANSACTION,
        struct.pack("!HHI", 1, 600, COOKIE) + TRANSACTION + b"x" * 600,
    ],
)
def test_anything_else_is_passed_over(data: bytes) -> None:
    assert answer(data, Address("192.0.2.1", 1)) is None


def test_attributes_are_passed_over() -> None:
    software = struct.pack("!HH", 0x8022, 4) + b"test"
    assert answer(struct.pack("!HHI", 1, len(software), COOKIE) + TRANSACTION + software, Address("192.0.2.1", 9))
