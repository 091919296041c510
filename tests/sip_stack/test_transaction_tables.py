"""Every cell of the four machines is written, and no state but the last is a dead end."""

import itertools

import pytest

from sip_stack.transaction_tables import CLIENT, INVITE_CLIENT, INVITE_SERVER, SERVER, Action, Input, State, Table

_CLIENT_INPUTS = {
    Input.R_PROVISIONAL, Input.R_SUCCESS, Input.R_FAILURE, Input.T_RETRANSMIT, Input.T_TIMEOUT, Input.T_LINGER,
    Input.TRANSPORT_ERROR,
}  # fmt: skip
_SENT = {Input.S_PROVISIONAL, Input.S_SUCCESS, Input.S_FAILURE}
MACHINES: dict[str, tuple[Table, set[State], set[Input]]] = {
    "INVITE client": (
        INVITE_CLIENT, {State.CALLING, State.PROCEEDING, State.COMPLETED, State.ACCEPTED}, _CLIENT_INPUTS
    ),
    "client": (CLIENT, {State.TRYING, State.PROCEEDING, State.COMPLETED}, _CLIENT_INPUTS),
    "INVITE server": (
        INVITE_SERVER,
        {State.PROCEEDING, State.COMPLETED, State.CONFIRMED, State.ACCEPTED},
        {Input.R_REQUEST, Input.R_ACK, *_SENT, Input.T_RETRANSMIT, Input.T_TIMEOUT, Input.T_LINGER,
         Input.TRANSPORT_ERROR},
    ),
    "server": (
        SERVER,
        {State.TRYING, State.PROCEEDING, State.COMPLETED},
        {Input.R_REQUEST, *_SENT, Input.T_LINGER, Input.TRANSPORT_ERROR},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MACHINES)
def test_the_table_is_total(name: str) -> None:
    table, states, inputs = MACHINES[name]
    assert set(table) == set(itertools.product(states, inputs))


@pytest.mark.parametrize("name", MACHINES)
def test_every_state_reached_has_its_row_and_a_way_to_the_end(name: str) -> None:
    table, states, _ = MACHINES[name]
    assert {after for _, after in table.values()} <= states | {State.TERMINATED}
    ending = {State.TERMINATED}
    for _ in states:
        ending |= {before for (before, _), (_, after) in table.items() if after in ending}
    assert ending == states | {State.TERMINATED}


@pytest.mark.parametrize("name", MACHINES)
def test_nothing_that_is_ignored_ends_a_transaction(name: str) -> None:
    for (before, _), (action, after) in MACHINES[name][0].items():
        if action is Action.IGNORE and after is not before:
            assert (before, after) == (State.TRYING, State.PROCEEDING)


def test_an_accepted_invite_absorbs_repeated_invites_and_lets_the_ack_through() -> None:
    """RFC 6026 §7.1."""
    assert INVITE_SERVER[State.ACCEPTED, Input.R_REQUEST] == (Action.IGNORE, State.ACCEPTED)
    assert INVITE_SERVER[State.ACCEPTED, Input.R_ACK] == (Action.PASS_UP, State.ACCEPTED)
    assert INVITE_CLIENT[State.ACCEPTED, Input.R_SUCCESS] == (Action.PASS_UP, State.ACCEPTED)
