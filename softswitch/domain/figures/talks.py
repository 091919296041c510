"""Who was connected to which caller from when to when, and how long the wrap-up after it took: folds over the journal.

Queues, agents and call records all count talks, and all count these. A talk lasts from the connection until this leg is
parted from the caller, is lost, or the call ends: so a transferred call is several talks, one after the other, and a
conference several at once. The journal cannot say when a talk ended that a crash cut off, only that the switch lived
when it wrote its last record before: the talk ends there, and the hours until the restart belong to nobody. Wrap-up
ends at its deadline at the latest, for the same reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from softswitch.domain import events
from softswitch.domain.causes import Cause
from softswitch.domain.events import Event


class Talk(msgspec.Struct, frozen=True):
    """Wall seconds. `is_lost`: the leg failed after pick-up, and the caller went on waiting."""

    call: str
    leg: str
    agent: str | None
    queue: str | None
    began_at: float
    ended_at: float
    is_lost: bool = False

    @property
    def talk_s(self) -> float:
        """How long, never negative, whatever was done to the clock."""
        return max(0.0, self.ended_at - self.began_at)


class WrapUp(msgspec.Struct, frozen=True):
    """Wall seconds."""

    agent: str
    call: str
    began_at: float
    ended_at: float


_OF_CRASHES: Final = frozenset({events.SwitchStarted, events.PresentationEnded, events.QueueLeft, events.CallEnded})
_OF_WRAP_UPS: Final = frozenset({events.WrapUpStarted, events.WrapUpEnded})
_OF_TALKS: Final = frozenset({events.CallConnected, events.CallParted, events.AgentLost, events.CallEnded})


class Talks:
    """The fold of talks. It wants every event: `seen_at`, wall seconds, is the last sign of life before a crash.

    Folds that stand side by side share one: whichever shows it an event first has it folded, the others are told the
    same.
    """

    def __init__(self) -> None:
        self._open: dict[str, dict[str, events.CallConnected]] = {}
        self._latest: Event | None = None
        self._ended: Sequence[Talk] = ()
        self.seen_at = 0.0

    def apply(self, event: Event) -> Sequence[Talk]:
        """Takes one event, oldest first; returns the talks that it ended."""
        if event is not self._latest:
            self._latest = event
            kind = type(event)
            self._ended = self._fold(event) if kind in _OF_TALKS else ()
            if event.at > self.seen_at and not (kind in _OF_CRASHES and _is_of_crash(event)):
                self.seen_at = event.at
        return self._ended

    def _fold(self, event: Event) -> Sequence[Talk]:
        match event:
            case events.CallConnected():
                self._open.setdefault(event.call, {})[event.leg] = event
            case events.CallParted(call=call, leg=leg):
                connected = self._open.get(call, {}).pop(leg, None)
                return () if connected is None else (_talk(connected, event.at),)
            case events.AgentLost():
                return self._lose(event)
            case events.CallEnded():
                return self._end_all(event.call, min(self.seen_at, event.at) if _is_of_crash(event) else event.at)
            case _:
                pass
        return ()

    def open(self) -> Sequence[events.CallConnected]:
        """The talks that go on, by call and the time of their beginning."""
        return [connected for legs in self._open.values() for connected in legs.values()]

    def _end_all(self, call: str, wall_at: float) -> Sequence[Talk]:
        legs = self._open.pop(call, None)
        return () if legs is None else [_talk(connected, wall_at) for connected in legs.values()]

    def _lose(self, event: events.AgentLost) -> Sequence[Talk]:
        legs = self._open.get(event.call, {})
        for leg, connected in legs.items():
            if connected.agent == event.agent:
                del legs[leg]
                return (_talk(connected, event.at, is_lost=True),)
        return ()


class WrapUps:
    """The fold of wrap-ups, one at a time for each agent. One that is made longer goes on."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[str, float, float]] = {}

    def apply(self, event: Event) -> WrapUp | None:
        """Takes one event, oldest first; returns the wrap-up that it ended."""
        if type(event) not in _OF_WRAP_UPS:
            return None
        match event:
            case events.WrapUpStarted(agent=agent, call=call, until=until):
                before = self._open.get(agent)
                if before is not None and before[0] == call:
                    self._open[agent] = (call, before[1], until)
                    return None
                self._open[agent] = (call, event.at, until)
                return None if before is None else WrapUp(agent, *before[:2], _last(before, event.at))
            case events.WrapUpEnded(agent=agent):
                before = self._open.get(agent)
                if before is None or event.at < before[1]:
                    return None
                del self._open[agent]
                return WrapUp(agent, *before[:2], _last(before, event.at))
            case _:
                return None

    def open(self, agent: str, wall_at: float) -> WrapUp | None:
        """The agent's wrap-up as far as it has come by then."""
        running = self._open.get(agent)
        return None if running is None else WrapUp(agent, *running[:2], _last(running, wall_at))


def _is_of_crash(event: Event) -> bool:
    """Written by the process after it."""
    return isinstance(event, events.SwitchStarted) or getattr(event, "cause", None) is Cause.CRASH


def _talk(connected: events.CallConnected, ended_at: float, *, is_lost: bool = False) -> Talk:
    return Talk(
        connected.call, connected.leg, connected.agent, connected.queue, connected.at, ended_at, is_lost=is_lost
    )


def _last(wrap_up: tuple[str, float, float], wall_at: float) -> float:
    _, began_at, until = wrap_up
    return max(began_at, min(wall_at, until))
