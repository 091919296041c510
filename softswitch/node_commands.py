"""The commands that a running switch understands, by name.

Whoever asks, a person's terminal through the control socket today or a page tomorrow, goes through this one table, so
that a command is checked and answered the same for all. Commands that change something become inputs of the domain;
those that show something read its state. What only the store knows (history, recordings) is not here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from softswitch.domain import inputs, views
from softswitch.domain.refusals import CommandRefused
from softswitch.signalling.ladder import ladder

if TYPE_CHECKING:
    from softswitch.node import Node

_Command = Callable[["Node", Mapping[str, object], float], object]


def carry_out(node: Node, name: str, arguments: Mapping[str, object], now: float) -> object:
    """The command's answer as plain values; raises CommandRefused for an unknown command or bad arguments."""
    command = _COMMANDS.get(name)
    if command is None:
        raise CommandRefused(f"there is no command {name!r}", "the control socket", "use the softswitch program")
    return command(node, arguments, now)


def _status(node: Node, _arguments: Mapping[str, object], now: float) -> object:
    legs = node.signalling.legs
    report = node.signalling.leg_events.engine_report
    phones = node.signalling.phones
    return {
        "node": node.settings.node.name,
        "up_since": views.time_text(node.switch, node.started_at),
        "configuration": node.settings.office.version,
        "is_draining": node.is_draining,
        "calls": node.switch.live_calls,
        "legs": len(legs),
        "registrations": sum(1 for name in phones.names() if phones.bindings(name)),
        "trunks": _trunk_list(node, {}, now),
        "media": {
            "udp_ports_total": legs.udp_ports.total,
            "udp_ports_free": legs.udp_ports.free,
            "load": None if report is None else report.load,
            "lateness_ms_max": None if report is None else report.lateness_ms_max,
            "ticks_skipped": None if report is None else report.ticks_skipped,
        },
        "sip": {"transactions": node.endpoint.transaction_count, "sessions": node.endpoint.session_count},
    }


def _call_list(node: Node, _arguments: Mapping[str, object], now: float) -> object:
    return views.call_list(node.switch, now)


def _call_show(node: Node, arguments: Mapping[str, object], now: float) -> object:
    return views.call_show(node.switch, _text(arguments, "id"), now)


def _call_why(node: Node, arguments: Mapping[str, object], now: float) -> object:
    return views.call_why(node.switch, _text(arguments, "id"), now)


def _call_ladder(node: Node, arguments: Mapping[str, object], _now: float) -> object:
    call = _text(arguments, "id")
    trace = node.traces.of_call(call)
    if trace is None:
        raise CommandRefused(
            f"there is no ladder of a call {call!r}",
            "the memory of the running switch, which forgets the oldest ended calls and what was before its start",
            "see 'softswitch call list' and 'softswitch history'",
        )
    return ladder(trace, node.settings.office.timezone)


def _call_hangup(node: Node, arguments: Mapping[str, object], now: float) -> object:
    call = _text(arguments, "id")
    node.tell(inputs.HangUpCall(call), now)
    return {"id": call}


def _queue_list(node: Node, _arguments: Mapping[str, object], now: float) -> object:
    return views.queue_list(node.switch, now)


def _queue_show(node: Node, arguments: Mapping[str, object], now: float) -> object:
    return views.queue_show(node.switch, _text(arguments, "name"), now)


def _agent_list(node: Node, _arguments: Mapping[str, object], now: float) -> object:
    return views.agent_list(node.switch, now)


def _presence(presence: inputs.Presence) -> _Command:
    def command(node: Node, arguments: Mapping[str, object], now: float) -> object:
        agent = _text(arguments, "name")
        reason = arguments.get("reason")
        node.tell(inputs.SetPresence(agent, presence, None if reason is None else str(reason)), now)
        return {"agent": agent, "presence": presence}

    return command


def _phone_list(node: Node, _arguments: Mapping[str, object], now: float) -> object:
    phones = node.signalling.phones
    return [
        {
            "phone": phone,
            "name": phones.name(phone),
            "registered": bool(phones.bindings(phone)),
            "contacts": [
                {
                    "uri": binding.contact,
                    "expires_in_s": round(binding.expires_at - now),
                    "user_agent": binding.user_agent or None,
                }
                for binding in phones.bindings(phone)
            ],
        }
        for phone in phones.names()
    ]


def _trunk_list(node: Node, _arguments: Mapping[str, object], _now: float) -> object:
    trunks = node.signalling.trunks
    return [
        {
            "trunk": trunk,
            "hosts": trunks.hosts(trunk),
            "reachable": is_reachable,
            "registered": None,
            "calls": node.signalling.legs.calls_by_trunk(trunk),
        }
        for trunk, is_reachable in trunks.reachability().items()
    ]


def _text(arguments: Mapping[str, object], key: str) -> str:
    value = arguments.get(key)
    if not isinstance(value, str) or not value:
        raise CommandRefused(f"the command needs {key!r}", "its arguments", f"give a text for {key!r}")
    return value


_COMMANDS: Final[Mapping[str, _Command]] = {
    "status": _status,
    "call.list": _call_list,
    "call.show": _call_show,
    "call.why": _call_why,
    "call.ladder": _call_ladder,
    "call.hangup": _call_hangup,
    "queue.list": _queue_list,
    "queue.show": _queue_show,
    "agent.list": _agent_list,
    "agent.login": _presence("ready"),
    "agent.ready": _presence("ready"),
    "agent.pause": _presence("paused"),
    "agent.logout": _presence("logged-out"),
    "phone.list": _phone_list,
    "trunk.list": _trunk_list,
}
