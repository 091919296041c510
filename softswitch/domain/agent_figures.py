"""What each agent did today: calls connected and seconds talked, as a fold over the journal.

A talk counts for the agent who has it, from her connection until she is parted from the caller, the call ends or her
leg is lost, on the day on which it ends: so a transferred call is split between its agents, and nobody's minutes are
another's. Talks that still go on count as calls and not yet as seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from softswitch.domain import events
from softswitch.domain.events import Event
from softswitch.domain.statistics import Statistics


@dataclass(slots=True)
class AgentDay:
    """One agent, one day."""

    day: date
    calls: int = 0
    talk_s: float = 0.0


class AgentFigures:
    """The fold. It asks `statistics` for the office's date, so that both mean the same by today."""

    def __init__(self, statistics: Statistics) -> None:
        self._statistics = statistics
        self._days: dict[str, AgentDay] = {}
        self._talks: dict[str, dict[str, tuple[str, float]]] = {}

    def apply(self, event: Event) -> None:
        """Takes one event, oldest first."""
        match event:
            case events.CallConnected(call=call, leg=leg, agent=agent):
                if agent is not None:
                    self._day(agent, event.at).calls += 1
                    self._talks.setdefault(call, {})[leg] = (agent, event.at)
            case events.CallParted(call=call, leg=leg):
                self._end(self._talks.get(call, {}).pop(leg, None), event.at)
            case events.AgentLost(call=call) | events.CallEnded(call=call):
                for talk in self._talks.pop(call, {}).values():
                    self._end(talk, event.at)
            case _:
                pass

    def today(self, agent: str, wall_at: float) -> tuple[int, float]:
        """Calls and seconds of the day that `wall_at` is in."""
        known = self._days.get(agent)
        if known is None or known.day != self._statistics.day(wall_at):
            return 0, 0.0
        return known.calls, known.talk_s

    def _end(self, talk: tuple[str, float] | None, wall_at: float) -> None:
        if talk is not None:
            self._day(talk[0], wall_at).talk_s += max(0.0, wall_at - talk[1])

    def _day(self, agent: str, wall_at: float) -> AgentDay:
        today = self._statistics.day(wall_at)
        known = self._days.get(agent)
        if known is None or known.day != today:
            known = self._days[agent] = AgentDay(today)
        return known
