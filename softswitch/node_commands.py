"""The commands that a running switch understands, by name.

Whoever asks, a person's terminal through the control socket today or a page tomorrow, goes through this one table, so
that a command is checked and answered the same for all. Commands that change something become inputs of the domain;
those that show something read its state. What only the store knows (history, recordings) is not here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from softswitch import node_service_commands as services
from softswitch.domain import forecast_views, inputs, views
from softswitch.domain.refusals import CommandRefused
from softswitch.domain.wrapping_up import EXTENSION_S_MAX
from softswitch.node_service_commands import text
from softswitch.signalling.ladder import ladder

if TYPE_CHECKING:
    from softswitch.node import Node

_WHOLE_WRAP_UP_S: Final = 1e9
"""More than is left of any."""

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
    return views.call_show(node.switch, text(arguments, "id"), now)


def _call_why(node: Node, arguments: Mapping[str, object], now: float) -> object:
    return views.call_why(node.switch, text(arguments, "id"), now)


def _call_ladder(node: Node, arguments: Mapping[str, object], _now: float) -> object:
    call = text(arguments, "id")
    trace = node.traces.of_call(call)
    if trace is None:
        raise CommandRefused(
            f"there is no ladder of a call {call!r}",
            "the memory of the running switch, which forgets the oldest ended calls and what was before its start",
            "see 'softswitch call list' and 'softswitch history'",
        )
    return ladder(trace, node.settings.office.timezone)


def _call_hangup(node: Node, arguments: Mapping[str, object], now: float) -> object:
    call = text(arguments, "id")
    node.tell(inputs.HangUpCall(call), now)
    return {"id": call}


def _call_priority(node: Node, arguments: Mapping[str, object], now: float) -> object:
    call, priority_s = text(arguments, "id"), _number(arguments, "priority_s")
    node.tell(inputs.SetPriority(call, priority_s), now)
    return {"id": call, "priority_s": priority_s}


def _queue_list(node: Node, _arguments: Mapping[str, object], now: float) -> object:
    return views.queue_list(node.switch, now)


def _queue_show(node: Node, arguments: Mapping[str, object], now: float) -> object:
    return views.queue_show(node.switch, text(arguments, "name"), now)


def _queue_forecast(node: Node, arguments: Mapping[str, object], now: float) -> object:
    return forecast_views.queue_forecast(node.switch.floor, text(arguments, "name"), now)


def _queue_prompt(node: Node, arguments: Mapping[str, object], now: float) -> object:
    """Only what the configuration names can be played, because sounds are loaded before calls need them."""
    queue, sound, until = text(arguments, "name"), _text_or_none(arguments, "sound"), arguments.get("until")
    sounds = node.settings.sounds
    if sound is not None and not sounds.files(sound):
        known = [name for language, name in sounds.found if language == sounds.language]
        near = get_close_matches(sound, known, n=1)
        raise CommandRefused(
            f"no sound {sound!r} is ready to be played",
            f"[queue.{queue}] hot_prompts",
            f"did you mean {near[0]!r}?" if near else "add it there, and: softswitch reload",
        )
    ends = None if until is None else _instant(until)
    if ends is not None and ends <= node.switch.floor.wall(now):
        raise CommandRefused(f"{until} is over", "softswitch queue prompt --until", "give a time ahead")
    node.tell(inputs.SetHotPrompt(queue, sound, ends if sound is not None else None), now)
    return {"queue": queue, "sound": sound, "until": until if sound is not None else None}


def _agent_list(node: Node, _arguments: Mapping[str, object], now: float) -> object:
    return views.agent_list(node.switch, now)


def _agent_show(node: Node, arguments: Mapping[str, object], now: float) -> object:
    return views.agent_show(node.switch, text(arguments, "name"), now)


def _presence(presence: inputs.Presence) -> _Command:
    def command(node: Node, arguments: Mapping[str, object], now: float) -> object:
        agent = text(arguments, "name")
        reason = arguments.get("reason")
        node.tell(inputs.SetPresence(agent, presence, None if reason is None else str(reason)), now)
        return {"agent": agent, "presence": presence}

    return command


def _agent_queue(node: Node, arguments: Mapping[str, object], now: float) -> object:
    agent, queue, is_on = text(arguments, "name"), text(arguments, "queue"), arguments.get("on")
    if not isinstance(is_on, bool):
        raise CommandRefused("the command needs 'on'", "its arguments", "give true or false for 'on'")
    node.tell(inputs.SwitchAgentQueue(agent, queue, is_on), now)
    return {"agent": agent, "queue": queue, "on": is_on}


def _agent_number(node: Node, arguments: Mapping[str, object], now: float) -> object:
    agent, number = text(arguments, "name"), _text_or_none(arguments, "number")
    node.tell(inputs.SetAgentNumber(agent, number), now)
    return {"agent": agent, "number": number}


def _agent_wrap_up(node: Node, arguments: Mapping[str, object], now: float) -> object:
    """Without `extend_s` it ends."""
    agent = text(arguments, "name")
    extend_s = None if arguments.get("extend_s") is None else _number(arguments, "extend_s")
    if extend_s is not None and not 0 < extend_s <= EXTENSION_S_MAX:
        raise CommandRefused(
            f"{extend_s:g} s cannot be added",
            "softswitch agent wrap-up --extend",
            f"above 0 and at most EXTENSION_S_MAX = {EXTENSION_S_MAX:g} s",
        )
    node.tell(inputs.ExtendWrapUp(agent, -_WHOLE_WRAP_UP_S if extend_s is None else extend_s), now)
    until_at = node.switch.floor.agents[agent].wrap_up_until_at
    return {
        "agent": agent,
        "until": None if until_at is None else views.time_text(node.switch, node.switch.floor.wall(until_at)),
    }


def _agent_classify(node: Node, arguments: Mapping[str, object], now: float) -> object:
    agent, code = text(arguments, "name"), text(arguments, "code")
    node.tell(inputs.ClassifyCall(agent, code), now)
    return {"agent": agent, "code": code}


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
            "registered": node.signalling.standing.registered(trunk),
            "calls": node.signalling.legs.calls_by_trunk(trunk),
        }
        for trunk, is_reachable in trunks.reachability().items()
    ]


def _text_or_none(arguments: Mapping[str, object], key: str) -> str | None:
    return None if arguments.get(key) is None else text(arguments, key)


def _number(arguments: Mapping[str, object], key: str) -> float:
    value = arguments.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise CommandRefused(f"the command needs {key!r}", "its arguments", f"give a number for {key!r}")
    return value


def _instant(value: object) -> float:
    """Wall seconds of an RFC 3339 text."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise CommandRefused(f"{value!r} is no time", "its arguments", "write it like 2026-07-01T14:30:00+02:00")
    return found.timestamp()


