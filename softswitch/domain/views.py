"""What commands show of the running switch: pure functions from its state to plain values with the contract's keys.

Times are RFC 3339 with the office's zone, durations seconds, absent is None. In `queue_list` each agent of a queue is
counted once: by activity when she is engaged or in wrap-up, else under `ready` or `paused`; who is logged out and idle
is not counted. `waiting` are the callers in line, those being presented included.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from softswitch.domain.agent import Agent
from softswitch.domain.call import Call, CallState
from softswitch.domain.call_record import CallRecord, ConnectionRecord, PresentationRecord, QueueVisit, talked_s
from softswitch.domain.figure_views import agent_today, queue_today
from softswitch.domain.forecast_views import estimated_wait
from softswitch.domain.refusals import unknown
from softswitch.domain.switch import Switch
from softswitch.domain.why import Reason, explain, explain_wait

Row: TypeAlias = dict[str, object]

SECONDS_DIGITS = 3

STATES_SHOWN: Final[Mapping[CallState, str]] = {"dialling": "presenting", "serving": "direct"}
"""States that have a plainer name outside: a call-back's customer is rung; the switch itself talks to the caller."""


def rfc3339(wall_at: float | None, timezone: str) -> str | None:
    """Wall seconds as text with the zone's offset, to the millisecond; None stays None."""
    if wall_at is None:
        return None
    return datetime.fromtimestamp(wall_at, ZoneInfo(timezone)).isoformat(timespec="milliseconds")


def time_text(switch: Switch, wall_at: float) -> str:
    """Wall seconds as text in the office's zone."""
    return datetime.fromtimestamp(wall_at, ZoneInfo(switch.floor.office.timezone)).isoformat(timespec="milliseconds")


def history_row(record: CallRecord, timezone: str) -> Row:
    """A call's record with exactly the keys of `history`."""
    return {
        "id": record.id,
        "caller": record.caller,
        "dialled": record.dialled,
        "queue": record.queue,
        "agent": record.agent,
        "outcome": record.outcome,
        "arrived_at": rfc3339(record.arrived_at, timezone),
        "answered_at": rfc3339(record.answered_at, timezone),
        "connected_at": rfc3339(record.connected_at, timezone),
        "ended_at": rfc3339(record.ended_at, timezone),
        "wait_s": _seconds(record.wait_s),
        "talk_s": _seconds(record.talk_s),
        "ended_by": record.ended_by,
        "cause": None if record.cause is None else record.cause.value,
        "recordings": list(record.recordings),
    }


def story_row(record: CallRecord, timezone: str) -> Row:
    """`history_row` with what `call show` adds: the way the call took, its queue visits and presentations."""
    return {
        **history_row(record, timezone),
        "trunk": record.trunk,
        "phone": record.phone,
        "routes": [{"destination": destination, "rule": rule} for destination, rule in record.routes],
        "queue_visits": [_visit_row(visit, timezone) for visit in record.queue_visits],
        "presentations": [_presentation_row(shown, timezone) for shown in record.presentations],
        "waits_told": [{**msgspec.to_builtins(told), "at": rfc3339(told.at, timezone)} for told in record.waits_told],
        "connections": [_connection_row(connection, timezone) for connection in record.connections],
        "transfers": [{"at": rfc3339(at, timezone), "to": to, "by": by} for at, to, by in record.transfers],
        "code": record.code,
        "diverted_from": record.diverted_from,
    }


def call_list(switch: Switch, now: float) -> list[Row]:
    """The calls that are up, the oldest first. `since`: when the state began."""
    return [_call_row(switch, call, now) for call in switch.floor.calls.values()]


def call_show(switch: Switch, call_id: str, now: float) -> Row:
    """One call that is up; raises CommandRefused when there is none of that id."""
    floor = switch.floor
    call, record = _up(switch, call_id)
    row = story_row(record, floor.office.timezone)
    row.update(_call_row(switch, call, now))
    row["talk_s"] = _seconds(talked_s(record, floor.wall(now)))
    row["legs"] = [
        {"leg": leg.leg, "state": leg.state, "device": None if leg.device is None else str(leg.device)}
        for leg in floor.legs.values()
        if leg.call == call_id
    ]
    return row


def why_row(record: CallRecord, reasons: Iterable[Reason], timezone: str) -> Row:
    """What `call why` shows: the sentences, each with its time."""
    return {
        "id": record.id,
        "caller": record.caller,
        "dialled": record.dialled,
        "outcome": record.outcome,
        "reasons": [{"at": rfc3339(reason.at, timezone), "text": reason.text} for reason in reasons],
    }


def call_why(switch: Switch, call_id: str, now: float) -> Row:
    """Why a call that is up is where it is; raises CommandRefused when there is none of that id."""
    floor = switch.floor
    call, record = _up(switch, call_id)
    return why_row(record, [*explain(record), *explain_wait(floor, call, now)], floor.office.timezone)


def queue_list(switch: Switch, now: float) -> list[Row]:
    """Every queue, retired ones that still have callers included."""
    return [_queue_row(switch, name, now) for name in switch.floor.queues]


