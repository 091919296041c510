"""The domain alone, driven at random: whatever telephones, people, clocks and other nodes do, in any order.

Each step is one thing that befalls the switch: a caller, a key, an answer that comes late, twice or against all that
was told before, somebody in charge, a reload that changes everything, a roll of the journal, a death of the process and
a start from its own journal. A walk has a temper, which says what happens more and less. With even seeds claims are
granted at once, as on a single node; with odd ones late, in any order, and not all.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, TypeAlias, get_args
from zoneinfo import ZoneInfo

import msgspec

from softswitch.domain import actions, agent_line, events, inputs, messages, recomputing
from softswitch.domain.call import Call
from softswitch.domain.call_record import CallRecord, CallRecords
from softswitch.domain.causes import Cause
from softswitch.domain.inputs import Presence
from softswitch.domain.office import PRIORITY_S_MAX, Destination, ToAgent, ToNumber, ToPhone, ToQueue
from softswitch.domain.recovery import Recovery, snapshot_events
from softswitch.domain.refusals import CommandRefused
from softswitch.domain.switch import Switch
from softswitch.domain.wrapping_up import EXTENSION_S_MAX
from tests.sim.domain_far import FarEnds, Leg
from tests.sim.domain_office import (
    AGENTS,
    CODES,
    NUMBERS,
    OUTSIDE,
    OWN_NUMBERS,
    PHONES,
    QUEUES,
    REASONS,
    VIP,
    number_of,
    pin_of,
    random_office,
    random_start,
)
from tests.sim.way_out_check import check_way_out

KEYS: Final = "1111122290#*"
REFUSALS: Final = (
    Cause.BUSY, Cause.DECLINED, Cause.NO_ANSWER, Cause.UNREACHABLE, Cause.NETWORK_FAILURE, Cause.NO_MEDIA_PORTS,
)  # fmt: skip
ENDS: Final = (Cause.HUNG_UP, Cause.HUNG_UP, Cause.HUNG_UP, Cause.SILENT, Cause.NOT_CONFIRMED, Cause.INCOMPATIBLE_MEDIA)
NOBODY: Final = "w-0"

Observer: TypeAlias = Callable[[float, object], None]
"""Is told when, and what came in, was told or was asked for."""

TEMPERS: Final[Mapping[str, Mapping[str, int]]] = {
    "wild": {"time": 22, "invite": 10, "leg": 44, "key": 6, "sound": 4, "presence": 6, "phone": 2, "command": 4,
             "confusion": 2, "office": 2},
    "rush": {"time": 12, "invite": 32, "leg": 30, "key": 5, "sound": 6, "presence": 8, "phone": 2, "command": 4,
             "confusion": 1, "office": 1},
    "talkative": {"time": 14, "invite": 12, "leg": 26, "key": 16, "sound": 12, "presence": 3, "phone": 2, "command": 12,
                  "confusion": 1, "office": 2},
    "slow": {"time": 45, "invite": 10, "leg": 25, "key": 4, "sound": 8, "presence": 6, "phone": 1, "command": 2,
             "confusion": 1, "office": 1},
    "upset": {"time": 14, "invite": 14, "leg": 28, "key": 6, "sound": 6, "presence": 10, "phone": 8, "command": 8,
              "confusion": 8, "office": 6},
}  # fmt: skip
"""How often each kind of thing happens, by the temper of the walk."""


class Walk:
    """A switch, what lies beyond it, and all that it has told. `inputs` counts what it was told, `timeouts` how often
    its time had come."""

    def __init__(self, seed: int, observe: Observer | None = None) -> None:
        self.random = random.Random(seed)
        self.observe = observe
        self.is_single_node = seed % 2 == 0
        self.temper = self.random.choice(tuple(TEMPERS))
        self.hangs_up = self.random.choice((0.1, 0.3, 0.6))
        self.refuses = self.random.choice((0.05, 0.25))
        self.now = 0.0
        self.wall_offset_s = random_start(self.random)
        self.offices = self.starts = 1
        self.inputs = self.timeouts = self.invited = 0
        self.far = FarEnds()
        self.journal: list[events.Event] = []
        self.snapshots: set[int] = set()
        self.segments = [(0, self.wall_offset_s)]
        self.fold, self.records = CallRecords(), list[CallRecord]()
        self.arrived: dict[str, int] = {}
        self.ended: Counter[str] = Counter()
        self.ended_at: dict[str, float] = {}
        self.came_by: dict[str, str] = {}
        self.promised: dict[str, None] = {}
        self.kinds: Counter[str] = Counter()
        self.presented: list[events.CallPresented] = []
        self.claimed: set[str] = set()
        self.checks_order: Callable[[list[events.CallPresented]], None] | None = None
        self.checks_start: Callable[[Switch, float], None] | None = None
        weights = TEMPERS[self.temper]
        self._kinds, self._weights = tuple(weights), tuple(weights.values())
        self._steps: dict[str, Callable[[], None]] = {
            "time": self._time, "invite": self._invite, "leg": self._leg, "key": self._keys, "sound": self._sound,
            "presence": self._presence, "phone": self._phone, "command": self._command, "confusion": self._confuse,
            "office": self._office,
        }  # fmt: skip
        self.office = random_office(self.random, "v1")
        self.switch = Switch(self.office, ids="w1", wall_offset_s=self.wall_offset_s)
        self._note(events.SwitchStarted(self.wall, "node", "v1"))
        self.switch.restore(Recovery(), self.now)
        self.collect()
        self.roll()
        self.register_all()

    @property
    def wall(self) -> float:
        """Wall seconds."""
        return self.wall_offset_s + self.now

    # What happens.

    def step(self) -> None:
        """One thing."""
        if self.far.claims and self.random.random() < 0.7:
            self.decide_claim(self.random.choice(list(self.far.claims)), is_granted=self.random.random() < 0.95)
        else:
            (kind,) = self.random.choices(self._kinds, self._weights)
            self._steps[kind]()

    def tell(self, input_: inputs.Input) -> None:
        """One input; a command that is refused has changed nothing."""
        self.inputs += 1
        self.kinds[type(input_).__name__] += 1
        if self.observe is not None:
            self.observe(self.now, input_)
        try:
            self.switch.handle(input_, self.now)
        except CommandRefused:
            assert self.switch.drain() == [], f"{input_} was refused and did something"
        self.collect()

    def collect(self) -> None:
        """Takes what came of it; a single node grants all claims at once."""
        for thing in self.switch.drain():
            if isinstance(thing, events.Event):
                self._note(thing)
                continue
            if self.observe is not None:
                self.observe(self.now, thing)
            if isinstance(thing, actions.DialLeg) and thing.trunks and thing.leg in self.switch.floor.legs:
                check_way_out(self.switch.floor, self.switch.floor.legs[thing.leg], thing.trunks)
            self.far.carry_out(thing)
        presented, self.presented = self.presented, []
        if not self.is_single_node:
            return
        self.claimed.update(self.far.claims.values())
        if self.checks_order is not None and presented:
            self.checks_order(presented)
        for claim in tuple(self.far.claims):
            self.decide_claim(claim, is_granted=True)
        self.claimed.clear()

    def decide_claim(self, presentation: str, *, is_granted: bool) -> None:
        """The other nodes agree, or one of them was first."""
        if self.far.claims.pop(presentation, None) is not None:
            self.tell(inputs.ClaimDecided(presentation, is_granted))

    def pass_time(self, seconds: float) -> None:
        """Deadline by deadline."""
        until = self.now + seconds
        while (deadline := self.switch.next_deadline()) is not None and deadline <= until:
            self.now = max(self.now, deadline)
            self.timeouts += 1
            self.switch.handle_timeout(self.now)
            self.collect()
        self.now = until

    def register_all(self) -> None:
        """All phones can be reached."""
        for phone in PHONES:
            self.tell(inputs.PhoneRegistrationChanged(phone, is_registered=True))

    def end_leg(self, leg: str, cause: Cause) -> None:
        """A far end is gone by itself."""
        self.far.end(leg)
        self.tell(inputs.LegEnded(leg, cause))

    def play_through(self, leg: str, tag: str) -> None:
        """A sound is through."""
        self.far.ended_playing(leg, tag)
        self.tell(inputs.PlaybackEnded(leg, tag))

    def roll(self) -> None:
        """The journal's next segment begins, with a snapshot."""
        self.segments.append((len(self.journal), self.wall))
        snapshot = snapshot_events(self.switch.floor, self.now)
        self.snapshots.update(range(len(self.journal), len(self.journal) + len(snapshot)))
        self.journal += snapshot

    def die(self) -> None:
        """The process is killed, perhaps in the middle of writing down what it did, and another one starts, perhaps
        after somebody changed the office."""
        before, died_at, has_last_words = self.switch, self.now, self.random.random() < 0.3
        if has_last_words:
            self._last_words()
        self.far.lose_all()
        self.now += self.random.choice((0.2, 3.0, 60.0, 400.0))
        self.starts += 1
        recovery = Recovery()
        if self.random.random() < 0.2:
            self._other_office()
        self.switch = Switch(self.office, ids=f"w{self.starts}", wall_offset_s=self.wall_offset_s)
        for event in reread(self.journal[self._needed() :]):
            recovery.apply(event)
            self.switch.recall(event)
        self._note(events.SwitchStarted(self.wall, "node", self.office.version))
        for event in recovery.crash_endings(self.wall):
            self.switch.recall(event)
            self._note(event)
        self.switch.restore(recovery, self.now)
        self.collect()
        if self.checks_start is not None and not has_last_words:
            self.checks_start(before, died_at)
        self.roll()

    def told(self) -> list[events.Event]:
        """All that was ever told, each thing once."""
        return [event for number, event in enumerate(self.journal) if number not in self.snapshots]

    # The steps.

    def _time(self) -> None:
        if self.random.random() < 0.15:
            self.now += self.random.choice((0.01, 0.2, 2.0))  # the timer is late
        else:
            self.pass_time(self.random.choice((0.0, 0.1, 0.5, 1.0, 1.0, 3.0, 12.0, 30.0)))

    def _invite(self) -> None:
        dice = self.random
        self.invited += 1
        leg = f"in-{self.invited}"
        self.far.legs[leg] = Leg(is_ours=False, phase="invited")
        fault = Cause.NO_MEDIA_PORTS if dice.random() < 0.02 else None
        if dice.random() < 0.75:
            origin: inputs.FromTrunk | inputs.FromPhone = inputs.FromTrunk("carrier")
            dialled = dice.choice((*NUMBERS, *6 * ("+461",), *4 * ("+462",), *2 * ("+468",), "+4699"))
        else:
            origin = inputs.FromPhone(dice.choice(PHONES))
            inside = (*NUMBERS, *PHONES, "anna", "dan", "night", "nowhere", "+4711111", "*1", "*2", "*3")
            inside = (*inside, *(f"*8{phone}" for phone in PHONES))
            dialled = dice.choice(OUTSIDE if dice.random() < 0.15 else inside)
        caller = dice.choice(("+46812345678", "+46812345678", "+46731111111", VIP, "anonymous"))
        replaces = self.answered_leg() if isinstance(origin, inputs.FromPhone) and dice.random() < 0.2 else None
        self.tell(inputs.LegInvited(leg, origin, caller, "", dialled, fault, replaces=replaces))

    def _leg(self) -> None:
        dice = self.random
        if not self.far.legs:
            return
        leg = dice.choice(list(self.far.legs))
        found = self.far.legs[leg]
        if found.phase == "barred":
            self.far.end(leg)
            self.tell(inputs.LegRefused(leg, Cause.NOT_ALLOWED))
        elif found.phase == "dialling":
            lot = dice.random()
            if lot < 0.3:
                self.tell(inputs.LegProgressed(leg))
            elif lot < 1 - self.refuses:
                found.phase = "answered"
                self.tell(inputs.LegAnswered(leg))
            else:
                self.far.end(leg)
                forward = dice.choice((*NUMBERS, *PHONES, "anna", "nowhere", "112")) if dice.random() < 0.3 else None
                self.tell(inputs.LegRefused(leg, dice.choice(REFUSALS), forward))
        elif dice.random() < 0.4:
            self.tell(inputs.LegHeard(leg))
        elif found.phase == "answered" and dice.random() < 0.15:
            self.tell(inputs.LegHeld(leg, is_held=dice.random() < 0.6))
        elif dice.random() < self.hangs_up:
            self.end_leg(leg, dice.choice(ENDS) if found.phase == "answered" else Cause.CANCELLED)

    def _keys(self) -> None:
        dice = self.random
        asked = [call for call in self.switch.floor.calls.values() if call.dialogue is not None]
        leg = self.far.some(dice, "answered")
        keyed = (*4 * (dice.choice(KEYS),), "1", "0812345678#", "4")
        if asked and dice.random() < 0.6:
            call = dice.choice(asked)
            leg, keyed = call.leg, self._fitting_keys(call)
        for digit in dice.choice(keyed):
            if leg in self.far.legs and self.far.legs[leg].phase == "answered":
                self.tell(inputs.DigitPressed(leg, digit))

    def _fitting_keys(self, call: Call) -> tuple[str, ...]:
        """What somebody may key who knows what he is asked."""
        agent = self.random.choice(AGENTS)
        opened = f"{number_of(agent)}#{pin_of(agent)}#"
        match call.dialogue.kind if call.dialogue is not None else "":
            case agent_line.KIND:
                return (opened, f"{opened}1", f"{opened}1", f"{opened}3", f"{opened}41#", f"{opened}50731111111#",
                        f"{opened}51", f"{number_of(agent)}#1#", "1", "2")  # fmt: skip
            case messages.KIND:
                return "7#1234#2", "7#1234#13", "2", "3", "7#1#"
            case _:
                return "1", "0812345678#", "2", "#"

    def _sound(self) -> None:
        sounds = self.far.sounds
        if self.far.files and self.random.random() < 0.3:
            self.close_a_file()
        elif sounds:
            index = self.random.choice((-1, self.random.randrange(len(sounds))))
            self.play_through(*sounds.pop(index))

    def _presence(self) -> None:
        presence = self.random.choice(("ready", "ready", *get_args(Presence)))
        self.tell(inputs.SetPresence(self.agent(), presence, self.random.choice((None, *REASONS))))

    def _phone(self) -> None:
        phone = self.random.choice((*PHONES, "999"))
        self.tell(inputs.PhoneRegistrationChanged(phone, self.random.random() < 0.7))

    def _command(self) -> None:
        self.tell(self.random.choice(_COMMANDS)(self))

    def answered_leg(self) -> str:
        """Somebody who is on the line."""
        return self.far.some(self.random, "answered") or NOBODY

    def referral(self) -> inputs.LegReferred:
        """Somebody gives the other side of his talk on, or wants it joined with another of his talks."""
        dice, legs = self.random, self.switch.floor.legs
        name = self.answered_leg()
        here = None if name not in legs else legs[name].device
        others = [leg for leg in legs if leg != name and here is not None and legs[leg].device == here]
        dialled = dice.choice((*NUMBERS, *PHONES, "anna", "dan", "night", "nowhere", "+4711111", "*1"))
        return inputs.LegReferred(name, dialled, dice.choice([None, *others]))

    def _confuse(self) -> None:
        """Something that is late, comes twice, or cannot be true."""
        dice = self.random
        leg = dice.choice([*self.far.legs, *self.far.gone[-4:], "nobody"])
        tag = dice.choice([*self.far.sounds[-3:], (leg, "w-0-s1")])[1]
        found = self.far.legs.get(leg)
        told: list[inputs.Input] = [
            inputs.LegProgressed(leg), inputs.LegHeard(leg), inputs.LegHeld(leg, is_held=dice.random() < 0.5),
            inputs.DigitPressed(leg, dice.choice(KEYS)), inputs.PlaybackEnded(leg, tag),
            inputs.ClaimDecided(f"{self.call()}-p1", is_granted=dice.random() < 0.5),
            inputs.RecordingCompleted(f"{self.call()}-r1", 3.0, None, "torn"),
            inputs.TrunkReachabilityChanged("nowhere", is_reachable=False),
        ]  # fmt: skip
        if found is None or found.phase == "answered" or not found.is_ours:
            told.append(inputs.LegAnswered(leg))
        if found is None:
            told += [inputs.LegEnded(leg, Cause.HUNG_UP), inputs.LegRefused(leg, Cause.BUSY)]
        elif not found.is_ours:
            told.append(inputs.LegInvited(leg, inputs.FromTrunk("carrier"), "", "", "+461"))
        elif dice.random() < 0.3:
            self.far.end(leg)
            self.tell(inputs.LegRefused(leg, Cause.UNREACHABLE))
            return
        self.tell(dice.choice(told))

    def _office(self) -> None:
        dice = self.random
        lot = dice.random()
        if lot < 0.25:
            self.reload()
        elif lot < 0.5:
            self.tell(inputs.TrunkReachabilityChanged("carrier", dice.random() < 0.6))
        elif lot < 0.7:
            self.die()
        elif lot < 0.85:
            self.roll()
        elif self.far.files:
            self.close_a_file()

    def close_a_file(self) -> None:
        """A recording is whole, or as whole as it could be made."""
        dice = self.random
        recording = self.far.files.pop(dice.randrange(len(self.far.files)))
        failure = dice.choice((None, None, "the disk is full"))
        self.tell(inputs.RecordingCompleted(recording, dice.choice((0.0, 0.5, 4.0, 4.0)), "00", failure))

    def reload(self) -> None:
        """Another office, while the switch runs."""
        self._other_office()
        self._note(events.ConfigurationApplied(self.wall, self.office.version))
        self.tell(inputs.OfficeChanged(self.office))

    # Who and what.

    def agent(self) -> str:
        """Anybody, of the office or not."""
        return self.random.choice(AGENTS)

    def busy_agent(self) -> str:
        """Somebody who does something, if there is one."""
        busy = [name for name, agent in self.switch.floor.agents.items() if agent.activity != "idle"]
        return self.random.choice(busy or AGENTS)

    def call(self) -> str:
        """A call that is up, or none."""
        return self.random.choice([*self.switch.floor.calls, NOBODY])

    def talk(self) -> str:
        """A call in which somebody talks, if there is one."""
        talks = [name for name, call in self.switch.floor.calls.items() if call.connection is not None]
        return self.random.choice(talks) if talks else self.call()

    def destination(self) -> Destination:
        """Where somebody may be sent by command."""
        return self.random.choice(
            (ToQueue(self.random.choice(QUEUES)), ToAgent(self.agent()), ToPhone(self.random.choice(PHONES)),
             ToNumber("+4790000000"))
        )  # fmt: skip

    # Private.

    def _other_office(self) -> None:
        self.offices += 1
        self.office = random_office(self.random, f"v{self.offices}")

    def _note(self, event: events.Event) -> None:
        self.journal.append(event)
        self.kinds[type(event).__name__] += 1
        if self.observe is not None:
            self.observe(self.now, event)
        match event:
            case events.CallArrived():
                assert event.call not in self.arrived
                self.arrived[event.call] = len(self.journal) - 1
            case events.CallEnded():
                self.ended[event.call] += 1
                self.ended_at[event.call] = event.at
            case events.CallQueued():
                self.came_by[event.call] = event.by
            case events.CallbackRequested():
                self.promised[event.callback] = None
            case events.CallbackEnded():
                del self.promised[event.callback]
            case events.CallPresented():
                assert recomputing.is_confirmed(event), f"{event} cannot be worked out again"
                self.presented.append(event)
            case _:
                pass
        record = self.fold.apply(event)
        if record is not None:
            self.records.append(record)

    def _last_words(self) -> None:
        """The process still does something and does not write all of it down."""
        leg = self.far.some(self.random, "answered")
        deadline = self.switch.next_deadline()
        if leg is not None and self.random.random() < 0.5:
            self.switch.handle(inputs.LegEnded(leg, Cause.HUNG_UP), self.now)
        elif deadline is not None:
            self.now = max(self.now, deadline)
            self.switch.handle_timeout(self.now)
        said = [thing for thing in self.switch.drain() if isinstance(thing, events.Event)]
        for event in said[: self.random.randrange(len(said) + 1)]:
            self._note(event)
        self.presented.clear()

    def _needed(self) -> int:
        """From where on the journal is read at a start: one segment before the one in which today began, and before
        all calls of today and those that ended so late yesterday that their wrap-up did not. (The product reads so many
        hours of yesterday, and segments are a day long; here they are short.)"""
        zone = ZoneInfo(self.office.timezone)
        today = datetime.fromtimestamp(self.wall, zone).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
        segment = max(0, bisect_right([wall for _, wall in self.segments], today - 1) - 2)
        of_today = [
            number for call, number in self.arrived.items() if self.ended_at.get(call, today) >= today - EXTENSION_S_MAX
        ]
        begins = min((self.segments[segment][0], *of_today))
        return self.segments[bisect_right([number for number, _ in self.segments], begins) - 1][0]


