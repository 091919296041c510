"""What each agent did today and yesterday, as a fold over the journal: calls, talk, wrap-up, presence.

Talk is the time in which she was connected to a caller and nothing else (`talks`): a call that is handed on is split
between those who had it, to the millisecond, and nobody's minutes are another's. Whatever lasts over midnight is split
there; what goes on still counts as far as it has come. Changing the reason of a pause ends the time of the one reason
and begins that of the other; it stays one pause, and no moment of it is lost. A direct call that she takes during
wrap-up counts in both. Time logged out is not counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from softswitch.domain import events
from softswitch.domain.events import Event, Takers
from softswitch.domain.figures.formulas import MS_PER_S, milliseconds
from softswitch.domain.figures.statistics import DAYS_KEPT_MAX, Statistics
from softswitch.domain.figures.talks import Talks, WrapUps

CALLS_LISTED_MAX: Final = 10_000
"""So many calls of one agent and day can be listed; their number goes on."""

_BEFORE_S: Final = 0.001


@dataclass(slots=True)
class AgentDay:
    """One agent, one day; milliseconds. `connected`: the calls behind `calls`, as often as she was connected to them.

    `pauses` counts how often she went into pause; `paused_ms` is by reason, "" where there was none.
    """

    calls: int = 0
    talk_ms: int = 0
    wrap_ups: int = 0
    wrap_up_ms: int = 0
    ready_ms: int = 0
    pauses: int = 0
    paused_ms: dict[str, int] = field(default_factory=dict)
    connected: list[str] = field(default_factory=list)

    @property
    def talk_s(self) -> float:
        """Seconds."""
        return self.talk_ms / MS_PER_S

    def copy(self) -> AgentDay:
        """One that does not go on."""
        return AgentDay(
            self.calls,
            self.talk_ms,
            self.wrap_ups,
            self.wrap_up_ms,
            self.ready_ms,
            self.pauses,
            dict(self.paused_ms),
            list(self.connected),
        )


class AgentFigures:
    """The fold. It has its days from `statistics`, so that both mean the same by today."""

    def __init__(self, statistics: Statistics, talks: Talks | None = None) -> None:
        self._day_of = statistics.day_of
        self._days: dict[str, dict[float, AgentDay]] = {}
        self._talks = talks or Talks()
        self._wrap_ups = WrapUps()
        self._talking: dict[str, dict[tuple[str, str], float]] = {}
        self._presences: dict[str, events.AgentPresenceChanged] = {}
        self.takers: Takers = {
            events.CallConnected: self._connected,
            events.CallParted: self._end_talks,
            events.AgentLost: self._end_talks,
            events.CallEnded: self._end_talks,
            events.WrapUpStarted: self._wrapped_up,
            events.WrapUpEnded: self._wrapped_up,
            events.AgentPresenceChanged: self._choose,
        }

    def apply(self, event: Event) -> None:
        """Takes one event, oldest first."""
        self._talks.apply(event)
        taker = self.takers.get(type(event))
        if taker is not None:
            taker(event)

    def today(self, agent: str, wall_at: float) -> tuple[int, float]:
        """Calls connected and seconds talked on the day that `wall_at`, now, is in."""
        span = self._day_of(wall_at)
        known = self._days.get(agent, {}).get(span.begins_at)
        calls, talk_ms = (0, 0) if known is None else (known.calls, known.talk_ms)
        for began_at in self._talking.get(agent, {}).values():
            talk_ms += _between(max(began_at, span.begins_at), wall_at)
        return calls, talk_ms / MS_PER_S

    def day(self, agent: str, wall_at: float, now_at: float | None = None) -> AgentDay:
        """All of the day that `wall_at` is in; what goes on counts until `now_at`, by default `wall_at`."""
        span = self._day_of(wall_at)
        until = min(span.ends_at, wall_at if now_at is None else now_at)
        known = self._days.get(agent, {}).get(span.begins_at)
        day = AgentDay() if known is None else known.copy()
        for began_at in self._talking.get(agent, {}).values():
            day.talk_ms += _between(max(began_at, span.begins_at), until)
        wrap_up = self._wrap_ups.open(agent, until)
        if wrap_up is not None:
            day.wrap_up_ms += _between(max(wrap_up.began_at, span.begins_at), wrap_up.ended_at)
        chosen = self._presences.get(agent)
        if chosen is not None:
            _present(chosen)(day, _between(max(chosen.at, span.begins_at), until))
        return day

    def _connected(self, event: events.CallConnected) -> None:
        self._talks.apply(event)
        if event.agent is None:
            return
        day = self._day(event.agent, self._day_of(event.at).begins_at)
        day.calls += 1
        if len(day.connected) < CALLS_LISTED_MAX:
            day.connected.append(event.call)
        self._talking.setdefault(event.agent, {})[event.call, event.leg] = event.at

    def _end_talks(self, event: Event) -> None:
        for talk in self._talks.apply(event):
            if talk.agent is not None:
                self._talking[talk.agent].pop((talk.call, talk.leg), None)
                self._credit(talk.agent, talk.began_at, talk.ended_at, _talked)

    def _wrapped_up(self, event: events.WrapUpStarted | events.WrapUpEnded) -> None:
        ended = self._wrap_ups.apply(event)
        if ended is not None:
            self._day(event.agent, self._day_of(ended.ended_at).begins_at).wrap_ups += 1
            self._credit(event.agent, ended.began_at, ended.ended_at, _lasted_wrap_up)

    def _choose(self, event: events.AgentPresenceChanged) -> None:
        """A snapshot says again what is known, with the time at which it was chosen: it changes nothing."""
        before = self._presences.get(event.agent)
        if before is not None and (before.presence, before.reason) == (event.presence, event.reason):
            return
        if before is not None:
            self._credit(event.agent, before.at, event.at, _present(before))
        if event.presence == "logged-out":
            self._presences.pop(event.agent, None)
            return
        self._presences[event.agent] = event
        if event.presence == "paused" and (before is None or before.presence != "paused"):
            self._day(event.agent, self._day_of(event.at).begins_at).pauses += 1

    def _credit(self, agent: str, began_at: float, ended_at: float, add: Callable[[AgentDay, int], None]) -> None:
        """Adds a stretch of time to the days that it lies in, as far back as they are kept."""
        at = ended_at
        for _ in range(DAYS_KEPT_MAX):
            span = self._day_of(at)
            add(self._day(agent, span.begins_at), _between(max(began_at, span.begins_at), ended_at))
            if began_at >= span.begins_at:
                return
            ended_at = span.begins_at
            at = ended_at - _BEFORE_S

    def _day(self, agent: str, begins_at: float) -> AgentDay:
        of_agent = self._days.setdefault(agent, {})
        day = of_agent.get(begins_at)
        if day is None:
            day = of_agent[begins_at] = AgentDay()
            while len(of_agent) > DAYS_KEPT_MAX:
                del of_agent[min(of_agent)]
        return day


def _between(began_at: float, ended_at: float) -> int:
    return max(0, milliseconds(ended_at) - milliseconds(began_at))


def _talked(day: AgentDay, lasted_ms: int) -> None:
    day.talk_ms += lasted_ms


def _lasted_wrap_up(day: AgentDay, lasted_ms: int) -> None:
    day.wrap_up_ms += lasted_ms


def _present(chosen: events.AgentPresenceChanged) -> Callable[[AgentDay, int], None]:
    def add(day: AgentDay, lasted_ms: int) -> None:
        if chosen.presence == "paused":
            reason = chosen.reason or ""
            day.paused_ms[reason] = day.paused_ms.get(reason, 0) + lasted_ms
        else:
            day.ready_ms += lasted_ms

    return add
