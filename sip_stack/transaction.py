"""One transaction: where it stands in its table, and the bytes it repeats.

Plain data. What a step means for timers, the wire and the user is done by the layer; this module only looks the step up
and knows each machine's timers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from sip_stack.flow import Flow
from sip_stack.message import Request, Response
from sip_stack.reliable import EarlyDialog
from sip_stack.transaction_tables import CLIENT, INVITE_CLIENT, INVITE_SERVER, SERVER, Action, Input, State, Table

Key = tuple[str, str, str]
"""Branch, sent-by and method for a server transaction; branch, "" and method for a client's."""

FIRST_STATE: Final = {
    id(INVITE_CLIENT): State.CALLING,
    id(CLIENT): State.TRYING,
    id(INVITE_SERVER): State.PROCEEDING,
    id(SERVER): State.TRYING,
}


@dataclass(slots=True)
class Transaction:
    """`sent` is repeated when the machine says RESEND: the request of a client, the last response of a server.

    `datagrams`: the flow over UDP that a large request of ours would have gone by, if it were not so large.
    `is_given_up`: an INVITE whose answer is only wanted so that it can be cancelled. `acks`: what each fork's 2xx to an
    INVITE of ours was acknowledged with, by its To tag; `early`: the dialogs of those who answered it reliably before.
    """

    key: Key
    table: Table
    request: Request
    flow: Flow
    owner: str
    state: State
    sent: bytes = b""
    interval_s: float = 0.0
    datagrams: Flow | None = None
    is_given_up: bool = False
    acks: dict[str, bytes] = field(default_factory=dict)
    early: dict[str, EarlyDialog] = field(default_factory=dict)

    @property
    def is_client(self) -> bool:
        return self.table is INVITE_CLIENT or self.table is CLIENT

    @property
    def is_invite(self) -> bool:
        return self.table is INVITE_CLIENT or self.table is INVITE_SERVER

    def step(self, input_: Input) -> Action:
        """Takes one step in the table and returns what is to be done."""
        action, self.state = self.table[self.state, input_]
        return action


def client_transaction(branch: str, request: Request, flow: Flow, owner: str) -> Transaction:
    """A request about to be sent."""
    table = INVITE_CLIENT if request.method == "INVITE" else CLIENT
    return Transaction((branch, "", request.method), table, request, flow, owner, FIRST_STATE[id(table)])


def server_transaction(key: Key, request: Request, flow: Flow, owner: str) -> Transaction:
    """A request that came in."""
    table = INVITE_SERVER if request.method == "INVITE" else SERVER
    return Transaction(key, table, request, flow, owner, FIRST_STATE[id(table)])


def received_input(response: Response) -> Input:
    """A response's class as the tables name it."""
    if response.status < 200:
        return Input.R_PROVISIONAL
    return Input.R_SUCCESS if response.status < 300 else Input.R_FAILURE


def sent_input(status: int) -> Input:
    """A status that the user wants to send, as the tables name it."""
    if status < 200:
        return Input.S_PROVISIONAL
    return Input.S_SUCCESS if status < 300 else Input.S_FAILURE
