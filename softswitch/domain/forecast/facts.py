"""From events to what the forecast learns: a fold that keeps a forecast and its accuracy.

It follows each visit of a queue from entering to its end, and each agent from the presentation of a queue's call
through talk and wrap-up until she is free, and tells the forecast what each took. With the estimates that a caller was
promised in between, it tells both the forecast (which corrects itself by it) and the accuracy what came of them.

A caller who gave up has no wait, and leaving him out would make all waits look shorter than they are. But what he
would have waited shows: the agent whom he would have got is given to the next one in line who is still there. So when
somebody who stood behind him is connected after a wait of his own, that is when his turn would have come. Where the
line was empty before anybody behind him was connected, it stays unknown.

Being a fold over the journal, it learns handling times and patience anew at a start. Promises are no events, so those
that were open when the process died are forgotten. Times are wall seconds. Calls that agents have outside of queues are
not learnt from, and a caller whose agent was lost after pick-up counts as connected the first time.
"""

from __future__ import annotations

from typing import Final

import msgspec

from softswitch.domain import events
from softswitch.domain.events import Event, Takers
from softswitch.domain.forecast.accuracy import Accuracy, AppQueueHold, Outcome
from softswitch.domain.forecast.estimates import Estimate, Forecast
from softswitch.domain.inputs import CallId

PROMISES_MAX: Final = 60
"""Estimates of one visit that are held to account; later ones are not."""

GONE_MAX: Final = 200
"""Callers of one queue who gave up and whose turn is still waited for; the oldest are forgotten first."""


class Engaged(msgspec.Struct):
    """An agent in a queue's call since `began` (its presentation); wrap-up runs until `wrap_up_until`, if it does."""

    call: CallId
    queue: str
    began: float
    talk_ended: float | None = None
    wrap_up_until: float | None = None
    is_connected: bool = False


class _Promise(msgspec.Struct, frozen=True):
    at: float
    estimate: Estimate
    app_queue_s: float
    told_s: tuple[float, float] | None


class _Visit(msgspec.Struct):
    call: CallId
    queue: str
    entered: float
    due: float
    order: int
    priority_s: float
    promises: list[_Promise] = msgspec.field(default_factory=list)


