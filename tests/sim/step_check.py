"""What is held after every step: all that can have changed since the last time, and nothing twice.

The checks of a step are functions of the domain's floor and of the time. A floor that was asked nothing is as it was,
so all of it is looked at again when an input or a deadline of its own came to it, and when time alone can make a
difference: a pause that keeps an agent or a device out is over. While somebody waits, who is due is asked at every time
that the switch sees. What is left out could only give the answer that it gave.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING, Final

from softswitch.domain import choosing
from softswitch.domain.distributor import distribute
from softswitch.domain.doctor import examine
from softswitch.domain.floor import Floor
from softswitch.domain.switch import Switch

if TYPE_CHECKING:
    from tests.sim.world import World

_VERBS: Final = ("handle", "end_all", "restore", "recall")


class StepCheck:
    """Held by a world; fails the run when a step broke something. `looks`: how often all of the floor was looked at."""

    def __init__(self, world: World) -> None:
        self.looks = 0
        self._world = world
        self._is_asked = True
        self._good_until_at = -inf

    def begin(self, switch: Switch) -> None:
        """A new switch: from now on it is noted when it is asked anything."""
        self.note()
        for verb in _VERBS:
            setattr(switch, verb, self._noting(getattr(switch, verb)))
        handle_timeout = switch.handle_timeout

        def timeout(now: float) -> None:
            due_at = switch.next_deadline()
            if (due_at is not None and due_at <= now) or _is_restless(switch.floor):
                self.note()
            handle_timeout(now)

        setattr(switch, "handle_timeout", timeout)  # noqa: B010  # a method of this one object

    def note(self) -> None:
        """Something was asked of the switch, or may have been: all is looked at after this step."""
        self._is_asked = True

    def look(self) -> None:
        """A step is over, and the switch is quiet."""
        ledger, switch, now = self._world.ledger, self._world.node.switch, self._world.node_now
        floor = switch.floor
        assert not self._world.faults, self._world.faults
        assert len(ledger.live) == switch.live_calls, f"{ledger.live} are up, the switch counts {switch.live_calls}"
        if self._is_asked or now >= self._good_until_at:
            self._is_asked = False
            self.looks += 1
            check_standings(floor, now)
            self._good_until_at = _pauses_end_at(floor, now)
        check_nobody_idles(floor, now)

    def _noting(self, verb: Callable[..., None]) -> Callable[..., None]:
        def noted(*arguments: object) -> None:
            self.note()
            verb(*arguments)

        return noted


def check_standings(floor: Floor, now: float) -> None:
    """Agents count as what they are, everything that goes on has an owner and an end."""
    choosing.refresh(floor, now)
    gone = [name for name in floor.agents if name not in floor.office.agents and name in floor.standings]
    assert not gone, f"{gone} are gone and count as {[floor.standings[name] for name in gone]}"
    assert not (findings := examine(floor, now)), findings


def check_nobody_idles(floor: Floor, now: float) -> None:
    """No idle, ready, reachable agent who is not backing off, while a caller waits whom she may serve."""
    queues = [choosing.queue_view(floor, queue, now) for queue in floor.queues.values() if queue.line]
    due = distribute(queues, now) if queues else []
    assert not due, f"{due[0].agent} is idle while {due[0].call} waits in {due[0].queue}"


def _is_restless(floor: Floor) -> bool:
    """Whether the switch has something to finish when it is woken, with nothing due."""
    return bool(
        floor.is_unsettled or floor.is_staffing_due or floor.is_presence_changed or floor.touched or floor.lamps_due
    )


def _pauses_end_at(floor: Floor, now: float) -> float:
    """Until when nobody comes back by time alone."""
    ends = [at for agent in floor.agents.values() for at in (agent.backoff_until_at, agent.guard_until_at) if at]
    return min((at for at in (*ends, *floor.devices_out.values()) if at > now), default=inf)
