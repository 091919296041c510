"""What people in charge, and agents themselves, can ask for: each checked before the first state changes.

Commands, the agents' line, schedules and pages all come through here, so that a login is the same thing whoever asks.
"""

from __future__ import annotations

from softswitch.domain import announcing, events, inputs, presence, presenting, wrapping_up
from softswitch.domain.agent import Agent
from softswitch.domain.call import Call
from softswitch.domain.causes import Cause
from softswitch.domain.floor import Floor
from softswitch.domain.numbers import outside_number
from softswitch.domain.office import PRIORITY_S_MAX
from softswitch.domain.outgoing import Principal
from softswitch.domain.queue import HotPrompt
from softswitch.domain.refusals import CommandRefused, unknown


def set_presence(floor: Floor, agent: Agent, command: inputs.SetPresence, now: float) -> None:
    """Logs in, gets ready, pauses or logs out."""
    reasons = floor.office.pause_reasons
    if command.presence == "paused" and command.by == "command" and reasons and command.reason not in reasons:
        if not command.reason:
            raise CommandRefused("a pause needs a reason", "[pause] reasons", f"say --reason {reasons[0]}, or another")
        raise unknown("pause reason", command.reason, reasons, "[pause] reasons")
    if command.presence == "ready":
        wrapping_up.refuse_without_code(floor, agent)
    presence.change(floor, agent, command.presence, now, reason=command.reason, by=command.by)
    if command.presence != "ready":
        presenting.withdraw_from(floor, agent.agent, Cause.BY_COMMAND, now)


def switch_queue(floor: Floor, agent: Agent, command: inputs.SwitchAgentQueue, now: float) -> None:
    """Takes calls of one of her queues, or none of it for now."""
    hers = [name for name, queue in floor.queues.items() if agent.agent in queue.members]
    if command.queue not in hers:
        raise unknown(f"queue of {agent.agent}", command.queue, hers, "softswitch agent list")
    presence.switch_queue(floor, agent, command.queue, now, is_on=command.is_on, by=command.by)


def set_number(floor: Floor, agent: Agent, command: inputs.SetAgentNumber, now: float) -> None:
    """Answers at this number until she logs out."""
    plan = floor.office.agents[agent.agent]
    if command.number is not None:
        hers = Principal("agent", agent.agent)
        if outside_number(floor.office, hers, plan.may_answer_at, command.number) != command.number:
            raise CommandRefused(
                f"{agent.agent} cannot be reached at {command.number!r}",
                f"[agent.{agent.agent}] may_answer_at is {list(plan.may_answer_at)}",
                "give a number with country code that begins with one of these",
            )
        if not floor.office.trunks:
            raise CommandRefused("there is no trunk to call it by", "[trunk.NAME]", "define one")
    presence.set_number(floor, agent, command.number, now, by=command.by)


def set_priority(floor: Floor, call: Call, command: inputs.SetPriority, now: float) -> None:
    """Lets a caller count for more, or less, from this moment."""
    if not 0 <= command.priority_s <= PRIORITY_S_MAX:
        raise CommandRefused(
            f"a priority of {command.priority_s:g} s cannot be",
            "softswitch call priority",
            f"0 to {PRIORITY_S_MAX:g} s",
        )
    call.priority_s = command.priority_s
    floor.tell(events.PriorityChanged(floor.wall(now), call.call, command.priority_s, command.by))
    floor.take_place(call)


def set_hot_prompt(floor: Floor, command: inputs.SetHotPrompt, now: float) -> None:
    """Switches a sound on that the queue's callers hear first, or off."""
    if command.queue not in floor.office.queues:
        raise unknown("queue", command.queue, floor.office.queues, "softswitch queue list")
    prompt = None
    if command.sound is not None:
        until_at = None if command.until is None else command.until - floor.wall_offset_s
        if until_at is not None and until_at <= now:
            raise CommandRefused("that time is over already", "softswitch queue prompt --until", "name a later one")
        prompt = HotPrompt(command.sound, until_at)
    announcing.switch_hot_prompt(floor, command.queue, prompt, now, by=command.by)
