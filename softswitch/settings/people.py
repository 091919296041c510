"""The tables of people and what they use: `phone`, `agent`, `queue`, `number`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal, cast

from softswitch.domain import announcing
from softswitch.domain.office import (
    AgentPlan,
    Destination,
    Device,
    NoAnswerPolicy,
    PhonePlan,
    QueuePlan,
    RecordPolicy,
    ServiceGoal,
    ToBusy,
    ToNumber,
    ToPhone,
)
from softswitch.settings.destinations import E164, INTERNAL_DIGITS, DestinationReader
from softswitch.settings.faults import Faults, Place, suggestion
from softswitch.settings.model import DigestAlgorithm, Phone
from softswitch.settings.section import Section, kind_of
from softswitch.settings.sounds import SoundSearch
from softswitch.settings.toml_tree import Leaf, Node, Table

NAME_CHARS_MAX: Final = 64
MAY_DIAL: Final = ("phones", "agents", "queues")
RING_S_MAX: Final = 300
DAY_S: Final = 86_400
CALLERS_MAX: Final = 100_000
ANNOUNCE_S_MIN: Final = 5
PIN_DIGITS_MAX: Final = 32

_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_PREFIX: Final = re.compile(r"\+[0-9]{0,15}")
_LATER_STRATEGIES: Final = ("ring-all", "round-robin", "fewest-calls", "random", "linear", "skills", "least-occupied")


def check_name(kind: str, name: str, place: Place, faults: Faults) -> None:
    """Names are dialled, typed and shown: letters, digits, `_`, `.` and `-`. A number's name is what callers dial."""
    if kind == "number":
        if not (E164.fullmatch(name) or INTERNAL_DIGITS.fullmatch(name)):
            mend = f'write [number."+{name.lstrip("+0")}"]' if re.fullmatch(r"\+?[0-9]+", name) else (
                'write it with country code, [number."+46850010000"], or as digits that phones here dial'
            )  # fmt: skip
            faults.refuse(place, f'"{name}" is no number that can be dialled', mend)
    elif len(name) > NAME_CHARS_MAX:
        faults.refuse(place, f"the name is longer than NAME_CHARS_MAX = {NAME_CHARS_MAX}", "shorten it")
    elif not _NAME.fullmatch(name):
        mend = "use letters a to z, digits, _, . and -, and begin with a letter or digit"
        faults.refuse(place, f'"{name}" cannot be the name of a {kind}', mend)


def read_phone(section: Section, name: str, faults: Faults) -> tuple[Phone, PhonePlan]:
    shown = section.text("name") or name
    password = section.text("password", needed='"…"')
    digest = section.choice("digest", ("MD5", "SHA-256"), default="MD5")
    given = section.texts("may_dial", example='["phones", "agents", "queues", "+46"]')
    may_dial = list(MAY_DIAL) if given is None else []
    for entry in given or ():
        if entry.value in MAY_DIAL or _PREFIX.fullmatch(entry.value):
            may_dial.append(entry.value)
        else:
            mend = f'did you mean "+{entry.value}"?' if INTERNAL_DIGITS.fullmatch(entry.value) else suggestion(
                entry.value, MAY_DIAL, otherwise='write a prefix such as "+46", or phones, agents, queues'
            )  # fmt: skip
            faults.refuse(entry.place, f'"{entry.value}" is nothing that a phone can be allowed to dial', mend)
    section.close()
    plan = PhonePlan(name, shown, tuple(may_dial))
    return Phone(shown, password or "", cast("DigestAlgorithm", digest), tuple(may_dial)), plan


def read_agent(section: Section, name: str, faults: Faults, destinations: DestinationReader) -> AgentPlan:
    shown = section.text("name") or name
    pin = section.text("pin", example='digits in quotes, such as "471103"')
    if pin is not None and not re.fullmatch(rf"[0-9]{{1,{PIN_DIGITS_MAX}}}", pin):
        faults.refuse(
            section.place_of("pin"), f"a PIN is keyed: 1 to {PIN_DIGITS_MAX} digits, nothing else", "write only digits"
        )
    devices: dict[str, tuple[Device, Place]] = {}
    items = section.items("answers_at", needed=f'["phone:{name}"]')
    for node, place in items or ():
        device = _device(section, node, place, faults, destinations)
        if device is None:
            continue
        first = devices.setdefault(str(device.to), (device, place))
        if first[0] is not device:
            faults.refuse(place, f'"{device.to}" stands twice in the list, first at {first[1]}', "take one of them out")
    if items is not None and not items:
        faults.refuse(
            section.place_of("answers_at"), "nothing rings for this agent", 'add a phone or number: "phone:101"'
        )
    is_ready = section.flag("ready_at_start", default=False)
    section.close()
    return AgentPlan(name, shown, tuple(device for device, _ in devices.values()), is_ready, pin)


