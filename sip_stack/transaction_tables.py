"""The four transaction machines of RFC 3261 §17 as amended by RFC 6026, as total tables.

Each table maps `(state, input)` to `(action, next state)`; every cell is written, so what happens in a situation can be
looked up beside the RFC's figure. `IGNORE` with the same state means that the RFC gives the input no meaning there, or
says that it is absorbed. What the actions do is in `transaction`; nothing else decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final, TypeAlias


class State(Enum):
    """States of all four machines; each machine uses its own few. Hashed by identity: tables are looked up all day."""

    __hash__ = object.__hash__

    CALLING = auto()
    TRYING = auto()
    PROCEEDING = auto()
    COMPLETED = auto()
    CONFIRMED = auto()
    ACCEPTED = auto()
    TERMINATED = auto()


class Input(Enum):
    """What a machine can be told. `R_…` came from the peer, `S_…` is the user's wish, `T_…` a timer."""

    __hash__ = object.__hash__

    R_PROVISIONAL = auto()
    R_SUCCESS = auto()
    R_FAILURE = auto()
    R_REQUEST = auto()
    R_ACK = auto()
    S_PROVISIONAL = auto()
    S_SUCCESS = auto()
    S_FAILURE = auto()
    T_RETRANSMIT = auto()
    T_TIMEOUT = auto()
    T_LINGER = auto()
    TRANSPORT_ERROR = auto()


class Action(Enum):
    """What a machine does on its way to the next state."""

    IGNORE = auto()
    RESEND = auto()
    PASS_UP = auto()
    PASS_UP_AND_LINGER = auto()
    PASS_UP_AND_ACK = auto()
    ACK = auto()
    REPORT_TIMEOUT = auto()
    REPORT_FAILURE = auto()
    SEND = auto()
    SEND_AND_LINGER = auto()
    SEND_AND_AWAIT_ACK = auto()
    STOP_AND_LINGER = auto()
    END = auto()


Cell: TypeAlias = tuple[Action, State]
Table: TypeAlias = Mapping[tuple[State, Input], Cell]

_S, _I, _A = State, Input, Action

INVITE_CLIENT: Final[Table] = {
    # RFC 3261 figure 5, RFC 6026 figure 4. T_RETRANSMIT is timer A, T_TIMEOUT B, T_LINGER D or M. The figures give a
    # transport error no meaning in PROCEEDING; a connection of which the far end was to answer is gone there too.
    (_S.CALLING, _I.R_PROVISIONAL): (_A.PASS_UP, _S.PROCEEDING),
    (_S.CALLING, _I.R_SUCCESS): (_A.PASS_UP_AND_LINGER, _S.ACCEPTED),
    (_S.CALLING, _I.R_FAILURE): (_A.PASS_UP_AND_ACK, _S.COMPLETED),
    (_S.CALLING, _I.T_RETRANSMIT): (_A.RESEND, _S.CALLING),
    (_S.CALLING, _I.T_TIMEOUT): (_A.REPORT_TIMEOUT, _S.TERMINATED),
    (_S.CALLING, _I.T_LINGER): (_A.IGNORE, _S.CALLING),
    (_S.CALLING, _I.TRANSPORT_ERROR): (_A.REPORT_FAILURE, _S.TERMINATED),
    (_S.PROCEEDING, _I.R_PROVISIONAL): (_A.PASS_UP, _S.PROCEEDING),
    (_S.PROCEEDING, _I.R_SUCCESS): (_A.PASS_UP_AND_LINGER, _S.ACCEPTED),
    (_S.PROCEEDING, _I.R_FAILURE): (_A.PASS_UP_AND_ACK, _S.COMPLETED),
    (_S.PROCEEDING, _I.T_RETRANSMIT): (_A.IGNORE, _S.PROCEEDING),
    (_S.PROCEEDING, _I.T_TIMEOUT): (_A.IGNORE, _S.PROCEEDING),
    (_S.PROCEEDING, _I.T_LINGER): (_A.IGNORE, _S.PROCEEDING),
    (_S.PROCEEDING, _I.TRANSPORT_ERROR): (_A.REPORT_FAILURE, _S.TERMINATED),
    (_S.COMPLETED, _I.R_PROVISIONAL): (_A.IGNORE, _S.COMPLETED),
    (_S.COMPLETED, _I.R_SUCCESS): (_A.IGNORE, _S.COMPLETED),
    (_S.COMPLETED, _I.R_FAILURE): (_A.ACK, _S.COMPLETED),
    (_S.COMPLETED, _I.T_RETRANSMIT): (_A.IGNORE, _S.COMPLETED),
    (_S.COMPLETED, _I.T_TIMEOUT): (_A.IGNORE, _S.COMPLETED),
    (_S.COMPLETED, _I.T_LINGER): (_A.END, _S.TERMINATED),
    (_S.COMPLETED, _I.TRANSPORT_ERROR): (_A.IGNORE, _S.COMPLETED),
    (_S.ACCEPTED, _I.R_PROVISIONAL): (_A.IGNORE, _S.ACCEPTED),
    (_S.ACCEPTED, _I.R_SUCCESS): (_A.PASS_UP, _S.ACCEPTED),
    (_S.ACCEPTED, _I.R_FAILURE): (_A.IGNORE, _S.ACCEPTED),
    (_S.ACCEPTED, _I.T_RETRANSMIT): (_A.IGNORE, _S.ACCEPTED),
    (_S.ACCEPTED, _I.T_TIMEOUT): (_A.IGNORE, _S.ACCEPTED),
    (_S.ACCEPTED, _I.T_LINGER): (_A.END, _S.TERMINATED),
    (_S.ACCEPTED, _I.TRANSPORT_ERROR): (_A.IGNORE, _S.ACCEPTED),
}

