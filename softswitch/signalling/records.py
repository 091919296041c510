"""What signalling writes to the journal: the dialogs and registrations that must be known after a crash.

The latest record of a leg or contact counts. A dialog is recorded before its 200 OK or ACK goes out, so that a
restarted switch can end with BYE whatever a far end believes to be a call (RFC 3261 §12); a binding is recorded before
its REGISTER is answered, so that nobody who was told "registered" is forgotten.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from sip_stack.dialog import DialogState
from sip_stack.registrar import Binding


class DialogRecorded(msgspec.Struct, frozen=True, tag=True):
    """The dialog of a leg as it stands from now on."""

    at: float
    leg: str
    dialog: DialogState


class DialogDropped(msgspec.Struct, frozen=True, tag=True):
    """The leg's dialog is over."""

    at: float
    leg: str


class BindingRecorded(msgspec.Struct, frozen=True, tag=True):
    """A phone can be reached at this contact until wall time `expires_wall_at`."""

    at: float
    expires_wall_at: float
    binding: Binding


class BindingDropped(msgspec.Struct, frozen=True, tag=True):
    """The contact is no longer registered."""

    at: float
    aor: str
    contact: str


SignallingRecord: TypeAlias = DialogRecorded | DialogDropped | BindingRecorded | BindingDropped