_COMMANDS: Final[Mapping[str, _Command]] = {
    "status": _status,
    "call.list": _call_list,
    "call.show": _call_show,
    "call.why": _call_why,
    "call.ladder": _call_ladder,
    "call.hangup": _call_hangup,
    "call.priority": _call_priority,
    "call.transfer": services.call_transfer,
    "call.consult": services.call_consult,
    "call.complete": services.call_complete,
    "call.conference": services.call_conference,
    "call.take-back": services.call_take_back,
    "callback.list": services.callback_list,
    "callback.withdraw": services.callback_withdraw,
    "voicemail.list": services.voicemail_list,
    "voicemail.show": services.voicemail_show,
    "voicemail.delete": services.voicemail_delete,
    "doctor": services.examine,
    "queue.list": _queue_list,
    "queue.show": _queue_show,
    "queue.prompt": _queue_prompt,
    "queue.forecast": _queue_forecast,
    "agent.list": _agent_list,
    "agent.show": _agent_show,
    "agent.why-not": services.agent_why_not,
    "agent.login": _presence("ready"),
    "agent.ready": _presence("ready"),
    "agent.pause": _presence("paused"),
    "agent.logout": _presence("logged-out"),
    "agent.queue": _agent_queue,
    "agent.number": _agent_number,
    "agent.wrap-up": _agent_wrap_up,
    "agent.classify": _agent_classify,
    "phone.list": _phone_list,
    "trunk.list": _trunk_list,
}
