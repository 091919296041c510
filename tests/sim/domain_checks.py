"""What must hold between any two things that befall the domain, whatever they were.

One call has one end and one record; nobody is lost; an agent has one call; who can be served is being served, in the
order in which callers are due; those who are to hear each other do, and nobody else; every figure is the sum of what
happened; the doctor finds nothing. `at_rest` is what is left when all is over: nothing but promises to call back.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from softswitch.domain import choosing, events
from softswitch.domain.actions import LampState
from softswitch.domain.call import Call
from softswitch.domain.distributor import distribute, exclusion, tiers_reached
from softswitch.domain.doctor import examine
from softswitch.domain.figures.formulas import OUTCOMES
from softswitch.domain.floor import Floor
from softswitch.domain.line import PASSED_OVER_S_MAX
from softswitch.domain.office import PREFERENCE_S_MAX, ToPhone
from softswitch.domain.queue import HotPrompt
from softswitch.domain.skills import has, relaxed
from softswitch.domain.switch import Switch
from softswitch.domain.waits import waited_s
from tests.sim.domain_walk import Walk

A_MOMENT_S: Final = 2e-6
"""Waits are taken to the microsecond, so a rule may hold that much before the deadline that was set for it."""

IN_QUEUE: Final = ("waiting", "presenting", "dialling")


def check(walk: Walk) -> None:
    """All of it; AssertionError tells what does not hold."""
    walk.pass_time(A_MOMENT_S)
    floor = walk.switch.floor
    check_calls(walk, floor)
    check_telephones(walk, floor)
    check_agents(floor, walk.now)
    check_lines(floor)
    check_figures(walk, floor)
    check_lamps(walk, floor)
    assert (findings := examine(floor, walk.now)) == [], findings
    due = distribute(
        [choosing.queue_view(floor, queue, walk.now) for queue in floor.queues.values() if queue.line], walk.now
    )
    assert not due, f"{due[0].agent} is idle while {due[0].call} waits"


def check_calls(walk: Walk, floor: Floor) -> None:
    """Who came is here or has ended, once, with one record."""
    assert len(walk.arrived) == len(walk.ended) + len(floor.calls), "somebody was lost"
    assert len(walk.records) == len(walk.ended) == walk.ended.total(), "a call has more than one end"
    assert not any(call in walk.ended for call in floor.calls), "a call goes on after its end"
    assert set(walk.promised) == set(floor.callbacks), "a promise to call back was lost, or came from nowhere"


def check_telephones(walk: Walk, floor: Floor) -> None:
    """The domain knows of every leg and of no other; those who talk hear one another, and no music."""
    far = walk.far
    assert set(floor.legs) == set(far.legs), "a leg was forgotten"
    rooms: Counter[str] = Counter()
    for call in floor.calls.values():
        if call.state not in ("talking", "direct") or call.connection is None:
            continue
        together = {call.leg, call.connection.leg, *call.parties}
        if call.consult is None:
            waiting = on_hold(floor, call)
            heard = far.in_room(call.call)
            assert heard == together - waiting, f"{call.call}: {heard} talk, not {together - waiting}"
            music = {leg for leg in together if far.legs[leg].hears is not None}
            assert music == waiting, f"{music} of {call.call} hear music, not {waiting}"
            rooms[call.call] = len(together)
        elif call.consult.answered is not None:
            asked = {call.connection.leg, call.consult.answered}
            assert far.in_room(f"{call.call}-c") == asked, f"{call.call} is asked about by {asked}"
            rooms[f"{call.call}-c"] = len(asked)
    for leg_id, leg in far.legs.items():
        assert leg.room is None or leg.room in rooms or leg.room.endswith("-v"), f"{leg_id} is alone in {leg.room}"
    recorded = {call.recording for call in floor.calls.values()} - {None}
    assert recorded == set(far.recorders), f"recorded are {set(far.recorders)}, not {recorded}"


def on_hold(floor: Floor, call: Call) -> set[str]:
    """Who of a talk of two was put on hold by a telephone of the house."""
    if call.connection is None or call.parties:
        return set()
    ends = (floor.legs[call.leg], floor.legs[call.connection.leg])
    pairs = (ends, ends[::-1])
    return {other.leg for leg, other in pairs if leg.is_held and isinstance(leg.device, ToPhone)}


def check_agents(floor: Floor, now: float) -> None:
    """One call, one agent; what is known of who is free is true."""
    talking = Counter(
        call.connection.agent for call in floor.calls.values() if call.connection and call.connection.queue
    )
    shown = Counter(presentation.agent for presentation in floor.presentations.values())
    assert all(count == 1 for count in [*talking.values(), *shown.values()]), f"{talking} {shown}"
    assert not set(talking) & {shown.agent for shown in floor.presentations.values() if shown.state == "ringing"}
    choosing.refresh(floor, now)
    for name in floor.agents:
        view = choosing.agent_view(floor, name, now)
        rule = None if view is None else exclusion(view, now)
        assert floor.standings.get(name) == rule, f"{name} counts as {floor.standings.get(name)} and is {rule}"
        assert (name in floor.free) == (view is not None and rule is None), f"{name} is {rule}"


def check_lines(floor: Floor) -> None:
    """Everybody stands where he is due, and who may not wait for ever does not."""
    for name, queue in floor.queues.items():
        places = list(queue.line.places())
        assert places == sorted(places), f"the line of {name} is out of order"
        for position, (due_at, order, call_id) in enumerate(places, start=1):
            call = floor.calls[call_id]
            plan_due_at = queue.plan.due_at(call.entered_at, call.priority_s)
            assert (due_at, order) == (call.due_at, call.order) == (plan_due_at, call.order), f"{call_id} in {name}"
            assert queue.line.position(call_id) == position
            is_limited = queue.plan.max_wait_s is not None and call.callback is None and not call.is_callback_asked
            assert not is_limited or ("max-wait", call_id) in floor.deadlines, f"{call_id} may wait for ever"


def check_lamps(walk: Walk, floor: Floor) -> None:
    """Telephones show what is so; one that was second at a call, and is let go of in a moment, is not asked."""
    shows = {name: state for name, state in walk.far.lamps.items() if state != "off"}
    wanted: dict[str, LampState] = {}
    for name, queue in floor.queues.items():
        if queue.is_unstaffed or queue.line:
            wanted[name] = "on" if queue.is_unstaffed else "ringing"
    for name, agent in floor.agents.items():
        if agent.activity != "idle" or agent.presence != "ready":
            wanted[name] = "ringing" if agent.activity == "ringing" else "on"
    for leg in floor.legs.values():
        if isinstance(leg.device, ToPhone) and leg.device.phone in floor.office.phones:
            is_talk = leg.state in {"invited", "answered"} or wanted.get(leg.device.phone) == "on"
            wanted[leg.device.phone] = "on" if is_talk else "ringing"
    for leg in floor.legs.values():
        if isinstance(leg.device, ToPhone) and leg.is_late:
            shows.pop(leg.device.phone, None)
            wanted.pop(leg.device.phone, None)
    assert shows == wanted, f"lamps that are wrong: {set(shows.items()) ^ set(wanted.items())}"
    for mailbox in floor.office.mailboxes:
        counts = floor.mailboxes.counts(mailbox)
        assert walk.far.messages.get(mailbox, (0, 0)) == counts, f"{mailbox} has {counts}"


def check_figures(walk: Walk, floor: Floor) -> None:
    """Offered is the sum of what became of it and of who is here, by arrival and by event, at any moment."""
    here: Counter[str] = Counter()
    for call in floor.calls.values():
        if call.state in IN_QUEUE and walk.came_by.get(call.call) != "callback":
            here[call.queue or ""] += 1
    for name in floor.queues:
        statistics, now = floor.statistics, walk.wall
        assert statistics.still_here(name) == here[name], f"{statistics.still_here(name)} are said to be in {name}"
        by_event, by_arrival = statistics.by_event(name, now), statistics.kept(name)
        carried_in, carried_out = statistics.carried_in(name, now), statistics.carried_out(name, now)
        assert carried_in + by_event.offered == sum(getattr(by_event, each) for each in OUTCOMES) + carried_out, name
        assert sum(day.offered for day in by_arrival) == sum(day.ended for day in by_arrival) + here[name], name
        for day in (by_event, *by_arrival):
            assert min(getattr(day, each) for each in (*OUTCOMES, "offered", "within_goal")) >= 0, f"{name}: {day}"
            assert day.within_goal <= day.answered, f"{name}: {day}"


def check_order(walk: Walk, presented: list[events.CallPresented]) -> None:
    """Nobody is presented while one who was due before, and whom the same agent could have served, waits unpresented;
    so nobody is passed over by anyone who entered more than PASSED_OVER_S_MAX and his own target after him.

    Across queues a member's preference may turn the order of two callers around, but not by more than it can be. And
    of two agents with one telephone only one can be rung: the caller who was to have the other is out of his turn once.
    So is, with several nodes, a caller whose claim came to nothing: these walks are not asked.
    """
    floor = walk.switch.floor
    for event in presented:
        call, queue = floor.calls.get(event.call), floor.queues.get(event.queue)
        if call is None or queue is None or event.presentation not in call.presentations:
            continue
        told = {name for name, _ in event.passed_over}
        for name, other_queue in floor.queues.items():
            allowed_s = 0.0 if name == event.queue else PREFERENCE_S_MAX
            for other in map(floor.calls.__getitem__, other_queue.line):
                if other is call or other.presentations or other.call in walk.claimed:
                    continue
                if not could_serve(floor, event.agent, other, walk.now):
                    continue
                assert (other.due_at + allowed_s, other.order) > (call.due_at, call.order), f"{other.call}: {event}"
                assert name != event.queue or other.call not in told, f"{other.call}: {event}"
                later_s = call.entered_at - other.entered_at
                assert later_s <= PASSED_OVER_S_MAX + other_queue.plan.target_s, f"{other.call} is passed over: {event}"


def could_serve(floor: Floor, agent: str, call: Call, now: float) -> bool:
    """Whether nothing about this caller keeps this agent from him."""
    queue = floor.queues[call.queue or ""]
    member = queue.members.get(agent)
    if member is None or agent not in floor.office.agents or queue.plan.queue in floor.agents[agent].queues_off:
        return False
    wait_s = waited_s(call.entered_at, now)
    demand = relaxed(choosing.demand_of(queue.plan, call), wait_s, queue.plan.skills_relax_every_s)
    is_reached = member[1].tier <= tiers_reached(wait_s, queue.plan.next_tier_after_s)
    return is_reached and has(floor.office.agents[agent].skills, demand)


def check_start(walk: Walk, before: Switch, died_at: float) -> None:
    """A new process knows of everybody what the old one knew, and shows the same figures."""
    old, new = before.floor, walk.switch.floor
    for name in new.office.agents:
        if name in old.agents and name not in new.office.shifts:
            assert _kept(new, name, walk.now) == _kept(old, name, walk.now), f"{name} since {died_at}"
    for mailbox in new.office.mailboxes:
        assert new.mailboxes.messages(mailbox) == old.mailboxes.messages(mailbox)
    for queue in new.queues.values():
        name = queue.plan.queue
        prompt = old.queues[name].hot_prompt if name in old.queues else None
        is_over = prompt is not None and prompt.until_at is not None and prompt.until_at <= walk.now
        assert queue.hot_prompt == (None if is_over else prompt) or _is_nearly(queue.hot_prompt, prompt), name
    if walk.now - died_at < 1.0:
        for name in new.queues:
            was, now = old.statistics.today(name, walk.wall), new.statistics.today(name, walk.wall)
            assert (was.offered, was.answered) == (now.offered, now.answered), f"{name}: {was} {now}"


def _is_nearly(prompt: HotPrompt | None, other: HotPrompt | None) -> bool:
    """The same but for what a clock's fraction loses when it is written down."""
    if prompt is None or other is None or prompt.until_at is None or other.until_at is None:
        return prompt == other
    return prompt.sound == other.sound and abs(prompt.until_at - other.until_at) < A_MOMENT_S