def read_queue(
    section: Section, name: str, faults: Faults, destinations: DestinationReader, sounds: SoundSearch
) -> QueuePlan:
    agents = [
        agent.value
        for agent in section.texts("agents", example='["anna"]') or ()
        if destinations.expect("agent", agent.value, agent.place)
    ]
    shown = section.text("name") or name
    later = dict.fromkeys(_LATER_STRATEGIES, 'use "longest-idle"')
    strategy = section.choice("strategy", ("longest-idle",), default="longest-idle", later=later)
    every_s = section.number("announce_position_every_s", low=0, high=DAY_S) or 0
    if 0 < every_s < ANNOUNCE_S_MIN:
        faults.refuse(
            section.place_of("announce_position_every_s"),
            f"{every_s:g} s leaves no time for music",
            f"write at least ANNOUNCE_S_MIN = {ANNOUNCE_S_MIN}, or 0 for never",
        )
    elif every_s:
        sounds.use_series(announcing.sounds(), section.place_of("announce_position_every_s"))
    plan = QueuePlan(
        queue=name,
        name=shown,
        agents=tuple(agents),
        strategy=cast("Literal['longest-idle']", strategy),
        welcome=_sound(section, "welcome", sounds, may_be_folder=False),
        music=_sound(section, "music", sounds, may_be_folder=True),
        announce_position_every_s=every_s,
        ring_s=section.number("ring_s", low=1, high=RING_S_MAX) or 20,
        wrap_up_s=section.number("wrap_up_s", low=0, high=DAY_S) or 0,
        no_answer=cast(
            "NoAnswerPolicy",
            section.choice("no_answer", ("pause", "log-out", "log-out-unless-last"), default="pause"),
        ),
        max_wait_s=section.number("max_wait_s", low=0, high=DAY_S, above_low=True),
        max_waiting=section.whole("max_waiting", low=1, high=CALLERS_MAX),
        overflow_to=_destination(section, "overflow_to", destinations) or ToBusy(),
        service_level=_service_goal(section, faults),
        record=cast("RecordPolicy", section.choice("record", ("always", "on-demand", "never"), default="never")),
    )
    section.close()
    return plan


def read_number(section: Section, destinations: DestinationReader) -> Destination:
    to = _destination(section, "to", destinations, needed='"queue:NAME"')
    section.close()
    return to or ToBusy()


def follow(queues: Mapping[str, QueuePlan], first: str) -> list[str]:
    """The queues that callers of `first` can overflow into, one after the other; a queue that comes again is last."""
    chain = [first]
    while True:
        plan = queues.get(chain[-1])
        following = getattr(plan.overflow_to, "queue", None) if plan is not None else None
        if following is None:
            return chain
        chain.append(following)
        if following in chain[:-1]:
            return chain


def _destination(
    section: Section, key: str, destinations: DestinationReader, *, needed: str = ""
) -> Destination | None:
    text = section.text(key, needed=needed, example='"queue:NAME"')
    return None if text is None else destinations.read(text, section.place_of(key))


def _sound(section: Section, key: str, sounds: SoundSearch, *, may_be_folder: bool) -> str | None:
    name = section.text(key)
    if name is None or not sounds.use(name, section.place_of(key), may_be_folder=may_be_folder):
        return None
    return name


def _service_goal(section: Section, faults: Faults) -> ServiceGoal | None:
    node = section.node("service_level")
    if node is None:
        return None
    if not isinstance(node, Table):
        faults.refuse(
            section.place_of("service_level"),
            f"this must be a table, not {kind_of(node)}",
            "write { share = 0.8, within_s = 20 }",
        )
        return None
    inner = section.inner("service_level", node)
    share = inner.number("share", low=0, high=1, needed="0.8")
    within_s = inner.number("within_s", low=0, high=DAY_S, above_low=True, needed="20")
    inner.close()
    return None if share is None or within_s is None else ServiceGoal(share, within_s)


def _device(
    section: Section, node: Node, place: Place, faults: Faults, destinations: DestinationReader
) -> Device | None:
    if isinstance(node, Table):
        inner = section.inner("answers_at", node)
        to = _destination(inner, "to", destinations, needed='"phone:101"')
        to_place = inner.place_of("to")
        if inner.flag("confirm", default=False):
            faults.refuse(
                inner.place_of("confirm"),
                "asking for a key before the call is not available yet",
                "set confirm = false",
            )
        inner.close()
    elif isinstance(node, Leaf) and isinstance(node.value, str):
        text = section.text_of(node, place)
        to = None if text is None else destinations.read(text, place)
        to_place = place
    else:
        faults.refuse(
            place,
            f'this must be "phone:NAME" or "number:+…", not {kind_of(node)}',
            'write "phone:101" or { to = "number:+46701234567", confirm = false }',
        )
        return None
    if to is None:
        return None
    if not isinstance(to, ToPhone | ToNumber):
        faults.refuse(to_place, f'an agent cannot answer at "{to}"', "write phone:NAME or number:+…")
        return None
    return Device(to)