CLIENT: Final[Table] = {
    # RFC 3261 figure 6. T_RETRANSMIT is timer E, T_TIMEOUT F, T_LINGER K.
    (_S.TRYING, _I.R_PROVISIONAL): (_A.IGNORE, _S.PROCEEDING),
    (_S.TRYING, _I.R_SUCCESS): (_A.PASS_UP_AND_LINGER, _S.COMPLETED),
    (_S.TRYING, _I.R_FAILURE): (_A.PASS_UP_AND_LINGER, _S.COMPLETED),
    (_S.TRYING, _I.T_RETRANSMIT): (_A.RESEND, _S.TRYING),
    (_S.TRYING, _I.T_TIMEOUT): (_A.REPORT_TIMEOUT, _S.TERMINATED),
    (_S.TRYING, _I.T_LINGER): (_A.IGNORE, _S.TRYING),
    (_S.TRYING, _I.TRANSPORT_ERROR): (_A.REPORT_FAILURE, _S.TERMINATED),
    (_S.PROCEEDING, _I.R_PROVISIONAL): (_A.IGNORE, _S.PROCEEDING),
    (_S.PROCEEDING, _I.R_SUCCESS): (_A.PASS_UP_AND_LINGER, _S.COMPLETED),
    (_S.PROCEEDING, _I.R_FAILURE): (_A.PASS_UP_AND_LINGER, _S.COMPLETED),
    (_S.PROCEEDING, _I.T_RETRANSMIT): (_A.RESEND, _S.PROCEEDING),
    (_S.PROCEEDING, _I.T_TIMEOUT): (_A.REPORT_TIMEOUT, _S.TERMINATED),
    (_S.PROCEEDING, _I.T_LINGER): (_A.IGNORE, _S.PROCEEDING),
    (_S.PROCEEDING, _I.TRANSPORT_ERROR): (_A.REPORT_FAILURE, _S.TERMINATED),
    (_S.COMPLETED, _I.R_PROVISIONAL): (_A.IGNORE, _S.COMPLETED),
    (_S.COMPLETED, _I.R_SUCCESS): (_A.IGNORE, _S.COMPLETED),
    (_S.COMPLETED, _I.R_FAILURE): (_A.IGNORE, _S.COMPLETED),
    (_S.COMPLETED, _I.T_RETRANSMIT): (_A.IGNORE, _S.COMPLETED),
    (_S.COMPLETED, _I.T_TIMEOUT): (_A.IGNORE, _S.COMPLETED),
    (_S.COMPLETED, _I.T_LINGER): (_A.END, _S.TERMINATED),
    (_S.COMPLETED, _I.TRANSPORT_ERROR): (_A.IGNORE, _S.COMPLETED),
}