def _kept(floor: Floor, name: str, now: float) -> tuple[object, ...]:
    """What of an agent survives a restart; times to the hundredth."""
    agent = floor.agents[name]
    is_in_wrap_up = agent.wrap_up_until_at is not None and agent.wrap_up_until_at > now + A_MOMENT_S
    wrap_up = (
        (round(agent.wrap_up_until_at or 0.0, 2), agent.wrap_up_queue, agent.needs_code) if is_in_wrap_up else None
    )
    return agent.presence, agent.pause_reason, agent.number, tuple(agent.queues_off), wrap_up


def check_rest(walk: Walk) -> None:
    """Nothing is left but promises, which the next start keeps, and the clock of hours and shifts."""
    floor = walk.switch.floor
    left = {
        "calls": floor.calls, "legs": floor.legs, "presentations": floor.presentations, "recordings": floor.recordings,
        "devices out": floor.devices_out, "in use": floor.devices_in_use, "messages": floor.pending_messages,
        "telephones": walk.far.legs, "recorders": walk.far.recorders,
        "lines": [name for name, queue in floor.queues.items() if queue.line or queue.talks],
        "retired queues": set(floor.queues) - set(floor.office.queues),
        "retired agents": set(floor.agents) - set(floor.office.agents),
    }  # fmt: skip
    assert not any(left.values()), left
    lasting = [("callback-keep", name) for name in floor.callbacks]
    lasting += [("hours", name) for name in floor.queues]
    lasting += [(kind, name) for name in floor.agents for kind in ("shift", "check")]
    assert len(floor.deadlines) == sum(name in floor.deadlines for name in lasting), "something falls due for nobody"
    assert all(agent.activity == "idle" and agent.claim is None for agent in floor.agents.values())
