"""Which machine a request gets, in which state it begins, and how statuses are read."""

import pytest

from sip_stack.flow import Flow
from sip_stack.message import Request, Response
from sip_stack.parser import parse_message
from sip_stack.transaction import client_transaction, received_input, sent_input, server_transaction
from sip_stack.transaction_tables import Action, Input, State
from tests.sip_stack.pair import ALICE, BOB, request

FLOW = Flow("udp", BOB, ALICE)


def _request(method: str) -> Request:
    message = parse_message(request(method))
    assert isinstance(message, Request)
    return message


@pytest.mark.parametrize(
    ("method", "is_invite", "client", "server"),
    [
        ("INVITE", True, State.CALLING, State.PROCEEDING),
        ("BYE", False, State.TRYING, State.TRYING),
        ("CANCEL", False, State.TRYING, State.TRYING),
        ("REGISTER", False, State.TRYING, State.TRYING),
    ],
)
def test_the_first_state_is_that_of_the_rfcs_figure(method: str, is_invite: bool, client: State, server: State) -> None:
    """Figures 5 to 8."""
    ours = client_transaction("z9hG4bK1", _request(method), FLOW, "")
    theirs = server_transaction(("z9hG4bK1", "host:5060", method), _request(method), FLOW, "")
    assert (ours.state, theirs.state) == (client, server)
    assert (ours.is_client, theirs.is_client) == (True, False)
    assert ours.is_invite is theirs.is_invite is is_invite


def test_a_clients_key_cannot_be_a_servers() -> None:
    """A message of ours that comes back to us must not meet its own transaction."""
    ours = client_transaction("z9hG4bK1", _request("OPTIONS"), FLOW, "")
    assert ours.key == ("z9hG4bK1", "", "OPTIONS")


def test_a_step_moves_the_state_and_says_what_to_do() -> None:
    ours = client_transaction("z9hG4bK1", _request("INVITE"), FLOW, "")
    assert (ours.step(Input.R_PROVISIONAL), ours.state) == (Action.PASS_UP, State.PROCEEDING)
    assert (ours.step(Input.R_FAILURE), ours.state) == (Action.PASS_UP_AND_ACK, State.COMPLETED)


@pytest.mark.parametrize(
    ("status", "came", "goes"),
    [
        (100, Input.R_PROVISIONAL, Input.S_PROVISIONAL),
        (199, Input.R_PROVISIONAL, Input.S_PROVISIONAL),
        (200, Input.R_SUCCESS, Input.S_SUCCESS),
        (299, Input.R_SUCCESS, Input.S_SUCCESS),
        (300, Input.R_FAILURE, Input.S_FAILURE),
        (699, Input.R_FAILURE, Input.S_FAILURE),
    ],
)
def test_a_status_is_provisional_success_or_failure(status: int, came: Input, goes: Input) -> None:
    assert received_input(Response(status)) is came
    assert sent_input(status) is goes
