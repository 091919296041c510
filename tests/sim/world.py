"""The production switch under virtual time, between simulated telephones, on a simulated network.

A `World` is driven like the real shells drive a `Node`: what comes in is given to it, then its one outbox is drained,
all records of the drain are written to the journal, and only then messages and media commands go out. `kill` is a
`kill -9`: a new switch starts from the journal alone, with a clock that began anew, as after a reboot.

After every step the invariants are checked; `come_to_rest` lets everything end and checks that nothing is left. The
same seed gives the same run, byte for byte.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Final

from media import protocol
from sip_stack.events import SendMessage
from sip_stack.flow import Address, Flow
from softswitch.domain.call_record import CallRecord
from softswitch.domain.office import Office
from softswitch.node import Node
from softswitch.settings import Settings
from softswitch.signalling.outbox import AppendRecord, ReportFault, SendMedia
from softswitch.signalling.records import DialogDropped, DialogRecorded
from tests.sim.carrier import SimCarrier, SimMobile
from tests.sim.happenings import Happenings
from tests.sim.idle_watch import IdleWatch
from tests.sim.invariants import Ledger, check_nobody_stays_in_a_dead_call, check_rest, dead_calls
from tests.sim.journal import Journal
from tests.sim.network import NetworkKnobs, Place, VirtualNetwork
from tests.sim.offices import CARRIER, DOMAIN, SWITCH, office, password_of, settings_of
from tests.sim.person import Call
from tests.sim.sound import SimMedia
from tests.sim.step_check import StepCheck
from tests.sim.telephone import Telephone

WALL_START_S: Final = 1_790_000_000.0
SETTLES_S: Final = 80.0
"""The last transactions are over by then: a peer may insist for 64·T1, and its last request lingers for as long."""
HEARS_OF_IT_S: Final = 35.0
"""A BYE has arrived by then or never will (64·T1)."""
REST_S_MAX: Final = 1200.0
TIMEOUTS_AT_ONCE_MAX: Final = 100
"""A switch that asks for the same instant more often than this goes round in a circle."""

Observer = Callable[[str], None]


class SeededTokens:
    """The randomness that the switch is given."""

    def __init__(self, seeded: random.Random) -> None:
        self._random = seeded

    def token(self) -> str:
        return f"{self._random.getrandbits(80):020x}"


class World:
    """One office with its telephones. `observe` gets a line for everything that happens."""

    def __init__(
        self,
        seed: int = 0,
        *,
        plan: Office | None = None,
        knobs: NetworkKnobs | None = None,
        udp_ports: int = 100,
        trunk: Mapping[str, object] | None = None,
        observe: Observer | None = None,
    ) -> None:
        self.seed = seed
        self.random = random.Random(f"world {seed}")
        self.clock = Happenings()
        self.network = VirtualNetwork(self.clock, random.Random(f"network {seed}"), knobs or NetworkKnobs())
        self._udp_ports, self._trunk = udp_ports, trunk
        self.settings: Settings = settings_of(plan or office(), udp_ports=udp_ports, trunk=trunk)
        self.journal = Journal()
        self.ledger = Ledger()
        self.faults: list[str] = []
        self.starts = 0
        self.is_up = False
        self.dies_before_sending = False
        self._observe = observe
        self._tokens = SeededTokens(random.Random(f"tokens {seed}"))
        self._origin = 0.0
        self._node_now = 0.0
        self._dialogs: set[str] = set()
        if observe is not None:
            self.network.trace = self._note
        self.media = SimMedia(
            self.clock,
            self._receive_fact,
            self._speaking,
            tuple(range(self.settings.media.udp_first, self.settings.media.udp_last, 2)),
        )
        self.carrier = SimCarrier(
            CARRIER, self.network, self.clock, random.Random(f"carrier {seed}"), switch=SWITCH, domain="carrier.example"
        )
        self._phones = {
            name: self._telephone_at(name, (f"10.0.2.{number}", 5060), password_of(name))
            for number, name in enumerate(self.settings.office.phones, start=1)
        }
        self._second_phones: list[Telephone] = []
        self.idle_watch = IdleWatch(self)
        self.step_check = StepCheck(self)
        self._is_entered = False
        self._deadline: float | None = None
        self._flows: dict[Place, Flow] = {}
        self.node: Node
        self._start_switch()

    # People and telephones.

    @property
    def telephones(self) -> list[Telephone]:
        return [self.carrier, *self._phones.values(), *self._second_phones]

    def phone(self, name: str) -> Telephone:
        """The IP phone of that name; registered or not."""
        return self._phones[name]

    def phones(self, name: str) -> list[Telephone]:
        """All telephones with the credentials of that name."""
        return [self._phones[name], *(telephone for telephone in self._second_phones if telephone.name == name)]

    def second_phone(self, name: str, place: Place) -> Telephone:
        """Another telephone with the credentials of the phone of that name, at a place of its own, not registered."""
        telephone = self._telephone_at(name, place, password_of(name))
        self._second_phones.append(telephone)
        return telephone

    def mobile(self, number: str) -> SimMobile:
        """A telephone behind the carrier."""
        return self.carrier.mobile(number)

    def stranger(self, name: str, password: str | None = None) -> Telephone:
        """A telephone that the office knows nothing of; it may claim any name."""
        return self._telephone_at(name, ("10.9.9.9", 5060), password)

    def register_all(self) -> None:
        """Every phone of the office registers."""
        for phone in self._phones.values():
            phone.register()
        self.run_until(lambda: all(phone.is_registered for phone in self._phones.values()))

    # Time.

    @property
    def node_now(self) -> float:
        """The switch's own clock, in which its deadlines are."""
        return self._node_now

    def run(self, seconds: float) -> None:
        """Lets so much time pass."""
        until = self.clock.now + seconds
        self._look_at_deadline()
        while (coming := self._coming()) is not None and coming[0] <= until:
            self._go_on(coming[1])
        self.clock.now = until

    def run_until(self, is_so: Callable[[], bool], limit_s: float = 60.0) -> None:
        """Lets time pass until something is so; fails when it does not come about in `limit_s`."""
        until = self.clock.now + limit_s
        self._look_at_deadline()
        while not is_so():
            coming = self._coming()
            assert coming is not None, "nothing will happen any more"
            assert coming[0] <= until, f"it did not come about in {limit_s} s"
            self._go_on(coming[1])

    def step(self) -> None:
        """The next thing happens, and the invariants are checked."""
        self._look_at_deadline()
        coming = self._coming()
        assert coming is not None, "nothing will happen any more"
        self._go_on(coming[1])

    def come_to_rest(self) -> None:
        """Everybody hangs up, phones stop registering, time passes; then nothing may be left."""
        self.run_until(lambda: self.is_up)
        dead, starts = dead_calls(self), self.starts
        self.run(HEARS_OF_IT_S)
        if self.starts == starts:
            check_nobody_stays_in_a_dead_call(self, dead)
        for telephone in self.telephones:
            telephone.rest()
            for call in telephone.live_calls:
                call.hang_up()
        self.run_until(lambda: self.is_up and self.node.switch.live_calls == 0, REST_S_MAX)
        self.run(SETTLES_S)
        check_rest(self)

    # What befalls the switch.

    def kill_switch(self) -> None:
        """kill -9: whatever is not in the journal is gone."""
        self._note("the switch is killed")
        self.is_up = False
        self._deadline = None
        self.dies_before_sending = False
        self.network.detach(SWITCH)
        self.media.lose()

    def start_switch(self) -> None:
        """A new process reads the journal and goes on."""
        assert not self.is_up
        self._start_switch()

    def restart_switch(self, downtime_s: float = 1.0) -> None:
        """Killed, and started again after a while."""
        self.kill_switch()
        self.run(downtime_s)
        self.start_switch()

    def lose_media(self) -> None:
        """The media process dies."""
        self._note("media is lost")
        self.media.lose()
        self.node.media_lost(0, self._tick())
        self._settle()

    def restart_media(self) -> None:
        """A new media process is up and linked."""
        self.node.media_connected(0, self._tick())
        self.media.start()
        self._settle()

    def reload(self, plan: Office) -> None:
        """A changed configuration is put in force."""
        self.settings = settings_of(plan, udp_ports=self._udp_ports, trunk=self._trunk)
        self.node.reload(self.settings, self._tick())
        self._settle()

    def drain_switch(self) -> None:
        """SIGTERM: no new calls, running ones go on."""
        self.node.drain_calls(self._tick())
        self._settle()

    def command(self, name: str, /, **arguments: object) -> object:
        """A command typed by a person."""
        self.step_check.note()
        result = self.node.command(name, arguments, self._tick())
        self._settle()
        return result

    # What is known.

    def press(self, call: Call, keys: str) -> None:
        """The person at the telephone of this call presses keys, a tenth of a second each."""
        for key in keys:
            self.media.press(call.rtp, key)
            self.run(0.1)

    def record_of(self, call: Call) -> CallRecord:
        """The one record of a call that was made from outside or from a phone."""
        found = [known for known in self.ledger.arrived.values() if known.caller == call.caller]
        found = [known for known in found if known.dialled == call.dialled]
        assert len(found) == 1, f"the call of {call.caller} has {len(found)} records"
        return self.ledger.record(found[0].call)

    def agent(self, name: str) -> dict[str, object]:
        """The agent's row of `agent list`."""
        rows = self.command("agent.list")
        assert isinstance(rows, list)
        row: dict[str, object] = next(row for row in rows if row["agent"] == name)
        return row

    def open_dialogs(self) -> list[str]:
        """Legs whose dialogs the journal still holds."""
        return sorted(self._dialogs)

    # What scenarios assert.

    def assert_rings(self, name: str) -> None:
        """The telephone rings, for exactly one call."""
        calls = self._telephone(name).live_calls
        assert [call.state for call in calls] == ["ringing"], f"{name} does not ring: {[call.state for call in calls]}"

    def assert_silent(self, name: str) -> None:
        """The telephone neither rings nor is in a call."""
        calls = self._telephone(name).live_calls
        assert not calls, f"{name} is {calls[0].state} for {calls[0].caller}"

    def assert_hears(self, call: Call, sound: str) -> None:
        """The person at this end of the call hears that sound, or "talk"."""
        heard = self.media.heard_at(call.rtp)
        assert sound in heard, f"{call.caller} hears {heard or 'nothing'}, not {sound}"

    def assert_talking(self, call: Call, name: str) -> None:
        """Both ends are up, and each hears the other."""
        other = self._telephone(name).call
        assert (call.state, other.state) == ("up", "up"), f"caller {call.state}, {name} {other.state}"
        for end in (call, other):
            row = self.media.row_of(end.rtp)
            assert row is not None, f"no media port speaks with {end.rtp}"
            assert end.remote_rtp == (SWITCH[0], row.udp_port), f"{end.rtp} was sent to {end.remote_rtp}"
        assert self.media.are_joined(call.rtp, other.rtp), f"{call.caller} and {name} are not joined"

    # Private.

    def _telephone(self, name: str) -> Telephone | SimMobile:
        return self._phones[name] if name in self._phones else self.carrier.mobile(name)

    def _telephone_at(self, name: str, place: Place, password: str | None) -> Telephone:
        seeded = random.Random(f"telephone {name} {place} {self.seed}")
        return Telephone(name, place, self.network, self.clock, seeded, switch=SWITCH, domain=DOMAIN, password=password)

    def _start_switch(self) -> None:
        self.starts += 1
        self._origin = float(int(self.clock.now)) - 7.0
        self._node_now = self.clock.now - self._origin
        self.node = Node(
            self.settings,
            tokens=self._tokens,
            digest_key=f"key {self.seed} {self.starts}".encode(),
            ids=f"s{self.starts}",
            wall_offset_s=WALL_START_S + self._origin,
            listening=[("udp", Address(*SWITCH))],
        )
        self.step_check.begin(self.node.switch)
        for record in self.journal.read():
            self.node.replay(record)
        self.node.start(self._tick())
        self.is_up = True
        self.network.attach(SWITCH, self._receive_datagram)
        self.node.media_connected(0, self._tick())
        self.media.start()
        self._settle()

    def _tick(self) -> float:
        self._is_entered = True
        self._node_now = max(self._node_now, self.clock.now - self._origin)
        return self._node_now

    def _coming(self) -> tuple[float, float | None] | None:
        """When the next thing happens; with it the switch's own deadline, when that is what comes first."""
        happening_at = self.clock.next_at()
        deadline = self._deadline
        if deadline is not None:
            deadline_at = deadline + self._origin
            if happening_at is None or deadline_at <= happening_at:
                return max(self.clock.now, deadline_at), deadline
        return None if happening_at is None else (happening_at, None)

    def _look_at_deadline(self) -> None:
        """When the switch wants to be woken; it stays so until the switch is entered again."""
        self._deadline = self.node.next_deadline() if self.is_up else None

    def _go_on(self, deadline: float | None) -> None:
        """The switch's deadline comes, or else the next happening."""
        if deadline is None:
            self.clock.happen()
        else:
            self._wake_switch(deadline)
        self._settle()

    def _wake_switch(self, deadline: float) -> None:
        self.clock.now = max(self.clock.now, deadline + self._origin)
        self._node_now = max(self._tick(), deadline)
        for _ in range(TIMEOUTS_AT_ONCE_MAX):
            self.node.handle_timeout(self._node_now)
            again = self.node.next_deadline()
            if again is None or again > self._node_now:
                return
        raise AssertionError(f"the switch goes round in a circle at {self._node_now}")

    def _receive_datagram(self, data: bytes, source: Place) -> None:
        if source not in self._flows:
            self._flows[source] = Flow("udp", Address(*SWITCH), Address(*source))
        self.node.receive_datagram(data, self._flows[source], self._tick())

    def _receive_fact(self, fact: protocol.Fact) -> None:
        if self.is_up:
            self.node.receive_media(0, fact, self._tick())

    def _settle(self) -> None:
        """One turn's end: the journal first, then everything that leaves the process."""
        if not self.is_up:
            return
        outputs = self.node.drain()
        if not outputs and not self._is_entered:
            return
        self._is_entered = False
        self._look_at_deadline()
        records = [output.record for output in outputs if isinstance(output, AppendRecord)]
        self.journal.write(records)
        for record in records:
            if self._observe is not None:
                self._note(f"journal   {record}")
            self.ledger.take(record)
            self.step_check.told(record)
            self.idle_watch.take(record)
            if isinstance(record, DialogRecorded):
                self._dialogs.add(record.leg)
            elif isinstance(record, DialogDropped):
                self._dialogs.discard(record.leg)
        if self.dies_before_sending and records:
            self.kill_switch()
            return
        for output in outputs:
            match output:
                case SendMessage(flow=flow, data=data):
                    self.network.send(data, SWITCH, (flow.remote.host, flow.remote.port))
                case SendMedia(command=command):
                    if self._observe is not None:
                        self._note(f"media     {command}")
                    if self.media.is_up:
                        self.media.take(command)
                case ReportFault(text=text):
                    self.faults.append(text)
                case AppendRecord():
                    pass
        self.step_check.look()

    def _speaking(self) -> set[Place]:
        return {
            call.rtp
            for telephone in self.telephones
            if telephone.is_in_use and not telephone.is_vanished and not telephone.is_mute
            for call in telephone.calls_up
            if call.state in ("answered", "up")
        }

    def _note(self, line: str) -> None:
        if self._observe is not None:
            self._observe(f"{self.clock.now:10.3f}  {line}")
