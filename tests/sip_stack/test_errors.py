"""Whose fault an error is, and the answer it deserves."""

import pytest

from sip_stack.errors import LocalError, MalformedMessage, RemoteError, SipError, UnacceptableSdp


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RemoteError("x"), 400),
        (MalformedMessage("x"), 400),
        (UnacceptableSdp("x"), 488),
        (RemoteError("x", status_hint=513), 513),
    ],
)
def test_the_peers_faults_tell_the_status_of_their_answer(error: RemoteError, status: int) -> None:
    """RFC 3261 §21.4.1, §21.4.26."""
    assert error.status_hint == status
    assert str(error) == "x"


def test_our_own_fault_is_not_caught_with_the_peers() -> None:
    assert not issubclass(LocalError, RemoteError)
    assert issubclass(LocalError, SipError)
    assert issubclass(RemoteError, SipError)


def test_a_malformed_message_can_be_answered_only_with_its_headers() -> None:
    assert MalformedMessage("x").headers is None
    known = MalformedMessage("x", headers=[("Via", "v")], method="INVITE")
    assert (known.headers, known.method) == ([("Via", "v")], "INVITE")
