"""The tables of people and their telephones: `phone`, `agent`, and what all agents share, `pause` and `features`."""

from __future__ import annotations

import re
from typing import Final, cast

from softswitch.domain.office import AgentPlan, Device, FeatureCodes, PhonePlan, ToNumber, ToPhone
from softswitch.settings.destinations import INTERNAL_DIGITS, DestinationReader, read_destination
from softswitch.settings.faults import Faults, Place, suggestion
from softswitch.settings.model import DigestAlgorithm, Phone
from softswitch.settings.naming import keyed, read_prefixes
from softswitch.settings.outgoing import read_caller_id, read_calls_out_max
from softswitch.settings.section import Section, kind_of
from softswitch.settings.skills import read_skills
from softswitch.settings.toml_tree import Leaf, Node, Table

MAY_DIAL: Final = ("phones", "agents", "queues")
RING_S_MAX: Final = 300
DAY_S: Final = 86_400
GUARD_S_MAX: Final = 600
REASONS_MAX: Final = 100
REASON_CHARS_MAX: Final = 64

_PREFIX: Final = re.compile(r"\+[0-9]{0,15}")
_FEATURE_CODE: Final = re.compile(r"[*#]?[0-9]{1,6}")


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
    may_not_dial = read_prefixes(section, "may_not_dial", faults)
    for entry in given or ():
        if entry.value in may_not_dial:
            faults.refuse(entry.place, f'"{entry.value}" is in may_not_dial too', "take it out of one of the lists")
    calls_out_max, caller_id = read_calls_out_max(section), read_caller_id(section, "caller_id", faults)
    call_waiting = section.flag("call_waiting", default=False)
    section.close()
    plan = PhonePlan(name, shown, tuple(may_dial), may_not_dial, calls_out_max, caller_id, call_waiting)
    return Phone(shown, password or "", cast("DigestAlgorithm", digest), tuple(may_dial)), plan


def read_agent(section: Section, name: str, faults: Faults, destinations: DestinationReader) -> AgentPlan:
    plan = AgentPlan(
        agent=name,
        name=section.text("name") or name,
        pin=keyed(section, "pin", "a PIN", "471103", faults),
        number=keyed(section, "number", "an agent's number", "17", faults),
        answers_at=_devices(section, name, faults, destinations),
        may_answer_at=read_prefixes(section, "may_answer_at", faults),
        rings_one_at_a_time=section.flag("rings_one_at_a_time", default=False),
        is_ready_at_start=section.flag("ready_at_start", default=False),
        skills=read_skills(section, faults),
        wrap_up_s=section.number("wrap_up_s", low=0, high=DAY_S),
        guard_s=section.number("guard_s", low=0, high=GUARD_S_MAX) or 0,
        calls_out_max=read_calls_out_max(section),
        caller_id=read_caller_id(section, "caller_id", faults),
    )
    section.close()
    return plan


def read_pause(section: Section, faults: Faults) -> tuple[str, ...]:
    """`[pause]`: the reasons that there are."""
    reasons = section.texts("reasons", needed='["lunch", "meeting"]') or []
    for reason in reasons:
        if len(reason.value) > REASON_CHARS_MAX:
            faults.refuse(reason.place, f"this is longer than REASON_CHARS_MAX = {REASON_CHARS_MAX}", "shorten it")
    if len(reasons) > REASONS_MAX:
        faults.refuse(
            section.place_of("reasons"), f"there are more than REASONS_MAX = {REASONS_MAX} reasons", "use fewer"
        )
    section.close()
    return tuple(reason.value for reason in reasons)


def read_features(section: Section, faults: Faults) -> FeatureCodes:
    """`[features]`: what agents dial at their own phones, and what everybody does to take a call."""
    codes: dict[str, str] = {}
    for key in ("ready", "pause", "log_out", "pick_up"):
        code = section.text(key, example='"*72"')
        if code is None:
            continue
        same = next((other for other, there in codes.items() if there == code), None)
        if not _FEATURE_CODE.fullmatch(code):
            faults.refuse(section.place_of(key), f'"{code}" is nothing that phones dial', 'write it like "*72"')
        elif same is not None:
            faults.refuse(section.place_of(key), f'"{code}" is what {same} is dialled by', "choose another code")
        else:
            codes[key] = code
    begun = codes.get("pick_up")
    for key, code in codes.items():
        if begun is not None and key != "pick_up" and code.startswith(begun):
            faults.refuse(section.place_of("pick_up"), f'"{begun}" begins {key} = "{code}"', "choose another code")
    section.close()
    return FeatureCodes(codes.get("ready"), codes.get("pause"), codes.get("log_out"), begun)


def _devices(section: Section, name: str, faults: Faults, destinations: DestinationReader) -> tuple[Device, ...]:
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
    return tuple(device for device, _ in devices.values())


def _device(
    section: Section, node: Node, place: Place, faults: Faults, destinations: DestinationReader
) -> Device | None:
    is_confirmed, after_s = False, 0.0
    if isinstance(node, Table):
        inner = section.inner("answers_at", node)
        to = read_destination(inner, "to", destinations, needed='"phone:101"')
        to_place = inner.place_of("to")
        is_confirmed = inner.flag("confirm", default=False)
        after_s = inner.number("after_s", low=0, high=RING_S_MAX) or 0
        inner.close()
    elif isinstance(node, Leaf) and isinstance(node.value, str):
        text = section.text_of(node, place)
        to = None if text is None else destinations.read(text, place)
        to_place = place
    else:
        faults.refuse(
            place,
            f'this must be "phone:NAME" or "number:+…", not {kind_of(node)}',
            'write "phone:101" or { to = "number:+46701234567", confirm = true }',
        )
        return None
    if to is None:
        return None
    if not isinstance(to, ToPhone | ToNumber):
        faults.refuse(to_place, f'an agent cannot answer at "{to}"', "write phone:NAME or number:+…")
        return None
    return Device(to, is_confirmed, after_s)