def queue_show(switch: Switch, name: str, now: float) -> Row:
    """One queue with its callers in line and its agents; raises CommandRefused for an unknown name."""
    floor = switch.floor
    if name not in floor.queues:
        raise unknown("queue", name, floor.queues, "softswitch queue list")
    queue = floor.queues[name]
    line = [floor.calls[call] for call in queue.line]
    return {
        **_queue_row(switch, name, now),
        **queue_today(floor.statistics, name, floor.wall(now)),
        "estimated_wait": estimated_wait(floor, name, now),
        "callers": [_call_row(switch, call, now) for call in line],
        "agents": [_agent_row(switch, floor.agents[agent]) for agent in queue.plan.agents if agent in floor.agents],
    }


def agent_show(switch: Switch, name: str, now: float) -> Row:
    """One agent with what she did today; raises CommandRefused for an unknown name."""
    floor = switch.floor
    if name not in floor.agents:
        raise unknown("agent", name, floor.agents, "softswitch agent list")
    return {**_agent_row(switch, floor.agents[name]), **agent_today(floor.agent_figures, name, floor.wall(now))}


def agent_list(switch: Switch, now: float) -> list[Row]:
    """Every agent. `since`: when presence and activity became what they are."""
    del now
    return [_agent_row(switch, agent) for agent in switch.floor.agents.values()]


def _up(switch: Switch, call_id: str) -> tuple[Call, CallRecord]:
    floor = switch.floor
    record = floor.records.open_record(call_id)
    if record is None or call_id not in floor.calls:
        raise unknown("call", call_id, floor.calls, "softswitch call list")
    return floor.calls[call_id], record


def _call_row(switch: Switch, call: Call, now: float) -> Row:
    floor = switch.floor
    record = floor.records.open_record(call.call)
    joined = () if call.connection is None else (call.connection.agent, *call.parties.values())
    agent = next((name for name in joined if name is not None), None)
    rung = [floor.presentations[name].agent for name in call.presentations if floor.presentations[name].legs]
    if rung:
        agent = rung[0]
    wait_s = None if record is None else record.wait_s
    if call.state in ("waiting", "presenting"):
        wait_s = now - call.visit_at
    return {
        "id": call.call,
        "state": STATES_SHOWN.get(call.state, call.state),
        "caller": call.caller,
        "dialled": call.dialled,
        "queue": None if record is None else record.queue,
        "agent": agent,
        "since": time_text(switch, floor.wall(call.changed_at)),
        "wait_s": _seconds(wait_s),
        "priority_s": _seconds(call.priority_s),
    }


def _queue_row(switch: Switch, name: str, now: float) -> Row:
    floor = switch.floor
    queue = floor.queues[name]
    agents = [floor.agents[agent] for agent in queue.plan.agents if agent in floor.agents]
    counted = Counter(agent.presence if agent.activity == "idle" else agent.activity for agent in agents)
    waits = [now - floor.calls[call].visit_at for call in queue.line]
    figures = floor.statistics.today(name, floor.wall(now))
    return {
        "queue": name,
        "waiting": len(waits),
        "longest_wait_s": _seconds(max(waits, default=None)),
        "ready": counted["ready"],
        "ringing": counted["ringing"],
        "talking": counted["talking"],
        "wrap_up": counted["wrap-up"],
        "paused": counted["paused"],
        "offered_today": figures.offered,
        "answered_today": figures.answered,
        "abandoned_today": figures.abandoned,
        "overflowed_today": figures.overflowed,
        "failed_today": figures.failed,
        "service_level_today": None if queue.plan.service_level is None else figures.service_level,
        "short_abandoned_today": figures.short_abandoned,
        "to_callback_today": figures.to_callback,
        "to_voicemail_today": figures.to_voicemail,
        "closed_today": figures.closed,
        "unstaffed": queue.is_unstaffed,
    }


def _agent_row(switch: Switch, agent: Agent) -> Row:
    floor = switch.floor
    plan = floor.office.agents.get(agent.agent)
    return {
        "agent": agent.agent,
        "name": agent.agent if plan is None else plan.name,
        "presence": agent.presence,
        "pause_reason": agent.pause_reason,
        "activity": agent.activity,
        "since": time_text(switch, floor.wall(agent.changed_at)),
        "queues": [name for name, queue in floor.queues.items() if agent.agent in queue.plan.agents],
        "call": agent.call,
        "queues_off": list(agent.queues_off),
        "number": agent.number,
        "misses": agent.misses,
        "needs_code": agent.needs_code,
        "wrap_up_until": _at(switch, agent.wrap_up_until_at),
        "guard_until": _at(switch, agent.guard_until_at),
    }


def _at(switch: Switch, at: float | None) -> str | None:
    return None if at is None else time_text(switch, switch.floor.wall(at))


def _visit_row(visit: QueueVisit, timezone: str) -> Row:
    row: Row = msgspec.to_builtins(visit)
    row["entered_at"] = rfc3339(visit.entered_at, timezone)
    row["wait_s"] = _seconds(visit.wait_s)
    return row


def _connection_row(connection: ConnectionRecord, timezone: str) -> Row:
    row: Row = msgspec.to_builtins(connection)
    row["connected_at"] = rfc3339(connection.connected_at, timezone)
    row["ended_at"] = rfc3339(connection.ended_at, timezone)
    return row


def _presentation_row(shown: PresentationRecord, timezone: str) -> Row:
    row: Row = msgspec.to_builtins(shown)
    row["presented_at"] = rfc3339(shown.presented_at, timezone)
    row["ended_at"] = rfc3339(shown.ended_at, timezone)
    return row


def _seconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, SECONDS_DIGITS)