def reread(journal: list[events.Event]) -> list[events.Event]:
    """The same, written down and read again."""
    written = msgspec.msgpack.encode(journal)
    return msgspec.msgpack.decode(written, type=list[events.Event])


_COMMANDS: Final[tuple[Callable[[Walk], inputs.Input], ...]] = (
    lambda w: inputs.HangUpCall(w.call()),
    lambda w: inputs.SetPriority(w.call(), w.random.choice((0, 30, 300, PRIORITY_S_MAX))),
    lambda w: inputs.SwitchAgentQueue(w.agent(), w.random.choice(QUEUES), w.random.random() < 0.6),
    lambda w: inputs.SetAgentNumber(w.agent(), w.random.choice((None, *OWN_NUMBERS))),
    lambda w: inputs.ExtendWrapUp(w.busy_agent(), w.random.choice((-3600, -5, 10, 60))),
    lambda w: inputs.ClassifyCall(w.busy_agent(), w.random.choice((*CODES, "nothing"))),
    lambda w: inputs.SetHotPrompt(
        w.random.choice(QUEUES), w.random.choice((None, "outage")), w.random.choice((None, w.wall + 20, w.wall - 1))
    ),
    lambda w: inputs.TransferCall(w.talk(), w.destination()),
    lambda w: inputs.TransferCall(w.talk(), w.destination(), by=w.random.choice(("command", "anna"))),
    lambda w: inputs.ConsultFor(w.talk(), w.destination()),
    lambda w: inputs.ConsultFor(w.talk(), w.destination()),
    lambda w: inputs.EndConsult(w.talk(), w.random.choice(("complete", "conference", "take-back"))),
    lambda w: inputs.EndConsult(w.talk(), w.random.choice(("complete", "conference", "take-back"))),
    lambda w: w.referral(),
    lambda w: w.referral(),
    lambda w: inputs.WithdrawCallback(w.random.choice([*w.switch.floor.callbacks, "w-cb0"])),
    lambda w: inputs.DeleteVoicemail(
        "box", w.random.choice([*(message.message for message in w.switch.floor.mailboxes.messages("box")), "w-0-r1"])
    ),
)