class Facts:
    """The fold. Fed every event, oldest first; `promised` is told beside it."""

    def __init__(self, forecast: Forecast, accuracy: Accuracy) -> None:
        self.forecast = forecast
        self.accuracy = accuracy
        self._visits: dict[CallId, _Visit] = {}
        self._gone: dict[str, list[_Visit]] = {}
        self._engaged: dict[str, Engaged] = {}
        self._agents_of: dict[CallId, dict[str, None]] = {}
        self._talked_out: dict[str, None] = {}
        self._holds: dict[str, AppQueueHold] = {}
        self._entered = 0
        self._takers: Takers = {
            events.CallQueued: self._queued,
            events.PriorityChanged: self._priority_changed,
            events.QueueLeft: self._left,
            events.CallPresented: self._presented,
            events.PresentationEnded: self._presentation_ended,
            events.CallConnected: self._connected,
            events.AgentLost: self._agent_lost,
            events.CallParted: self._talk_ended,
            events.CallEnded: self._talk_ended,
            events.WrapUpStarted: self._wrap_up_started,
            events.WrapUpEnded: self._wrap_up_ended,
            events.SwitchStarted: self._forget_all_open,
        }
        self.takers: Takers = dict.fromkeys(self._takers, self.apply)

    def engaged(self, agent: str) -> Engaged | None:
        """The queue's call that keeps her, up to the end of wrap-up; None when no queue's call does."""
        return self._engaged.get(agent)

    def promised(
        self, call: CallId, estimate: Estimate, wall_at: float, *, told_s: tuple[float, float] | None = None
    ) -> None:
        """This was estimated for a waiting caller, and `told_s` was said of it, if anything was."""
        visit = self._visits.get(call)
        if visit is None or len(visit.promises) >= PROMISES_MAX:
            return
        says_s = self._hold(visit.queue).says_s(wall_at - visit.entered)
        visit.promises.append(_Promise(wall_at, estimate, says_s, told_s))

    def forget(self, queue: str) -> None:
        """A queue that is gone; how good its estimates were is kept."""
        self.forecast.forget([queue])
        self._gone.pop(queue, None)
        self._holds.pop(queue, None)

    def apply(self, event: Event) -> None:
        """Takes one event, oldest first."""
        if self._talked_out:
            self._end_without_wrap_up(event)
        taker = self._takers.get(type(event))
        if taker is not None:
            taker(event)

    # Visits.

    def _queued(self, event: events.CallQueued) -> None:
        self._entered += 1
        self._visits[event.call] = _Visit(
            event.call,
            event.queue,
            event.at,
            event.at if event.due is None else event.due,
            self._entered,
            event.priority_s,
        )

    def _left(self, event: events.QueueLeft) -> None:
        visit = self._visits.pop(event.call, None)
        if visit is None:
            return
        has_given_up = event.outcome in ("abandoned", "short-abandoned")
        self.forecast.waited(visit.queue, event.at - visit.entered, has_given_up=has_given_up)
        if has_given_up and visit.promises:
            gone = self._gone.setdefault(visit.queue, [])
            gone.append(visit)
            del gone[:-GONE_MAX]

    def _connected(self, event: events.CallConnected) -> None:
        visit = None if event.queue is None else self._visits.pop(event.call, None)
        if visit is None:
            return
        engaged = None if event.agent is None else self._engaged.get(event.agent)
        if engaged is not None and engaged.call == event.call:
            engaged.is_connected = True
            self.forecast.picked_up(visit.queue, event.at - engaged.began)
        wait_s = event.at - visit.entered
        self.forecast.waited(visit.queue, wait_s, has_given_up=False)
        self._hold(visit.queue).answered(wait_s)
        self._realise(visit, event.at, has_given_up=False)
        gone = self._gone.pop(visit.queue, [])
        behind = [other for other in gone if (other.due, other.order) > (visit.due, visit.order)]
        if behind:
            self._gone[visit.queue] = behind
        if visit.promises:
            for other in gone:
                if (other.due, other.order) < (visit.due, visit.order):
                    self._realise(other, event.at, has_given_up=True)

    def _realise(self, visit: _Visit, at: float, *, has_given_up: bool) -> None:
        for index, promise in enumerate(visit.promises):
            wait_s = at - promise.at
            self.forecast.realised(visit.queue, promise.estimate, wait_s)
            self.accuracy.add(
                Outcome(
                    call=visit.call,
                    queue=visit.queue,
                    is_at_entry=index == 0,
                    estimate=promise.estimate,
                    wait_s=wait_s,
                    app_queue_s=promise.app_queue_s,
                    has_given_up=has_given_up,
                    told_s=promise.told_s,
                )
            )

    def _priority_changed(self, event: events.PriorityChanged) -> None:
        visit = self._visits.get(event.call)
        if visit is not None:
            visit.due -= event.priority_s - visit.priority_s
            visit.priority_s = event.priority_s

    # Agents.

    def _presented(self, event: events.CallPresented) -> None:
        self._drop(event.agent)
        self._engaged[event.agent] = Engaged(event.call, event.queue, event.at)
        self._agents_of.setdefault(event.call, {})[event.agent] = None

    def _agent_lost(self, event: events.AgentLost) -> None:
        self._drop(event.agent)

    def _wrap_up_started(self, event: events.WrapUpStarted) -> None:
        engaged = self._engaged.get(event.agent)
        if engaged is not None and engaged.call == event.call:
            engaged.wrap_up_until = event.until
            self._talked_out.pop(event.agent, None)

    def _wrap_up_ended(self, event: events.WrapUpEnded) -> None:
        self._free(event.agent, event.at)

    def _presentation_ended(self, event: events.PresentationEnded) -> None:
        engaged = self._engaged.get(event.agent)
        if event.outcome != "connected" and engaged is not None and engaged.call == event.call:
            self._drop(event.agent)

    def _talk_ended(self, event: events.CallParted | events.CallEnded) -> None:
        for agent in list(self._agents_of.get(event.call, ())):
            if isinstance(event, events.CallParted) and event.agent != agent:
                continue
            engaged = self._engaged[agent]
            if not engaged.is_connected:
                self._drop(agent)
            elif engaged.talk_ended is None:
                engaged.talk_ended = event.at
                if engaged.wrap_up_until is None:
                    self._talked_out[agent] = None

    def _end_without_wrap_up(self, event: Event) -> None:
        """Wrap-up starts in the same moment as the talk ends, if it does; so later there is none."""
        for agent in list(self._talked_out):
            ended = self._engaged[agent].talk_ended
            assert ended is not None
            is_new = isinstance(event, events.CallPresented) and event.agent == agent
            if event.at > ended or is_new:
                self._free(agent, ended)

    def _free(self, agent: str, at: float) -> None:
        engaged = self._drop(agent)
        if engaged is None or not engaged.is_connected:
            return
        ended = at if engaged.talk_ended is None else engaged.talk_ended
        self.forecast.served(engaged.queue, ended - engaged.began, at - ended)

    def _drop(self, agent: str) -> Engaged | None:
        engaged = self._engaged.pop(agent, None)
        self._talked_out.pop(agent, None)
        if engaged is not None:
            others = self._agents_of[engaged.call]
            del others[agent]
            if not others:
                del self._agents_of[engaged.call]
        return engaged

    def _forget_all_open(self, _event: events.SwitchStarted) -> None:
        """A new process: what was open before has ended, when is not known."""
        self._visits.clear()
        self._gone.clear()
        self._engaged.clear()
        self._agents_of.clear()
        self._talked_out.clear()

    def _hold(self, queue: str) -> AppQueueHold:
        return self._holds.setdefault(queue, AppQueueHold())
