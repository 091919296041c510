"""Why a call went where it went, in plain sentences.

Everything told here is in the call's record, which is a fold over the journal: the sentences are the same while the
call is up and years later. Only of a caller who waits there is more to say: what keeps each agent of his queue from him
at this moment, by the very rules that the distributor goes by.

Callers who were due before and whom nobody could take are named with how much earlier that was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from softswitch.domain import announcing, choosing
from softswitch.domain.call import Call
from softswitch.domain.call_record import CallRecord, PresentationRecord, QueueVisit, WaitTold
from softswitch.domain.causes import Cause
from softswitch.domain.events import Exclusion
from softswitch.domain.floor import Floor
from softswitch.domain.strategies import NEVER_S, draw

WORDS_OF_RULES: Final[Mapping[str, str]] = {
    "logged-out": "logged out",
    "paused": "paused",
    "talking": "talking",
    "ringing": "being rung already",
    "wrap-up": "in wrap-up",
    "chosen-for-another": "chosen for another caller in the same moment",
    "backing-off": "left alone for a while after a call that was not taken",
    "guard": "ready only just now",
    "unreachable": "no telephone that can be reached",
    "in-use": "all telephones in use",
    "queue-off": "takes no calls of this queue",
    "rung-already": "rung for this caller already",
    "tier": "of a later tier",
    "skill": "without the skill asked for",
}
"""How each rule of the distributor is told."""

_WHY_LONGER: Final[Mapping[str, str]] = {
    "more-callers": ", longer than before because the line moves more slowly",
    "fewer-agents": ", longer than before because there are fewer agents",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence; `at` is wall seconds."""

    at: float
    text: str


def explain(record: CallRecord) -> list[Reason]:
    """The way of a call, ended or up, in the order in which it came about."""
    overflows = iter(record.routes[1:])
    reasons = list(_arrival(record))
    reasons += [
        Reason(at, f"The call was transferred to {destination} (by {by}).") for at, destination, by in record.transfers
    ]
    reasons += [Reason(at, f"{number} could not be called for {by}: {why}.") for at, number, by, why in record.denials]
    for visit in record.queue_visits:
        reasons += _visit(visit, overflows)
    reasons += [_told(told) for told in record.waits_told]
    for shown in record.presentations:
        reasons += _presentation(shown)
    reasons.sort(key=lambda reason: reason.at)
    if record.ended_at is not None and record.outcome is not None and record.cause is not None:
        by = {"caller": "the caller", "agent": "whoever was called", "switch": "the switch"}[
            record.ended_by or "switch"
        ]
        reasons.append(Reason(record.ended_at, f"The call was ended by {by}: {record.outcome}, {record.cause.value}."))
    return reasons


def explain_wait(floor: Floor, call: Call, now: float) -> list[Reason]:
    """What a waiting caller waits for; empty in any other state."""
    if call.state != "waiting" or call.queue is None:
        return []
    at = floor.wall(now)
    choosing.refresh(floor, now)
    kept_out = choosing.exclusions(choosing.standings(floor, floor.queues[call.queue]))
    reasons = [Reason(at, f"The caller waits now in place {announcing.position(floor, call)} of queue {call.queue}.")]
    if not floor.plan(call.queue).agents:
        return [*reasons, Reason(at, f"Queue {call.queue} has no agents.")]
    return [*reasons, Reason(at, f"No agent can take the call: {_all_of(kept_out)}.")]


def _arrival(record: CallRecord) -> Iterator[Reason]:
    if record.callback is not None:
        yield Reason(record.arrived_at, f"{record.caller} is to be called back ({record.callback}).")
    else:
        by = f"by trunk {record.trunk}" if record.phone is None else f"from phone {record.phone}"
        yield Reason(record.arrived_at, f"{record.caller} called {record.dialled} {by}.")
    if record.routes:
        destination, rule = record.routes[0]
        yield Reason(record.arrived_at, f"By the rule “{rule}” it went to {destination}.")
    if record.connected_at is not None and not record.queue_visits:
        yield Reason(record.connected_at, "The call was answered and the two were joined.")


def _told(told: WaitTold) -> Reason:
    low, high = round(told.low_s / 60), None if told.high_s is None else round(told.high_s / 60)
    wait = f"over {low} minutes" if high is None else f"{low} to {high} minutes" if low else "less than a minute"
    why = _WHY_LONGER.get(told.reason or "", "")
    return Reason(told.at, f"The caller was told to expect a wait of {wait} in queue {told.queue}{why}.")


def _visit(visit: QueueVisit, overflows: Iterator[tuple[str, str]]) -> Iterator[Reason]:
    queue, left_at = visit.queue, visit.entered_at + (visit.wait_s or 0.0)
    is_turned_away = visit.position is None
    if not is_turned_away:
        before = f", with a priority of {_s(visit.priority_s)}" if visit.priority_s else ""
        yield Reason(visit.entered_at, f"The caller entered queue {queue} in place {visit.position}{before}.")
    if visit.outcome is None or visit.outcome == "connected":
        return
    cause = visit.cause
    match visit.outcome:
        case "abandoned" | "short-abandoned":
            short = ", too soon to count as abandoned" if visit.outcome == "short-abandoned" else ""
            yield Reason(left_at, f"The caller gave up after {_s(visit.wait_s)} in queue {queue}{short}.")
        case "failed":
            why = "" if cause is None else f": {cause.value}"
            yield Reason(left_at, f"The call was lost to queue {queue} after {_s(visit.wait_s)}{why}.")
        case "to-callback":
            yield Reason(left_at, f"The caller keeps his place in queue {queue} without the line, to be called back.")
        case _:
            destination = next(overflows, ("nowhere", ""))[0]
            why = _WORDS_OF_LEAVING.get(cause or Cause.OVERFLOW_STEP, "sent the call on").format(wait=_s(visit.wait_s))
            yield Reason(left_at, f"Queue {queue} {why}; the call went on to {destination}.")


