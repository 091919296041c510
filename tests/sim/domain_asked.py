"""What people ask the running switch: in whatever state it is, each question has an answer, and asking changes nothing.

An answer is what a command prints with --json: plain values, no number that JSON does not have. What it counts is what
is there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from softswitch.domain import doctor, forecast_views, service_views, views, why, why_not
from tests.sim.domain_walk import Walk


def check_answers(walk: Walk) -> None:
    """Asks everything; AssertionError when an answer is none, or wrong."""
    floor = walk.switch.floor
    deadline = walk.switch.next_deadline()
    for answer in _answers(walk):
        json.dumps(answer, allow_nan=False)
    assert walk.switch.drain() == [], "asking did something"
    assert walk.switch.next_deadline() == deadline, "asking set a deadline"
    assert doctor.examine(floor, walk.now) == []
    for row in views.queue_list(walk.switch, walk.now):
        queue = floor.queues[str(row["queue"])]
        assert row["waiting"] == len(queue.line), row
    activities = {row["agent"]: row["activity"] for row in views.agent_list(walk.switch, walk.now)}
    assert activities == {name: agent.activity for name, agent in floor.agents.items()}
    assert {row["id"] for row in views.call_list(walk.switch, walk.now)} == set(floor.calls)


def _answers(walk: Walk) -> Iterator[object]:
    switch, floor, now, zone = walk.switch, walk.switch.floor, walk.now, walk.office.timezone
    yield views.call_list(switch, now)
    yield views.queue_list(switch, now)
    yield views.agent_list(switch, now)
    yield service_views.callback_list(floor, now)
    yield service_views.mailbox_list(floor)
    for call in floor.calls:
        yield views.call_show(switch, call, now)
        yield views.call_why(switch, call, now)
    for queue in floor.office.queues:
        yield views.queue_show(switch, queue, now)
        yield forecast_views.queue_forecast(floor, queue, now)
    for agent in floor.office.agents:
        yield views.agent_show(switch, agent, now)
        yield why_not.sentences(floor, agent, now)
    for mailbox in floor.office.mailboxes:
        yield service_views.message_list(floor, mailbox)
    for record in walk.records[-20:]:
        yield views.history_row(record, zone)
        yield views.story_row(record, zone)
        yield views.why_row(record, why.explain(record), zone)
