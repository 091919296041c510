"""Whatever comes, in whatever pieces: an endpoint has no fault of its own, and framing does not depend on the split."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from sip_stack.errors import MalformedMessage
from sip_stack.events import FaultReported
from sip_stack.parser import message_length
from tests.sip_stack.pair import ALICE, BOB, Party, request
from tests.sip_stack.torture import rfc4475, rfc5118

EXAMPLES_MAX = 150
LATER = 1000.0
MESSAGES = [case.data for case in (*rfc4475.CASES, *rfc5118.CASES)]
PIECES = st.sampled_from(
    [b"\r\n", b"\r\n\r\n", b":", b";", b",", b"<", b">", b'"', b"\\", b"%", b"\0", b"\xff", b"=", b" "]
)


@st.composite
def _spoilt(draw: st.DrawFn) -> bytes:
    """A message of the torture tests with a few places cut out and other text put there."""
    data = draw(st.sampled_from(MESSAGES))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 12)))
        data = data[:start] + draw(st.one_of(PIECES, st.binary(max_size=4))) + data[end:]
    return data


@settings(max_examples=EXAMPLES_MAX, deadline=None)
@given(st.lists(_spoilt(), min_size=1, max_size=3))
def test_an_endpoint_has_no_fault_whatever_it_hears(messages: list[bytes]) -> None:
    bob = Party("b", BOB, ALICE)
    told = []
    for data in messages:
        bob.endpoint.receive_datagram(data, bob.flow, bob.now)
        told += bob.endpoint.drain()
    bob.endpoint.handle_timeout(LATER)
    assert [each for each in [*told, *bob.endpoint.drain()] if isinstance(each, FaultReported)] == []


@settings(max_examples=EXAMPLES_MAX, deadline=None)
@given(st.lists(st.text("ab\r\n:", max_size=30), min_size=1, max_size=4), st.data())
def test_a_stream_is_cut_into_its_messages_whatever_the_split(bodies: list[str], data: st.DataObject) -> None:
    messages = [request("INFO", call_id=f"call-{number}", body=body) for number, body in enumerate(bodies)]
    stream = b"".join(messages)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=8))
    found, buffer = [], bytearray()
    for start, end in pairwise([0, *sorted(cuts), len(stream)]):
        buffer += stream[start:end]
        while (length := message_length(buffer) if buffer else None) is not None and length <= len(buffer):
            found.append(bytes(buffer[:length]))
            del buffer[:length]
    assert (found, bytes(buffer)) == (messages, b"")


@settings(max_examples=EXAMPLES_MAX, deadline=None)
@given(_spoilt())
def test_the_length_of_a_message_is_beyond_its_headers_or_refused(data: bytes) -> None:
    try:
        length = message_length(data)
    except MalformedMessage:
        return
    assert length is None or length > 0
