"""Nobody waits beside an idle agent: judged from outside, by the journal and the telephones alone.

The check after every step asks the switch why each agent is not given the caller, and so shares its idea of who is
free. This one does not: an agent who chose to be ready, is in no call and no wrap-up by the journal, was not presented
anything lately, and has a registered telephone lying idle, may not sit beside a waiting caller of hers for long.
`PATIENCE_S` covers what takes time by right: a direct call that rings a dead telephone, a back-off, a lost BYE. A
telephone that forgot a call in a power cut is not judged, nor one that ended a call behind a cut cable before the
switch can have noticed (`NOTICED_S_MAX`: a silence, or the next question to who holds it, and no answer).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from softswitch.domain import events
from softswitch.domain.office import Terms, ToNumber, ToPhone
from softswitch.domain.skills import has, together
from softswitch.node import JournalRecord

if TYPE_CHECKING:
    from tests.sim.network import Place
    from tests.sim.telephone import Telephone
    from tests.sim.world import World

PATIENCE_S: Final = 45.0
NOTICED_S_MAX: Final = 100.0
EVERY_S: Final = 1.0


class IdleWatch:
    """Looks once a second; fails the run when an agent sat beside a caller of hers for `PATIENCE_S`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ready: dict[str, bool] = {}
        self._in_wrap_up: set[str] = set()
        self._busy_at: dict[str, float] = {}
        self._numbers: dict[str, str | None] = {}
        self._in_the_dark: dict[Place, float] = {}
        self._queues_off: set[tuple[str, str]] = set()
        self.idle_s_max = 0.0
        world.clock.after(EVERY_S, self._look)

    def take(self, record: JournalRecord) -> None:
        """The next record of the journal."""
        now = self._world.clock.now
        match record:
            case events.AgentNumberSet(agent=agent, number=number):
                self._numbers[agent] = number
            case events.AgentQueueSwitched(agent=agent, queue=queue, is_on=is_on):
                (self._queues_off.discard if is_on else self._queues_off.add)((agent, queue))
                self._busy_at[agent] = now
            case events.AgentPresenceChanged(agent=agent, presence=presence):
                self._ready[agent] = presence == "ready"
                self._busy_at[agent] = now
            case events.WrapUpStarted(agent=agent):
                self._in_wrap_up.add(agent)
            case events.WrapUpEnded(agent=agent):
                self._in_wrap_up.discard(agent)
            case events.CallPresented(agent=agent) | events.PresentationEnded(agent=agent):
                self._busy_at[agent] = now
            case events.ConfigurationApplied() | events.SwitchStarted():
                self._busy_at = dict.fromkeys(self._ready, now)
            case _:
                pass

    def _look(self) -> None:
        world, now = self._world, self._world.clock.now
        world.clock.after(EVERY_S, self._look)
        office = world.settings.office
        wanted = {
            agent: call
            for queue, calls in world.ledger.unpresented().items()
            if queue in office.queues
            for call in calls
            for agent in office.queues[queue].agents
            if self._may_serve(agent, queue, call)
        }
        for agent in office.agents:
            if agent not in wanted or not self._is_free(agent):
                self._busy_at[agent] = now
            idle_s = now - self._busy_at.get(agent, now)
            self.idle_s_max = max(self.idle_s_max, idle_s)
            assert idle_s < PATIENCE_S, f"{agent} has been idle beside {wanted.get(agent)} for {idle_s:.0f} s"

    def _may_serve(self, agent: str, queue: str, call: str) -> bool:
        """Whether she takes calls of this queue and has what its caller asks for, without waiting for it to relax."""
        office, arrived = self._world.settings.office, self._world.ledger.arrived[call]
        terms = office.terms.get(arrived.dialled, Terms())
        demand = together(office.queues[queue].skills, terms.skills) if arrived.callback is None else {"any": 1}
        return (agent, queue) not in self._queues_off and has(office.agents[agent].skills, demand)

    def _is_noticed(self, phones: Sequence[Telephone]) -> bool:
        """Whether the switch can know that calls are over which these phones ended while nothing came from them."""
        now = self._world.clock.now
        self._in_the_dark |= {phone.place: now for phone in phones if phone.is_vanished and phone.live_calls}
        return all(now - self._in_the_dark.get(phone.place, -NOTICED_S_MAX) >= NOTICED_S_MAX for phone in phones)

    def _is_free(self, agent: str) -> bool:
        world = self._world
        if not world.is_up or not world.media.is_up or not self._ready.get(agent):
            return False
        if self._numbers.get(agent) is not None or agent in self._in_wrap_up or world.ledger.is_engaged(agent):
            return False
        devices = [device.to for device in world.settings.office.agents[agent].answers_at]
        phones = [phone for device in devices if isinstance(device, ToPhone) for phone in world.phones(device.phone)]
        mobiles = [world.mobile(device.number) for device in devices if isinstance(device, ToNumber)]
        if (
            not self._is_noticed(phones)
            or any(phone.live_calls for phone in phones)
            or any(mobile.live_calls for mobile in mobiles)
        ):
            return False
        has_forgotten = any(call.ended_how == "forgotten" for phone in phones for call in phone.calls)
        return not has_forgotten and any(phone.is_registered and not phone.is_vanished for phone in phones)