_WORDS_OF_LEAVING: Final[Mapping[Cause, str]] = {
    Cause.QUEUE_FULL: "was full",
    Cause.CLOSED: "was closed",
    Cause.NO_AGENTS: "had none of the agents it asks for",
    Cause.MAX_WAIT: "did not serve the caller within max_wait_s ({wait})",
    Cause.OVERFLOW_STEP: "came to a step of its overflow after {wait}",
    Cause.KEY_PRESSED: "was left by a key after {wait}",
}


def _presentation(shown: PresentationRecord) -> Iterator[Reason]:
    agent = shown.agent
    if shown.candidates == 1:
        text = f"Queue {shown.queue} chose {agent}, the only one who could take the call."
    elif shown.strategy == "ring-all":
        text = f"Queue {shown.queue} rang {agent}, one of {shown.candidates} who could take the call: all are rung."
    else:
        text = f"Queue {shown.queue} chose {agent} of {shown.candidates} who could take the call: "
        text += f"{_merit(shown, agent)}, before {shown.runner_up} ({_measure(shown, shown.runner_up or '')})."
    if shown.passed_over:
        names = ", ".join(
            f"{call} (by {_s(overdue_s - (shown.overdue_s or 0.0))})" for call, overdue_s in shown.passed_over
        )
        text += f" Due before, and nobody could take them: {names}."
    if shown.exclusions:
        text += f" Left out: {_all_of(shown.exclusions)}."
    yield Reason(shown.presented_at, text)
    if shown.ended_at is not None:
        yield Reason(shown.ended_at, _end_of(shown, shown.ended_at - shown.presented_at))


def _merit(shown: PresentationRecord, agent: str) -> str:
    tiers = {candidate.agent: candidate.tier for candidate in shown.ranked}
    if tiers.get(agent, 1) < tiers.get(shown.runner_up or "", 1):
        return f"of tier {tiers[agent]}"
    return f"{_WORDS_OF_STRATEGIES[shown.strategy]} ({_measure(shown, agent)})"


def _measure(shown: PresentationRecord, agent: str) -> str:
    """What the strategy ranked this agent by."""
    known = next((candidate for candidate in shown.ranked if candidate.agent == agent), None)
    if known is None:
        return _s(shown.idle_s if agent == shown.agent else shown.runner_up_idle_s)
    texts = {
        "longest-idle": _s(known.idle_s),
        "round-robin": "never" if known.given_ago_s >= NEVER_S else f"{known.given_ago_s:.1f} s ago",
        "fewest-calls": f"{known.calls_today} today",
        "least-talk": f"{_s(known.talk_today_s)} today",
        "top-down": f"number {known.order + 1}",
        "random": f"{draw_of(shown, known.agent):.3f}",
        "weighted": f"{draw_of(shown, known.agent):.3f}, weight {known.weight:g}",
    }
    return texts.get(shown.strategy, _s(known.idle_s))


def draw_of(shown: PresentationRecord, agent: str) -> float:
    """The draw for this caller and agent, worked out again."""
    return draw(shown.id.rpartition("-p")[0], agent)


_WORDS_OF_STRATEGIES: Final[Mapping[str, str]] = {
    "longest-idle": "idle longest",
    "round-robin": "given a call of the queue longest ago",
    "fewest-calls": "fewest calls",
    "least-talk": "least talk",
    "top-down": "first in the order",
    "random": "drawn",
    "weighted": "drawn by weight",
}


def _end_of(shown: PresentationRecord, rang_s: float) -> str:
    agent, cause = shown.agent, "" if shown.cause is None else f" ({shown.cause.value})"
    texts = {
        "connected": f"{agent} answered after {_s(rang_s)}, and the two were joined.",
        "no-answer": f"{agent} was rung for {_s(rang_s)} and did not answer.",
        "busy": f"{agent} was busy.",
        "declined": f"{agent} declined.",
        "no-confirmation": f"A telephone of {agent} was picked up, and the key that was asked for did not come.",
        "taken-elsewhere": f"{agent} was rung until another took the call.",
        "unreachable": f"No telephone of {agent} could be reached.",
        "failed": f"The telephones of {agent} failed{cause}.",
        "caller-gone": f"The caller was gone before {agent} answered.",
        "withdrawn": f"The call was taken back from {agent}{cause}.",
    }
    counted = " This counts as a miss." if shown.is_counted else ""
    return texts.get(shown.outcome or "", f"The presentation to {agent} ended{cause}.") + counted


def _all_of(exclusions: Iterable[Exclusion]) -> str:
    return "; ".join(_kept_out(exclusion) for exclusion in exclusions)


def _kept_out(kept: Exclusion) -> str:
    who = ", ".join(kept.names) or f"{kept.agents} agents"
    more = f" and {kept.agents - len(kept.names)} more" if kept.names and kept.agents > len(kept.names) else ""
    return f"{who}{more} ({WORDS_OF_RULES.get(kept.rule, kept.rule)})"


def _s(seconds: float | None) -> str:
    return "unknown" if seconds is None else f"{seconds:.1f} s"
