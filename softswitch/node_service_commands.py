"""Commands on what callers are offered beside an agent, and on talks: transfers, call-backs, mailboxes; and the doctor.

They belong to the one table of `node_commands`, which checks and answers them like all others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from softswitch.domain import doctor, inputs, service_views, why_not
from softswitch.domain.numbers import destination_of
from softswitch.domain.office import Destination
from softswitch.domain.refusals import CommandRefused, unknown

if TYPE_CHECKING:
    from softswitch.node import Node

Arguments = Mapping[str, object]


def call_transfer(node: Node, arguments: Arguments, now: float) -> object:
    call, to = text(arguments, "id"), _destination(arguments)
    node.tell(inputs.TransferCall(call, to), now)
    return {"id": call, "to": str(to)}


def call_consult(node: Node, arguments: Arguments, now: float) -> object:
    call, to = text(arguments, "id"), _destination(arguments)
    node.tell(inputs.ConsultFor(call, to), now)
    return {"id": call, "to": str(to)}


def call_complete(node: Node, arguments: Arguments, now: float) -> object:
    return _end_consult(node, inputs.EndConsult(text(arguments, "id"), "complete"), now)


def call_conference(node: Node, arguments: Arguments, now: float) -> object:
    return _end_consult(node, inputs.EndConsult(text(arguments, "id"), "conference"), now)


def call_take_back(node: Node, arguments: Arguments, now: float) -> object:
    return _end_consult(node, inputs.EndConsult(text(arguments, "id"), "take-back"), now)


def callback_list(node: Node, _arguments: Arguments, now: float) -> object:
    return service_views.callback_list(node.switch.floor, now)


def callback_withdraw(node: Node, arguments: Arguments, now: float) -> object:
    callback = text(arguments, "id")
    node.tell(inputs.WithdrawCallback(callback), now)
    return {"callback": callback}


def voicemail_list(node: Node, _arguments: Arguments, _now: float) -> object:
    return service_views.mailbox_list(node.switch.floor)


def voicemail_show(node: Node, arguments: Arguments, _now: float) -> object:
    mailbox = text(arguments, "mailbox")
    folder = node.settings.node.data_dir / "recordings"
    rows = service_views.message_list(node.switch.floor, mailbox)
    return [{**row, "path": str(folder / str(row["path"]))} for row in rows]


def voicemail_delete(node: Node, arguments: Arguments, now: float) -> object:
    mailbox, message = text(arguments, "mailbox"), text(arguments, "message")
    node.tell(inputs.DeleteVoicemail(mailbox, message), now)
    return {"mailbox": mailbox, "message": message}


def agent_why_not(node: Node, arguments: Arguments, now: float) -> object:
    agent, floor = text(arguments, "name"), node.switch.floor
    if agent not in floor.office.agents:
        raise unknown("agent", agent, floor.office.agents, "softswitch agent list")
    return {"agent": agent, "reasons": why_not.sentences(floor, agent, now)}


def examine(node: Node, _arguments: Arguments, now: float) -> object:
    """The doctor's findings: of the domain, and of what signalling has beside it."""
    floor = node.switch.floor
    findings = [{"who": finding.who, "what": finding.what} for finding in doctor.examine(floor, now)]
    signalled = {leg.leg for leg in node.signalling.legs}
    for leg in (*floor.legs, *signalled):
        if (leg in floor.legs) != (leg in signalled):
            where = "the domain" if leg in floor.legs else "signalling"
            findings.append({"who": f"leg {leg}", "what": f"is known to {where} alone"})
    return {
        "findings": findings,
        "looked_at": {
            "calls": len(floor.calls),
            "legs": len(floor.legs),
            "agents": len(floor.agents),
            "queues": len(floor.queues),
            "callbacks": len(floor.callbacks),
        },
    }


def text(arguments: Arguments, key: str) -> str:
    """A text that the command needs; raises CommandRefused."""
    value = arguments.get(key)
    if not isinstance(value, str) or not value:
        raise CommandRefused(f"the command needs {key!r}", "its arguments", f"give a text for {key!r}")
    return value


def _end_consult(node: Node, wish: inputs.EndConsult, now: float) -> object:
    node.tell(wish, now)
    return {"id": wish.call}


def _destination(arguments: Arguments) -> Destination:
    written = text(arguments, "to")
    found = destination_of(written)
    if found is None:
        raise CommandRefused(
            f"{written!r} is no destination", "its arguments", "write queue:NAME, agent:NAME, phone:NAME or number:+…"
        )
    return found
