"""What commands show of figures: pure functions from the folds to plain values, seconds, None for what is absent."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from softswitch.domain.figures.agents import AgentFigures
from softswitch.domain.figures.formulas import FIGURES, FORMULAS, MS_PER_S, answer_s, service_level
from softswitch.domain.figures.statistics import Statistics

Row: TypeAlias = dict[str, object]


def queue_today(statistics: Statistics, queue: str, wall_at: float) -> Row:
    """What `queue show` adds to a queue's counts of today: their times, by event, promises, and the calls behind each.

    `calls_unlisted_today`: of the figures that count more calls than can be listed, how many more.
    """
    counts, times = statistics.today(queue, wall_at), statistics.times(queue, wall_at)
    unlisted = {figure: statistics.unlisted(queue, figure, wall_at) for figure in FIGURES}
    return {
        "service_levels_today": {formula: service_level(counts, formula) for formula in FORMULAS},
        "average_answer_s_today": answer_s(counts, times),
        "average_handling_s_today": times.handling_s,
        "longest_wait_s_today": times.longest_wait_ms / MS_PER_S,
        "talks_today": times.talks,
        "talk_s_today": times.talk_ms / MS_PER_S,
        "wrap_up_s_today": times.wrap_up_ms / MS_PER_S,
        "by_event_today": msgspec.to_builtins(statistics.by_event(queue, wall_at)),
        "carried_in_today": statistics.carried_in(queue, wall_at),
        "still_here": statistics.still_here(queue),
        "callbacks_today": msgspec.to_builtins(statistics.callbacks(queue, wall_at)),
        "calls_today": {figure: list(statistics.calls(queue, figure, wall_at)) for figure in FIGURES},
        "calls_unlisted_today": {figure: count for figure, count in unlisted.items() if count},
    }


def agent_today(figures: AgentFigures, agent: str, wall_at: float) -> Row:
    """What `agent show` adds: what an agent did today, what goes on now included, and with which calls."""
    day = figures.day(agent, wall_at)
    return {
        "calls_today": day.calls,
        "talk_s_today": day.talk_s,
        "wrap_ups_today": day.wrap_ups,
        "wrap_up_s_today": day.wrap_up_ms / MS_PER_S,
        "ready_s_today": day.ready_ms / MS_PER_S,
        "pauses_today": day.pauses,
        "paused_s_today": {reason: lasted_ms / MS_PER_S for reason, lasted_ms in day.paused_ms.items()},
        "connected_today": day.connected,
    }