INVITE_SERVER: Final[Table] = {
    # RFC 3261 figure 7, RFC 6026 figure 3. T_RETRANSMIT is timer G, T_TIMEOUT H, T_LINGER I or L.
    (_S.PROCEEDING, _I.R_REQUEST): (_A.RESEND, _S.PROCEEDING),
    (_S.PROCEEDING, _I.R_ACK): (_A.IGNORE, _S.PROCEEDING),
    (_S.PROCEEDING, _I.S_PROVISIONAL): (_A.SEND, _S.PROCEEDING),
    (_S.PROCEEDING, _I.S_SUCCESS): (_A.SEND_AND_LINGER, _S.ACCEPTED),
    (_S.PROCEEDING, _I.S_FAILURE): (_A.SEND_AND_AWAIT_ACK, _S.COMPLETED),
    (_S.PROCEEDING, _I.T_RETRANSMIT): (_A.IGNORE, _S.PROCEEDING),
    (_S.PROCEEDING, _I.T_TIMEOUT): (_A.IGNORE, _S.PROCEEDING),
    (_S.PROCEEDING, _I.T_LINGER): (_A.IGNORE, _S.PROCEEDING),
    (_S.PROCEEDING, _I.TRANSPORT_ERROR): (_A.IGNORE, _S.PROCEEDING),
    (_S.COMPLETED, _I.R_REQUEST): (_A.RESEND, _S.COMPLETED),
    (_S.COMPLETED, _I.R_ACK): (_A.STOP_AND_LINGER, _S.CONFIRMED),
    (_S.COMPLETED, _I.S_PROVISIONAL): (_A.IGNORE, _S.COMPLETED),
    (_S.COMPLETED, _I.S_SUCCESS): (_A.IGNORE, _S.COMPLETED),
    (_S.COMPLETED, _I.S_FAILURE): (_A.IGNORE, _S.COMPLETED),
    (_S.COMPLETED, _I.T_RETRANSMIT): (_A.RESEND, _S.COMPLETED),
    (_S.COMPLETED, _I.T_TIMEOUT): (_A.END, _S.TERMINATED),
    (_S.COMPLETED, _I.T_LINGER): (_A.IGNORE, _S.COMPLETED),
    (_S.COMPLETED, _I.TRANSPORT_ERROR): (_A.END, _S.TERMINATED),
    (_S.CONFIRMED, _I.R_REQUEST): (_A.IGNORE, _S.CONFIRMED),
    (_S.CONFIRMED, _I.R_ACK): (_A.IGNORE, _S.CONFIRMED),
    (_S.CONFIRMED, _I.S_PROVISIONAL): (_A.IGNORE, _S.CONFIRMED),
    (_S.CONFIRMED, _I.S_SUCCESS): (_A.IGNORE, _S.CONFIRMED),
    (_S.CONFIRMED, _I.S_FAILURE): (_A.IGNORE, _S.CONFIRMED),
    (_S.CONFIRMED, _I.T_RETRANSMIT): (_A.IGNORE, _S.CONFIRMED),
    (_S.CONFIRMED, _I.T_TIMEOUT): (_A.IGNORE, _S.CONFIRMED),
    (_S.CONFIRMED, _I.T_LINGER): (_A.END, _S.TERMINATED),
    (_S.CONFIRMED, _I.TRANSPORT_ERROR): (_A.IGNORE, _S.CONFIRMED),
    (_S.ACCEPTED, _I.R_REQUEST): (_A.IGNORE, _S.ACCEPTED),
    (_S.ACCEPTED, _I.R_ACK): (_A.PASS_UP, _S.ACCEPTED),
    (_S.ACCEPTED, _I.S_PROVISIONAL): (_A.IGNORE, _S.ACCEPTED),
    (_S.ACCEPTED, _I.S_SUCCESS): (_A.SEND, _S.ACCEPTED),
    (_S.ACCEPTED, _I.S_FAILURE): (_A.IGNORE, _S.ACCEPTED),
    (_S.ACCEPTED, _I.T_RETRANSMIT): (_A.IGNORE, _S.ACCEPTED),
    (_S.ACCEPTED, _I.T_TIMEOUT): (_A.IGNORE, _S.ACCEPTED),
    (_S.ACCEPTED, _I.T_LINGER): (_A.END, _S.TERMINATED),
    (_S.ACCEPTED, _I.TRANSPORT_ERROR): (_A.IGNORE, _S.ACCEPTED),
}

SERVER: Final[Table] = {
    # RFC 3261 figure 8. T_LINGER is timer J; the other timers do not run.
    (_S.TRYING, _I.R_REQUEST): (_A.IGNORE, _S.TRYING),
    (_S.TRYING, _I.S_PROVISIONAL): (_A.SEND, _S.PROCEEDING),
    (_S.TRYING, _I.S_SUCCESS): (_A.SEND_AND_LINGER, _S.COMPLETED),
    (_S.TRYING, _I.S_FAILURE): (_A.SEND_AND_LINGER, _S.COMPLETED),
    (_S.TRYING, _I.T_LINGER): (_A.IGNORE, _S.TRYING),
    (_S.TRYING, _I.TRANSPORT_ERROR): (_A.IGNORE, _S.TRYING),
    (_S.PROCEEDING, _I.R_REQUEST): (_A.RESEND, _S.PROCEEDING),
    (_S.PROCEEDING, _I.S_PROVISIONAL): (_A.SEND, _S.PROCEEDING),
    (_S.PROCEEDING, _I.S_SUCCESS): (_A.SEND_AND_LINGER, _S.COMPLETED),
    (_S.PROCEEDING, _I.S_FAILURE): (_A.SEND_AND_LINGER, _S.COMPLETED),
    (_S.PROCEEDING, _I.T_LINGER): (_A.IGNORE, _S.PROCEEDING),
    (_S.PROCEEDING, _I.TRANSPORT_ERROR): (_A.END, _S.TERMINATED),
    (_S.COMPLETED, _I.R_REQUEST): (_A.RESEND, _S.COMPLETED),
    (_S.COMPLETED, _I.S_PROVISIONAL): (_A.IGNORE, _S.COMPLETED),
    (_S.COMPLETED, _I.S_SUCCESS): (_A.IGNORE, _S.COMPLETED),
    (_S.COMPLETED, _I.S_FAILURE): (_A.IGNORE, _S.COMPLETED),
    (_S.COMPLETED, _I.T_LINGER): (_A.END, _S.TERMINATED),
    (_S.COMPLETED, _I.TRANSPORT_ERROR): (_A.END, _S.TERMINATED),
}
